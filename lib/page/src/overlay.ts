/** Two games in one plot: their rows on one x axis, and which row of each is under a place. @module */

import uPlot from "uplot";
import { rowAt } from "../../turns/row_at.ts";

export type Data = [
  xs: ArrayLike<number>,
  ...values: (ArrayLike<number | null | undefined> | undefined)[],
];

/** Two games on one x axis; a place that only one has is no gap in the other. */
export function joined(own: Data, laid: Data): Data {
  const full = ([xs, ...values]: Data) =>
    [
      Array.from(xs),
      ...values.map((column) => column === undefined ? [] : Array.from(column)),
    ] as unknown as uPlot.AlignedData;
  const [xs, ...values] = uPlot.join([full(own), full(laid)]) as Data;
  const known = [...own.slice(1), ...laid.slice(1)].map((column) => column !== undefined);
  return [xs, ...values.map((column, index) => known[index] ? column : undefined)];
}

/** The row whose place is nearest; -1 where there is none. */
export function nearest(xs: ArrayLike<number>, x: number): number {
  const row = Math.min(rowAt(xs, x), xs.length - 1);
  return row > 0 && x - xs[row - 1]! < xs[row]! - x ? row - 1 : row;
}

/**
 * The row of a game that is under a place; undefined before its first row and after its last one,
 * where nothing of it is drawn.
 *
 * @param reach How far from its ends a place still means them.
 */
export function under(xs: ArrayLike<number>, x: number, reach: number): number | undefined {
  if (xs.length === 0 || x < xs[0]! - reach || x > xs[xs.length - 1]! + reach) return undefined;
  return nearest(xs, x);
}
