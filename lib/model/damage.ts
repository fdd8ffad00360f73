/** Keeps copies of damaged files. @module */

import { readFileSync, statSync, writeFileSync } from "node:fs";

/** How many copies there are of one file, at most. */
const MAX_COPIES = 5;

function statIfThere(path: string): { size: number; mtimeMs: number } | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/**
 * Writes the bytes of a damaged file beside it, unless a copy has them already; the oldest copy
 * makes room when there are too many. Returns where they are.
 */
export function keepCopy(path: string, bytes: Uint8Array): string {
  const copies = Array.from({ length: MAX_COPIES }, (_, index) => {
    const name = `${path}.broken${index === 0 ? "" : `.${index + 1}`}`;
    return { name, stats: statIfThere(name) };
  });
  const same = copies.find(({ name, stats }) =>
    stats?.size === bytes.length && readFileSync(name).equals(bytes)
  );
  if (same !== undefined) return same.name;
  const age = ({ stats }: (typeof copies)[number]) => stats?.mtimeMs ?? -Infinity;
  const { name } = copies.reduce((oldest, next) => age(next) < age(oldest) ? next : oldest);
  writeFileSync(name, bytes, { mode: 0o600 });
  return name;
}
