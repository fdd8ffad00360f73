/** One of the two state files. It is opened once, so writing needs no permission later. @module */

import { crc32 } from "node:zlib";
import { writeAll } from "../file/mod.ts";

/**
 * Version of the files. Each line of one begins with the CRC-32 of its rest:
 *
 * ```
 * crc {"version":3,"generation":17}
 * crc 0 {…}     the whole state, after so many savings
 * crc 1 {…}     the first report that came after it
 * crc end 1     so many reports; "old" where the other file holds a newer state
 * ```
 *
 * The checksum of every line after the first also covers the generation, so that a line of another
 * file does not fit. Files of a later version begin with such a line too.
 */
const VERSION = 3;

const NEWLINE = 0x0a;
/** Characters of a checksum and the space after it. */
const CHECKED_FROM = 9;

const LONGEST_HEADER = 60;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** What is in a file, as far as it is whole. */
export interface Content {
  /** Counts the savings; undefined where that cannot be read. */
  readonly generation: number | undefined;
  readonly state: string | undefined;
  /** Reports that came after the saving, oldest first, by their numbers from 1. */
  readonly entries: ReadonlyMap<number, string>;
  /** Whether the last writing was finished. */
  readonly isEnded: boolean;
  /** Whether it is the beginning of a state, and no more. */
  readonly isBegun: boolean;
  /** Whether a newer state was written into the other file. */
  readonly isSuperseded: boolean;
  /** What is wrong with the file; undefined where nothing is. */
  readonly damage: string | undefined;
  /** A version that this program does not know, and whether the file says so beyond doubt. */
  readonly newer: { readonly version: number; readonly isSure: boolean } | undefined;
  /** Bytes before the end. */
  readonly size: number;
}

/** The complete lines of a file, without their ends, and how many bytes they are. */
function wholeLines(bytes: Uint8Array): { lines: Uint8Array[]; size: number } {
  const lines: Uint8Array[] = [];
  let size = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, size)) {
    lines.push(bytes.subarray(size, end));
    size = end + 1;
  }
  return { lines, size };
}

function checksum(line: string | Uint8Array, generation: number | undefined): string {
  const seed = generation === undefined ? 0 : crc32(`${generation} `);
  return crc32(line, seed).toString(16).padStart(CHECKED_FROM - 1, "0");
}

/** A line with its checksum. The first one of a file belongs to no generation: it tells it. */
function seal(text: string, generation?: number): string {
  return `${checksum(text, generation)} ${text}\n`;
}

/** The last line; `old` and `end` are equally long, so that one is written over the other. */
function endLine(mark: "end" | "old", entries: number, generation: number | undefined): string {
  return seal(`${mark} ${entries}`, generation);
}

/** The text of a line that has its checksum. */
function unseal(line: Uint8Array | undefined, generation?: number): string | undefined {
  if (line === undefined || line.length < CHECKED_FROM) return undefined;
  const checked = line.subarray(CHECKED_FROM);
  try {
    const found = decoder.decode(line.subarray(0, CHECKED_FROM));
    return found === `${checksum(checked, generation)} ` ? decoder.decode(checked) : undefined;
  } catch {
    return undefined; // No UTF-8.
  }
}

