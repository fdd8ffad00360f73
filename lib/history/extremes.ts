/** Chooses the turns that represent many: of each bin those that a chart must not miss. @module */

import { COLUMN_NAMES } from "../report/mod.ts";

export type ColumnName = (typeof COLUMN_NAMES)[number];

/** Numbers per turn. Turns lie one behind the other, in the order of `COLUMN_NAMES`. */
export const WIDTH = COLUMN_NAMES.length;

function columnsOf(...names: readonly ColumnName[]): readonly number[] {
  return names.map((name) => COLUMN_NAMES.indexOf(name));
}

const LOWEST = columnsOf("budget_total", "budget_min", "produits_actifs", "produits_prix_moyen");
const HIGHEST = columnsOf(
  "budget_total",
  "budget_max",
  "produits_actifs",
  "produits_prix_moyen",
  "duree_seconds",
);

/** Most turns that a bin keeps: one of each kind, and its last. */
export const KEPT_PER_BIN = LOWEST.length + HIGHEST.length + 1;
/** The smallest bin that is sure to leave something out. */
export const FIRST_BIN = 16;

/**
 * Thins the turns from `from` to before `end` in place. They fall into bins of `bin` turns by their
 * number. A bin keeps the first turn with the lowest or highest value of each column that can go
 * both ways, and its last turn, which has the totals. Bins of bins keep the same turns as bins of
 * turns do, so long as their widths are powers of two.
 *
 * @returns The end of those that are left.
 */
export function keepExtremes(rows: Float64Array, from: number, end: number, bin: number): number {
  const marks = markExtremes(rows, from, end, bin);
  let kept = from;
  for (let row = from; row < end; row++) {
    if (marks[row - from] === 0) continue;
    if (row !== kept) rows.copyWithin(kept * WIDTH, row * WIDTH, (row + 1) * WIDTH);
    kept++;
  }
  return kept;
}

/** Turns that are thinned in one step. */
const STEP_TURNS = 8192;

/** The same as `keepExtremes` does to all rows before `end`, in steps. */
export function* keepingExtremes(
  rows: Float64Array,
  end: number,
  bin: number,
): Generator<void, number> {
  let kept = 0;
  for (let from = 0, next = 0; from < end; from = next) {
    next = Math.min(from + STEP_TURNS, end);
    const last = Math.ceil(rows[(next - 1) * WIDTH]! / bin) * bin;
    while (next < end && rows[next * WIDTH]! <= last) next++;
    const until = keepExtremes(rows, from, next, bin);
    rows.copyWithin(kept * WIDTH, from * WIDTH, until * WIDTH);
    kept += until - from;
    yield;
  }
  return kept;
}

/** Marks the turns to keep, a byte per turn. */
function markExtremes(
  rows: Float64Array,
  from: number,
  end: number,
  bin: number,
): Uint8Array {
  const marks = new Uint8Array(end - from);
  const lowest = new Int32Array(LOWEST.length);
  const highest = new Int32Array(HIGHEST.length);
  for (let first = from, next = first; first < end; first = next) {
    const last = Math.ceil(rows[first * WIDTH]! / bin) * bin;
    lowest.fill(-1);
    highest.fill(-1);
    for (; next < end && rows[next * WIDTH]! <= last; next++) {
      for (let place = 0; place < LOWEST.length; place++) {
        const column = LOWEST[place]!;
        const value = rows[next * WIDTH + column]!;
        const known = lowest[place]!;
        // What is not known is no number, and neither more nor less than another.
        if (known < 0 ? value === value : value < rows[known * WIDTH + column]!) {
          lowest[place] = next;
        }
      }
      for (let place = 0; place < HIGHEST.length; place++) {
        const column = HIGHEST[place]!;
        const value = rows[next * WIDTH + column]!;
        const known = highest[place]!;
        if (known < 0 ? value === value : value > rows[known * WIDTH + column]!) {
          highest[place] = next;
        }
      }
    }
    marks[next - 1 - from] = 1;
    for (const row of lowest) if (row >= 0) marks[row - from] = 1;
    for (const row of highest) if (row >= 0) marks[row - from] = 1;
  }
  return marks;
}
