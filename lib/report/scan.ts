/** Finds the end of a JSON value in bytes, 16 of them at a time; `scan.wat` does the work. @module */

import { Refused } from "./report.ts";
import { SCAN_WASM } from "./scan_wasm.ts";

/** Maximum nesting. */
export const MAX_DEPTH = 64;
/** Maximum number of bytes that are scanned in one call. */
export const PIECE_BYTES = 1 << 16;

/** State of a reader within its document. */
export interface ScanState {
  depth: number;
  /** The opening brackets, from the outermost to the innermost. */
  readonly brackets: Uint8Array;
  inString: boolean;
  /** The last byte was a backslash in a string. */
  escaped: boolean;
}

/** Memory layout of `scan.wat`. */
const STATE_AT = 64;
const PIECE_AT = 1024;
const FOUND_AT = PIECE_AT + PIECE_BYTES;
const [DEPTH, IN_STRING, ESCAPED, FAULT, FOUND, BEGUN] = [0, 1, 2, 3, 4, 5] as const;

type Scan = (at: number, end: number, floor: number, strict: number) => number;

const bytes = Uint8Array.from(atob(SCAN_WASM), (character) => character.charCodeAt(0));
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
const memory = exports.memory as WebAssembly.Memory;
const scan = exports.scan as Scan;
const brackets = new Uint8Array(memory.buffer, 0, MAX_DEPTH);
const state = new Int32Array(memory.buffer, STATE_AT, 6);
const copy = new Uint8Array(memory.buffer, PIECE_AT, PIECE_BYTES);
const found = new Int32Array(memory.buffer, FOUND_AT);

/** Takes a piece of at most {@linkcode PIECE_BYTES}; until the next one, scans read from it. */
export function takePiece(piece: Uint8Array): void {
  copy.set(piece);
}

export function tooDeep(): Refused {
  return new Refused(
    "too_deep",
    `Cannot read the report: it is nested deeper than ${MAX_DEPTH} levels`,
  );
}

export function unmatched(): Refused {
  return new Refused("json", "Cannot read the report: its brackets do not match");
}

/**
 * Reads the piece that was taken last, until a bracket closes down to `floor`, or the piece ends.
 *
 * @param from Offset in the piece to start at; `to` is its end.
 * @param at State of the reader, deeper than `floor`; it is updated.
 * @param isStrict Whether strings may hold no control character.
 * @returns Offset at which it stopped: after the bracket, or at the end.
 * @throws {Refused} When brackets or strings are broken.
 */
export function scanTo(
  from: number,
  to: number,
  floor: number,
  at: ScanState,
  isStrict: boolean,
): number {
  brackets.set(at.brackets);
  state[DEPTH] = at.depth;
  state[IN_STRING] = Number(at.inString);
  state[ESCAPED] = Number(at.escaped);
  state[FAULT] = 0;
  state[FOUND] = 0;
  state[BEGUN] = 0;
  const end = scan(PIECE_AT + from, PIECE_AT + to, floor, Number(isStrict)) - PIECE_AT;
  switch (state[FAULT]) {
    case 1:
      throw tooDeep();
    case 2:
      throw unmatched();
    case 3:
      throw new Refused("json", "Cannot read the report: a string contains a line break");
  }
  at.brackets.set(brackets);
  at.depth = state[DEPTH]!;
  at.inString = state[IN_STRING] === 1;
  at.escaped = state[ESCAPED] === 1;
  return end;
}

/**
 * Start and end of each list of stocks (`stocks_produits` of firms and suppliers) that the last scan has
 * read completely, as offsets in the piece, in order.
 */
export function* stocksFound(): Generator<readonly [from: number, to: number]> {
  for (let at = 0; at < 2 * state[FOUND]!; at += 2) {
    yield [found[at]! - PIECE_AT, found[at + 1]! - PIECE_AT];
  }
}
