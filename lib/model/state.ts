/** The state file: totals and last reports, kept so that a restart neither loses a turn nor counts one twice. @module */

import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { BREAKDOWN_LABELS, REPORTED_METRICS } from "../catalogue/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Report } from "../report/mod.ts";
import type { FilePosition } from "../source/mod.ts";
import type { ModelState } from "./model.ts";
import { Slot, wholeLines } from "./slot.ts";

const VERSION = 2;
/** Wrote one file that was replaced by renaming, and the reports after it into a journal. */
const OLD_VERSION = 1;

/** Above this the detail of the last reports is not saved: it comes again with the next one. */
const MAX_DETAIL_ROWS = 20_000;

/** Reports since the last saving, about a second of them; this is for when savings fail. */
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
   * Saves, and says whether it did. A failure is counted, and logged once; try again. Nothing is
   * saved while {@linkcode synced} waits.
   */
  save(model: ModelState, positions: readonly FilePosition[]): boolean;
  /** Waits until what was saved has reached the disk. Never rejects. */
  synced(): Promise<void>;
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
const total = z.object({ closed: z.array(number), current: number });
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
  shares: z.map(z.string(), z.map(z.string(), total)),
  turnCounts: z.array(number),
  turnCountsSeen: z.array(number),
  turnSum: total,
  turnsTimed: number,
  interval: z.object({ seconds: z.array(number), turns: number, first: moment, last: moment }),
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
  version: z.literal([OLD_VERSION, VERSION]),
  generation: number.default(0),
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

/** What is in one of the two files. */
interface Found extends SavedState {
  /** Counts the savings; 0 is a file of the old version. */
  readonly generation: number;
  /** Bytes of the state's line and of those behind it, one for each report that came after. */
  readonly size: number;
}

/** Reports by their lines, without those that a kill or a full disk has torn. */
function readEntries(lines: readonly string[]): SavedState["journal"] {
  return lines.flatMap((line) => {
    try {
      const { report, arrival } = entryShape.parse(fromText(line));
      // A metric that another version knew would be a bug here.
      const values = new Map([...report.values].filter(([name]) => REPORTED_NAMES.has(name)));
      const rest = { recentEvents: [], eventCounts: new Map(), inventory: undefined };
      return [{ report: { ...report, ...rest, values } as Report, arrival }];
    } catch {
      return []; // Reports are absolute: the next one makes up for it.
    }
  });
}

function readIfThere(path: string): Uint8Array {
  return existsSync(path) ? readFileSync(path) : new Uint8Array();
}

/** Throws for bytes that are no whole state. */
function parseFile(bytes: Uint8Array): Found {
  const { lines: [first, ...entries], size } = wholeLines(bytes);
  // A file of the old version is one line without an end.
  const text = first ?? new TextDecoder().decode(bytes);
  const { version, generation, positions, ...model } = stateShape.parse(fromText(text));
  if (version === VERSION && size === 0) throw new SyntaxError("the end is missing");
  const journal = readEntries(entries);
  // Optional keys come back as undefined, as the program writes them.
  return { model: model as unknown as ModelState, positions, journal, generation, size };
}

/** A file, what is in it, and why that is not understood. */
interface Place {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly found?: Found;
  readonly error?: unknown;
}

function readPlace(path: string): Place {
  const bytes = readIfThere(path);
  try {
    return bytes.length === 0 ? { path, bytes } : { path, bytes, found: parseFile(bytes) };
  } catch (error) {
    return { path, bytes, error };
  }
}

/** Sets a file aside that is not understood, unless it is a saving that was cut off. */
function setAside({ path, bytes, error }: Place, isOtherWhole: boolean, log: Log): void {
  if (error === undefined || (isOtherWhole && wholeLines(bytes).size === 0)) return;
  renameSync(path, `${path}.broken`);
  const then = isOtherWhole ? "its twin is used instead" : "totals begin again at 0";
  log.error(`Cannot understand the state file: ${then}`, {
    path,
    kept_as: `${path}.broken`,
    error: String(error).slice(0, 200),
  });
}

export interface StateOptions {
  readonly path: string;
  readonly log: Log;
  readonly onError?: () => void;
}

