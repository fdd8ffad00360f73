/** Reads earlier turns of followed files into the history, and changes nothing else. @module */

import { createLog } from "../log/mod.ts";
import { JsonReader, type ReadOptions, readReport, Refused, type Report } from "../report/mod.ts";
import { follow, type LineConsumer } from "../source/mod.ts";
import type { History } from "./history.ts";

/** How far back from the end of each file, in bytes: half a second's reading, and 300 000 turns. */
const LOOK_BACK_BYTES = 32 * 1024 * 1024;
/** Of the files that a pattern matches, those last written to. */
const MAX_FILES = 4;

const READ: ReadOptions = {
  breakdowns: false,
  detail: false,
  allKeys: false,
};

const SILENT = createLog({ level: "error", format: "logfmt", write: () => {} });

/** Hands on the reports among the lines; whoever counts what is wrong reads them elsewhere. */
function createConsumer({ history, maxLine, named }: LookBackOptions): LineConsumer {
  const json = new JsonReader(maxLine);
  let isRefused = false;

  function attempt(action: () => void): void {
    try {
      if (!isRefused) action();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      isRefused = true;
    }
  }

  function reset(): void {
    isRefused = false;
    json.reset();
  }

  return {
    bytes: (chunk) => attempt(() => json.push(chunk)),
    endLine(writtenAt) {
      attempt(() => {
        const { report, details } = readReport(json.finish(), READ);
        history.take(named(report), details, writtenAt);
      });
      reset();
    },
    discard: reset,
  };
}

export interface LookBackOptions {
  readonly history: History;
  /** Files and patterns, as `follow` takes them. */
  readonly paths: readonly string[];
  /** The longest line worth having, in bytes. */
  readonly maxLine: number;
  /** Gives a report the name of its own game, as for the model. */
  readonly named: (report: Report) => Report;
  /** How far back, in bytes. Default: 32 MiB. */
  readonly bytes?: number;
}

/**
 * Takes into the history what the ends of the files tell. Following goes on where it stopped before
 * a restart, so the turns before that are nowhere else.
 */
export function lookBack(options: LookBackOptions) {
  const { paths, maxLine, bytes = LOOK_BACK_BYTES } = options;
  const follower = follow({
    paths,
    interval: 1,
    maxLine,
    tailBytes: bytes,
    maxFiles: MAX_FILES,
    consumer: () => createConsumer(options),
    log: SILENT,
  });
  follower.poll();
  follower.close();
}
