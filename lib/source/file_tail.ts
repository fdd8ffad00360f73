/** Reads an open file of lines from a position on, without keeping a line in memory. @module */

import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { setImmediate } from "node:timers";
import { describeHead, fileId, fitsMark, HEAD_LENGTH, type Mark, readHead } from "./mark.ts";

/** Receives a file line by line, without its empty lines. */
export interface LineConsumer {
  /** Bytes of the current line, without its end (`\n` or `\r\n`); valid only during the call. */
  bytes(chunk: Uint8Array): void;
  /**
   * The line is complete. `writtenAt` is the latest time at which it can have been written, in seconds
   * since 1970; `start` is the offset of its first byte in the file.
   */
  endLine(writtenAt: number, start: number): void;
  /** The bytes of the current line so far are invalid: its file was truncated, replaced or removed. */
  discard(): void;
}

/** Counts what the following of files has done. */
export interface FollowCounters {
  /** Bytes read, including those of the search for an offset to start at. */
  bytesRead: number;
  /** How often another file was found at the path of a followed file. */
  rotations: number;
  /** How often a followed file was found shorter or overwritten. */
  truncations: number;
  /** Failed attempts to list, stat, open or read followed files. */
  readErrors: number;
}

/** Where to start reading a file: at its first byte, at a mark, or at a line near its end. */
export type Start =
  | { readonly at: "start" }
  | { readonly at: "mark"; readonly mark: Mark }
  | { readonly at: "offset"; readonly offset: number }
  | { readonly at: "tail"; readonly tailBytes: number; readonly maxLine: number };

/** What the open files of one follower share. */
export interface Reading {
  /** Buffer for one read; its content is valid until the next read of any file. */
  readonly buffer: Uint8Array;
  readonly counters: FollowCounters;
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

export interface ReadResult {
  readonly bytes: number;
  readonly truncated: boolean;
  /** The limit was reached before the end of the file. */
  readonly more: boolean;
  /** Why the read stopped early; it can be tried again. */
  readonly error?: unknown;
}

const NEWLINE = 10;
const CARRIAGE_RETURN = Uint8Array.of(13);
const PART_BUFFER_BYTES = 256 * 1024;

/** Offset of the first newline from `from` on, or -1 if there is none before `end`. */
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
 * Offset of the first line within the last `tailBytes`, if a complete line starts there. Otherwise the
 * search goes back by up to `maxLine` more. Without any complete line it is the offset of the last,
 * incomplete line, or undefined if that starts even earlier.
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
        // Empty lines, `\n` or `\r\n`, do not count.
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
    file = new FileTail(fd, { at: "offset", offset: from }, consumer, reading);
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

/** Splits the bytes of a file into lines. */
export class LineCutter {
  readonly #consumer: LineConsumer;
  /** End of the last complete line; undefined while the rest of an unread line is skipped. */
  lineStart: number | undefined;
  /** Number of the current line, from 1; empty lines count. */
  line = 1;
  /** Whether the consumer has received a part of the current line. */
  #handedOn = false;
  /** A `\r` that belongs to the line's end if a newline is next. */
  #heldReturn = false;

  constructor(consumer: LineConsumer, lineStart: number | undefined) {
    this.#consumer = consumer;
    this.lineStart = lineStart;
  }

  /** Whether the bytes so far end within a line. */
  get isWithinLine(): boolean {
    return this.#handedOn;
  }

  /** Invalidates what the consumer has received of the last line. */
  discard(): void {
    if (this.#handedOn) this.#consumer.discard();
    this.#handedOn = this.#heldReturn = false;
  }

  /**
   * @param at Offset of the bytes in the file.
   * @param writtenAt Returns when a line that ends at an offset can have been written, in seconds since 1970.
   */
  take(chunk: Uint8Array, at: number, writtenAt: (end: number) => number): void {
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, from);
      if (newline === -1) break;
      this.#part(chunk.subarray(from, newline));
      from = newline + 1;
      const end = at + from;
      if (this.#handedOn) this.#consumer.endLine(writtenAt(end), this.lineStart ?? 0);
      this.#handedOn = this.#heldReturn = false;
      this.lineStart = end;
      this.line++;
    }
    this.#part(chunk.subarray(from));
  }

  #part(part: Uint8Array): void {
    if (this.lineStart === undefined || part.length === 0) return;
    if (this.#heldReturn) {
      this.#consumer.bytes(CARRIAGE_RETURN);
      this.#handedOn = true;
    }
    this.#heldReturn = part.at(-1) === CARRIAGE_RETURN[0];
    const text = this.#heldReturn ? part.subarray(0, -1) : part;
    if (text.length === 0) return;
    this.#consumer.bytes(text);
    this.#handedOn = true;
  }
}

