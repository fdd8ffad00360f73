/** Distributions of durations, and estimates of an overhead from paired runs, with confidence intervals. @module */

/** Buckets per factor of two; one is at most 1/128, that is 0.78 %, wide. */
const BUCKETS_PER_OCTAVE = 128;
const LOWEST_OCTAVE = -34;
const OCTAVES = 48;

/**
 * Buckets of {@linkcode Durations}. Bucket 0 holds durations below 2^-34 s (58 ps), zero included;
 * bucket b > 0, with n = b - 1, holds durations from 2^(⌊n / 128⌋ - 34) · (1 + (n mod 128) / 128)
 * seconds up to where bucket b + 1 begins. The last one holds all above it, too (2^14 s, 4.5 hours).
 */
export const DURATION_BUCKETS = 1 + OCTAVES * BUCKETS_PER_OCTAVE;

const FIRST_HIGH_BITS = (1023 + LOWEST_OCTAVE) * BUCKETS_PER_OCTAVE;

// Exponent and first 7 bits of the fraction of a double, taken as a whole number, are the bucket:
// one shift instead of a logarithm, and the same on every machine (all of Deno's are little-endian).
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

function bucketOf(seconds: number): number {
  // A clock that went backwards, too.
  if (!(seconds > 0)) return 0;
  double[0] = seconds;
  const bucket = (words[1]! >>> 13) - FIRST_HIGH_BITS + 1;
  return bucket < 0 ? 0 : bucket < DURATION_BUCKETS ? bucket : DURATION_BUCKETS - 1;
}

function lowerEdge(bucket: number): number {
  if (bucket === 0) return 0;
  const octave = Math.floor((bucket - 1) / BUCKETS_PER_OCTAVE);
  const step = (bucket - 1) % BUCKETS_PER_OCTAVE;
  return 2 ** (LOWEST_OCTAVE + octave) * (1 + step / BUCKETS_PER_OCTAVE);
}

/** {@linkcode Durations} as JSON: the buckets that hold something, ascending, and how much. */
export interface DurationsJson {
  readonly buckets: readonly number[];
  readonly counts: readonly number[];
}

/** One bucket that holds something; edges in seconds, `from` included. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * A distribution of durations: counts in buckets less than 1 % wide, so that millions of turns take
 * a fixed 48 KiB in memory and a few KB as JSON, and processes can be put together exactly.
 */
export class Durations {
  readonly #counts = new Float64Array(DURATION_BUCKETS);
  #count = 0;

  /** Reads what {@linkcode toJSON} wrote. */
  static from({ buckets, counts }: DurationsJson): Durations {
    const durations = new Durations();
    buckets.forEach((bucket, index) => durations.#put(bucket, counts[index] ?? 0));
    return durations;
  }

  #put(bucket: number, times: number): void {
    this.#counts[bucket]! += times;
    this.#count += times;
  }

  /** How many durations there are. */
  get count(): number {
    return this.#count;
  }

  /** Takes in a duration. Fit for a hot loop: it allocates nothing. */
  add(seconds: number, times = 1): void {
    this.#put(bucketOf(seconds), times);
  }

  /** Takes in all durations of another. */
  merge(other: Durations): void {
    other.#counts.forEach((times, bucket) => times > 0 && this.#put(bucket, times));
  }

  /** The buckets that hold something, ascending. */
  *bins(): Generator<Bin, void, undefined> {
    for (const [bucket, count] of this.#counts.entries()) {
      if (count > 0) yield { from: lowerEdge(bucket), to: lowerEdge(bucket + 1), count };
    }
  }

