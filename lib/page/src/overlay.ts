/** Two games in one plot: their rows on one x axis, and the row of each at a position. @module */

import uPlot from "uplot";
import { rowAt } from "../../turns/row_at.ts";

export type Data = [
  xs: ArrayLike<number>,
  ...values: (ArrayLike<number | null | undefined> | undefined)[],
];

/** Two games on one x axis; a position that only one has is not a gap in the other. */
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

/** The row with the nearest position; -1 if there is none. */
export function nearest(xs: ArrayLike<number>, x: number): number {
  const row = Math.min(rowAt(xs, x), xs.length - 1);
  return row > 0 && x - xs[row - 1]! < xs[row]! - x ? row - 1 : row;
}

/**
 * The row of a game at a position; undefined before its first and after its last row, where nothing of it
 * is drawn.
 *
 * @param reach Maximum distance of a position from its ends.
 */
export function under(xs: ArrayLike<number>, x: number, reach: number): number | undefined {
  if (xs.length === 0 || x < xs[0]! - reach || x > xs[xs.length - 1]! + reach) return undefined;
  return nearest(xs, x);
}
