/** Names of followed files: patterns with a `*`, and what rotation makes of a name. @module */

import { basename, dirname } from "node:path";

/** A path with one `*` in its last part. */
export interface Pattern {
  readonly text: string;
  readonly dir: string;
  readonly prefix: string;
  readonly suffix: string;
}

/** @throws {TypeError} For a path with a `*` elsewhere than once in its last part. */
export function parsePattern(path: string): Pattern {
  const [prefix = "", suffix = "", ...more] = basename(path).split("*");
  const dir = dirname(path);
  if (more.length > 0 || dir.includes("*")) {
    throw new TypeError(
      `Cannot follow "${path}": expected at most one * and that in the last part of the path`,
    );
  }
  return { text: path, dir, prefix, suffix };
}

export function matches({ dir, prefix, suffix }: Pattern, path: string): boolean {
  const name = basename(path);
  return dirname(path) === dir && name.length >= prefix.length + suffix.length &&
    name.startsWith(prefix) && name.endsWith(suffix);
}

/** What rotation appends to a name: a number or a date, and the extension of a compressor. */
const ROTATED = /^[.\-_]\d[\d.:T_-]*(?:\.(?:gz|bz2|xz|zst))?$/;
const COMPRESSED = /\.(?:gz|bz2|xz|zst)$/;

/** Whether a path is one that rotation gives to a followed file. */
export function isRotated(path: string, followed: string): boolean {
  const name = basename(followed);
  return basename(path).startsWith(name) && ROTATED.test(basename(path).slice(name.length));
}

export function isCompressed(path: string): boolean {
  return COMPRESSED.test(path);
}
