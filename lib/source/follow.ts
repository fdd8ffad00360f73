/** Follows growing files of lines over rotation, truncation, removal and restarts. @module */

import { closeSync, fstatSync, openSync, readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, normalize, resolve } from "node:path";
import {
  fileId,
  type FileTail,
  fitsMark,
  type LineConsumer,
  type Mark,
  type Reading,
  type ReadResult,
  type Start,
  tailFile,
} from "./file_tail.ts";
import { createFollowCounters, type Follower, type FollowOptions } from "./follower.ts";
import { isCompressed, isRotated, matches, parsePattern, type Pattern } from "./names.ts";
import { type DirWatch, watchDirs } from "./watch_dirs.ts";

export type { FollowCounters, LineConsumer } from "./file_tail.ts";
export * from "./follower.ts";

/** Files that are open at once for the patterns; with all else that is open fewer than 1 024. */
export const MAX_FILES = 400;

const MIB = 1024 * 1024;
const BUFFER_BYTES = 256 * 1024;
/** Bytes of one file that a poll of `start()` reads in one go: as many as do not hold up others. */
const LEAST_SLICE_BYTES = 2048;
const MOST_SLICE_BYTES = 8 * MIB;
const SLICE_MS = 2;
/** Gathers the events of a burst of writes into one poll. */
const DEBOUNCE_MS = 50;
/** How long, in seconds, a moved file that a pattern took may stay silent before it is let go. */
const MOVED_PATIENCE = 60;

/** What is at a path: a regular file, something that cannot be followed, or nothing. */
interface Seen {
  readonly stats?: Stats;
  readonly problem?: string;
}

