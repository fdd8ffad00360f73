/** Tests of the ledger: what counts never falls, and its parts add up to it. @module */

import assert from "node:assert/strict";
import fc from "fast-check";

import { valueOf } from "../../lib/model/mod.ts";
import {
  absorb,
  addReport,
  closePart,
  createLedger,
  intervalOf,
  type Ledger,
} from "../../lib/model/ledger.ts";
import type { TurnSeconds } from "../../lib/report/mod.ts";
import { nearest } from "../../lib/model/exact.ts";
import { report } from "./reports.ts";
import { TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";

const NO_PARTS = new Map();

/** Counts of turns by the upper bound of their bucket. */
function turnsByBound({ turnCounts }: Ledger): Record<string, number> {
  return Object.fromEntries(
    turnCounts.flatMap((count, index) =>
      count === 0 ? [] : [[String(TURN_SECONDS_BUCKETS[index] ?? "+Inf"), count]]
    ),
  );
}

/** Real time between reports, added up, and the turns in it. */
function interval(ledger: Ledger): { seconds: number; turns: number } {
  const { seconds, turns } = intervalOf(ledger);
  return { seconds: nearest(seconds), turns };
}

type Steps = readonly (TurnSeconds | "reset" | undefined)[];

function timed(...steps: Steps): Ledger {
  const ledger = createLedger();
  for (const step of steps) {
    if (step === "reset") closePart(ledger);
    else addReport(ledger, report({ turnSeconds: step }), NO_PARTS);
  }
  return ledger;
}

Deno.test("addReport() counts turn durations that come as a sum, at the mean of those that are new", () => {
  const cases: Record<string, [Steps, Record<string, number>, sum: number]> = {
    "one turn": [[{ turns: 1, sum: 0.002 }], { 0.0025: 1 }, 0.002],
    "on a bound": [[{ turns: 1, sum: 0.0025 }], { 0.0025: 1 }, 0.0025],
    "below the first bound": [[{ turns: 1, sum: 0 }], { 0.000001: 1 }, 0],
    "beyond the last bound": [[{ turns: 1, sum: 11 }], { "+Inf": 1 }, 11],
    "several turns in one report": [[{ turns: 4, sum: 0.004 }], { 0.001: 4 }, 0.004],
    "new turns at their own mean": [
      [{ turns: 1, sum: 0.002 }, { turns: 3, sum: 2.002 }],
      { 0.0025: 1, 1: 2 },
      2.002,
    ],
    "known turns": [[{ turns: 2, sum: 2 }, { turns: 2, sum: 2 }], { 1: 2 }, 2],
    "fewer turns than known": [[{ turns: 2, sum: 2 }, { turns: 1, sum: 1 }], { 1: 2 }, 2],
    "no durations": [[{ turns: 1, sum: 1 }, undefined], { 1: 1 }, 1],
    "reset": [[{ turns: 2, sum: 2 }, "reset", { turns: 1, sum: 5 }], { 1: 2, 5: 1 }, 7],
    "sum that falls": [[{ turns: 1, sum: 2 }, { turns: 2, sum: 1 }], { 2.5: 1, 0.000001: 1 }, 2],
  };
  for (const [name, [steps, buckets, sum]] of Object.entries(cases)) {
    const ledger = timed(...steps);
    assert.deepEqual(turnsByBound(ledger), buckets, name);
    assert.equal(valueOf(ledger.turnSum), sum, name);
  }
});

Deno.test("addReport() takes turn durations that come counted as they are, and lets none fall", () => {
  const counts = (...first: number[]) =>
    [...first, ...TURN_SECONDS_BUCKETS].map((count, index) => index < first.length ? count : 0)
      .slice(0, TURN_SECONDS_BUCKETS.length + 1);
  const ledger = timed({ counts: counts(3, 1), sum: 4 }, { counts: counts(2, 5), sum: 3 });
  assert.deepEqual(turnsByBound(ledger), { 0.000001: 3, 0.0000025: 5 });
  assert.equal(valueOf(ledger.turnSum), 4);
});

Deno.test("addReport() measures real time from the first to the last report of a part", () => {
  const ledger = createLedger();
  const add = (turn: number, timestamp: number | undefined) =>
    addReport(ledger, report({ turn, timestamp }), NO_PARTS);
  add(3, 100);
  assert.deepEqual(interval(ledger), { seconds: 0, turns: 0 });
  add(5, 101);
  add(6, undefined);
  assert.deepEqual(interval(ledger), { seconds: 1, turns: 2 });
  add(7, 99);
  assert.deepEqual(interval(ledger), { seconds: 1, turns: 4 }, "a clock that is set back");
  add(6, 102);
  assert.deepEqual(interval(ledger), { seconds: 2, turns: 4 }, "a turn that goes back");
  closePart(ledger);
  add(8, 200);
  add(9, 203);
  assert.deepEqual(interval(ledger), { seconds: 5, turns: 5 }, "over a reset");
});

const parts = fc.dictionary(fc.constantFrom("x", "y", "z"), fc.nat(60));
const steps = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.constant("reset" as const) },
    { weight: 6, arbitrary: fc.record({ value: fc.nat(100), parts: fc.option(parts) }) },
  ),
  { maxLength: 20 },
);

