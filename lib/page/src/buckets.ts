/** Works out what the histogram of turn durations says. @module */

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
 * The duration that a share of the turns stay below, as histogram_quantile() works it out: linear
 * within a bucket. The highest bound where it lies beyond all of them.
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
