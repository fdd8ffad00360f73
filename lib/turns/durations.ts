/** Counts turns by their duration. @module */

/** 1, 2.5 and 5 in every decade from 1 µs to 10 s: a turn may last a microsecond or be stuck in a request. */
export const TURN_SECONDS_BUCKETS: readonly number[] = [
  ...[-6, -5, -4, -3, -2, -1, 0].flatMap((exponent) =>
    ["1", "2.5", "5"].map((mantissa) => Number(`${mantissa}e${exponent}`))
  ),
  10,
];

const float = new Float64Array(1);
/** Its second half holds the exponent: every machine that Deno runs on is little-endian. */
const words = new Uint32Array(float.buffer);
const EXPONENT_SHIFT = 20;
/** Exponents of positive numbers; those of negative ones follow. */
const EXPONENTS = 0x800;
const EXPONENT_BIAS = 1023;

/**
 * For each exponent of a double, the first bound that is not below its power of two. The bounds lie
 * at least a factor of 2 apart, so that between two powers of two there is at most one, and one
 * comparison tells the bucket.
 */
const FIRST_BOUND = Uint8Array.from({ length: 2 * EXPONENTS }, (_, exponent) => {
  if (exponent >= EXPONENTS) return 0;
  const power = 2 ** (exponent - EXPONENT_BIAS);
  return TURN_SECONDS_BUCKETS.filter((bound) => bound < power).length;
});
const BOUNDS = Float64Array.from([...TURN_SECONDS_BUCKETS, Infinity]);

/** The bucket of a duration of `seconds`: the first whose bound is not below; the last is +Inf's. */
export function bucketOf(seconds: number): number {
  float[0] = seconds;
  const first = FIRST_BOUND[words[1]! >>> EXPONENT_SHIFT]!;
  return seconds > BOUNDS[first]! ? first + 1 : first;
}

/** Counts of no turns: one for each bucket, +Inf last. */
export function noTurns(): number[] {
  return new Array<number>(BOUNDS.length).fill(0);
}
