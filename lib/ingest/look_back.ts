/** Reads earlier turns of followed files into the history, while other work goes on. @module */

import { statSync } from "node:fs";
import type { History } from "../history/mod.ts";
import type { Log } from "../log/mod.ts";
import { readReport, type Report } from "../report/mod.ts";
import { readPart } from "../source/mod.ts";
import { createLineReader } from "./line_reader.ts";
import { runSteps } from "./steps.ts";

/** Maximum number of bytes that are read of a file, before the offset at which following it began. */
const LOOK_BACK_BYTES = 4 * 1024 ** 3;
/** Maximum number of files; those last modified are read. */
const MAX_FILES = 16;
/** Maximum time that other work waits for this. */
const SLICE_MS = 4;
const PROGRESS_MS = 5000;

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

export interface LookBackOptions {
  /** The history that reports were added to since the start. */
  readonly history: History;
  /** Followed files, and the offset at which following them began. */
  readonly files: readonly { readonly path: string; readonly from: number }[];
  /** Maximum length of a line that is read, in bytes. */
  readonly maxLine: number;
  /** Gives a report the name of its game, as for the model. */
  readonly named: (report: Report) => Report;
  /** Whether a session is shown; reports of others are skipped. */
  readonly isShown: (session: string) => boolean;
  /** Told of each report of a session that is shown, and of its column `tour`. */
  readonly onReport?: (report: Report, tours: readonly number[]) => void;
  /** Called when nothing is left to read. */
  readonly onRead?: () => void;
  /** Called if the history got new turns. */
  readonly onDone?: () => void;
  readonly log: Log;
  /** Maximum number of bytes that are read of a file. Default: 4 GiB. */
  readonly bytes?: number;
}

export interface LookBack {
  /** Bytes that were read, and all that will be read; undefined at the end. */
  progress(): { readonly read: number; readonly total: number } | undefined;
  /** Reads; resolves at the end, or once it was stopped. */
  start(): Promise<void>;
  /** Stops reading, and drops what was read. */
  stop(): void;
}

/**
 * Adds to the history the reports that files had before following them began. Each byte is parsed once,
 * here or by the follower. It reads in slices between which other work can run, and prepends the earlier
 * turns once it has all of them.
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
    // Refused lines are not counted, because this part of the file is not followed.
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
    const turns = await runSteps(history.prepending(earlier), () => isStopped);
    if (turns === undefined) return;
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
