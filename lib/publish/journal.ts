/** The journal transport: a line per report, in files that are rotated by renaming. @module */

import { dirname, extname } from "node:path";
import { messageOf } from "../error/mod.ts";
import { unlessMissing, writeAll } from "../file/mod.ts";
import { logProblem, once, type OnProblem, type Transport } from "./transport.ts";

export interface JournalOptions {
  /**
   * The file. Default: `logs/metrics.jsonl`, which the exporter follows when it runs in the same
   * folder. Where another live simulation holds it, `-<session>` is put before its extension.
   */
  readonly path?: string;
  readonly session: string;
  /** A report that would make the file larger than this, in bytes, begins a new one. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** How many full files are kept, as `<path>.1` (the newest), `<path>.2` and so on. Default: 1. */
  readonly keep?: number;
  /** Called for the first failure. Default: logs to standard error. */
  readonly onProblem?: OnProblem;
  /** What its lines are, for messages. Default: `reports`. */
  readonly lines?: string;
}

export interface Journal extends Transport {
  /** The file that is written to. */
  readonly path: string;
}

const PATH = "logs/metrics.jsonl";
const MAX_BYTES = 64 * 2 ** 20;
const KEEP = 1;

/** Number of reports between two checks whether the file still exists: about a second. */
const LOOK_EVERY = 10;

const NEWLINE = 0x0a;
const LINE_END = Uint8Array.of(NEWLINE);

/** The journal of a simulation that cannot have `path`. */
function pathOfSession(path: string, session: string): string {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  return `${stem}-${session.replace(/[^\p{L}\p{N}._-]/gu, "_")}${extension}`;
}

/**
 * Opens the file beside the journal that says who writes it, or undefined where another one does.
 * It is a file of its own because the journal is renamed, and is never removed, because another one
 * might just have opened it. The system gives the lock back when the process ends, however it ends.
 */
function lock(path: string): Deno.FsFile | undefined {
  const file = Deno.openSync(`${path}.lock`, { create: true, write: true });
  try {
    if (file.tryLockSync(true)) return file;
  } catch {
    return file; // The file system knows no locks: as good as held.
  }
  file.close();
  return undefined;
}

/** Whether a file ends in the middle of a line. */
function isTorn(file: Deno.FsFile, size: number): boolean {
  if (size === 0) return false;
  file.seekSync(size - 1, Deno.SeekMode.Start);
  const last = new Uint8Array(1);
  return file.readSync(last) === 1 && last[0] !== NEWLINE;
}

/** Whether a path leads to another file than the one that was opened there, or to none. */
function isElsewhere(path: string, { dev, ino }: Deno.FileInfo): boolean {
  try {
    const found = Deno.statSync(path);
    return found.ino !== ino || found.dev !== dev;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

class JournalFile implements Journal {
  path: string;
  readonly #options: JournalOptions;
  readonly #tell: OnProblem;
  #held: Deno.FsFile | undefined;
  #file: Deno.FsFile | undefined;
  #info: Deno.FileInfo | undefined;
  /** Reports until it is looked whether the file is still there. */
  #unlooked = LOOK_EVERY;
  #size = 0;
  /** The file ends in the middle of a line, which the next report must not continue. */
  #torn = false;

  constructor(options: JournalOptions) {
    this.path = options.path ?? PATH;
    this.#options = options;
    this.#tell = once(options.onProblem ?? logProblem);
    this.#attempt(() => this.#open());
  }

  ready(): boolean {
    return true;
  }

  write(report: Uint8Array): void {
    this.#attempt(() => this.#append(report));
  }

  end(report: Uint8Array): Promise<void> {
    this.#unlooked = 0;
    this.#attempt(() => this.#append(report));
    this.#close();
    this.#held?.close();
    this.#held = undefined;
    return Promise.resolve();
  }

  /** Runs an operation that may fail, and reports the failure. */
  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      const { lines = "reports" } = this.#options;
      this.#tell(
        `Cannot write ${lines} to "${this.path}"; the game continues: ${messageOf(error)}`,
      );
    }
  }

  #append(report: Uint8Array): void {
    if (this.#info !== undefined && --this.#unlooked <= 0) {
      this.#unlooked = LOOK_EVERY;
      // Nobody continues to read a file that was removed.
      if (isElsewhere(this.path, this.#info)) this.#close();
    }
    this.#open();
    const { maxBytes = MAX_BYTES } = this.#options;
    if (this.#size > 0 && this.#size + report.length > maxBytes) this.#rotate();
    const file = this.#open();
    if (this.#torn) writeAll(file, LINE_END);
    this.#torn = true;
    writeAll(file, report);
    this.#torn = false;
    this.#size += report.length;
  }

  /** Opens the files that are not open yet. */
  #open(): Deno.FsFile {
    if (this.#file !== undefined) return this.#file;
    Deno.mkdirSync(dirname(this.path), { recursive: true });
    this.#held ??= this.#hold();
    const file = Deno.openSync(this.path, { create: true, append: true, read: true });
    this.#file = file;
    this.#info = file.statSync();
    this.#size = this.#info.size;
    this.#torn = isTorn(file, this.#size);
    return file;
  }

  /** Locks the path, or else the session's own. */
  #hold(): Deno.FsFile {
    const held = lock(this.path);
    if (held !== undefined) return held;
    const own = pathOfSession(this.path, this.#options.session);
    const ownHeld = lock(own);
    if (ownHeld === undefined) throw new Error(`another simulation writes "${own}" too`);
    this.path = own;
    return ownHeld;
  }

  #rotate(): void {
    this.#close();
    const { path } = this;
    const { keep = KEEP } = this.#options;
    for (let number = keep; number > 0; number--) {
      const older = number === 1 ? path : `${path}.${number - 1}`;
      unlessMissing(() => Deno.renameSync(older, `${path}.${number}`));
    }
    if (keep === 0) unlessMissing(() => Deno.removeSync(path));
  }

  #close(): void {
    this.#file?.close();
    this.#file = this.#info = undefined;
  }
}

/**
 * Opens a journal, and makes its folder. What cannot be opened or written is told to `onProblem` and
 * tried again with every report; reports that fall into that time are not made up for.
 *
 * At most `keep` + 1 files of `maxBytes` are there at a time, and one report more.
 */
export function openJournal(options: JournalOptions): Journal {
  return new JournalFile(options);
}
