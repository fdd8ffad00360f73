/** The state file: totals and last reports, kept so that a restart neither loses a turn nor counts one twice. @module */

import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { BREAKDOWN_LABELS, REPORTED_METRICS } from "../catalogue/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Report } from "../report/mod.ts";
import type { FilePosition } from "../source/mod.ts";
import { createLedger } from "./ledger.ts";
import type { ModelState } from "./model.ts";

const VERSION = 1;

/** Above this the detail of the last reports is not saved: it comes again with the next one. */
const MAX_DETAIL_ROWS = 20_000;

/** The journal holds what came since the last saving, about a second; this is for when savings fail. */
const MAX_JOURNAL_BYTES = 16 << 20;

/** Why the state file cannot be used: a wrong configuration. */
export class StateError extends Error {
  override name = "StateError";
  /** Whether another exporter uses the file. */
  readonly isInUse: boolean;
  constructor(message: string, options: ErrorOptions & { isInUse?: boolean } = {}) {
    super(message, options);
    this.isInUse = options.isInUse ?? false;
  }
}

/** What went wrong, without the advice that Deno gives on permissions: it is not ours. */
function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/, run again with .*$/s, "");
}

/** What a process leaves to the next one. `positions` are those of the followed files. */
export interface SavedState {
  readonly model: ModelState;
  readonly positions: readonly FilePosition[];
  /** Reports that came after the saving, oldest first, with their arrival. Taking one twice is harmless. */
  readonly journal: readonly { readonly report: Report; readonly arrival: number }[];
}

export interface StateFile {
  /** What the last process left; undefined at the first start, or when it cannot be read. */
  readonly saved: SavedState | undefined;
  /**
   * Notes a report that was taken, before anyone can see it: what a scrape has shown must outlive
   * this process, in the same order, or a counter would be seen to fall.
   */
  note(report: Report, arrival: number): void;
  /**
   * Replaces the file as a whole, and says whether it did. A failure is counted, and logged once;
   * try again.
   */
  save(model: ModelState, positions: readonly FilePosition[]): boolean;
  close(): void;
}

const MAP_KEY = "$map";

/** Maps are saved as lists of entries under a key of their own. */
function toText(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item) => item instanceof Map ? { [MAP_KEY]: [...item] } : item,
  );
}

function fromText(text: string): unknown {
  return JSON.parse(
    text,
    (_key, item) => Array.isArray(item?.[MAP_KEY]) ? new Map(item[MAP_KEY]) : item,
  );
}

const number = z.number();
const optional = z.number().optional();
const total = z.object({ closed: number, current: number });
const moment = z.object({ time: number, turn: number }).optional();
const numbers = z.map(z.string(), number);
const tables = z.map(
  z.string(),
  z.object({ labels: z.array(z.array(z.string())), values: z.array(number) }),
);
const ledger = z.object({
  turns: number,
  turnsSeen: number,
  totals: z.map(z.string(), total),
  shares: z.map(z.string(), z.map(z.string(), z.object({ counted: number, seen: number }))),
  turnCounts: z.array(number),
  turnCountsSeen: z.array(number),
  turnSum: total,
  turnsTimed: number,
  interval: z.object({ seconds: number, turns: number, first: moment, last: moment }),
});
const session = z.object({
  id: z.string(),
  format: z.enum(["natif", "tradesim"]),
  order: optional,
  tick: optional,
  turn: optional,
  firstTimestamp: optional,
  lastTimestamp: optional,
  arrival: number,
  place: number,
  finished: z.boolean(),
  live: z.boolean(),
  gauges: numbers,
  parts: z.map(z.string(), numbers),
  extra: numbers,
  events: numbers,
  detail: tables,
  ledger,
});
const stateShape = z.object({
  version: z.literal(VERSION),
  breakdowns: z.array(z.enum(BREAKDOWN_LABELS)),
  evicted: ledger,
  sessions: z.array(session),
  retired: z.array(session),
  positions: z.array(
    z.object({ path: z.string(), dev: number, ino: number, offset: number, head: z.string() }),
  ),
});

/** A journal's line: the report as it was noted. */
const entryShape = z.object({
  report: z.object({
    format: z.enum(["natif", "tradesim"]),
    session: z.string(),
    order: optional,
    tick: optional,
    turn: optional,
    timestamp: optional,
    finished: z.boolean(),
    values: numbers,
    breakdowns: z.map(
      z.string(),
      z.array(z.object({
        labels: z.array(z.enum(BREAKDOWN_LABELS)),
        parts: z.array(
          z.object({
            labels: z.partialRecord(z.enum(BREAKDOWN_LABELS), z.string()),
            value: number,
          }),
        ),
      })),
    ),
    turnSeconds: z.union([
      z.object({ counts: z.array(number), sum: number }),
      z.object({ turns: number, sum: number }),
    ]).optional(),
    events: numbers,
    detail: tables,
    extra: z.map(z.string(), z.object({ type: z.enum(["counter", "gauge"]), value: number })),
    columns: z.map(z.string(), z.array(number)),
    problems: z.array(z.never()),
    unknownKeys: number,
  }),
  arrival: number,
});
const REPORTED_NAMES = new Set(REPORTED_METRICS.map(({ name }) => name));

