/** The state files: totals and last reports, kept so that a restart neither loses a turn nor counts one twice. @module */

import type { Log } from "../log/mod.ts";
import type { Report, WebReport } from "../report/mod.ts";
import type { FilePosition } from "../source/mod.ts";
import { findState, readFiles, refuseNewer } from "./find_state.ts";
import { openLock } from "./lock.ts";
import type { ModelState } from "./model.ts";
import { type SavedState, toText } from "./saved.ts";
import type { Session } from "./session.ts";
import { Slot } from "./slot.ts";
import { reasonOf, StateError } from "./state_error.ts";

/** Above this the detail of the last reports is not saved: it comes again with the next one. */
const MAX_DETAIL_ROWS = 20_000;

/** Bytes of reports after which there is a saving, unless the state itself is larger. */
const MAX_WRITE_AHEAD_BYTES = 16 << 20;
/** The same at most, while no saving succeeds. */
const MOST_WRITE_AHEAD_BYTES = 256 << 20;

/** What is to be gone on from: in which of the files the newest state is, and after how many savings. */
interface Opened {
  readonly saved: SavedState | undefined;
  readonly current: number;
  readonly generation: number;
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
    const files = readFiles(path);
    refuseNewer(path, files);
    const found = findState(files, log);
    for (const { path, content } of files) slots.push(new Slot(path, content));
    // Without anything saved the first saving goes into the file that has no suffix.
    const current = found === undefined ? 1 : files.indexOf(found.base);
    const generation = Math.max(...files.map(({ content }) => content.generation ?? 0));
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
  #writeAhead = { bytes: 0, sessions: new Set<string>() };
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
    if (isNoted) this.#writeAhead.sessions.add(session);
  }

  /** The same of a web process. */
  noteWeb(web: WebReport, arrival: number): void {
    this.#append({ web, arrival });
  }

  /** Writes a line behind the newest state, and says whether it could. */
  #append(entry: unknown): boolean {
    return this.#attempt(() => {
      if (this.#current.isEmpty) throw new Error("no snapshot could be saved before");
      const writeAhead = this.#writeAhead;
      if (writeAhead.bytes > MOST_WRITE_AHEAD_BYTES) throw new Error("the write-ahead log is full");
      writeAhead.bytes += this.#current.note(toText(entry));
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
    const { bytes, sessions } = this.#writeAhead;
    return bytes > Math.max(MAX_WRITE_AHEAD_BYTES, this.#stateBytes) ||
      sessions.size >= maxSessions;
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
    this.#writeAhead = { bytes: 0, sessions: new Set() };
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
