/** Chooses the turns that represent many: of each bin those that a chart must not miss. @module */

import { type ColumnName, PLACE } from "./columns.ts";

/** What a bin keeps, besides its last turn, which has the totals. */
export interface Extremes {
  /** The columns of which the first turn with the lowest or highest value is kept, by their places. */
  readonly lowest: readonly number[];
  readonly highest: readonly number[];
  /** The smallest bin that is sure to leave something out. */
  readonly firstBin: number;
}

/** Takes the names of columns. */
export function extremesOf(
  { lowest, highest }: Readonly<Record<"lowest" | "highest", readonly ColumnName[]>>,
): Extremes {
  const most = lowest.length + highest.length + 1;
  return {
    lowest: lowest.map((name) => PLACE[name]),
    highest: highest.map((name) => PLACE[name]),
    firstBin: 2 ** Math.ceil(Math.log2(most + 1)),
  };
}

const BOTH_WAYS = ["budget_total", "produits_actifs", "produits_prix_moyen"] as const;

/** What charts must not miss. */
export const EXTREMES = extremesOf({
  lowest: [...BOTH_WAYS, "budget_min"],
  highest: [...BOTH_WAYS, "budget_max", "duree_seconds"],
});

/** Turns as columns in the order of `COLUMN_NAMES`, and how they fall into bins. */
export interface Binned {
  readonly columns: readonly Float64Array[];
  readonly extremes: Extremes;
  /** The turn before the first bin. */
  readonly origin: number;
}

/**
 * Thins the turns from `from` to before `end` in place. They fall into bins of `bin` turns by their
 * number. Bins of bins keep the same turns as bins of turns do, so long as their widths are powers of
 * two.
 *
 * @param kept Where those that are left go.
 * @returns The end of those that are left.
 */
export function keepExtremes(
  turns: Binned,
  bin: number,
  from: number,
  end: number,
  kept = from,
): number {
  const marks = markExtremes(turns, bin, from, end);
  const rows = new Int32Array(end - from);
  let count = 0;
  for (let row = from; row < end; row++) if (marks[row - from] === 1) rows[count++] = row;
  for (const column of turns.columns) {
    for (let place = 0; place < count; place++) column[kept + place] = column[rows[place]!]!;
  }
  return kept + count;
}

/** Turns that are thinned in one step. */
const STEP_TURNS = 8192;

/** The same as `keepExtremes` does to all turns before `end`, in steps. */
export function* keepingExtremes(
  turns: Binned,
  bin: number,
  end: number,
): Generator<void, number> {
  let kept = 0;
  for (let from = 0, next = 0; from < end; from = next) {
    next = endOfBin(turns, bin, Math.min(from + STEP_TURNS, end) - 1, end);
    kept = keepExtremes(turns, bin, from, next, kept);
    yield;
  }
  return kept;
}

/** The end of the bin that a turn is in. */
function endOfBin({ columns, origin }: Binned, bin: number, row: number, end: number): number {
  const tours = columns[PLACE.tour]!;
  const last = origin + Math.ceil((tours[row]! - origin) / bin) * bin;
  let next = row + 1;
  while (next < end && tours[next]! <= last) next++;
  return next;
}

/** Marks the turns to keep, a byte per turn. */
function markExtremes(turns: Binned, bin: number, from: number, end: number): Uint8Array {
  const { columns, extremes: { lowest, highest } } = turns;
  const marks = new Uint8Array(end - from);
  for (let first = from, next = first; first < end; first = next) {
    next = endOfBin(turns, bin, first, end);
    marks[next - 1 - from] = 1;
    for (const place of lowest) mark(marks, from, rowOfHighest(columns[place]!, first, next, -1));
    for (const place of highest) mark(marks, from, rowOfHighest(columns[place]!, first, next, 1));
  }
  return marks;
}

function mark(marks: Uint8Array, from: number, row: number): void {
  if (row >= 0) marks[row - from] = 1;
}

/** The first row with the highest value times `sign`; -1 where no value is known. */
function rowOfHighest(column: Float64Array, first: number, end: number, sign: number): number {
  let row = first;
  // What is not known is no number, and neither more nor less than another.
  while (row < end && Number.isNaN(column[row]!)) row++;
  if (row === end) return -1;
  let highest = column[row]! * sign;
  for (let next = row + 1; next < end; next++) {
    const value = column[next]! * sign;
    if (!(value > highest)) continue;
    row = next;
    highest = value;
  }
  return row;
}