/** An open file whose lines are read as they are appended. */
export class FileTail {
  readonly id: string;
  /** Offset at which reading started. */
  readonly from: number;
  readonly #fd: number;
  readonly #reading: Reading;
  readonly #opened: Stats;
  readonly #lines: LineCutter;
  #offset = 0;
  /** The first bytes of the file, as far as they were read. */
  #head: Uint8Array;
  /** Size of the file when it was opened. */
  #oldSize: number;
  #modified: number;

  /**
   * Takes over an open file. If the search for the start throws an error of the file system, the file
   * stays open.
   */
  constructor(fd: number, start: Start, consumer: LineConsumer, reading: Reading) {
    this.#fd = fd;
    this.#reading = reading;
    const opened = this.#opened = fstatSync(fd);
    this.id = fileId(opened);
    let lineStart: number | undefined = 0;
    if (start.at === "mark" && fitsMark(fd, opened, start.mark)) {
      this.#offset = lineStart = start.mark.offset;
    } else if (start.at === "offset" && start.offset > 0) {
      // What comes before the next newline may be the rest of a line.
      this.#offset = start.offset - 1;
      lineStart = undefined;
    } else if (start.at === "tail") {
      lineStart = findTailStart(fd, opened.size, start.tailBytes, start.maxLine, reading);
      this.#offset = lineStart ?? opened.size;
    }
    this.#lines = new LineCutter(consumer, lineStart);
    this.#head = readHead(fd, Math.min(HEAD_LENGTH, this.#offset));
    this.#oldSize = opened.size;
    this.#modified = opened.mtimeMs;
    this.from = this.#offset;
  }

  /** Offset up to which the file was read. */
  get offset(): number {
    return this.#offset;
  }

  /** When the file was last modified, as far as it was checked, in milliseconds since 1970. */
  get modified(): number {
    return this.#modified;
  }

  /** Whether the file has no path any more, or cannot be reached. */
  isDeleted(): boolean {
    try {
      return fstatSync(this.#fd).nlink === 0;
    } catch {
      return true;
    }
  }

  /** Reads what was appended, up to `limit` bytes, wherever the file was moved. */
  read(limit: number): ReadResult {
    let truncated;
    try {
      const stats = fstatSync(this.#fd);
      if (stats.size === this.#offset && stats.mtimeMs === this.#modified) {
        return { bytes: 0, truncated: false, more: false };
      }
      truncated = this.#isAnew(stats);
      this.#modified = stats.mtimeMs;
    } catch (error) {
      this.#reading.counters.readErrors++;
      return { bytes: 0, truncated: false, more: false, error };
    }
    if (truncated) {
      this.#reading.counters.truncations++;
      this.#lines.discard();
      this.#offset = this.#lines.lineStart = this.#oldSize = 0;
      this.#head = new Uint8Array();
    }
    return { truncated, ...this.#readOn(limit) };
  }

  /** Undefined until the start of a line was read. */
  mark(): Mark | undefined {
    const { lineStart } = this.#lines;
    if (lineStart === undefined) return undefined;
    const { dev, ino } = this.#opened;
    return { dev, ino, offset: lineStart, head: describeHead(this.#head) };
  }

  /** Closes the file, and invalidates an incomplete line. */
  close(): void {
    this.#lines.discard();
    closeSync(this.#fd);
  }

  /** Whether the file was truncated, or truncated and written again. */
  #isAnew(stats: Stats): boolean {
    return stats.size < this.#offset ||
      Buffer.compare(readHead(this.#fd, this.#head.length), this.#head) !== 0;
  }

  #readOn(limit: number): { bytes: number; more: boolean; error?: unknown } {
    const { buffer, counters, now } = this.#reading;
    let bytes = 0;
    while (bytes < limit) {
      let count;
      try {
        const room = Math.min(buffer.length, limit - bytes);
        count = readSync(this.#fd, buffer, 0, room, this.#offset);
      } catch (error) {
        counters.readErrors++;
        return { bytes, more: false, error };
      }
      if (count === 0) return { bytes, more: false };
      counters.bytesRead += count;
      bytes += count;
      const chunk = buffer.subarray(0, count);
      if (this.#head.length < HEAD_LENGTH) {
        const more = chunk.subarray(0, HEAD_LENGTH - this.#head.length);
        this.#head = Uint8Array.of(...this.#head, ...more);
      }
      const at = this.#offset;
      this.#offset += count;
      const readAt = now();
      const oldTime = Math.min(this.#opened.mtimeMs / 1000, readAt);
      this.#lines.take(chunk, at, (end) => end <= this.#oldSize ? oldTime : readAt);
    }
    return { bytes, more: true };
  }
}
