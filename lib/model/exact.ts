/** Exact sums, which do not depend on the order of addition. @module */

import * as z from "zod";

/**
 * A sum as a few numbers that overlap nowhere, smallest first; empty is 0. Plain data.
 *
 * Source: J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric
 * Predicates" (1997), Grow-Expansion. Exact for all finite numbers below 2^1023.
 */
export const EXACT = z.array(z.number());
export type Exact = z.infer<typeof EXACT>;

/** Adds a number to a sum. */
export function add(sum: Exact, value: number): void {
  let carried = value;
  let kept = 0;
  for (const part of sum) {
    const total = carried + part;
    const partOf = total - carried;
    const rounding = (carried - (total - partOf)) + (part - partOf);
    if (rounding !== 0) sum[kept++] = rounding;
    carried = total;
  }
  if (carried !== 0) sum[kept++] = carried;
  sum.length = kept;
}

export function addAll(sum: Exact, values: Iterable<number>): void {
  for (const value of values) add(sum, value);
}

/** The number nearest to the exact sum of others. It never falls where none of them does. */
export function nearest(values: Iterable<number>): number {
  // Of nothing it is -0.
  return Math.sumPrecise(values) + 0;
}
