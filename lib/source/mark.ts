/** Tells files, and versions of them, apart. @module */

import { createHash } from "node:crypto";
import { readSync, type Stats } from "node:fs";

/** Maximum number of bytes at the start of a file that are compared. */
export const HEAD_LENGTH = 256;

/** How far a file was read: to the end of its last complete line. */
export interface Mark {
  readonly dev: number;
  readonly ino: number;
  /** Bytes from the file's start. */
  readonly offset: number;
  /** Number of first bytes, a colon, and their hash: distinguishes a reused inode from the file. */
  readonly head: string;
}

/** Identifies a file as long as it exists, whatever its path is. */
export function fileId({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`;
}

/** The first bytes of an open file. */
export function readHead(fd: number, length: number): Uint8Array {
  const head = new Uint8Array(length);
  return head.subarray(0, readSync(fd, head, 0, length, 0));
}

export function describeHead(head: Uint8Array): string {
  return `${head.length}:${createHash("sha256").update(head).digest("hex").slice(0, 16)}`;
}

/** Whether the open file is the marked one, and not shorter. */
export function fitsMark(fd: number, stats: Stats, mark: Mark): boolean {
  if (fileId(stats) !== fileId(mark) || stats.size < mark.offset) return false;
  const length = Number.parseInt(mark.head);
  return length >= 0 && length <= HEAD_LENGTH && describeHead(readHead(fd, length)) === mark.head;
}
