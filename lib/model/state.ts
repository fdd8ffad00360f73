/** The state files: totals and last reports, kept so that a restart neither loses a turn nor counts one twice. @module */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../log/mod.ts";
import type { Report } from "../report/mod.ts";
import type { FilePosition } from "../source/mod.ts";
import { keepCopy } from "./damage.ts";
import type { ModelState } from "./model.ts";
import { readEntry, readState, type SavedState, toText } from "./saved.ts";
import { type Content, readContent, Slot } from "./slot.ts";

/** Above this the detail of the last reports is not saved: it comes again with the next one. */
const MAX_DETAIL_ROWS = 20_000;

/** Bytes of reports after which there is a saving, unless the state itself is larger. */
const MAX_JOURNAL_BYTES = 16 << 20;
/** The same at most, while no saving succeeds. */
const MOST_JOURNAL_BYTES = 256 << 20;

/** Why the state file cannot be used: a wrong configuration. */
export class StateError extends Error {
  override name = "StateError";
  /** Whether totals would be lost by going on without the file: it is in use, or newer. */
  readonly mustStop: boolean;
  constructor(message: string, options: ErrorOptions & { mustStop?: boolean } = {}) {
    super(message, options);
    this.mustStop = options.mustStop ?? false;
  }
}

/** What went wrong, without the advice that Deno gives on permissions: it is not ours. */
function reasonOf(error: unknown): string {
  // Deno opens no device, and nothing of the kernel's.
  if (error instanceof Deno.errors.NotCapable) {
    return "it is no place for a file; --state none keeps nothing";
  }
  return (error as Error).message.replace(/, run again with .*$/s, "");
}

export interface StateFile {
  /** What the last process left; undefined at the first start, or when it cannot be read. */
  readonly saved: SavedState | undefined;
  /**
   * Notes a report that was taken, before anyone can see it: what a scrape has shown must outlive
   * this process, in the same order, or a counter would be seen to fall.
   *
   * @param report As it was sent, with the session that it names.
   * @param session The session that it is of.
   */
  note(report: Report, arrival: number, session?: string): void;
  /** Whether so much was noted that there must be a saving now. */
  readonly isFull: boolean;
  /**
   * Saves, and says whether it did. A failure is counted, and logged once; try again. Nothing is
   * saved while {@linkcode synced} waits, unless {@linkcode isFull}.
   */
  save(model: ModelState, positions: readonly FilePosition[]): boolean;
  /** Waits until what was saved has reached the disk. Never rejects. */
  synced(): Promise<void>;
  close(): void;
}

/** A file, and what is in it. */
interface Place {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly content: Content;
}

/** What was found in both files, and in which of them. */
interface Found {
  readonly base: Place;
  readonly saved: SavedState;
}

function readIfThere(path: string): Uint8Array {
  return existsSync(path) ? readFileSync(path) : new Uint8Array();
}

/** Reads both files. Where one does not tell its generation, the other one does. */
function readPlaces(path: string): [Place, Place] {
  const read = (path: string, bytes = readIfThere(path), generation?: number): Place => ({
    path,
    bytes,
    content: readContent(bytes, generation),
  });
  const guess = (place: Place, { content: { generation = 0 } }: Place) =>
    place.content.generation !== undefined ? place : [generation + 1, generation - 1]
      .map((guess) => read(place.path, place.bytes, guess))
      .find(({ content: { state, entries } }) => state !== undefined || entries.size > 0) ?? place;
  const [one, two] = [read(path), read(`${path}.2`)];
  return [guess(one, two), guess(two, one)];
}

/**
 * Refuses files of a later version: to begin at 0 would lose what they hold.
 *
 * @throws {StateError} When one of the two is.
 */
function refuseNewer(path: string, places: readonly Place[]): void {
  const isOneWhole = places.some(({ content }) => content.state !== undefined);
  for (const { content: { newer } } of places) {
    // One flipped bit can make a version out of another one; then the twin is whole.
    if (newer === undefined || (isOneWhole && !newer.isSure)) continue;
    throw new StateError(
      `Cannot use the state file "${path}": a later version of this program wrote it (version ${newer.version}); use that version, or another --state`,
      { mustStop: true },
    );
  }
}

/**
 * A state with the reports behind it, also with those behind a newer one that cannot be read; and how
 * many of them cannot be read.
 */
function readSaved(state: string, { content }: Place, other: Place) {
  const isNext = other.content.generation === content.generation! + 1;
  const texts = [...content.entries.values(), ...isNext ? other.content.entries.values() : []];
  const journal = texts.map(readEntry).filter((entry) => entry !== undefined);
  return { saved: { ...readState(state), journal }, unread: texts.length - journal.length };
}

/** Finds the newest state that can be read, and says what is wrong with the files. */
function findState(places: readonly [Place, Place], log: Log): Found | undefined {
  const errors = new Map<Place, string>();
  let found: Found | undefined;
  const newestFirst = places.toSorted((a, b) =>
    (b.content.generation ?? 0) - (a.content.generation ?? 0)
  );
  for (const place of newestFirst) {
    const { content: { state, damage }, bytes } = place;
    if (damage !== undefined && bytes.length > 0) errors.set(place, damage);
    if (state === undefined || found !== undefined) continue;
    const other = places.find((other) => other !== place)!;
    try {
      const { saved, unread } = readSaved(state, place, other);
      found = { base: place, saved };
      // They are absolute: the next ones make up for them.
      if (unread > 0) errors.set(place, `${unread} reports are of another version`);
    } catch (error) {
      errors.set(place, String(error).slice(0, 200));
    }
  }
  for (const place of places) explain(place, places, found?.base, errors.get(place), log);
  return found;
}