/**
 * Opens the state file at a path and its twin beside it, makes their folder where it is missing, and
 * reads what is there. What cannot be understood is set aside, never overwritten.
 *
 * Each saving writes over the older of the two, and reports that come after are noted behind the
 * newer one, so that at every moment one of them is whole. Both stay open: from here on no right to
 * write is needed.
 *
 * @throws {StateError} When they cannot be read or written, or another exporter uses them.
 */
export function openState({ path, log, onError }: StateOptions): StateFile {
  const lock = openLock(path);
  const slots: Slot[] = [];
  function close(): void {
    for (const slot of slots) slot.close();
    lock.close();
  }

  let saved: Found | undefined;
  let current: Slot;
  try {
    ({ saved, current } = openSlots(path, log, slots));
  } catch (error) {
    close();
    throw new StateError(`Cannot use the state file "${path}": ${reasonOf(error)}`, {
      cause: error,
    });
  }
  let generation = saved?.generation ?? 0;
  let journalBytes = 0;
  let hasFailed = false;
  let syncing: Promise<void> | undefined;
  let syncError: unknown;

  function attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      onError?.();
      if (!hasFailed) log.error("Cannot write the state file", { path, error: String(error) });
      hasFailed = true;
      return false;
    }
  }

  function sync(): void {
    syncing = current.sync().then(
      () => syncError = undefined,
      (error) => syncError = error,
    ).then(() => syncing = undefined);
  }

  return {
    saved,
    note(report, arrival) {
      attempt(() => {
        if (current.isEmpty) throw new Error("no state could be saved before");
        if (journalBytes > MAX_JOURNAL_BYTES) throw new Error("the journal is full");
        const kept = {
          ...report,
          detail: new Map(),
          columns: new Map(),
          recentEvents: undefined,
          eventCounts: undefined,
          inventory: undefined,
          problems: [],
        };
        journalBytes += current.append(toText({ report: kept, arrival }));
      });
    },
    save({ sessions, ...model }, positions) {
      // A power cut must not find both files half written.
      if (syncing !== undefined) return false;
      const isSaved = attempt(() => {
        const text = toText({
          version: VERSION,
          generation: generation + 1,
          ...model,
          sessions: sessions.map((session) => ({
            ...session,
            detail: session.live && rowsOf(session.detail) <= MAX_DETAIL_ROWS
              ? session.detail
              : new Map(),
          })),
          positions,
        });
        const older = slots.find((slot) => slot !== current)!;
        older.clear();
        older.append(text);
        current = older;
        generation++;
        journalBytes = 0;
        sync();
        for (const slot of slots) slot.checkPlace();
        if (syncError !== undefined) throw syncError;
      });
      if (isSaved && hasFailed) {
        log.info("The state file is written again", { path });
        hasFailed = false;
      }
      return isSaved;
    },
    async synced() {
      await syncing;
    },
    close,
  };
}

/** Opens both files into `slots`; `current` is the one that holds `saved`, if there is one. */
function openSlots(path: string, log: Log, slots: Slot[]) {
  const places = [path, `${path}.2`].map(readPlace);
  const [newest] = places.filter(({ found }) => found !== undefined)
    .sort((a, b) => b.found!.generation - a.found!.generation);
  for (const place of places) setAside(place, newest !== undefined, log);
  for (const { path, found } of places) slots.push(new Slot(path, found?.size ?? 0));
  const found = newest?.found;
  return {
    // Without anything saved the first saving goes into the file that has no suffix.
    current: slots[newest === undefined ? 1 : places.indexOf(newest)]!,
    saved: found?.generation === 0 ? { ...found, journal: readOldJournal(path) } : found,
  };
}

/** Reports that came after a saving of the old version. */
function readOldJournal(path: string): SavedState["journal"] {
  return readEntries(wholeLines(readIfThere(`${path}.journal`)).lines);
}

function rowsOf(detail: ReadonlyMap<string, { values: readonly number[] }>): number {
  return Array.from(detail.values(), ({ values }) => values.length).reduce((a, b) => a + b, 0);
}

/** Holds the files as long as the process lives: two exporters would overwrite each other's totals. */
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
