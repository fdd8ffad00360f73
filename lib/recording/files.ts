/** Finds the files of recorded games: those that are named, and what rotation made of them. @module */

import { partsOf } from "../source/mod.ts";
import { RecordingError } from "./error.ts";

/** A file of a recorded game. */
export interface RecordedFile {
  readonly path: string;
  /** Bytes, as it lies there. */
  readonly size: number;
}

interface Found extends RecordedFile {
  readonly id: string;
}

/** Beginnings of compressed files. */
const MAGIC: readonly (readonly [name: string, bytes: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ["bzip2", [0x42, 0x5a, 0x68]],
];

function compressionOf(file: Deno.FsFile): string | undefined {
  const head = new Uint8Array(8);
  const length = file.readSync(head) ?? 0;
  return MAGIC.find(([, bytes]) =>
    length >= bytes.length && bytes.every((byte, at) => byte === head[at])
  )?.[0];
}

function look(path: string): Found {
  try {
    using file = Deno.openSync(path);
    const { size, isFile, dev, ino } = file.statSync();
    if (!isFile) throw new RecordingError(`Cannot read "${path}": it is no file`);
    const compression = compressionOf(file);
    if (compression !== undefined && compression !== "gzip") {
      throw new RecordingError(
        `Cannot read "${path}": it is compressed with ${compression}, expected plain text or gzip`,
      );
    }
    return { path, size, id: `${dev}:${ino}` };
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (error as Error).message;
    throw new RecordingError(`Cannot read "${path}": ${reason}`, { cause: error });
  }
}

/**
 * The named files and those that rotation has made of them, the oldest of each first, each once.
 *
 * @throws {RecordingError} When one cannot be read.
 */
export function recordedFiles(paths: readonly string[]): readonly RecordedFile[] {
  const files = new Map<string, Found>();
  for (const path of paths) {
    look(path);
    const { parts, unreadable } = partsOf(path);
    for (const found of [...unreadable, ...parts].map(look)) {
      if (!files.has(found.id)) files.set(found.id, found);
    }
  }
  return [...files.values()];
}
