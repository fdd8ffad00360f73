/** Computes the histogram of turn durations. @module */

import type { TurnSeconds } from "../../live/api.ts";

export interface Bar {
  /** The upper bound in seconds; Infinity for the last bucket. */
  readonly bound: number;
  readonly turns: number;
}

/** The buckets from the first to the last that has turns, and one on either side. */
export function barsOf({ le, counts }: TurnSeconds): readonly Bar[] {
  const bars = counts.map((turns, index) => ({ bound: le[index] ?? Infinity, turns }));
  const first = bars.findIndex(({ turns }) => turns > 0);
  const last = bars.findLastIndex(({ turns }) => turns > 0);
  return first < 0 ? [] : bars.slice(Math.max(first - 1, 0), last + 2);
}

/**
 * A quantile of the turn durations, computed like histogram_quantile(): linear within a bucket. The highest
 * bound if it is above all of them.
 */
export function quantile({ le, counts }: TurnSeconds, share: number): number {
  const wanted = share * counts.reduce((sum, turns) => sum + turns, 0);
  let below = 0;
  for (const [index, bound] of le.entries()) {
    const turns = counts[index] ?? 0;
    if (turns > 0 && below + turns >= wanted) {
      const low = le[index - 1] ?? 0;
      return low + (bound - low) * (wanted - below) / turns;
    }
    below += turns;
  }
  return le.at(-1) ?? NaN;
}
