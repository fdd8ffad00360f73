/** Tests of the counting of turns by duration. @module */

import assert from "node:assert/strict";
import fc from "fast-check";

import { TurnSeconds } from "../../lib/publish/turn_seconds.ts";
import { bucketOf, TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";

/** The first bucket whose bound is not below, looked for one by one. */
function plainBucketOf(seconds: number): number {
  const found = TURN_SECONDS_BUCKETS.findIndex((bound) => seconds <= bound);
  return found < 0 ? TURN_SECONDS_BUCKETS.length : found;
}

/** The doubles next to a positive one. */
function neighbours(value: number): number[] {
  const bits = new BigUint64Array(new Float64Array([value]).buffer);
  return [-1n, 0n, 1n].map((step) =>
    new Float64Array(new BigUint64Array([bits[0]! + step]).buffer)[0]!
  );
}

Deno.test("bucketOf() puts a bound into its own bucket and the next double into the next", () => {
  for (const bound of TURN_SECONDS_BUCKETS) {
    for (const value of neighbours(bound)) assert.equal(bucketOf(value), plainBucketOf(value));
  }
});

Deno.test("bucketOf() tells every power of two and its neighbours", () => {
  for (let exponent = -60; exponent < 60; exponent++) {
    for (const value of neighbours(2 ** exponent)) {
      assert.equal(bucketOf(value), plainBucketOf(value), String(value));
    }
  }
});

Deno.test("bucketOf() agrees with a search from below, for any duration", () => {
  const anything = fc.double({ min: 0, noNaN: true });
  const usual = fc.double({ min: 0, max: 20, noNaN: true });
  fc.assert(
    fc.property(fc.oneof(anything, usual), (value) => bucketOf(value) === plainBucketOf(value)),
    { numRuns: 2000 },
  );
  assert.equal(bucketOf(0), 0);
  assert.equal(bucketOf(Infinity), TURN_SECONDS_BUCKETS.length);
});

Deno.test("TurnSeconds.add() counts every turn once and sums in seconds", () => {
  const seconds = new TurnSeconds();
  const milliseconds = [0, 0.0005, 0.001, 3, 3, 250, 20_000];
  for (const duration of milliseconds) seconds.add(duration, 1);
  const counts = new Array<number>(TURN_SECONDS_BUCKETS.length + 1).fill(0);
  for (const duration of milliseconds) counts[plainBucketOf(duration / 1000)]!++;
  assert.deepEqual(seconds.counts, counts);
  assert.equal(seconds.sum, 20.2560015);
  seconds.add(250, 1000);
  counts[plainBucketOf(0.25)]! += 1000;
  assert.deepEqual(seconds.counts, counts);
  assert.equal(seconds.sum, 270.2560015);
});