/** Optional keys come back as undefined, as the program writes them. */
function readState(text: string): Omit<SavedState, "journal"> {
  const { positions, ...model } = stateShape.parse(fromText(text));
  return { model: model as unknown as ModelState, positions };
}

/** The journal's complete lines, without those that a kill or a full disk has torn. */
function readJournal(path: string): SavedState["journal"] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return lines.flatMap((line) => {
    try {
      const { report, arrival } = entryShape.parse(fromText(line));
      // A metric that another version knew would be a bug here.
      const values = new Map([...report.values].filter(([name]) => REPORTED_NAMES.has(name)));
      return [{ report: { ...report, values } as Report, arrival }];
    } catch {
      return []; // Reports are absolute: the next one makes up for it.
    }
  });
}

export interface StateOptions {
  readonly path: string;
  readonly log: Log;
  readonly onError?: () => void;
}

/**
 * Opens the state file at a path, makes its folder where it is missing, and reads what is there. A
 * file that cannot be understood is set aside, never overwritten.
 *
 * @throws {StateError} When the file cannot be read or written, or another exporter uses it.
 */
export function openState({ path, log, onError }: StateOptions): StateFile {
  const journalPath = `${path}.journal`;
  const lock = openLock(path);
  let saved: SavedState | undefined;
  let journal: number;
  try {
    saved = readSaved(path, journalPath, log);
    journal = openSync(journalPath, "a", 0o600);
  } catch (error) {
    lock.close();
    throw error;
  }
  let journalBytes = 0;
  let hasFailed = false;

  const attempt = (action: () => void): boolean => {
    try {
      action();
      if (hasFailed) log.info("The state file is written again", { path });
      hasFailed = false;
    } catch (error) {
      onError?.();
      if (!hasFailed) log.error("Cannot write the state file", { path, error: String(error) });
      hasFailed = true;
    }
    return !hasFailed;
  };

  return {
    saved,
    note(report, arrival) {
      attempt(() => {
        if (journalBytes > MAX_JOURNAL_BYTES) throw new Error("the journal is full");
        const kept = { ...report, detail: new Map(), columns: new Map(), problems: [] };
        journalBytes += writeSync(journal, toText({ report: kept, arrival }) + "\n");
      });
    },
    save({ sessions, ...model }, positions) {
      return attempt(() => {
        const text = toText({
          version: VERSION,
          ...model,
          sessions: sessions.map((session) => ({
            ...session,
            detail: session.live && rowsOf(session.detail) <= MAX_DETAIL_ROWS
              ? session.detail
              : new Map(),
          })),
          positions,
        });
        writeFileSync(`${path}.new`, text, { mode: 0o600 });
        renameSync(`${path}.new`, path);
        // Killed between these two, the next process takes reports again that it knows already.
        ftruncateSync(journal, 0);
        journalBytes = 0;
      });
    },
    close() {
      closeSync(journal);
      lock.close();
    },
  };
}

function rowsOf(detail: ReadonlyMap<string, { values: readonly number[] }>): number {
  return Array.from(detail.values(), ({ values }) => values.length).reduce((a, b) => a + b, 0);
}

/** Holds the file as long as the process lives: two exporters would overwrite each other's totals. */
function openLock(path: string): Deno.FsFile {
  let lock: Deno.FsFile | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    lock = Deno.openSync(`${path}.lock`, { create: true, write: true, mode: 0o600 });
    if (lock.tryLockSync(true)) return lock;
  } catch (error) {
    lock?.close();
    throw new StateError(
      `Cannot use the state file "${path}": ${reasonOf(error)}`,
      { cause: error },
    );
  }
  lock.close();
  throw new StateError(`Cannot use the state file "${path}": another exporter is using it`, {
    isInUse: true,
  });
}

function readSaved(path: string, journalPath: string, log: Log): SavedState | undefined {
  let text: string | undefined;
  let journal: SavedState["journal"];
  try {
    text = existsSync(path) ? readFileSync(path, "utf8") : undefined;
    journal = readJournal(journalPath);
  } catch (error) {
    throw new StateError(`Cannot read the state file "${path}": ${(error as Error).message}`);
  }
  if (text === undefined) {
    if (journal.length === 0) return undefined;
    const model = { breakdowns: [], evicted: createLedger(), sessions: [], retired: [] };
    return { model, positions: [], journal };
  }
  try {
    return { ...readState(text), journal };
  } catch (error) {
    renameSync(path, `${path}.broken`);
    log.error("Cannot understand the state file: totals begin again at 0", {
      path,
      kept_as: `${path}.broken`,
      error: String(error).slice(0, 200),
    });
    return undefined;
  }
}
