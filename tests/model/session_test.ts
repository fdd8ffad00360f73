/** Tests of what becomes of a report: new, repeated, late, or the first after a reset. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Outcome, readReport, type Report } from "../../lib/report/mod.ts";
import { type Session, SILENT_AFTER, stateOf, valueOf } from "../../lib/model/mod.ts";
import { createSession, takeReport } from "../../lib/model/session.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { NOTHING } from "../report/options.ts";
import { by, createModel, flatten, report } from "./reports.ts";

interface Step {
  readonly order?: number;
  readonly tick?: number;
  readonly total: number;
  readonly sold?: number;
}

function play(steps: readonly Step[]): { outcomes: Outcome[]; total: number; session: Session } {
  const session = createSession("a");
  const outcomes = steps.map(({ order, tick, total, sold = total }) =>
    takeReport(
      session,
      report({
        order,
        tick,
        turn: order,
        values: { transactions_total: total, transactions_reussies_total: sold },
      }),
      0,
      [],
    ).outcome
  );
  return { outcomes, total: valueOf(session.ledger.totals.get("transactions_total")!), session };
}

Deno.test("takeReport() tells new, repeated and late reports and resets apart", () => {
  const cases: Record<string, [Step[], Outcome[], total: number]> = {
    "a game that goes on": [
      [{ order: 1, tick: 0, total: 4 }, { order: 2, tick: 1, total: 9 }],
      ["taken", "taken"],
      9,
    ],
    "a repeated report": [
      [{ order: 2, tick: 1, total: 9 }, { order: 2, tick: 1, total: 9 }],
      ["taken", "repeat"],
      9,
    ],
    "a repeated report that says something else": [
      [{ order: 2, tick: 1, total: 9 }, { order: 2, tick: 1, total: 50 }],
      ["taken", "repeat"],
      9,
    ],
    "a late report": [
      [{ order: 2, tick: 1, total: 9 }, { order: 1, tick: 0, total: 4 }],
      ["taken", "late"],
      9,
    ],
    "a late report of before a reset": [
      [
        { order: 3, tick: 2, total: 9 },
        { order: 4, tick: 0, total: 3 },
        { order: 2, tick: 1, total: 6 },
        { order: 5, tick: 1, total: 5 },
      ],
      ["taken", "taken", "late", "taken"],
      14,
    ],
    "a reset": [
      [{ order: 3, tick: 2, total: 9 }, { order: 4, tick: 0, total: 3 }],
      ["taken", "taken"],
      12,
    ],
    "a reset after the first turn": [
      [{ order: 1, tick: 0, total: 9 }, { order: 2, tick: 0, total: 3 }],
      ["taken", "taken"],
      12,
    ],
    "a reset after which more is sold at once": [
      [{ order: 3, tick: 2, total: 9 }, { order: 4, tick: 0, total: 30 }],
      ["taken", "taken"],
      39,
    ],
    "two resets": [
      [
        { order: 3, tick: 2, total: 9 },
        { order: 4, tick: 0, total: 3 },
        { order: 5, tick: 0, total: 2 },
      ],
      ["taken", "taken", "taken"],
      14,
    ],
    "a reset that lost reports hide, with a total that has fallen": [
      [{ order: 3, tick: 2, total: 9 }, { order: 8, tick: 4, total: 6 }],
      ["taken", "taken"],
      15,
    ],
    "the same, where only another total has fallen": [
      [{ order: 3, tick: 2, total: 9, sold: 9 }, { order: 8, tick: 4, total: 10, sold: 5 }],
      ["taken", "taken"],
      19,
    ],
    "lost reports without a reset": [
      [{ order: 3, tick: 2, total: 9 }, { order: 8, tick: 7, total: 20 }],
      ["taken", "taken"],
      20,
    ],
    "a total that falls without a reset": [
      [{ order: 3, tick: 2, total: 9 }, { order: 4, tick: 3, total: 5 }, {
        order: 5,
        tick: 4,
        total: 11,
      }],
      ["taken", "taken", "taken"],
      11,
    ],
    "reports without a tick": [
      [{ order: 3, total: 9 }, { order: 4, total: 3 }, { order: 5, total: 12 }],
      ["taken", "taken", "taken"],
      12,
    ],
    "reports without an order": [[{ total: 9 }, { total: 9 }, { total: 4 }], [
      "taken",
      "taken",
      "taken",
    ], 9],
  };
  for (const [name, [steps, outcomes, total]] of Object.entries(cases)) {
    const found = play(steps);
    assert.deepEqual(found.outcomes, outcomes, name);
    assert.equal(found.total, total, name);
  }
});

Deno.test("takeReport() changes nothing for a repeated or late report", () => {
  const session = createSession("a");
  const first = report({
    order: 5,
    tick: 4,
    timestamp: 100,
    values: { budget_total: 1, transactions_total: 7 },
    turnSeconds: { turns: 5, sum: 1 },
  });
  takeReport(session, first, 1000, ["continent"]);
  const before = structuredClone(session);
  for (const order of [5, 4]) {
    takeReport(
      session,
      report({
        order,
        tick: 0,
        timestamp: 200,
        finished: true,
        values: { budget_total: 2, transactions_total: 70 },
        breakdowns: { budget_total: [by("continent", { Asie: 2 })] },
        turnSeconds: { turns: 50, sum: 10 },
        events: new Map([["inflation", 5]]),
      }),
      2000,
      ["continent"],
    );
    assert.deepEqual(session, before);
  }
});

Deno.test("stateOf() calls a session silent after 10 s, and finished whenever it said so", () => {
  const session = createSession("a");
  takeReport(session, report({ order: 1 }), 1000, []);
  assert.equal(SILENT_AFTER, 10);
  const at = (now: number) => stateOf(session, now);
  assert.deepEqual([at(1000), at(1009.999), at(1010), at(9999)], [
    "running",
    "running",
    "silent",
    "silent",
  ]);
  takeReport(session, report({ order: 2, finished: true }), 1000, []);
  assert.deepEqual([at(1000), at(9999)], ["finished", "finished"]);
  takeReport(session, report({ order: 3 }), 1000, []);
  assert.equal(at(1000), "running", "a report after the end goes on");
});

Deno.test("takeReport() uses the breakdown with most of the labels in use, the first named at a draw", () => {
  const continent = by("continent", { Asie: 3, Europe: 4 });
  const type = by("produit_type", { fini: 5, brut: 2 });
  const both = {
    labels: ["continent", "produit_type"] as const,
    parts: [
      { labels: { continent: "Asie", produit_type: "fini" }, value: 3 },
      { labels: { continent: "Europe", produit_type: "fini" }, value: 3 },
      { labels: { continent: "Europe", produit_type: "brut" }, value: 1 },
    ],
  };
  const all = [continent, type, both];
  type Labels = readonly ("continent" | "produit_type")[];
  const cases: Record<string, [typeof all, Labels, Record<string, number> | undefined]> = {
    "no label": [all, [], undefined],
    "one label": [[continent, type], ["produit_type"], { fini: 5, brut: 2 }],
    "one label of a joint one": [[both], ["continent"], { Asie: 3, Europe: 4 }],
    "two labels": [all, ["continent", "produit_type"], {
      "Asie\0fini": 3,
      "Europe\0fini": 3,
      "Europe\0brut": 1,
    }],
    "two labels in another order": [all, ["produit_type", "continent"], {
      "fini\0Asie": 3,
      "fini\0Europe": 3,
      "brut\0Europe": 1,
    }],
    "two labels, no joint one": [[type, continent], ["continent", "produit_type"], {
      "Asie\0": 3,
      "Europe\0": 4,
    }],
    "label that is not there": [[continent], ["produit_type"], undefined],
    "no part": [[{ labels: [], parts: [] }], ["continent"], undefined],
  };
  for (const [name, [breakdowns, labels, expected]] of Object.entries(cases)) {
    const session = createSession("a");
    const given = report({ values: { budget_total: 7 }, breakdowns: { budget_total: breakdowns } });
    takeReport(session, given, 0, labels);
    const parts = session.parts.get("budget_total");
    assert.deepEqual(parts && Object.fromEntries(parts), expected, name);
  }
});

/** Turns of a game, part by part, and which of the reports get lost on the way. */
const games = fc.array(
  fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  { minLength: 1, maxLength: 4 },
);

