/** Reads an open file of lines from a position on, without keeping a line in memory. @module */

import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { setImmediate } from "node:timers";

/** Takes one file's bytes line by line. Lines without a byte are not handed on. */
export interface LineConsumer {
  /** Bytes of the current line, without its end (`\n` or `\r\n`); valid only during the call. */
  bytes(chunk: Uint8Array): void;
  /**
   * The line is complete. `writtenAt` is the latest moment, in seconds since the epoch, at which it
   * can have been written; `start` is where it begins in the file, in bytes.
   */
  endLine(writtenAt: number, start: number): void;
  /** What was handed on of the current line is void: its file was truncated, replaced or removed. */
  discard(): void;
}

/** What following files has come to, counted up in place. */
export interface FollowCounters {
  /** Bytes read, those of the search for a place to start included. */
  bytesRead: number;
  /** Times another file was found under the path of a followed one. */
  rotations: number;
  /** Times a followed file was found shorter, or written anew, under its old identity. */
  truncations: number;
  /** Failed attempts to list, look at, open or read what is followed. */
  readErrors: number;
}

/** Where the reading of a file stands, at the end of its last complete line. */
export interface Mark {
  readonly dev: number;
  readonly ino: number;
  /** Bytes from the file's start. */
  readonly offset: number;
  /** How many first bytes were hashed, a colon, and their hash: tells a reused inode from the file. */
  readonly head: string;
}

/** Where to begin in a file: at its start, at a mark, or at a line near its end. */
export type Start =
  | { readonly at: "start" }
  | { readonly at: "mark"; readonly mark: Mark }
  | { readonly at: "offset"; readonly offset: number }
  | { readonly at: "tail"; readonly tailBytes: number; readonly maxLine: number };

