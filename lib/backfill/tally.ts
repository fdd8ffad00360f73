/** Adds up samples, to compare them with what a server has. @module */

import type { Sink } from "./starts.ts";

/** What is known of the samples of one name in one game. */
export interface Total {
  samples: number;
  /** Their exact sum, as a sum and what it lost (Kahan and Babuška, as in Neumaier 1974). */
  sum: number;
  lost: number;
  /** The first and the last time, in milliseconds since 1970. */
  first: number;
  last: number;
  readonly series: Set<string>;
}

export class Tally {
  /** By name of the samples. */
  readonly totals = new Map<string, Total>();

  readonly sink: Sink = ({ name, text, length }, values, times) => {
    if (length === 0) return;
    let total = this.totals.get(name);
    if (total === undefined) {
      total = { samples: 0, sum: 0, lost: 0, first: Infinity, last: -Infinity, series: new Set() };
      this.totals.set(name, total);
    }
    total.series.add(text);
    let { samples, sum, lost } = total;
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      if (!Number.isFinite(value)) continue;
      samples++;
      const next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
      sum = next;
    }
    total.samples = samples;
    total.sum = sum;
    total.lost = lost;
    total.first = Math.min(total.first, times[0]!);
    total.last = Math.max(total.last, times.at(-1)!);
  };
}