  /**
   * The duration that a share `q` (0 to 1) of all do not exceed, by nearest rank (the ⌈q · count⌉-th
   * smallest; type 1 of Hyndman and Fan 1996), told as the middle of its bucket: at most 0.4 % off.
   *
   * @throws {RangeError} When there are no durations.
   */
  quantile(q: number): number {
    if (this.#count === 0) throw new RangeError("Cannot take a quantile: there are no durations");
    const rank = Math.max(1, Math.ceil(q * this.#count));
    let seen = 0;
    let middle = 0;
    for (const { from, to, count } of this.bins()) {
      seen += count;
      middle = from === 0 ? 0 : (from + to) / 2;
      if (seen >= rank) break;
    }
    return middle;
  }

  toJSON(): DurationsJson {
    const buckets: number[] = [];
    const counts: number[] = [];
    for (const [bucket, count] of this.#counts.entries()) {
      if (count === 0) continue;
      buckets.push(bucket);
      counts.push(count);
    }
    return { buckets, counts };
  }
}

/** Numbers from 0 (included) to 1 (excluded), the same ones for a seed: mulberry32 by T. Ettinger. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The mean of the middle half: a quarter of the values, rounded down, is left out at either end.
 * As sure as the median against wild values, and less erratic with few of them.
 *
 * @param sorted Ascending; not empty.
 */
export function middleMean(sorted: ArrayLike<number>): number {
  const left = Math.floor(sorted.length / 4);
  let sum = 0;
  for (let index = left; index < sorted.length - left; index++) sum += sorted[index]!;
  return sum / (sorted.length - 2 * left);
}

/** Φ(x) for x ≤ 0, to 10^-7: Abramowitz and Stegun 26.2.17. */
function normalTail(x: number): number {
  const t = 1 / (1 - 0.2316419 * x);
  const series = t *
    (0.31938153 +
      t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * series;
}

/** 97.5 % quantile of Student's t, to 0.003 from 5 degrees of freedom: Abramowitz and Stegun 26.7.5. */
function studentQuantile(freedom: number): number {
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3);
}

/**
 * Share of the resamples to leave out at either end for a 95 % interval. The plain 2.5 % is too
 * bold for few pairs (83 to 91 % of intervals from 6 pairs held the truth); this widens it as
 * Student's t widens a normal interval: Hesterberg 2015, "What teachers should know about the
 * bootstrap", section 5.3, the expanded percentile interval.
 */
function tailShare(pairs: number): number {
  return normalTail(-Math.sqrt(pairs / (pairs - 1)) * studentQuantile(pairs - 1));
}

export type Interval = readonly [low: number, high: number];

export interface Estimate {
  readonly value: number;
  /** The 95 % confidence interval. */
  readonly ci95: Interval;
}

/** Mean seconds per turn of two runs of one round, without and with monitoring. */
export interface Pair {
  readonly off: number;
  readonly on: number;
}

export interface Overhead {
  /** Seconds added to a turn. */
  readonly seconds: Estimate;
  /** The same as a share of the turn without monitoring: 0.01 = 1 %. */
  readonly ratio: Estimate;
}

export interface BootstrapOptions {
  /** Of the draws. Default: 1. */
  readonly seed?: number;
  /** Default: 10 000. */
  readonly resamples?: number;
}

/** The middle mean of the values, and its interval by bootstrap over them. */
function estimate(
  values: readonly number[],
  { seed = 1, resamples = 10_000 }: BootstrapOptions,
): Estimate {
  const random = seededRandom(seed);
  const size = values.length;
  const means = new Float64Array(resamples);
  const drawn = new Float64Array(size);
  for (let resample = 0; resample < resamples; resample++) {
    for (let index = 0; index < size; index++) drawn[index] = values[Math.floor(random() * size)]!;
    means[resample] = middleMean(drawn.sort());
  }
  means.sort();
  const left = Math.floor(tailShare(size) * resamples);
  return {
    value: middleMean(Float64Array.from(values).sort()),
    ci95: [means[left]!, means[resamples - 1 - left]!],
  };
}

/**
 * What monitoring adds to a turn, from pairs of runs played close to each other in time.
 *
 * A run counts with the mean of its turns, because a report burdens one turn in many thousands and
 * a median turn would not show it. Each pair gives one difference and one ratio of these means, so
 * that a machine which drifts from slow to fast between rounds burdens neither side; the estimate
 * is the {@linkcode middleMean} over the pairs, so that a few spoilt runs do not carry it. Ratios
 * are averaged as logarithms: exchanging off and on then gives the inverse. On synthetic runs with
 * drift, heavy tails, spikes and slow spells, 6 to 20 pairs, this was the steadiest of mean, median,
 * Hodges-Lehmann and two trimmed means, and at least 94 % of its intervals held the truth.
 *
 * The interval is a percentile bootstrap over the pairs, expanded for small numbers of
 * them. The same pairs and options give the same result.
 *
 * @throws {RangeError} When there are fewer than two pairs, or a time is not above zero.
 */
export function estimateOverhead(
  pairs: readonly Pair[],
  options: BootstrapOptions = {},
): Overhead {
  if (pairs.length < 2) {
    throw new RangeError(`Cannot estimate an overhead: ${pairs.length} pairs, expected at least 2`);
  }
  const wrong = pairs.find(({ off, on }) => !(off > 0 && on > 0 && off + on < Infinity));
  if (wrong !== undefined) {
    throw new RangeError(
      `Cannot estimate an overhead: turns took ${wrong.off} s and ${wrong.on} s, expected more than 0`,
    );
  }
  const ratio = estimate(pairs.map(({ off, on }) => Math.log(on / off)), options);
  return {
    seconds: estimate(pairs.map(({ off, on }) => on - off), options),
    ratio: {
      value: Math.expm1(ratio.value),
      ci95: [Math.expm1(ratio.ci95[0]), Math.expm1(ratio.ci95[1])],
    },
  };
}
