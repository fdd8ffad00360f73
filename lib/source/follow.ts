/** Follows growing files of lines over rotation, truncation, removal and restarts. @module */

import { closeSync, fstatSync, openSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { messageOf } from "../error/mod.ts";
import {
  FileTail,
  type LineConsumer,
  type Reading,
  type ReadResult,
  type Start,
} from "./file_tail.ts";
import {
  createFollowCounters,
  type FilePosition,
  type FollowedFile,
  type Follower,
  type FollowOptions,
} from "./follower.ts";
import { fileId, fitsMark, type Mark } from "./mark.ts";
import { isCompressed, isRotated } from "./names.ts";
import { isAbsence, modified, type Seen, Survey } from "./survey.ts";
import { type DirWatch, watchDirs } from "./watch_dirs.ts";

export type { FollowCounters, LineConsumer } from "./file_tail.ts";
export * from "./follower.ts";

/** Maximum number of open files that match patterns. All descriptors together stay below 1 024. */
export const MAX_FILES = 400;

const MIB = 1024 * 1024;
const BUFFER_BYTES = 256 * 1024;
/** Bytes of one file that a poll of `start()` reads at once, so that other work is not delayed. */
const LEAST_SLICE_BYTES = 2048;
const MOST_SLICE_BYTES = 8 * MIB;
const SLICE_MS = 2;
/** Combines the events of many writes into one poll. */
const DEBOUNCE_MS = 50;
/** Seconds after which a moved file that matched a pattern is closed if nothing is appended. */
const MOVED_PATIENCE = 60;

interface Entry {
  readonly path: string;
  readonly consumer: LineConsumer;
  file?: FileTail;
  /** What was at the path at the last survey. */
  seen: Seen;
  /** Whether that file is followed under another path. */
  twin: boolean;
  /** When the file was last read from or seen at its path, in seconds since 1970. */
  lastSign: number;
}

/**
 * Creates a follower, which reads nothing before its first `poll()` or `start()`.
 *
 * A file is identified by its inode: one that is named twice, linked, or renamed to another followed path
 * is read once.
 *
 * @throws {TypeError} If a path has a `*` elsewhere than once in its last part.
 */
export function follow(options: FollowOptions): Follower {
  return new FileFollower(options);
}

class FileFollower implements Follower {
  readonly #options: FollowOptions;
  readonly #reading: Reading;
  readonly #survey: Survey;
  readonly #saved: Map<string, FilePosition>;
  readonly #entries = new Map<string, Entry>();
  /** Where to continue in closed files that still have a path, by ID. */
  readonly #released = new Map<string, Mark>();
  /** IDs of the files that existed at the first poll and have not been opened yet. */
  readonly #initial = new Set<string>();
  #polled = false;
  #closed = false;
  #changed = false;
  #watch: DirWatch | undefined;
  #safety: ReturnType<typeof setInterval> | undefined;
  #wake: ReturnType<typeof setTimeout> | undefined;
  #slice = BUFFER_BYTES;

  constructor(options: FollowOptions) {
    const { counters = createFollowCounters(), now = () => Date.now() / 1000 } = options;
    const { paths, maxFiles = MAX_FILES, log, saved = [] } = options;
    this.#options = options;
    this.#reading = { buffer: new Uint8Array(BUFFER_BYTES), counters, now };
    this.#survey = new Survey(paths, maxFiles, log, () => counters.readErrors++);
    this.#saved = new Map(saved.map((position) => [position.path, position]));
  }

  poll(): void {
    this.#pollAll(Infinity);
  }

  positions(): FilePosition[] {
    if (!this.#polled) return [...this.#saved.values()];
    return [...this.#entries.values()].flatMap(({ path, file }) => {
      const absolute = resolve(path);
      // A file that could not be opened keeps its saved position.
      const mark = file ? file.mark() : this.#saved.get(absolute);
      const modified = file?.modified;
      return mark ? [{ ...mark, path: absolute, ...modified !== undefined && { modified } }] : [];
    });
  }

  files(): FollowedFile[] {
    return [...this.#entries.values()].filter(({ twin, seen }) => !twin || !seen.stats)
      .map(({ path, file, seen: { stats } }) => ({
        path,
        exists: stats !== undefined,
        from: file?.from ?? 0,
        offset: file?.offset ?? 0,
        size: stats?.size ?? 0,
      }));
  }

  start(): void {
    if (this.#closed || this.#watch) return;
    this.#watch = watchDirs(this.#survey.dirs, () => this.#wakeIn(DEBOUNCE_MS));
    this.#safety = setInterval(() => this.#pollInTurn(), this.#options.interval * 1000);
    this.#wakeIn(0);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#watch?.close();
    clearInterval(this.#safety);
    clearTimeout(this.#wake);
    for (const { file } of this.#entries.values()) file?.close();
  }

  #wakeIn(milliseconds: number): void {
    this.#wake ??= setTimeout(() => {
      this.#wake = undefined;
      this.#pollInTurn();
    }, milliseconds);
  }

  #pollInTurn(): void {
    this.#watch?.renew();
    const started = performance.now();
    const more = this.#pollAll(this.#slice);
    if (!more) return;
    const fitting = Math.round(this.#slice * SLICE_MS / (performance.now() - started));
    this.#slice = Math.min(MOST_SLICE_BYTES, Math.max(LEAST_SLICE_BYTES, fitting));
    this.#wakeIn(0);
  }

  /** Reads up to `limit` bytes of each file. Returns whether there is more to read. */
  #pollAll(limit: number): boolean {
    if (this.#closed) return false;
    this.#changed = false;
    const { wanted, named } = this.#survey.take();
    for (const ids of [this.#released, this.#initial]) {
      for (const id of ids.keys()) if (!named.has(id)) ids.delete(id);
    }
    for (const path of wanted.keys()) this.#addEntry(path);
    if (!this.#polled) this.#begin(named);
    this.#polled = true;

    for (const entry of this.#entries.values()) entry.seen = wanted.get(entry.path) ?? {};
    // Oldest first, so that reports of several files arrive in the order of time as far as possible.
    const inOrder = [...this.#entries.values()].sort((a, b) => modified(a.seen) - modified(b.seen));
    let more = false;
    for (const entry of inOrder) {
      if (this.#pollEntry(entry, named, limit)) more = true;
      if (!entry.file && !wanted.has(entry.path)) this.#entries.delete(entry.path);
    }
    // A file that was closed under its old name is opened under its new one at once: in between it would
    // have no position to save.
    if (this.#released.size > 0) {
      for (const entry of inOrder) {
        if (entry.twin && !entry.file && this.#pollEntry(entry, named, limit)) more = true;
      }
    }
    if (this.#changed) this.#options.onPolled?.();
    return more;
  }

  /** Brings one entry up to date. Returns whether there is more to read. */
  #pollEntry(entry: Entry, named: ReadonlySet<string>, limit: number): boolean {
    const { stats, problem } = entry.seen;
    while (entry.file && (!stats || fileId(stats) !== entry.file.id)) {
      const { file } = entry;
      if (this.#finish(entry, file, named, limit)) return true;
      if (entry.file) break; // Lines may still be appended.
      if (stats) this.#openRotated(entry, file.modified);
    }
    let reason = problem;
    let more = false;
    if (stats) {
      if (!entry.file) reason = this.#open(entry, entry.path);
      if (entry.file) {
        const result = this.#readOn(entry, entry.file, limit);
        if (result.error !== undefined) reason = messageOf(result.error);
        entry.lastSign = this.#reading.now();
        more = result.more;
      }
    }
    this.#survey.setProblem(entry.path, reason);
    return more;
  }

  /**
   * Reads an open file that is no longer at its path, or has become one of too many, and closes it unless
   * lines may still be appended. Returns whether there is more to read first.
   */
  #finish(entry: Entry, file: FileTail, named: ReadonlySet<string>, limit: number): boolean {
    const { counters, now } = this.#reading;
    const deleted = file.isDeleted();
    if (this.#readOn(entry, file, limit).more) return true;
    const replaced = entry.seen.stats !== undefined;
    const patient = this.#survey.isLiteral(entry.path) || now() - entry.lastSign <= MOVED_PATIENCE;
    if (!replaced && !deleted && !named.has(file.id) && patient) return false;
    if (replaced) {
      counters.rotations++;
      this.#options.log.info("A followed file was replaced", { path: entry.path });
    }
    this.#release(entry);
    return false;
  }

  #readOn(entry: Entry, file: FileTail, limit: number): ReadResult {
    const result = file.read(limit);
    if (result.truncated) {
      this.#options.log.warn("A followed file was truncated or rewritten", { path: entry.path });
    }
    if (result.bytes > 0 || result.truncated) this.#changed = true;
    if (result.bytes > 0) entry.lastSign = this.#reading.now();
    return result;
  }

  #isFollowed(id: string): boolean {
    return this.#entries.values().some(({ file }) => file?.id === id);
  }

  #addEntry(path: string): void {
    if (this.#entries.has(path)) return;
    const consumer = this.#options.consumer(path);
    const lastSign = this.#reading.now();
    this.#entries.set(path, { path, consumer, seen: {}, twin: false, lastSign });
  }

  #startIn(path: string, stats: Stats): Start {
    const { maxLine, tailBytes = 8 * MIB } = this.#options;
    const id = fileId(stats);
    const known = this.#saved.get(resolve(path));
    const mark = this.#released.get(id) ?? (known && fileId(known) === id ? known : undefined);
    if (mark) return { at: "mark", mark };
    // A path with a saved position was read before: the present file is newer.
    return this.#initial.has(id) && !known ? { at: "tail", tailBytes, maxLine } : { at: "start" };
  }

  /** Opens the file at `path`, unless it is open already. Returns why it cannot be read. */
  #open(entry: Entry, path: string, from?: Start): string | undefined {
    let fd;
    try {
      fd = openSync(path, "r");
      const stats = fstatSync(fd);
      const id = fileId(stats);
      entry.twin = this.#isFollowed(id);
      const isOther = from?.at === "mark" && !fitsMark(fd, stats, from.mark);
      if (entry.twin || isOther) return undefined;
      const start = from ?? this.#startIn(path, stats);
      entry.file = new FileTail(fd, start, entry.consumer, this.#reading);
      entry.lastSign = this.#reading.now();
      this.#changed = true;
      this.#released.delete(id);
      this.#initial.delete(id);
      if (!from) this.#saved.delete(resolve(path));
      const { offset } = entry.file;
      this.#options.log.info("Following a file", { path, offset, size: stats.size });
    } catch (error) {
      if (isAbsence(error)) return undefined;
      this.#reading.counters.readErrors++;
      return messageOf(error);
    } finally {
      if (fd !== undefined && entry.file === undefined) closeSync(fd);
    }
    return undefined;
  }

  /** Closes a file; if it still has a path, reading continues at the same offset when it is found again. */
  #release(entry: Entry): void {
    const { file } = entry;
    if (!file) return;
    const mark = file.isDeleted() ? undefined : file.mark();
    if (mark) this.#released.set(file.id, mark);
    delete entry.file;
    file.close();
    this.#changed = true;
  }

  #begin(named: ReadonlySet<string>): void {
    for (const id of named) this.#initial.add(id);
    // A file may have been moved from a path that only a pattern matches, before it was read to its end.
    for (const path of this.#survey.matching(this.#saved.keys())) this.#addEntry(path);
    for (const entry of this.#entries.values()) this.#restoreMoved(entry);
  }

  /** Opens a file that was renamed since its position was saved, to read its rest. */
  #restoreMoved(entry: Entry): void {
    const position = this.#saved.get(resolve(entry.path));
    if (!position) return;
    const survey = this.#survey;
    const isMarked = ({ stats }: Seen) => stats && fileId(stats) === fileId(position);
    if (isMarked(survey.look(entry.path))) return;
    for (const path of survey.list(dirname(entry.path), entry.path)) {
      const start: Start = { at: "mark", mark: position };
      if (!entry.file && isMarked(survey.look(path))) this.#open(entry, path, start);
    }
    // It is gone, but files that were rotated later may be there.
    if (!entry.file && position.modified !== undefined && survey.look(entry.path).stats) {
      this.#openRotated(entry, position.modified);
    }
  }

  /**
   * The oldest unread file that was rotated away from this path since another one was.
   *
   * @param last When the file before them was last modified, in milliseconds since 1970.
   */
  #rotatedSince({ path }: Entry, last: number): string | undefined {
    const found = this.#survey.list(dirname(path), path).flatMap((other) => {
      const isOther = isRotated(other, path) && !this.#entries.has(other);
      const { stats } = isOther ? this.#survey.look(other) : {};
      const isNew = stats !== undefined && stats.mtimeMs > last && !this.#isFollowed(fileId(stats));
      return isNew ? [{ path: other, stats }] : [];
    }).sort((a, b) => modified(a) - modified(b));
    const compressed = found.find(({ path }) => isCompressed(path));
    if (compressed !== undefined) {
      this.#options.log.warn(
        "A file was rotated and compressed before it was read; its lines are lost",
        {
          path: compressed.path,
          remedy: "let it be compressed one rotation later (delaycompress)",
        },
      );
    }
    return found.find(({ path }) => !isCompressed(path))?.path;
  }

  /** Opens the next file that was rotated away unread, at its start. */
  #openRotated(entry: Entry, last: number): void {
    const path = this.#rotatedSince(entry, last);
    if (path === undefined) return;
    const problem = this.#open(entry, path, { at: "start" });
    if (problem !== undefined) this.#survey.setProblem(path, problem);
  }
}
