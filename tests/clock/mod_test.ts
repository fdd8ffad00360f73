/** Tests of the clock that ages are counted by. @module */

import assert from "node:assert/strict";
import { createClock } from "../../lib/clock/mod.ts";

function setUp() {
  const hands = { wall: 1_795_000_000, monotonic: 5 };
  const steps: number[] = [];
  const now = createClock({
    onStep: (seconds) => steps.push(seconds),
    wall: () => hands.wall,
    monotonic: () => hands.monotonic,
  });
  const pass = (seconds: number, wall = seconds) => {
    hands.monotonic += seconds;
    hands.wall += wall;
  };
  return { now, steps, pass };
}

Deno.test("createClock() goes on with time, and not with a wall clock that runs a little off", () => {
  const { now, steps, pass } = setUp();
  assert.equal(now(), 1_795_000_000);
  pass(10, 10.5);
  assert.equal(now(), 1_795_000_010);
  pass(10, 9.5);
  assert.equal(now(), 1_795_000_020);
  assert.deepEqual(steps, []);
});

Deno.test("createClock() takes over a wall clock that was set, and says by how much", () => {
  const { now, steps, pass } = setUp();
  pass(1, -3600);
  assert.equal(now(), 1_794_996_400);
  pass(2);
  assert.equal(now(), 1_794_996_402);
  pass(0, 1e9);
  assert.equal(now(), 2_794_996_402);
  assert.deepEqual(steps, [-3601, 1e9]);
});
