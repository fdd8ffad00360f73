/** Tests of which games are played, in which order. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  balancedOrders,
  planRounds,
  progressOf,
  USUAL_PUBLISHERS,
  type World,
  WORLDS,
} from "../../lib/benchmark/mod.ts";

const MEASURED = { default: 1.5e-6, moyen: 4e-4, grand: 5e-2 };

function tally(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

Deno.test("balancedOrders() plays each at each place, and after each other, equally often", () => {
  for (const size of [2, 3, 4, 5]) {
    const rows = balancedOrders(size);
    const places = tally(rows.flatMap((row) => row.map((index, place) => `${index} at ${place}`)));
    const followers = tally(
      rows.flatMap((row) => row.slice(1).map((index, place) => `${index} after ${row[place]}`)),
    );
    assert.equal(places.size, size * size, `${size}`);
    assert.equal(new Set(places.values()).size, 1, `${size}`);
    assert.equal(followers.size, size * (size - 1), `${size}`);
    assert.equal(new Set(followers.values()).size, 1, `${size}`);
  }
});

Deno.test("planRounds() fills ten minutes with rounds of all worlds, and no more", () => {
  const plan = planRounds({ turnSeconds: MEASURED, startSeconds: 0.2 });
  assert.ok(plan.seconds > 400 && plan.seconds < 560, `${plan.seconds} s`);
  const sum = plan.rounds.reduce((total, { seconds }) => total + seconds, 0);
  assert.ok(Math.abs(sum - plan.seconds) < 1e-6);
  const perWorld = tally(plan.rounds.map(({ world }) => world));
  assert.deepEqual([...perWorld.keys()], [...WORLDS]);
  assert.equal(new Set(perWorld.values()).size, 1);
  const [count] = perWorld.values();
  assert.ok(count! >= 20 && count! % 4 === 0, `${count} rounds`);
});

Deno.test("planRounds() ends on whole squares of orders where that leaves enough rounds", () => {
  for (let seconds = 100; seconds <= 600; seconds += 7) {
    const { rounds } = planRounds({ turnSeconds: MEASURED, startSeconds: 0.2, seconds });
    const count = rounds.length / 3;
    const expected = count % 4 === 0 ? count >= 2 : count < 8;
    assert.ok(expected, `${count} rounds in ${seconds} s`);
  }
});

Deno.test("planRounds() plans runs of one to two seconds whatever a turn takes", () => {
  fc.assert(fc.property(fc.double({ min: 1e-7, max: 0.3, noNaN: true }), (turn) => {
    const { rounds } = planRounds({ turnSeconds: { moyen: turn }, startSeconds: 0.1 });
    const { slices, sliceTurns, warmUpTurns } = rounds[0]!;
    const seconds = slices * sliceTurns * turn;
    assert.ok(seconds > 0.8 && seconds < 2, `${seconds} s`);
    assert.ok(Number.isInteger(sliceTurns) && warmUpTurns >= 2);
  }));
});

Deno.test("planRounds() names each variant once per slice, in balanced orders", () => {
  for (const slices of [1, 4, 6]) {
    const { rounds } = planRounds({ turnSeconds: MEASURED, startSeconds: 0.2, slices });
    const first: string[] = [];
    for (const { order, slices: planned } of rounds.filter(({ world }) => world === "default")) {
      assert.equal(planned, slices);
      assert.deepEqual(tally(order), new Map(order.slice(0, 4).map((name) => [name, slices])));
      assert.deepEqual(order.slice(0, 4).toSorted(), ["off", ...USUAL_PUBLISHERS].toSorted());
      first.push(order[0]!);
    }
    assert.equal(new Set(tally(first).values()).size, 1, `${slices}: ${first}`);
    assert.equal(new Set(first).size, 4);
  }
});

Deno.test("planRounds() plays only what it is asked for", () => {
  const turnSeconds: Partial<Record<World, number>> = { moyen: 1e-3 };
  const { rounds } = planRounds({
    turnSeconds,
    startSeconds: 0,
    publishers: ["none"],
    seconds: 30,
    slices: 1,
  });
  assert.deepEqual([...new Set(rounds.map(({ world }) => world))], ["moyen"]);
  assert.deepEqual([...new Set(rounds.map(({ order }) => order.join()))], ["off,none", "none,off"]);
});

Deno.test("planRounds() refuses a time into which no two rounds fit, and turns of no time", () => {
  const plan = (turn: number, seconds: number) => () =>
    planRounds({ turnSeconds: { grand: turn }, startSeconds: 0.2, seconds });
  assert.throws(plan(0.05, 10), /Cannot plan the benchmark: a round takes/);
  assert.throws(plan(60, 600), RangeError);
  for (const turn of [0, -1, NaN, Infinity]) assert.throws(plan(turn, 600), RangeError);
});

Deno.test("progressOf() goes from 0 to 1 and tells the time left at the pace so far", () => {
  const plan = planRounds({ turnSeconds: MEASURED, startSeconds: 0.2, seconds: 120 });
  assert.deepEqual(progressOf(plan, 0, 0), {
    fraction: 0,
    secondsLeft: plan.seconds,
    goOn: true,
  });
  let before = -1;
  plan.rounds.forEach((_, done) => {
    const { fraction } = progressOf(plan, done, done);
    assert.ok(fraction > before && fraction < 1);
    before = fraction;
  });
  const { length } = plan.rounds;
  const half = plan.rounds.slice(0, length / 2).reduce((sum, { seconds }) => sum + seconds, 0);
  const { secondsLeft } = progressOf(plan, length / 2, 1.1 * half);
  assert.ok(Math.abs(secondsLeft - 1.1 * (plan.seconds - half)) < 1e-6, `${secondsLeft}`);
  assert.deepEqual(progressOf(plan, length, 99), { fraction: 1, secondsLeft: 0, goOn: false });
});

Deno.test("progressOf() stops a machine that became slow before the time is over", () => {
  const plan = planRounds({ turnSeconds: MEASURED, startSeconds: 0.2, seconds: 300 });
  let elapsed = 0;
  let done = 0;
  while (progressOf(plan, done, elapsed).goOn) elapsed += 3 * plan.rounds[done++]!.seconds;
  assert.ok(done > 3 && done < plan.rounds.length, `${done}`);
  assert.ok(elapsed <= 300 && elapsed > 250, `${elapsed} s`);
});