/** Logs what is wrong with a file, and keeps a copy of it. */
function explain(
  place: Place,
  [one, two]: readonly [Place, Place],
  base: Place | undefined,
  error: string | undefined,
  log: Log,
): void {
  const { path, bytes, content } = place;
  const twin = place === one ? two : one;
  const isCutOff = base === twin && !base.content.isSuperseded && content.isBegun &&
    // The first saving leaves the other file empty.
    (bytes.length > 0 || base.content.generation! > 1);
  if (isCutOff) {
    log.info("The process ended while it wrote a snapshot; nothing is lost", { path });
  } else if (error === undefined) {
    // The newer of the two is no more, or is an older one again.
    const isLost = twin === base && twin.content.isSuperseded &&
      content.generation !== twin.content.generation! + 1;
    if (isLost) {
      log.error("Cannot find the newest state; using the older one from the other file", {
        path,
      });
    }
  } else {
    const then = base === undefined
      ? "totals start again at 0"
      : base === place
      ? "using its undamaged part"
      : "using the other file instead";
    log.error(`Cannot read the state file; ${then}`, {
      path,
      kept_as: keepCopy(path, bytes),
      error,
    });
  }
}

export interface StateOptions {
  readonly path: string;
  /**
   * How many sessions may report after a saving before there is another one. Followed files are
   * read again from that saving on, and who was forgotten since would count twice. Default: any.
   */
  readonly maxSessions?: number;
  readonly log: Log;
  readonly onError?: () => void;
}

/**
 * Opens the state file at a path and its twin beside it, makes their folder where it is missing, and
 * reads what is there. A copy is kept of what cannot be understood.
 *
 * Each saving writes over the older of the two, and reports that come after are noted behind the
 * newer one, so that at every moment one of them is whole. Both stay open: from here on no right to
 * write is needed.
 *
 * @throws {StateError} When they cannot be read or written, are of a later version, or another
 * exporter uses them.
 */
export function openState(options: StateOptions): StateFile {
  const { path, log } = options;
  if (isFolder(path)) {
    throw new StateError(`Cannot use the state file "${path}": it is a folder, expected a file`);
  }
  const lock = openLock(path);
  const slots: Slot[] = [];
  function close(): void {
    for (const slot of slots) slot.close();
    // A program that is being started may hold a copy of the file for a moment.
    lock.unlockSync();
    lock.close();
  }
  try {
    const places = readPlaces(path);
    refuseNewer(path, places);
    const found = findState(places, log);
    for (const { path, content } of places) slots.push(new Slot(path, content));
    // Without anything saved the first saving goes into the file that has no suffix.
    const current = found === undefined ? 1 : places.indexOf(found.base);
    const generation = Math.max(...places.map(({ content }) => content.generation ?? 0));
    const writer = createWriter(options, slots, slots[current]!, generation);
    return Object.assign(writer, { saved: found?.saved, close });
  } catch (error) {
    close();
    if (error instanceof StateError) throw error;
    throw new StateError(`Cannot use the state file "${path}": ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false; // What is wrong with it is found when it is opened.
  }
}

/** Writes both files by turns; `last` is the one with the newest state, of so many savings. */
function createWriter(
  { path, log, onError, maxSessions = Infinity }: StateOptions,
  slots: readonly Slot[],
  last: Slot,
  savings: number,
): Omit<StateFile, "saved" | "close"> {
  let current = last;
  let generation = savings;
  /** What was noted since the last saving. */
  let journal = { bytes: 0, sessions: new Set<string>() };
  let stateBytes = 0;
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
    const before = syncing;
    const own = current.sync().then(() => undefined, (error) => error).then(async (error) => {
      await before;
      if (syncing !== own) return;
      syncError = error;
      syncing = undefined;
    });
    syncing = own;
  }

  const isFull = () =>
    journal.bytes > Math.max(MAX_JOURNAL_BYTES, stateBytes) || journal.sessions.size >= maxSessions;

  return {
    get isFull() {
      // While savings fail there is one try a second.
      return !hasFailed && isFull();
    },
    note(report, arrival, session = report.session) {
      attempt(() => {
        if (current.isEmpty) throw new Error("no snapshot could be saved before");
        if (journal.bytes > MOST_JOURNAL_BYTES) throw new Error("the write-ahead log is full");
        journal.bytes += current.note(toText({ report, arrival }));
        journal.sessions.add(session);
      });
    },
    save({ sessions, ...model }, positions) {
      // A power cut must not find both files half written.
      if (syncing !== undefined && !isFull()) return false;
      const isSaved = attempt(() => {
        if (syncing !== undefined) current.syncNow();
        const text = toText({
          ...model,
          sessions: sessions.map((session) => ({
            ...session,
            eventClues: session.live ? session.eventClues : undefined,
            detail: session.live && rowsOf(session.detail) <= MAX_DETAIL_ROWS
              ? session.detail
              : new Map(),
          })),
          positions,
        });
        const older = slots.find((slot) => slot !== current)!;
        stateBytes = older.write(generation + 1, text);
        generation++;
        const superseded = current;
        current = older;
        journal = { bytes: 0, sessions: new Set() };
        superseded.supersede();
        sync();
        for (const slot of slots) slot.checkPlace();
        if (syncError !== undefined) throw syncError;
      });
      if (isSaved && hasFailed) {
        log.info("The state file can be written again", { path });
        hasFailed = false;
      }
      return isSaved;
    },
    async synced() {
      while (syncing !== undefined) await syncing;
    },
  };
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
    mustStop: true,
  });
}
