/** What the tests of playing share: the options of a run, and a world outside it that is all memory. @module */

import type { SimulateIo, SimulateOptions } from "../../lib/play/mod.ts";

export const OPTIONS: SimulateOptions = {
  tours: 10,
  seed: 1,
  entreprises: undefined,
  produits: undefined,
  fournisseurs: undefined,
  commeTradesim: false,
  load: undefined,
  save: undefined,
  verbose: false,
  status: false,
  json: false,
  pause: 0,
  withMetrics: false,
  journal: "logs/metrics.jsonl",
  publishTo: undefined,
  publishToken: undefined,
  publishInterval: 0.1,
  everyTurn: false,
};

/** Keeps what is written, and files by their path. */
export class MemoryIo implements SimulateIo {
  stdout = "";
  stderr = "";
  readonly files = new Map<string, string>();
  /** Paths in the order in which they were checked, read and written. */
  readonly accesses: string[] = [];
  readonly controller = new AbortController();
  isTerminal = false;

  readonly write = (text: string): void => {
    this.stdout += text;
  };

  readonly say = (text: string): void => {
    this.stderr += text;
  };

  readonly readText = (path: string): string => {
    this.accesses.push(`read ${path}`);
    const text = this.files.get(path);
    if (text === undefined) throw new Error(`no ${path}`);
    return text;
  };

  readonly checkWritable = (path: string): void => {
    this.accesses.push(`check ${path}`);
  };

  writeText = (path: string, text: string): void => {
    this.accesses.push(`write ${path}`);
    this.files.set(path, text);
  };

  get stop(): AbortSignal {
    return this.controller.signal;
  }
}
