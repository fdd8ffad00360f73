/** Reads recordings: files of lines that nobody writes any more, plain or gzip, with the parts that rotation made. @module */

import { closeSync, createReadStream, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { type LineConsumer, LineCutter } from "./file_tail.ts";
import { isCompressed, isRotated } from "./names.ts";

/** As gzip files begin (RFC 1952, 2.3.1). */
const GZIP = [0x1f, 0x8b];
/** A number after a file's name that is longer than this is a date. */
const MOST_DIGITS = 5;

/** Where a line of a recording is. */
export interface LinePlace {
  /** From 1, empty lines included. */
  readonly line: number;
  /** Whether it was written to its end. */
  readonly isWhole: boolean;
}

/** Takes the lines of a recording. */
export interface RecordingConsumer extends Omit<LineConsumer, "endLine"> {
  endLine(writtenAt: number, start: number, place: LinePlace): void;
}

/** Orders rotated files from the oldest on: dates ascend, and then numbers descend. */
function byAge(followed: string): (a: string, b: string) => number {
  const numberOf = (path: string) =>
    Number.parseInt(basename(path).slice(basename(followed).length + 1));
  const isDated = (path: string) => numberOf(path) >= 10 ** MOST_DIGITS;
  return (a, b) => {
    if (isDated(a) && isDated(b)) return a < b ? -1 : 1;
    if (isDated(a) || isDated(b)) return isDated(a) ? -1 : 1;
    return numberOf(b) - numberOf(a);
  };
}

/**
 * The files of a recording, from the oldest on: what rotation made of `path`, such as `path.2.gz` and
 * `path.1`, and `path` itself. A part in a form that cannot be read is one of `unreadable`.
 */
export function partsOf(path: string): { parts: string[]; unreadable: string[] } {
  const dir = dirname(path);
  let names: string[] = [];
  try {
    names = readdirSync(dir);
  } catch {
    // The folder may be closed to us, and the file in it open.
  }
  const rotated = names.map((name) => join(dir, name)).filter((other) => isRotated(other, path))
    .toSorted(byAge(path));
  const isReadable = (other: string) => !isCompressed(other) || other.endsWith(".gz");
  return {
    parts: [...rotated.filter(isReadable), path],
    unreadable: rotated.filter((other) => !isReadable(other)),
  };
}

function isGzip(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const head = new Uint8Array(GZIP.length);
    readSync(file, head);
    return GZIP.every((byte, index) => head[index] === byte);
  } finally {
    closeSync(file);
  }
}

/**
 * Hands on the lines of a file, plain or gzip, chunk by chunk; the reader asks for the next chunk. A last
 * line without its end is a line too. Memory is that of a chunk.
 *
 * @returns After each chunk, how many bytes of the file were read so far.
 * @throws {Error} What the file system throws, or zlib for a file that is cut off or broken, after all
 *   that could be read was handed on.
 */
export async function* readLines(
  path: string,
  consumer: RecordingConsumer,
): AsyncGenerator<number, void> {
  const isPacked = isGzip(path);
  const file = createReadStream(path);
  // Who stops reading ends it with an error that is none.
  file.on("error", () => {});
  const bytes = isPacked ? pipeline(file, createGunzip(), () => {}) : file;
  const writtenAt = Date.now() / 1000;
  const lines = new LineCutter({
    ...consumer,
    endLine: (at, start) => consumer.endLine(at, start, { line: lines.line, isWhole: true }),
  }, 0);
  /** A last line without its end is a line too. */
  const endLast = () => {
    const { isWithinLine, line, lineStart = 0 } = lines;
    if (isWithinLine) consumer.endLine(writtenAt, lineStart, { line, isWhole: false });
  };
  let at = 0;

  try {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      lines.take(chunk, at, () => writtenAt);
      at += chunk.length;
      yield file.bytesRead;
    }
    endLast();
  } catch (error) {
    // Of a file that is cut off, too, the last line may be whole.
    endLast();
    throw error;
  } finally {
    bytes.destroy();
    file.destroy();
    // Whoever goes on may move or remove it.
    if (!file.closed) await new Promise<void>((resolve) => file.once("close", () => resolve()));
  }
}
