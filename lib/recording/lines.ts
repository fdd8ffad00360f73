/** Reads the records of a file, plain or compressed, without holding more than a line. @module */

import { createReadStream, type ReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { createLineReader } from "../ingest/mod.ts";
import type { RecordedFile } from "./files.ts";

/** A line of a file: the value that it holds, or what is wrong with it. */
export interface RecordedLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly value?: unknown;
  readonly fault?: string;
  /** Whether it is the last line and was not written to its end. */
  readonly isCut: boolean;
}

export interface ReadRecordsOptions {
  /** The longest line that is read, in bytes. Default: 64 MiB. */
  readonly maxLine?: number;
  /** Told how many bytes of the file were read so far. */
  readonly onRead?: (bytes: number) => void;
}

const CHUNK_BYTES = 256 * 1024;
const MAX_LINE = 64 * 2 ** 20;
const NEWLINE = 10;
const RETURN = 13;

/** The chunks of a file as text, whatever it is compressed with. */
function chunksOf({ path, isGzip }: RecordedFile): {
  readonly source: ReadStream;
  readonly chunks: AsyncIterable<Uint8Array>;
} {
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!isGzip) return { source, chunks: source };
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  pipeline(source, gunzip, () => {}); // Errors come out of the chunks.
  return { source, chunks: gunzip };
}

/**
 * Reads the lines of a file, one after the other. Empty lines are passed over. A file that cannot be read
 * further ends with a fault.
 */
export async function* readLines(
  file: RecordedFile,
  { maxLine = MAX_LINE, onRead }: ReadRecordsOptions = {},
): AsyncGenerator<RecordedLine, void> {
  const { path } = file;
  let line = 1;
  let found: Omit<RecordedLine, "path" | "line" | "isCut"> | undefined;
  let isBegun = false;
  const reader = createLineReader(
    maxLine,
    (value) => found = { value },
    (_, describe) => found = { fault: describe().what },
  );
  const take = (part: Uint8Array) => {
    if (part.length === 0) return;
    isBegun = true;
    reader.bytes(part);
  };
  const end = (): typeof found => {
    if (!isBegun) return undefined;
    found = undefined;
    isBegun = false;
    reader.endLine(0, 0);
    return found;
  };
  const { source, chunks } = chunksOf(file);
  try {
    for await (const chunk of chunks) {
      onRead?.(source.bytesRead);
      for (let from = 0; from < chunk.length;) {
        const newline = chunk.indexOf(NEWLINE, from);
        const until = newline < 0 ? chunk.length : newline;
        // A return before the line's end is no part of the JSON, nor a fault in it.
        take(chunk.subarray(from, chunk[until - 1] === RETURN ? until - 1 : until));
        from = until + 1;
        if (newline < 0) break;
        const ended = end();
        if (ended !== undefined) yield { path, line, ...ended, isCut: false };
        line++;
      }
    }
    const last = end();
    if (last !== undefined) yield { path, line, ...last, isCut: last.fault !== undefined };
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    yield { path, line, fault: `the file cannot be read further: ${error.message}`, isCut: false };
  } finally {
    source.destroy();
  }
}
