/** Finds the newest state in the two state files, and says what is wrong with them. @module */

import { existsSync, readFileSync } from "node:fs";
import type { Log } from "../log/mod.ts";
import { keepCopy } from "./damage.ts";
import { readEntry, readState, type SavedState } from "./saved.ts";
import { type Content, readContent } from "./slot.ts";
import { StateError } from "./state_error.ts";

/** A file, and what is in it. */
export interface Stored {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly content: Content;
}

/** What was found in both files, and in which of them. */
export interface Found {
  readonly base: Stored;
  readonly saved: SavedState;
}

function readIfThere(path: string): Uint8Array {
  return existsSync(path) ? readFileSync(path) : new Uint8Array();
}

/** Reads both files. Where one does not tell its generation, the other one does. */
export function readFiles(path: string): [Stored, Stored] {
  const read = (path: string, bytes = readIfThere(path), generation?: number): Stored => ({
    path,
    bytes,
    content: readContent(bytes, generation),
  });
  const guess = (file: Stored, { content: { generation = 0 } }: Stored) =>
    file.content.generation !== undefined ? file : [generation + 1, generation - 1]
      .map((guess) => read(file.path, file.bytes, guess))
      .find(({ content: { state, entries } }) => state !== undefined || entries.size > 0) ?? file;
  const [one, two] = [read(path), read(`${path}.2`)];
  return [guess(one, two), guess(two, one)];
}

/**
 * Refuses files of a later version: to begin at 0 would lose what they hold.
 *
 * @throws {StateError} When one of the two is.
 */
export function refuseNewer(path: string, files: readonly Stored[]): void {
  const isOneWhole = files.some(({ content }) => content.state !== undefined);
  for (const { content: { newer } } of files) {
    // One flipped bit can make a version out of another one; then the twin is whole.
    if (newer === undefined || (isOneWhole && !newer.isSure)) continue;
    throw new StateError(
      `Cannot use the state file "${path}": a later version of this program wrote it (version ${newer.version}); use that version, or another --state`,
      { mustStop: true },
    );
  }
}

/**
 * A state with the reports behind it, also with those behind a newer one that cannot be read; and how
 * many of them cannot be read.
 */
function readSaved(state: string, { content }: Stored, other: Stored) {
  const isNext = other.content.generation === content.generation! + 1;
  const texts = [...content.entries.values(), ...isNext ? other.content.entries.values() : []];
  const entries = texts.map(readEntry).filter((entry) => entry !== undefined);
  const reports = entries.filter((entry) => "report" in entry);
  const webReports = entries.filter((entry) => "web" in entry);
  const saved = { ...readState(state), reports, webReports };
  return { saved, unread: texts.length - entries.length };
}

/** Finds the newest state that can be read, and says what is wrong with the files. */
export function findState(files: readonly [Stored, Stored], log: Log): Found | undefined {
  const errors = new Map<Stored, string>();
  let found: Found | undefined;
  const newestFirst = files.toSorted((a, b) =>
    (b.content.generation ?? 0) - (a.content.generation ?? 0)
  );
  for (const file of newestFirst) {
    const { content: { state, damage }, bytes } = file;
    if (damage !== undefined && bytes.length > 0) errors.set(file, damage);
    if (state === undefined || found !== undefined) continue;
    const other = files.find((other) => other !== file)!;
    try {
      const { saved, unread } = readSaved(state, file, other);
      found = { base: file, saved };
      // They are absolute: the next ones make up for them.
      if (unread > 0) errors.set(file, `${unread} reports are of another version`);
    } catch (error) {
      errors.set(file, String(error).slice(0, 200));
    }
  }
  for (const file of files) explain(file, files, found?.base, errors.get(file), log);
  return found;
}

/** Logs what is wrong with a file, and keeps a copy of it. */
function explain(
  file: Stored,
  [one, two]: readonly [Stored, Stored],
  base: Stored | undefined,
  error: string | undefined,
  log: Log,
): void {
  const { path, bytes, content } = file;
  const twin = file === one ? two : one;
  const isCutOff = base === twin && !base.content.isSuperseded && content.isBegun &&
    // The first saving leaves the other file empty.
    (bytes.length > 0 || base.content.generation! > 1);
  if (isCutOff) {
    log.info("The process ended while it wrote a snapshot; nothing is lost", { path });
  } else if (error === undefined) {
    // The newer of the two is no more, or is an older one again.
    const isLost = twin === base && twin.content.isSuperseded &&
      content.generation !== twin.content.generation! + 1;
    if (isLost) {
      log.error("Cannot find the newest state; using the older one from the other file", {
        path,
      });
    }
  } else {
    const then = base === undefined
      ? "totals start again at 0"
      : base === file
      ? "using its undamaged part"
      : "using the other file instead";
    log.error(`Cannot read the state file; ${then}`, {
      path,
      kept_as: keepCopy(path, bytes),
      error,
    });
  }
}
