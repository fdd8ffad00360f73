/** Adds up samples, to compare them with what a server has. @module */

import type { Sink } from "./starts.ts";

/** What is known of the samples of one name in one game. */
export interface Total {
  samples: number;
  /** Their exact sum, as a sum and what it lost (Kahan and Babuška, as in Neumaier 1974). */
  sum: number;
  lost: number;
  /** The first and the last time, in milliseconds since 1970, and how many series have a sample then. */
  first: number;
  last: number;
  atFirst: number;
  atLast: number;
  readonly series: Set<string>;
}

function createTotal(): Total {
  const ends = { first: Infinity, last: -Infinity, atFirst: 0, atLast: 0 };
  return { samples: 0, sum: 0, lost: 0, ...ends, series: new Set() };
}

/** Notes when the first and the last of some samples of a series are. */
function noteEnds(total: Total, first: number, last: number): void {
  if (first < total.first) {
    total.first = first;
    total.atFirst = 0;
  }
  if (first === total.first) total.atFirst++;
  if (last > total.last) {
    total.last = last;
    total.atLast = 0;
  }
  if (last === total.last) total.atLast++;
}

export class Tally {
  /** By name of the samples. */
  readonly totals = new Map<string, Total>();

  readonly sink: Sink = ({ name, text, length }, values, times) => {
    if (length === 0) return;
    let total = this.totals.get(name);
    if (total === undefined) {
      total = createTotal();
      this.totals.set(name, total);
    }
    total.series.add(text);
    let { samples, sum, lost } = total;
    let first = -1;
    let last = -1;
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      if (!Number.isFinite(value)) continue;
      if (first < 0) first = row;
      last = row;
      samples++;
      const next = sum + value;
      lost += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
      sum = next;
    }
    total.samples = samples;
    total.sum = sum;
    total.lost = lost;
    if (first >= 0) noteEnds(total, times[first]!, times[last]!);
  };
}
