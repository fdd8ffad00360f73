/** Tests of when the reports of a recording are due. @module */

import assert from "node:assert/strict";
import { type Between, Pace } from "../../lib/replay/pace.ts";

const ENDED: Between = "games, the first of which had ended";

interface Case {
  readonly speed?: number;
  /** Recorded times, and what is between each report and the one before. */
  readonly recorded: readonly (readonly [number | undefined, Between])[];
  /** Seconds after the start at which they are due. */
  readonly due: readonly number[];
}

const CASES: Readonly<Record<string, Case>> = {
  "at the pace of the game": {
    recorded: [[100, "games"], [101, "turns"], [103.5, "turns"]],
    due: [0, 1, 3.5],
  },
  "faster and slower": {
    speed: 50,
    recorded: [[100, "games"], [150, "turns"], [150.5, "turns"]],
    due: [0, 1, 1.01],
  },
  "slower": {
    speed: 0.5,
    recorded: [[100, "games"], [101, "turns"]],
    due: [0, 2],
  },
  "a game that was left alone overnight": {
    speed: 2,
    recorded: [[0, "games"], [40_000, "turns"], [40_001, "turns"]],
    due: [0, 10, 10.5],
  },
  "a slow game, which is as slow from its second pause on": {
    recorded: [[0, "games"], [30, "turns"], [60, "turns"], [90, "turns"], [40_000, "turns"]],
    due: [0, 10, 40, 70, 140],
  },
  "breaks between games, which are not faster": {
    speed: 50,
    recorded: [[0, "games"], [5, "games"], [9000, "games"], [9005, ENDED], [9006, ENDED]],
    due: [0, 5, 16, 18, 19],
  },
  "a game that was recorded before the one that stands before it": {
    recorded: [[1000, "games"], [1, ENDED], [2, "turns"], [0, "games"]],
    due: [0, 2, 3, 14],
  },
  "a clock that was set back within a game": {
    recorded: [[1000, "games"], [500, "turns"], [501, "turns"]],
    due: [0, 0, 1],
  },
  "reports without a time": {
    recorded: [[undefined, "games"], [undefined, "turns"], [undefined, "turns"]],
    due: [0, 1, 2],
  },
  "one report without a time": {
    recorded: [[100, "games"], [undefined, "turns"], [102, "turns"]],
    due: [0, 1, 2],
  },
};

for (const [name, { speed = 1, recorded, due }] of Object.entries(CASES)) {
  Deno.test(`Pace: ${name}`, () => {
    let now = 5000;
    const pace = new Pace(speed, () => now);
    const found = recorded.map(([time, between]) => {
      now = pace.next(time, between);
      return Math.round((now - 5000) * 1e6) / 1e6;
    });
    assert.deepEqual(found, due);
  });
}

Deno.test("a replay that lags behind goes on from where it is, and makes up for a short lag", () => {
  let now = 1000;
  const pace = new Pace(1, () => now);
  assert.equal(pace.next(0, "games"), 1000);
  now = 1001.5;
  assert.equal(pace.next(1, "turns"), 1001, "half a second late");
  now = 2000;
  assert.equal(pace.next(2, "turns"), 2000, "the machine slept");
  assert.equal(pace.next(3, "turns"), 2001);
});

Deno.test("timeOf() maps times that a report carries, seen from when it is due", () => {
  const pace = new Pace(10, () => 1000);
  pace.next(500, "games");
  assert.equal(pace.next(510, "turns"), 1001);
  assert.equal(pace.timeOf(510), 1001);
  assert.equal(pace.timeOf(505), 1000.5);
  assert.equal(pace.timeOf(520), 1002);
});
