/** Tests of the times of replayed reports. @module */

import assert from "node:assert/strict";
import { Pace } from "../../lib/replay/pace.ts";
import { Restamp } from "../../lib/replay/restamp.ts";
import { readReport } from "../../lib/report/mod.ts";
import { BEGUN, native, tradesim } from "./support.ts";

const NOW = 1_800_000_000;

function setUp(speed = 10) {
  let now = NOW;
  const restamp = new Restamp(new Pace(speed, () => now));
  restamp.begin(1);
  /** What becomes of a report that is handed over when it is due. */
  const next = (value: unknown) => {
    const { reading: { report, details }, due } = restamp.next(readReport(value));
    now = due;
    const round = (time: number) => Math.round((time - NOW) * 1e3) / 1e3;
    return {
      session: report.session,
      turn: report.turn,
      at: round(due),
      timestamp: round(report.timestamp ?? NaN),
      events: Object.fromEntries(Array.from(report.events, ([type, time]) => [type, round(time)])),
      times: details.columns.get("timestamp")?.map(round),
    };
  };
  return { restamp, next };
}

Deno.test("a report is of the moment at which it is due, its turns and events before it", () => {
  const { next } = setUp();
  const first = native({ tour: 1, seconds: 0, evenements: { inflation: BEGUN - 5 } });
  assert.deepEqual(next(first), {
    ...{ session: "s", turn: 1, at: 0, timestamp: 0 },
    ...{ events: { inflation: -0.5 }, times: undefined },
  });
  const second = native({
    tour: 3,
    seconds: 20,
    evenements: { inflation: BEGUN + 10, reassort: BEGUN + 20 },
    colonnes: { tour: [2, 3], timestamp: [BEGUN + 10, BEGUN + 20] },
  });
  assert.deepEqual(next(second), {
    ...{ session: "s", turn: 3, at: 2, timestamp: 2 },
    ...{ events: { inflation: 1, reassort: 2 }, times: [1, 2] },
  });
});

Deno.test("no turn comes before those of the last report, though the pause between was shortened", () => {
  const { next } = setUp(1);
  next(native({ tour: 1, seconds: 0, evenements: { inflation: BEGUN } }));
  const { at, times, events } = next(native({
    tour: 3,
    seconds: 1000,
    evenements: { inflation: BEGUN },
    colonnes: { tour: [2, 3], timestamp: [BEGUN + 1, BEGUN + 1000] },
  }));
  assert.deepEqual([at, times], [10, [0, 10]]);
  assert.deepEqual(events, { inflation: 0 }, "it is the same event");
});

Deno.test("TradeSim's reports get their times too, even those without one", () => {
  const { next } = setUp();
  assert.deepEqual(next(tradesim(1, 0)).timestamp, 0);
  const { timestamp: _, ...untimed } = tradesim(2, 0);
  assert.deepEqual(next(untimed).timestamp, 0.1);
});

Deno.test("what was recorded twice is no other game, and takes no time", () => {
  const { next } = setUp(1);
  for (const turn of [1, 2, 3]) next(tradesim(turn, turn));
  for (const turn of [1, 2, 3]) {
    const { at, timestamp } = next(tradesim(turn, turn));
    assert.deepEqual([at, timestamp], [2, turn - 1]);
  }
  assert.deepEqual(next(tradesim(4, 4)).at, 3);
  // A second game of the same second, however, is one.
  assert.deepEqual(next(tradesim(1, 5)).at, 4);
});

Deno.test("a game begins after the one before it, and each round has names of its own", () => {
  const { restamp, next } = setUp(100);
  next(native({ tour: 1, seconds: 0 }));
  assert.equal(next(native({ tour: 2, seconds: 50, fini: true })).at, 0.5);
  assert.deepEqual(
    [next(native({ session: "b", tour: 1, seconds: 500 }))].map(({ at, session }) => [at, session]),
    [[2.5, "b"]],
  );
  // Games that are played at once.
  assert.equal(next(native({ tour: 3, seconds: 501 })).at, 2.51);
  assert.equal(next(native({ session: "b", tour: 2, seconds: 502 })).at, 2.52);
  restamp.begin(2);
  const { at, session } = next(native({ tour: 1, seconds: 0 }));
  assert.deepEqual([at, session], [13.52, "s (2)"]);
});
