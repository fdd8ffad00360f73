/** Counts turns by their duration, in the catalogue's buckets. @module */

import { TURN_SECONDS_BUCKETS } from "../catalogue/mod.ts";

const float = new Float64Array(1);
/** Its second half holds the exponent: every machine that Deno runs on is little-endian. */
const words = new Uint32Array(float.buffer);
const EXPONENT_SHIFT = 20;
const EXPONENTS = 0x7ff;
const EXPONENT_BIAS = 1023;

/**
 * For each exponent of a double, the first bound that is not below its power of two. The bounds lie
 * at least a factor of 2 apart, so that between two powers of two there is at most one, and one
 * comparison tells the bucket.
 */
const FIRST_BOUND = Uint8Array.from({ length: EXPONENTS + 1 }, (_, exponent) => {
  const power = 2 ** (exponent - EXPONENT_BIAS);
  return TURN_SECONDS_BUCKETS.filter((bound) => bound < power).length;
});
const BOUNDS = Float64Array.from([...TURN_SECONDS_BUCKETS, Infinity]);

/** The bucket of a duration of `seconds`: the first whose bound is not below; the last is +Inf's. */
export function bucketOf(seconds: number): number {
  float[0] = seconds;
  const first = FIRST_BOUND[(words[1]! >>> EXPONENT_SHIFT) & EXPONENTS]!;
  return seconds > BOUNDS[first]! ? first + 1 : first;
}

/** Durations of all turns so far, as the native report has them. */
export class TurnSeconds {
  /** Turns per bucket, +Inf last; not cumulated. */
  readonly counts: number[] = new Array<number>(BOUNDS.length).fill(0);
  #milliseconds = 0;

  /** Sum of all turns, in seconds. */
  get sum(): number {
    return this.#milliseconds / 1000;
  }

  /** Adds so many turns of the same duration. */
  add(milliseconds: number, turns: number): void {
    this.#milliseconds += milliseconds * turns;
    this.counts[bucketOf(milliseconds / 1000)]! += turns;
  }
}