function readHeader(line: Uint8Array | undefined): Pick<Content, "generation" | "newer"> {
  const text = unseal(line);
  const start = new TextDecoder().decode(line?.subarray(0, 100));
  const version = Number(/^(?:[0-9a-f]{8} )?\{"version":(\d+)/.exec(start)?.[1] ?? VERSION);
  const newer = version > VERSION ? { version, isSure: text !== undefined } : undefined;
  const generation = /^\{"version":3,"generation":(\d+)\}$/.exec(text ?? "")?.[1];
  return { newer, generation: generation === undefined ? undefined : Number(generation) };
}

/**
 * Reads what is whole of a file, and says what is not.
 *
 * @param generation What it is, should the file not tell any more.
 */
export function readContent(bytes: Uint8Array, generation?: number): Content {
  const { lines, size } = wholeLines(bytes);
  const header = readHeader(lines[0]);
  const own = header.generation ?? generation;
  const problems: string[] = [];
  if (header.generation === undefined) problems.push("line 1 is damaged");
  const [, mark, count] = /^(end|old) (\d+)$/.exec(unseal(lines.at(-1), own) ?? "") ?? [];
  const isEnded = mark !== undefined && size === bytes.length;
  if (!isEnded) problems.push("its end is missing");
  const body = lines.slice(1, isEnded ? -1 : undefined);
  let state: string | undefined;
  const entries = new Map<number, string>();
  body.forEach((line, place) => {
    const text = own === undefined ? undefined : unseal(line, own);
    const number = /^\d+ /.exec(text ?? "")?.[0];
    if (number === undefined) problems.push(`line ${place + 2} is damaged`);
    else {
      if (Number(number) !== place) problems.push(`line ${place + 2} is out of its place`);
      const rest = text!.slice(number.length);
      if (Number(number) === 0) state = rest;
      else entries.set(Number(number), rest);
    }
  });
  if (isEnded && body.length !== Number(count) + 1) problems.push("not all lines are there");
  return {
    ...header,
    generation: own,
    state,
    entries: new Map([...entries].sort(([a], [b]) => a - b)),
    isEnded,
    isBegun: lines.length === 1
      ? header.generation !== undefined
      : lines.length === 0 && bytes.length < LONGEST_HEADER,
    isSuperseded: isEnded && mark === "old",
    damage: problems.length === 0 ? undefined : problems.slice(0, 3).join(", "),
    size: isEnded ? size - lines.at(-1)!.length - 1 : size,
  };
}

/** A file of lines. What fails throws what the file system says. */
export class Slot {
  readonly path: string;
  readonly #file: Deno.FsFile;
  #generation: number | undefined;
  /** How many reports are noted behind the state. */
  #entries: number;
  /** Where the next line goes, which is where the end is now. */
  #size: number;

  /** Opens the file, and makes it where it is missing. */
  constructor(path: string, { state, generation, entries, size, isEnded }: Content) {
    this.path = path;
    this.#file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    this.#generation = state === undefined ? undefined : generation;
    this.#entries = [...entries.keys()].at(-1) ?? 0;
    this.#size = size;
    if (!this.isEmpty && !isEnded) this.#restoreEnd();
  }

  /** Whether there is no state behind which a report can be noted. */
  get isEmpty(): boolean {
    return this.#generation === undefined;
  }

  /** Writes a state over all that there was. Returns its length in bytes. */
  write(generation: number, state: string): number {
    this.#generation = undefined;
    this.#entries = 0;
    this.#size = 0;
    this.#file.truncateSync(0);
    const header = seal(`{"version":${VERSION},"generation":${generation}}`);
    const length = this.#append(
      header + seal(`0 ${state}`, generation),
      endLine("end", 0, generation),
    );
    this.#generation = generation;
    return length;
  }

  /** Notes a report behind the state, whole or, when it throws, not at all. Returns its length. */
  note(entry: string): number {
    const number = this.#entries + 1;
    const length = this.#append(
      seal(`${number} ${entry}`, this.#generation),
      endLine("end", number, this.#generation),
    );
    this.#entries = number;
    return length;
  }

  /** Says in the file that the other one holds a newer state. */
  supersede(): void {
    if (!this.isEmpty) {
      const end = endLine("old", this.#entries, this.#generation);
      this.#writeAt(this.#size, encoder.encode(end));
    }
  }

  /** Each writing has the end at its own end, so that none that was torn or cut off looks whole. */
  #append(lines: string, end: string): number {
    const bytes = encoder.encode(lines + end);
    try {
      this.#writeAt(this.#size, bytes);
    } catch (error) {
      this.#restoreEnd();
      throw error;
    }
    const added = bytes.length - end.length; // An end is ASCII.
    this.#size += added;
    return added;
  }

  #restoreEnd(): void {
    try {
      this.#file.truncateSync(this.#size);
      if (!this.isEmpty) {
        const end = endLine("end", this.#entries, this.#generation);
        this.#writeAt(this.#size, encoder.encode(end));
      }
    } catch {
      // Then the next process finds no end, and says so.
    }
  }

  #writeAt(place: number, bytes: Uint8Array): void {
    this.#file.seekSync(place, Deno.SeekMode.Start);
    writeAll(this.#file, bytes);
  }

  /** Throws when the next process would find another file at the path, or none. */
  checkPlace(): void {
    const { dev, ino } = this.#file.statSync();
    let there: Deno.FileInfo | undefined;
    try {
      there = Deno.statSync(this.path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    if (there === undefined || there.dev !== dev || there.ino !== ino) {
      throw new Error(`"${this.path}" was moved, removed or replaced`);
    }
  }

  /** Waits until all of it is on the disk. */
  sync(): Promise<void> {
    return this.#file.syncData();
  }

  /** The same, and nothing else runs meanwhile. */
  syncNow(): void {
    this.#file.syncDataSync();
  }

  close(): void {
    this.#file.close();
  }
}
