/** Reads the past of followed files into the history, beside all other work. @module */

import { statSync } from "node:fs";
import type { History } from "../history/mod.ts";
import type { Log } from "../log/mod.ts";
import { readReport, type Report } from "../report/mod.ts";
import { readPart } from "../source/mod.ts";
import { createLineReader } from "./line_reader.ts";

/** How far back from where its following began a file is read, in bytes. */
const LOOK_BACK_BYTES = 4 * 1024 ** 3;
/** Of the files that are followed, those last written to. */
const MAX_FILES = 16;
/** How long others wait at most while this reads. */
const SLICE_MS = 4;
const PROGRESS_MS = 5000;

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

export interface LookBackOptions {
  /** What reports were taken into since the start. */
  readonly history: History;
  /** Followed files, and where their following began, in bytes. */
  readonly files: readonly { readonly path: string; readonly from: number }[];
  /** The longest line worth having, in bytes. */
  readonly maxLine: number;
  /** Gives a report the name of its own game, as for the model. */
  readonly named: (report: Report) => Report;
  /** Whether a session is one of those that are shown; others are passed over. */
  readonly isShown: (session: string) => boolean;
  /** Told of each report of a session that is shown, and of its column `tour`. */
  readonly onReport?: (report: Report, tours: readonly number[]) => void;
  /** Called when nothing is left to read. */
  readonly onRead?: () => void;
  /** Called when the history has got turns that it did not have. */
  readonly onDone?: () => void;
  readonly log: Log;
  /** How far back, in bytes. Default: 4 GiB. */
  readonly bytes?: number;
}

export interface LookBack {
  /** Bytes that were read, of those that are to be read; undefined once it is over. */
  progress(): { readonly read: number; readonly total: number } | undefined;
  /** Reads it; resolves when all is read, or it was stopped. */
  start(): Promise<void>;
  /** Ends it; what was read so far is dropped. */
  stop(): void;
}

/**
 * Takes into the history what files told before their following began: nothing else holds it. Each
 * byte is parsed once, here or by the following. It reads as fast as it can, in slices between which
 * other work gets its turn, and puts the past before what came since once it has all of it.
 */
export function lookBack(options: LookBackOptions): LookBack {
  const { history, maxLine, named, isShown, log, bytes = LOOK_BACK_BYTES } = options;
  const parts = options.files.filter(({ from }) => from > 0)
    .toSorted((a, b) => modified(a.path) - modified(b.path)).slice(-MAX_FILES)
    .map(({ path, from }) => ({ path, from: Math.max(0, from - bytes), until: from }));
  const progress = {
    read: 0,
    total: parts.reduce((sum, { from, until }) => sum + until - from, 0),
  };
  let isStopped = false;
  let isOver = progress.total === 0;

  async function read(): Promise<void> {
    const started = performance.now();
    const earlier = history.emptied();
    // What is refused is counted nowhere, because nobody follows it.
    const consumer = createLineReader(maxLine, (value, writtenAt) => {
      const sent = readReport(value);
      const report = named(sent.report);
      if (!isShown(report.session)) return;
      earlier.take(report, sent.details, writtenAt);
      options.onReport?.(report, sent.details.columns.get("tour") ?? []);
    });
    let toldAt = started;
    for (const part of parts) {
      for await (const count of readPart(part, consumer, SLICE_MS)) {
        if (isStopped) return;
        progress.read += count;
        if (performance.now() - toldAt < PROGRESS_MS) continue;
        toldAt = performance.now();
        log.info("Reading earlier turns of followed files", { ...progress });
      }
    }
    options.onRead?.();
    const steps = history.prepending(earlier);
    let step = steps.next();
    for (; !step.done; step = steps.next()) {
      await new Promise((resolve) => setTimeout(resolve));
      if (isStopped) return;
    }
    const turns = step.value;
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    log.info("Read the earlier turns of followed files", { bytes: progress.read, seconds, turns });
    isOver = true;
    if (turns > 0) options.onDone?.();
  }

  return {
    progress: () => isOver ? undefined : progress,
    start() {
      if (!isOver) return read();
      options.onRead?.();
      return Promise.resolve();
    },
    stop: () => isStopped = true,
  };
}