Deno.test("addReport() shares a total out among its parts, even where reports contradict themselves", () => {
  fc.assert(fc.property(steps, (all) => {
    const ledger = createLedger();
    let before = new Map<string, number>();
    let beforeTotal = 0;
    for (const step of all) {
      if (step === "reset") closePart(ledger);
      else {
        const given = step.parts &&
          new Map([["transactions_total", new Map(Object.entries(step.parts))]]);
        addReport(
          ledger,
          report({ values: { transactions_total: step.value } }),
          given ?? new Map(),
        );
      }
      const total = valueOf(ledger.totals.get("transactions_total") ?? { closed: [], current: 0 });
      assert.ok(total >= beforeTotal);
      const shares = new Map(
        Array.from(ledger.shares.get("transactions_total") ?? [], ([key, share]) => [
          key,
          valueOf(share),
        ]),
      );
      for (const [key, counted] of shares) assert.ok(counted >= (before.get(key) ?? 0), key);
      const sum = [...shares.values()].reduce((a, b) => a + b, 0);
      if (ledger.shares.size > 0) assert.equal(sum, total);
      before = shares;
      beforeTotal = total;
    }
  }));
});

Deno.test("addReport() counts for a part what it gained, and the rest as unknown", () => {
  const ledger = createLedger();
  const shares = () =>
    Object.fromEntries(
      Array.from(ledger.shares.get("transactions_total")!, ([key, share]) => [key, valueOf(share)]),
    );
  const add = (value: number, given: Record<string, number>) =>
    addReport(
      ledger,
      report({ values: { transactions_total: value } }),
      new Map([["transactions_total", new Map(Object.entries(given))]]),
    );
  add(10, { x: 6, y: 4 });
  assert.deepEqual(shares(), { x: 6, y: 4 });
  add(15, { x: 8, y: 5 });
  assert.deepEqual(shares(), { x: 8, y: 5, "": 2 });
  add(16, { x: 20, y: 20 });
  assert.deepEqual(shares(), { x: 9, y: 5, "": 2 }, "more than the whole gained");
  add(12, { x: 1, y: 1 });
  assert.deepEqual(shares(), { x: 9, y: 5, "": 2 }, "less than before");
  closePart(ledger);
  add(3, { x: 1, y: 2 });
  assert.deepEqual(shares(), { x: 10, y: 7, "": 2 }, "after a reset");
});

Deno.test("addReport() takes parts as they are where only rounding sets them apart from their total", () => {
  const ledger = createLedger();
  const shares = () =>
    Object.fromEntries(
      Array.from(
        ledger.shares.get("transactions_montant_total") ?? [],
        ([key, share]) => [key, Number(valueOf(share).toFixed(9))],
      ),
    );
  const add = (value: number, given?: Record<string, number>) =>
    addReport(
      ledger,
      report({ values: { transactions_montant_total: value } }),
      new Map(given && [["transactions_montant_total", new Map(Object.entries(given))]]),
    );
  for (let turn = 1; turn <= 1000; turn++) {
    const cents = (value: number) => Math.round(value * 100) / 100;
    const [x, y, z] = [turn * 3.3333, turn * 1.1111, turn * 0.777];
    const given = { x: cents(x), y: cents(y), z: cents(z) };
    add(cents(x + y + z), given);
    assert.deepEqual(shares(), given);
  }
  add(5300, { x: 3333.3, y: 1111.1, z: 777 });
  assert.deepEqual(shares(), { x: 3333.3, y: 1111.1, z: 777, "": 78.6 });
  add(5400);
  assert.deepEqual(shares(), { x: 3333.3, y: 1111.1, z: 777, "": 178.6 });
  add(5400, { x: 3433.3, y: 1111.1, z: 777 });
  assert.deepEqual(shares(), { x: 3333.3, y: 1111.1, z: 777, "": 178.6 }, "counted as unknown");
});

Deno.test("absorb() adds all that another ledger counted", () => {
  const make = (factor: number) => {
    const ledger = createLedger();
    for (const at of [0, 1]) {
      addReport(
        ledger,
        report({
          turn: 1 + at * factor,
          timestamp: 100 + at * factor,
          values: { transactions_total: factor * (at + 1) },
          extra: { total_volume: { type: "counter", value: factor } },
          turnSeconds: { turns: factor, sum: factor },
        }),
        new Map([["transactions_total", new Map([["x", factor]])]]),
      );
    }
    return ledger;
  };
  const ledger = createLedger();
  absorb(ledger, make(2));
  absorb(ledger, make(3));
  const value = (name: string) => valueOf(ledger.totals.get(name)!);
  assert.deepEqual([value("transactions_total"), value("total_volume")], [10, 5]);
  const shares = Array.from(
    ledger.shares.get("transactions_total")!,
    ([key, share]) => [key, valueOf(share)],
  );
  assert.deepEqual(shares, [["x", 5], ["", 5]]);
  assert.deepEqual(turnsByBound(ledger), { 1: 5 });
  assert.equal(valueOf(ledger.turnSum), 5);
  assert.equal(ledger.turns, 7);
  assert.deepEqual(interval(ledger), { seconds: 5, turns: 5 });
});
