/** Finds the files of recorded games: those that are named, and what rotation made of them. @module */

import { dirname, join } from "node:path";
import { isRotated } from "../source/mod.ts";
import { RecordingError } from "./error.ts";

/** A file of a recorded game. */
export interface RecordedFile {
  readonly path: string;
  /** Bytes, as it lies there. */
  readonly size: number;
  readonly isGzip: boolean;
}

interface Found extends RecordedFile {
  readonly id: string;
  readonly modified: number;
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
    const { size, isFile, dev, ino, mtime } = file.statSync();
    if (!isFile) throw new RecordingError(`Cannot read "${path}": it is no file`);
    const compression = compressionOf(file);
    if (compression !== undefined && compression !== "gzip") {
      throw new RecordingError(
        `Cannot read "${path}": it is compressed with ${compression}, expected plain text or gzip`,
      );
    }
    const isGzip = compression === "gzip";
    return { path, size, isGzip, id: `${dev}:${ino}`, modified: mtime?.getTime() ?? 0 };
  } catch (error) {
    if (error instanceof RecordingError) throw error;
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : (error as Error).message;
    throw new RecordingError(`Cannot read "${path}": ${reason}`, { cause: error });
  }
}

/** Paths beside a file that rotation has made of it. */
function rotatedOf(path: string): string[] {
  const folder = dirname(path);
  return Array.from(Deno.readDirSync(folder), ({ name }) => join(folder, name))
    .filter((other) => isRotated(other, path));
}

/**
 * The named files and those that rotation has made of them, the oldest first, each once.
 *
 * @throws {RecordingError} When one cannot be read.
 */
export function recordedFiles(paths: readonly string[]): readonly RecordedFile[] {
  const files = new Map<string, Found>();
  for (const path of paths) {
    const named = look(path);
    for (const found of [...rotatedOf(path).map(look), named]) {
      if (!files.has(found.id)) files.set(found.id, found);
    }
  }
  // Of two that were written in one moment the one with the higher number is older.
  return [...files.values()].toSorted((a, b) =>
    a.modified - b.modified ||
    b.path.localeCompare(a.path, "en", { numeric: true })
  );
}
