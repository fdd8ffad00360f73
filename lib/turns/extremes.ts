/** Chooses the turns that represent many: of each bin those that a chart must not miss. @module */

import { type ColumnName, INDEX_OF } from "./columns.ts";

/** What a bin keeps, besides its last turn, which has the totals. */
export interface Extremes {
  /** The columns of which the first turn with the lowest or highest value is kept, by their indices. */
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
    lowest: lowest.map((name) => INDEX_OF[name]),
    highest: highest.map((name) => INDEX_OF[name]),
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

/** Turns that are thinned in one step, and more only to end a bin. */
const STEP_TURNS = 8192;
/** A byte per turn of a step, 1 where it is kept, and the rows of those. */
let marks = new Uint8Array(64);
let rows = new Int32Array(64);

/**
 * Thins the turns from `from` to before `end` in place, in steps. They fall into bins of `bin` turns by
 * their number. Bins of bins keep the same turns as bins of turns do, so long as their widths are powers
 * of two.
 *
 * @returns The end of those that are left.
 */
export function* keepingExtremes(
  turns: Binned,
  bin: number,
  from: number,
  end: number,
): Generator<void, number> {
  let kept = from;
  for (let first = from, next = from; first < end; first = next) {
    next = endOfBin(turns, bin, Math.min(first + STEP_TURNS, end) - 1, end);
    kept = keepStep(turns, bin, first, next, kept);
    yield;
  }
  return kept;
}

/** The same at once. */
export function keepExtremes(...turns: Parameters<typeof keepingExtremes>): number {
  const steps = keepingExtremes(...turns);
  for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
}

/** Thins some whole bins. Those that are left go to `kept`. */
function keepStep(turns: Binned, bin: number, from: number, end: number, kept: number): number {
  const length = end - from;
  if (marks.length < length) {
    marks = new Uint8Array(length);
    rows = new Int32Array(length);
  }
  const { columns, extremes: { lowest, highest } } = turns;
  for (let first = from, next = first; first < end; first = next) {
    next = endOfBin(turns, bin, first, end);
    marks[next - 1 - from] = 1;
    for (const index of lowest) mark(from, rowOfHighest(columns[index]!, first, next, -1));
    for (const index of highest) mark(from, rowOfHighest(columns[index]!, first, next, 1));
  }
  let count = 0;
  for (let at = 0; at < length; at++) if (marks[at] === 1) rows[count++] = from + at;
  marks.fill(0, 0, length);
  for (const column of columns) {
    for (let at = 0; at < count; at++) column[kept + at] = column[rows[at]!]!;
  }
  return kept + count;
}

function mark(from: number, row: number): void {
  if (row >= 0) marks[row - from] = 1;
}

/** The end of the bin that a turn is in. */
function endOfBin({ columns, origin }: Binned, bin: number, row: number, end: number): number {
  const tours = columns[INDEX_OF.tour]!;
  const last = origin + Math.ceil((tours[row]! - origin) / bin) * bin;
  let next = row + 1;
  while (next < end && tours[next]! <= last) next++;
  return next;
}

/** The first row with the highest value times `sign`; -1 where no value is known. */
function rowOfHighest(
  column: Float64Array,
  first: number,
  end: number,
  sign: number,
): number {
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
