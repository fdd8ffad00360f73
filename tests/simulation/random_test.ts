/** Tests of the generator. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Random } from "../../lib/simulation/random.ts";

const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

function draws(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.next());
}

Deno.test("Random.next() gives the numbers of sfc32 as PractRand seeds it", () => {
  // Made by a second implementation, in Python with masked integers.
  assert.deepEqual(draws(Random.fromSeed(0), 4), [1363572419, 145230303, 808754475, 4216505632]);
  assert.deepEqual(draws(Random.fromSeed(42), 4), [1264412219, 1947509147, 3919439299, 1251167922]);
  assert.deepEqual(draws(Random.fromSeed(2 ** 53 - 1), 4), [
    3268402823,
    2602357022,
    3266425223,
    182731693,
  ]);
});

Deno.test("Random.fromSeed() gives another sequence for another seed", () => {
  fc.assert(fc.property(seeds, seeds, (one, other) => {
    fc.pre(one !== other);
    assert.notDeepEqual(draws(Random.fromSeed(one), 4), draws(Random.fromSeed(other), 4));
  }));
});

Deno.test("Random.fromSeed() refuses what is no seed", () => {
  for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    assert.throws(() => Random.fromSeed(seed), {
      name: "RangeError",
      message:
        `Cannot use the seed ${seed}: expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
    });
  }
});

Deno.test("Random.fromState() goes on where the state was read", () => {
  fc.assert(fc.property(seeds, fc.nat(50), (seed, before) => {
    const random = Random.fromSeed(seed);
    draws(random, before);
    const copy = Random.fromState(random.state);
    assert.deepEqual(draws(copy, 20), draws(random, 20));
  }));
});

Deno.test("Random.between() gives every integer of its range about equally often, and no other", () => {
  const random = Random.fromSeed(7);
  const counts = new Map<number, number>();
  const total = 400_000;
  for (let index = 0; index < total; index++) {
    const drawn = random.between(1, 40);
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  assert.deepEqual(
    [...counts.keys()].sort((a, b) => a - b),
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
  const expected = total / 40;
  const chiSquare = [...counts.values()].reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
  // 39 degrees of freedom: between these with a probability of 99.8 %.
  assert.ok(chiSquare > 16.3 && chiSquare < 72.1, String(chiSquare));
});

Deno.test("Random.chance() is true as often as it says", () => {
  const random = Random.fromSeed(3);
  let hits = 0;
  for (let index = 0; index < 100_000; index++) hits += Number(random.chance(40));
  assert.ok(Math.abs(hits - 40_000) < 500, String(hits));
  assert.equal(random.chance(0), false);
  assert.equal(random.chance(100), true);
});