/** What the open files of one follower share. */
export interface Reading {
  /** Room for one read; what it holds is valid only until the next read of any file. */
  readonly buffer: Uint8Array;
  readonly counters: FollowCounters;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

export interface ReadResult {
  readonly bytes: number;
  readonly truncated: boolean;
  /** The limit was reached before the end of the file. */
  readonly more: boolean;
  /** Why the reading stopped early; it can be tried again. */
  readonly error?: unknown;
}

export interface FileTail {
  readonly id: string;
  /** Where the reading began, in bytes from the file's start. */
  readonly from: number;
  /** How far the file was read, in bytes from its start. */
  readonly offset: number;
  /** Whether the file is under no path any more, or out of reach. */
  isDeleted(): boolean;
  /** Hands on what was appended, up to `limit` bytes, wherever the file was moved. */
  read(limit: number): ReadResult;
  /** When it was last written to, in milliseconds since the epoch, as far as that is known. */
  readonly modified: number;
  /** Undefined as long as no line's start was met. */
  mark(): Mark | undefined;
  /** Closes the file, and voids what was handed on of a line that is not complete. */
  close(): void;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = Uint8Array.of(13);
const HEAD_LENGTH = 256;
const PART_BUFFER_BYTES = 256 * 1024;

/** Tells files apart as long as they exist, whatever their paths are. */
export function fileId({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`;
}

function readHead(fd: number, length: number): Uint8Array {
  const head = new Uint8Array(length);
  return head.subarray(0, readSync(fd, head, 0, length, 0));
}

function describeHead(head: Uint8Array): string {
  return `${head.length}:${createHash("sha256").update(head).digest("hex").slice(0, 16)}`;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Whether the open file is the one that was marked, and still as long. */
export function fitsMark(fd: number, stats: Stats, mark: Mark): boolean {
  if (fileId(stats) !== fileId(mark) || stats.size < mark.offset) return false;
  const length = Number.parseInt(mark.head);
  return length >= 0 && length <= HEAD_LENGTH && describeHead(readHead(fd, length)) === mark.head;
}

/** Where the first newline from `from` on is, or -1 when there is none before `end`. */
function findNewline(fd: number, from: number, end: number, reading: Reading): number {
  const { buffer, counters } = reading;
  for (let at = from; at < end;) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
    if (count === 0) return -1;
    counters.bytesRead += count;
    const index = buffer.subarray(0, count).indexOf(NEWLINE);
    if (index !== -1) return at + index;
    at += count;
  }
  return -1;
}

/**
 * The start of the first line within the last `tailBytes` that has a complete line at or after it,
 * looking further back, by `maxLine` at most, when there is none. Then it is the start of the
 * incomplete last line, or undefined when that lies out of reach.
 */
function findTailStart(
  fd: number,
  size: number,
  tailBytes: number,
  maxLine: number,
  reading: Reading,
): number | undefined {
  const farthest = Math.max(0, size - tailBytes - maxLine);
  for (let back = Math.max(1, tailBytes);; back *= 2) {
    const from = Math.max(farthest, size - back);
    // The byte before `from` is looked at too: a line may start right at `from`.
    const newline = from === 0 ? -1 : findNewline(fd, from - 1, size, reading);
    if (from === 0 || newline !== -1) {
      let line = newline + 1;
      let end = findNewline(fd, line, size, reading);
      while (end !== -1 && end - line <= 1) {
        // An empty line, `\n` or `\r\n`, is none.
        line = end + 1;
        end = findNewline(fd, line, size, reading);
      }
      if (end !== -1 || from === farthest) return newline + 1;
    }
    if (from === farthest) return undefined;
  }
}

/**
 * Hands on the lines of a part of a file, in slices of about so many milliseconds, and gives the bytes
 * that each slice read. A line that the part begins within is left out. A file that cannot be read, or
 * is cut off meanwhile, ends it early.
 */
export async function* readPart(
  { path, from, until }: { readonly path: string; readonly from: number; readonly until: number },
  consumer: LineConsumer,
  sliceMs: number,
): AsyncGenerator<number, void> {
  const counters = { bytesRead: 0, rotations: 0, truncations: 0, readErrors: 0 };
  const buffer = new Uint8Array(PART_BUFFER_BYTES);
  const reading = { buffer, counters, now: () => Date.now() / 1000 };
  let fd: number | undefined;
  let file: FileTail | undefined;
  try {
    fd = openSync(path, "r");
    file = tailFile(fd, { at: "offset", offset: from }, consumer, reading);
    while (file.offset < until) {
      const end = performance.now() + sliceMs;
      const before = file.offset;
      do {
        const { bytes } = file.read(Math.min(buffer.length, until - file.offset));
        if (bytes === 0) return;
      } while (file.offset < until && performance.now() < end);
      yield file.offset - before;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  } finally {
    if (file !== undefined) file.close();
    else if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Takes over an open file. Throws what the file system throws while the start is looked for; the
 * file is then still open.
 */
export function tailFile(
  fd: number,
  start: Start,
  consumer: LineConsumer,
  reading: Reading,
): FileTail {
  const { buffer, counters, now } = reading;
  const opened = fstatSync(fd);
  const id = fileId(opened);

  let offset = 0;
  /** The end of the last complete line; undefined while the rest of an unread line is skipped. */
  let lineStart: number | undefined = 0;
  if (start.at === "mark" && fitsMark(fd, opened, start.mark)) {
    offset = lineStart = start.mark.offset;
  } else if (start.at === "offset" && start.offset > 0) {
    // What stands before the next line's end may be the rest of a line.
    offset = start.offset - 1;
    lineStart = undefined;
  } else if (start.at === "tail") {
    lineStart = findTailStart(fd, opened.size, start.tailBytes, start.maxLine, reading);
    offset = lineStart ?? opened.size;
  }
  /** The file's first bytes, of those before `offset`. */
  let head = readHead(fd, Math.min(HEAD_LENGTH, offset));
  /** Up to here the file had been written when it was opened. */
  let oldSize = opened.size;
  const oldTime = opened.mtimeMs / 1000;
  let lastModified = opened.mtimeMs;

  /** Whether the consumer holds some of a line. */
  let handedOn = false;
  /** A `\r` that belongs to the line's end if a newline is next. */
  let heldReturn = false;

  function voidLine(): void {
    if (handedOn) consumer.discard();
    handedOn = heldReturn = false;
  }

  function takePart(part: Uint8Array): void {
    if (lineStart === undefined || part.length === 0) return;
    if (heldReturn) {
      consumer.bytes(CARRIAGE_RETURN);
      handedOn = true;
    }
    heldReturn = part.at(-1) === CARRIAGE_RETURN[0];
    const text = heldReturn ? part.subarray(0, -1) : part;
    if (text.length === 0) return;
    consumer.bytes(text);
    handedOn = true;
  }

  function takeChunk(chunk: Uint8Array, at: number, readAt: number): void {
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, from);
      if (newline === -1) break;
      takePart(chunk.subarray(from, newline));
      from = newline + 1;
      const end = at + from;
      if (handedOn) {
        consumer.endLine(end <= oldSize ? Math.min(oldTime, readAt) : readAt, lineStart ?? 0);
      }
      handedOn = heldReturn = false;
      lineStart = end;
    }
    takePart(chunk.subarray(from));
  }

  /** Whether the file was cut off, or cut off and written again. */
  function isAnew(stats: Stats): boolean {
    return stats.size < offset || !equalBytes(readHead(fd, head.length), head);
  }

  function readOn(limit: number): { bytes: number; more: boolean; error?: unknown } {
    let bytes = 0;
    while (bytes < limit) {
      let count;
      try {
        count = readSync(fd, buffer, 0, Math.min(buffer.length, limit - bytes), offset);
      } catch (error) {
        counters.readErrors++;
        return { bytes, more: false, error };
      }
      if (count === 0) return { bytes, more: false };
      counters.bytesRead += count;
      bytes += count;
      const chunk = buffer.subarray(0, count);
      if (head.length < HEAD_LENGTH) {
        head = Uint8Array.of(...head, ...chunk.subarray(0, HEAD_LENGTH - head.length));
      }
      const at = offset;
      offset += count;
      takeChunk(chunk, at, now());
    }
    return { bytes, more: true };
  }

  const from = offset;
  return {
    id,
    from,
    get modified() {
      return lastModified;
    },
    get offset() {
      return offset;
    },
    isDeleted() {
      try {
        return fstatSync(fd).nlink === 0;
      } catch {
        return true;
      }
    },
    read(limit) {
      let truncated;
      try {
        const stats = fstatSync(fd);
        if (stats.size === offset && stats.mtimeMs === lastModified) {
          return { bytes: 0, truncated: false, more: false };
        }
        truncated = isAnew(stats);
        lastModified = stats.mtimeMs;
      } catch (error) {
        counters.readErrors++;
        return { bytes: 0, truncated: false, more: false, error };
      }
      if (truncated) {
        counters.truncations++;
        voidLine();
        offset = lineStart = oldSize = 0;
        head = new Uint8Array();
      }
      return { truncated, ...readOn(limit) };
    },
    mark() {
      if (lineStart === undefined) return undefined;
      return { dev: opened.dev, ino: opened.ino, offset: lineStart, head: describeHead(head) };
    },
    close() {
      voidLine();
      closeSync(fd);
    },
  };
}
