/** The state files: totals and last reports, kept so that a restart neither loses a turn nor counts one twice. @module */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Log } from "../log/mod.ts";
import type { Report, WebReport } from "../report/mod.ts";
import type { FilePosition } from "../source/mod.ts";
import { keepCopy } from "./damage.ts";
import type { ModelState } from "./model.ts";
import { readEntry, readState, type SavedState, toText } from "./saved.ts";
import type { Session } from "./session.ts";
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

/** What is to be gone on from: in which of the files the newest state is, and after how many savings. */
interface Opened {
  readonly saved: SavedState | undefined;
  readonly current: number;
  readonly generation: number;
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
  const entries = texts.map(readEntry).filter((entry) => entry !== undefined);
  const journal = entries.filter((entry) => "report" in entry);
  const webJournal = entries.filter((entry) => "web" in entry);
  const saved = { ...readState(state), journal, webJournal };
  return { saved, unread: texts.length - entries.length };
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
   * read again from that saving on, and who was forgotten since would count twice.
   */
  readonly maxSessions: number;
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
  try {
    const places = readPlaces(path);
    refuseNewer(path, places);
    const found = findState(places, log);
    for (const { path, content } of places) slots.push(new Slot(path, content));
    // Without anything saved the first saving goes into the file that has no suffix.
    const current = found === undefined ? 1 : places.indexOf(found.base);
    const generation = Math.max(...places.map(({ content }) => content.generation ?? 0));
    return new StateFile(options, lock, slots, { saved: found?.saved, current, generation });
  } catch (error) {
    closeAll(lock, slots);
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

/** What is saved of a session: what comes again with the next report only while it is shown. */
function kept(session: Session): Session {
  const { live, detail, eventClues } = session;
  const hasDetail = live && rowsOf(detail) <= MAX_DETAIL_ROWS;
  return {
    ...session,
    eventClues: live ? eventClues : undefined,
    detail: hasDetail ? detail : new Map(),
  };
}

/** Both files, opened; it writes them by turns. */
export class StateFile {
  /** What the last process left; undefined at the first start, or when it cannot be read. */
  readonly saved: SavedState | undefined;
  readonly #options: StateOptions;
  readonly #slots: readonly Slot[];
  readonly #lock: Deno.FsFile;
  /** The one with the newest state, of so many savings. */
  #current: Slot;
  #generation: number;
  /** What was noted since the last saving. */
  #journal = { bytes: 0, sessions: new Set<string>() };
  #stateBytes = 0;
  #hasFailed = false;
  #syncing: Promise<void> | undefined;
  #syncError: unknown;

  constructor(options: StateOptions, lock: Deno.FsFile, slots: readonly Slot[], opened: Opened) {
    this.#options = options;
    this.#lock = lock;
    this.#slots = slots;
    this.saved = opened.saved;
    this.#current = slots[opened.current]!;
    this.#generation = opened.generation;
  }

  /** Whether so much was noted that there must be a saving now. */
  get isFull(): boolean {
    // While savings fail there is one try a second.
    return !this.#hasFailed && this.#isOverfull();
  }

  /**
   * Notes a report that was taken, before anyone can see it: what a scrape has shown must outlive
   * this process, in the same order, or a counter would be seen to fall.
   *
   * @param report As it was sent, with the session that it names.
   * @param session The session that it is of.
   */
  note(report: Report, arrival: number, session = report.session): void {
    const isNoted = this.#append({ report, arrival });
    if (isNoted) this.#journal.sessions.add(session);
  }

  /** The same of a web process. */
  noteWeb(web: WebReport, arrival: number): void {
    this.#append({ web, arrival });
  }

  /** Writes a line behind the newest state, and says whether it could. */
  #append(entry: unknown): boolean {
    return this.#attempt(() => {
      if (this.#current.isEmpty) throw new Error("no snapshot could be saved before");
      const journal = this.#journal;
      if (journal.bytes > MOST_JOURNAL_BYTES) throw new Error("the write-ahead log is full");
      journal.bytes += this.#current.note(toText(entry));
    });
  }

  /**
   * Saves, and says whether it did. A failure is counted, and logged once; try again. Nothing is
   * saved while {@linkcode synced} waits, unless {@linkcode isFull}.
   */
  save({ sessions, ...model }: ModelState, positions: readonly FilePosition[]): boolean {
    // A power cut must not find both files half written.
    if (this.#syncing !== undefined && !this.#isOverfull()) return false;
    const isSaved = this.#attempt(() => {
      if (this.#syncing !== undefined) this.#current.syncNow();
      this.#write(toText({ ...model, sessions: sessions.map(kept), positions }));
      for (const slot of this.#slots) slot.checkPlace();
      if (this.#syncError !== undefined) throw this.#syncError;
    });
    if (isSaved && this.#hasFailed) {
      const { log, path } = this.#options;
      log.info("The state file can be written again", { path });
      this.#hasFailed = false;
    }
    return isSaved;
  }

  /** Waits until what was saved has reached the disk. Never rejects. */
  async synced(): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing;
  }

  close(): void {
    closeAll(this.#lock, this.#slots);
  }

  #isOverfull(): boolean {
    const { maxSessions } = this.#options;
    const { bytes, sessions } = this.#journal;
    return bytes > Math.max(MAX_JOURNAL_BYTES, this.#stateBytes) || sessions.size >= maxSessions;
  }

  #attempt(action: () => void): boolean {
    const { log, path, onError } = this.#options;
    try {
      action();
      return true;
    } catch (error) {
      onError?.();
      if (!this.#hasFailed) {
        log.error("Cannot write the state file", { path, error: String(error) });
      }
      this.#hasFailed = true;
      return false;
    }
  }

  #write(text: string): void {
    const superseded = this.#current;
    const older = this.#slots.find((slot) => slot !== superseded)!;
    this.#stateBytes = older.write(this.#generation + 1, text);
    this.#generation++;
    this.#current = older;
    this.#journal = { bytes: 0, sessions: new Set() };
    superseded.supersede();
    this.#sync();
  }

  #sync(): void {
    const before = this.#syncing;
    const own = this.#current.sync().then(() => undefined, (error) => error)
      .then(async (error) => {
        await before;
        if (this.#syncing !== own) return;
        this.#syncError = error;
        this.#syncing = undefined;
      });
    this.#syncing = own;
  }
}

function closeAll(lock: Deno.FsFile, slots: readonly Slot[]): void {
  for (const slot of slots) slot.close();
  // A program that is being started may hold a copy of the file for a moment.
  lock.unlockSync();
  lock.close();
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