interface Entry {
  readonly path: string;
  readonly consumer: LineConsumer;
  file?: FileTail;
  /** What was at the path at the last look. */
  seen: Seen;
  /** Whether that file is followed under another path. */
  twin: boolean;
  /** When the file was last read from or last seen under its path, in seconds since the epoch. */
  lastSign: number;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

/**
 * Makes a follower, which reads nothing before its first `poll()` or `start()`. Throws `TypeError`
 * for a path with a `*` elsewhere than once in its last part.
 *
 * A file is known by its inode, whatever its path: one that is named twice, linked, or renamed to
 * another followed path is read once.
 */
export function follow(options: FollowOptions): Follower {
  const { consumer, log, maxLine, tailBytes = 8 * MIB, maxFiles = MAX_FILES } = options;
  const counters = options.counters ?? createFollowCounters();
  const now = options.now ?? (() => Date.now() / 1000);
  const reading: Reading = { buffer: new Uint8Array(BUFFER_BYTES), counters, now };

  const paths = [...new Set(options.paths.map((path) => normalize(path)))];
  const literals = new Set(paths.filter((path) => !path.includes("*")));
  const patterns = paths.filter((path) => path.includes("*")).map(parsePattern);
  const saved = new Map((options.saved ?? []).map((position) => [position.path, position]));

  const entries = new Map<string, Entry>();
  /** Files let go that are still there under some path, by id: where to go on. */
  const released = new Map<string, Mark>();
  /** Ids of the files that were there at the first poll and have not been opened yet. */
  const initial = new Set<string>();
  let polled = false;
  let closed = false;
  /** The last warning given, by what it is about. */
  const problems = new Map<string, string>();
  let tooManyTold = false;
  let changed = false;

  /** Warns once for each thing that is in the way of `subject`. */
  function setProblem(subject: string, problem: string | undefined): void {
    if (problem === undefined) {
      problems.delete(subject);
    } else if (problems.get(subject) !== problem) {
      problems.set(subject, problem);
      log.warn("Cannot follow for now", { path: subject, reason: problem });
    }
  }

  function look(path: string): Seen {
    try {
      const stats = statSync(path);
      return stats.isFile() ? { stats } : { problem: "it is not a regular file" };
    } catch (error) {
      if (isAbsence(error)) return {};
      counters.readErrors++;
      return { problem: messageOf(error) };
    }
  }

  function list(dir: string, subject: string): string[] {
    try {
      const names = readdirSync(dir);
      setProblem(subject, undefined);
      return names.map((name) => join(dir, name));
    } catch (error) {
      if (!isAbsence(error)) counters.readErrors++;
      setProblem(subject, isAbsence(error) ? undefined : messageOf(error));
      return [];
    }
  }

  /** Looks at all paths: what to follow, and which files the paths name, followed or not. */
  function survey(): { wanted: Map<string, Seen>; named: Set<string> } {
    const wanted = new Map<string, Seen>();
    for (const path of literals) wanted.set(path, look(path));
    const matched = new Map<string, Seen>();
    for (const pattern of patterns) {
      for (const path of list(pattern.dir, pattern.text)) {
        if (matches(pattern, path) && !literals.has(path)) matched.set(path, look(path));
      }
    }
    const named = new Set<string>();
    for (const { stats } of [...wanted.values(), ...matched.values()]) {
      if (stats) named.add(fileId(stats));
    }
    const newestFirst = [...matched].sort(([, a], [, b]) => modified(b) - modified(a));
    for (const [path, seen] of newestFirst.slice(0, maxFiles)) wanted.set(path, seen);
    if (newestFirst.length > maxFiles && !tooManyTold) {
      tooManyTold = true;
      log.warn("Too many files match; following those that were written last", {
        matched: newestFirst.length,
        followed: maxFiles,
      });
    }
    return { wanted, named };
  }

  function modified({ stats }: Seen): number {
    return stats?.mtimeMs ?? 0;
  }

  function isFollowed(id: string): boolean {
    for (const { file } of entries.values()) if (file?.id === id) return true;
    return false;
  }

  function addEntry(path: string): Entry {
    const entry = { path, consumer: consumer(path), seen: {}, twin: false, lastSign: now() };
    entries.set(path, entry);
    return entry;
  }

  function startIn(path: string, stats: Stats): Start {
    const id = fileId(stats);
    const known = saved.get(resolve(path));
    const mark = released.get(id) ?? (known && fileId(known) === id ? known : undefined);
    if (mark) return { at: "mark", mark };
    // A path with a saved position was read before: what is there now came in the meantime.
    return initial.has(id) && !known ? { at: "tail", tailBytes, maxLine } : { at: "start" };
  }

  /** Opens the file at `path`, unless it is open already. Returns why it cannot be read. */
  function open(entry: Entry, path: string, from?: Start): string | undefined {
    let fd;
    try {
      fd = openSync(path, "r");
      const stats = fstatSync(fd);
      const id = fileId(stats);
      entry.twin = isFollowed(id);
      const isOther = from?.at === "mark" && !fitsMark(fd, stats, from.mark);
      if (entry.twin || isOther) return undefined;
      const start = from ?? startIn(path, stats);
      entry.file = tailFile(fd, start, entry.consumer, reading);
      entry.lastSign = now();
      changed = true;
      released.delete(id);
      initial.delete(id);
      if (!from) saved.delete(resolve(path));
      log.info("Following a file", { path, offset: entry.file.offset, size: stats.size });
    } catch (error) {
      if (isAbsence(error)) return undefined;
      counters.readErrors++;
      return messageOf(error);
    } finally {
      if (fd !== undefined && entry.file === undefined) closeSync(fd);
    }
    return undefined;
  }

  /** Lets a file go; when it is still there, whoever meets it again goes on where it stands. */
  function release(entry: Entry): void {
    const { file } = entry;
    if (!file) return;
    const mark = file.isDeleted() ? undefined : file.mark();
    if (mark) released.set(file.id, mark);
    delete entry.file;
    file.close();
    changed = true;
  }

  /** Takes up the files that were renamed since their positions were saved, for their rest. */
  function restoreMoved(): void {
    for (const entry of entries.values()) {
      const position = saved.get(resolve(entry.path));
      if (!position) continue;
      const isMarked = ({ stats }: Seen) => stats && fileId(stats) === fileId(position);
      if (isMarked(look(entry.path))) continue;
      for (const path of list(dirname(entry.path), entry.path)) {
        const start: Start = { at: "mark", mark: position };
        if (!entry.file && isMarked(look(path))) open(entry, path, start);
      }
      // It is gone, but others may have come after it.
      if (!entry.file && position.modified !== undefined && look(entry.path).stats) {
        openRotated(entry, position.modified);
      }
    }
  }

  /**
   * The oldest of the files that were rotated away under this path since another one was, and that
   * nothing has read: the path had them all in between.
   *
   * @param last The latest moment, in milliseconds, at which the file before them was written to.
   */
  function rotatedSince({ path }: Entry, last: number): string | undefined {
    const found = list(dirname(path), path).flatMap((other) => {
      const { stats } = isRotated(other, path) && !entries.has(other) ? look(other) : {};
      const isNew = stats !== undefined && stats.mtimeMs > last && !isFollowed(fileId(stats));
      return isNew ? [{ path: other, stats }] : [];
    }).sort((a, b) => a.stats.mtimeMs - b.stats.mtimeMs);
    const compressed = found.find(({ path }) => isCompressed(path));
    if (compressed !== undefined) {
      log.warn(
        "A file was rotated and compressed before it was read; its lines are lost",
        {
          path: compressed.path,
          remedy: "let it be compressed one rotation later (delaycompress)",
        },
      );
    }
    return found.find(({ path }) => !isCompressed(path))?.path;
  }

  /** Takes up the next file that was rotated away unread, from its start. */
  function openRotated(entry: Entry, last: number): void {
    const path = rotatedSince(entry, last);
    if (path === undefined) return;
    const problem = open(entry, path, { at: "start" });
    if (problem !== undefined) setProblem(path, problem);
  }

  function begin(named: Set<string>): void {
    for (const id of named) initial.add(id);
    // A file may have gone from a path that only a pattern takes, and have left a rest.
    for (const path of patterns.flatMap(savedMatches)) if (!entries.has(path)) addEntry(path);
    restoreMoved();
  }

  function savedMatches(pattern: Pattern): string[] {
    return [...saved.keys()].filter((path) => dirname(path) === resolve(pattern.dir))
      .map((path) => join(pattern.dir, basename(path))).filter((path) => matches(pattern, path));
  }

  function readOn(entry: Entry, file: FileTail, limit: number): ReadResult {
    const result = file.read(limit);
    if (result.truncated) {
      log.warn("A followed file was truncated or rewritten", { path: entry.path });
    }
    if (result.bytes > 0 || result.truncated) changed = true;
    if (result.bytes > 0) entry.lastSign = now();
    return result;
  }

  /**
   * Reads the file that is open for `entry` when its path names it no more, or has become one of too
   * many, and lets it go unless lines may still come. True when there is more to read first.
   */
  function finish(entry: Entry, file: FileTail, named: Set<string>, limit: number): boolean {
    const deleted = file.isDeleted();
    if (readOn(entry, file, limit).more) return true;
    const replaced = entry.seen.stats !== undefined;
    const patient = literals.has(entry.path) || now() - entry.lastSign <= MOVED_PATIENCE;
    if (!replaced && !deleted && !named.has(file.id) && patient) return false;
    if (replaced) {
      counters.rotations++;
      log.info("A followed file was replaced", { path: entry.path });
    }
    release(entry);
    return false;
  }

  /** Brings one entry up to date. True when there is more to read. */
  function pollEntry(entry: Entry, named: Set<string>, limit: number): boolean {
    const { stats, problem } = entry.seen;
    while (entry.file && (!stats || fileId(stats) !== entry.file.id)) {
      const { file } = entry;
      if (finish(entry, file, named, limit)) return true;
      if (entry.file) break; // Lines may still come.
      if (stats) openRotated(entry, file.modified);
    }
    let reason = problem;
    let more = false;
    if (stats) {
      if (!entry.file) reason = open(entry, entry.path);
      if (entry.file) {
        const result = readOn(entry, entry.file, limit);
        if (result.error !== undefined) reason = messageOf(result.error);
        entry.lastSign = now();
        more = result.more;
      }
    }
    setProblem(entry.path, reason);
    return more;
  }

  /** Reads up to `limit` bytes of each file. True when there is more to read. */
  function pollAll(limit: number): boolean {
    if (closed) return false;
    changed = false;
    const { wanted, named } = survey();
    for (const ids of [released, initial]) {
      for (const id of ids.keys()) if (!named.has(id)) ids.delete(id);
    }
    for (const path of wanted.keys()) if (!entries.has(path)) addEntry(path);
    if (!polled) begin(named);
    polled = true;

    for (const entry of entries.values()) entry.seen = wanted.get(entry.path) ?? {};
    // Oldest first, so that what several files tell comes as far as can be in the order of time.
    const inOrder = [...entries.values()].sort((a, b) => modified(a.seen) - modified(b.seen));
    let more = false;
    for (const entry of inOrder) {
      if (pollEntry(entry, named, limit)) more = true;
      if (!entry.file && !wanted.has(entry.path)) entries.delete(entry.path);
    }
    // A file let go under its old name is taken up under its new one at once: in between it would
    // have no position to save.
    if (released.size > 0) {
      for (const entry of inOrder) {
        if (entry.twin && !entry.file && pollEntry(entry, named, limit)) more = true;
      }
    }
    if (changed) options.onPolled?.();
    return more;
  }

  let watch: DirWatch | undefined;
  let safety: ReturnType<typeof setInterval> | undefined;
  let wake: ReturnType<typeof setTimeout> | undefined;
  let slice = BUFFER_BYTES;

  function wakeIn(milliseconds: number): void {
    wake ??= setTimeout(() => {
      wake = undefined;
      pollInTurn();
    }, milliseconds);
  }

  function pollInTurn(): void {
    watch?.renew();
    const started = performance.now();
    const more = pollAll(slice);
    if (!more) return;
    const fitting = slice * SLICE_MS / (performance.now() - started);
    slice = Math.min(MOST_SLICE_BYTES, Math.max(LEAST_SLICE_BYTES, Math.round(fitting)));
    wakeIn(0);
  }

  return {
    poll() {
      pollAll(Infinity);
    },
    positions() {
      if (!polled) return [...saved.values()];
      return [...entries.values()].flatMap(({ path, file }) => {
        const absolute = resolve(path);
        // A file that could not be opened so far keeps its saved position.
        const mark = file ? file.mark() : saved.get(absolute);
        const modified = file?.modified;
        return mark ? [{ ...mark, path: absolute, ...modified !== undefined && { modified } }] : [];
      });
    },
    files() {
      return [...entries.values()].filter(({ twin, seen }) => !twin || !seen.stats)
        .map(({ path, file, seen: { stats } }) => ({
          path,
          exists: stats !== undefined,
          from: file?.from ?? 0,
          offset: file?.offset ?? 0,
          size: stats?.size ?? 0,
        }));
    },
    start() {
      if (closed || watch) return;
      watch = watchDirs(new Set(paths.map((path) => dirname(path))), () => wakeIn(DEBOUNCE_MS));
      safety = setInterval(pollInTurn, options.interval * 1000);
      wakeIn(0);
    },
    close() {
      if (closed) return;
      closed = true;
      watch?.close();
      clearInterval(safety);
      clearTimeout(wake);
      for (const { file } of entries.values()) file?.close();
    },
  };
}