/** Reports as TradeSim makes them, with resets between the parts. */
function reportsOf(parts: readonly (readonly boolean[])[]): { report: Report; isLost: boolean }[] {
  let resetAt = 0;
  return parts.flatMap((part) => {
    const reports = part.map((isLost, index) => {
      const turn = resetAt + index + 1;
      // What is lost at either end of a part is lost for good, when its totals begin again.
      const isEnd = index === 0 || index === part.length - 1;
      const payload = payloadAt({ session: "s", turnSeconds: 2 ** -11 }, turn, resetAt);
      return { report: readReport(payload, NOTHING).report, isLost: isLost && !isEnd };
    });
    resetAt += part.length;
    return reports;
  });
}

function totalsAfter(reports: readonly Report[]): Map<string, number> {
  const model = createModel();
  for (const next of reports) model.take(next, 0);
  const { families } = model.families(0);
  return flatten(families.filter(({ metric: { type } }) => type !== "gauge"));
}

Deno.test("takeReport() comes to the same totals whichever reports were lost, repeated or late", () => {
  fc.assert(
    fc.property(games, fc.infiniteStream(fc.nat(3)), (parts, repeats) => {
      const all = reportsOf(parts);
      const kept = all.filter(({ isLost }) => !isLost).map((one) => one.report);
      const disturbed = kept.flatMap((one, index) => {
        const before = kept.slice(Math.max(0, index - repeats.next().value), index);
        return [one, one, ...before];
      });
      const expected = totalsAfter(all.map((one) => one.report));
      // Turns that one report covers count at their mean: same number and sum, maybe other buckets.
      const withLosses = totalsAfter(kept);
      const repeated = totalsAfter(disturbed);
      for (const found of [withLosses, repeated]) {
        assert.deepEqual([...found.keys()], [...expected.keys()]);
        for (const [series, value] of expected) {
          // A slip is seen by the next report that comes: two of them may be seen as one.
          const isViolation = series.startsWith("simulation_invariant_");
          const wanted = isViolation ? withLosses.get(series) : value;
          assert.equal(found.get(series), wanted, series);
        }
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("takeReport() adds up the parts of a game with resets", () => {
  const parts = [3, 1, 5].map((turns) => new Array<boolean>(turns).fill(false));
  const totals = totalsAfter(reportsOf(parts).map((one) => one.report));
  const cases = {
    tours_completes: 9,
    transactions_total: 36,
    transactions_montant_total: 90,
    evenements_total: 9,
    temps_simulation_tour_seconds_count: 9,
    temps_simulation_tour_seconds_sum: 9 * 2 ** -11,
    // Between the last report of a part and the first of the next nothing is known.
    simulation_tour_intervalle_seconds_count: 6,
    simulation_tour_intervalle_seconds_sum: 1.5,
  };
  for (const [series, expected] of Object.entries(cases)) {
    assert.equal(totals.get(series), expected, series);
  }
});
