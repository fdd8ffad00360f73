/** Tests of the reports that are made of a turn log. @module */

import assert from "node:assert/strict";
import { TurnReports } from "../../lib/replay/turn_reports.ts";
import { readTurns } from "../../lib/turnlog/mod.ts";
import { bucketOf, noTurns } from "../../lib/turns/mod.ts";

/** A line of a turn log whose turns are so many milliseconds apart. */
function line(
  first: number,
  steps: readonly number[],
  more: Readonly<Record<string, unknown>> = {},
) {
  return readTurns({
    type: "tradesim.turns",
    version: 1,
    session: "s",
    tour: first,
    tours: steps.length,
    colonnes: {
      timestamp: [3, ...steps],
      duree_seconds: [3, ...steps.map((_, index) => index === 0 ? 2 : 0)],
      budget_total: [0, ...steps.map(() => 5)],
      produits_total: [0, 12],
      produits_actifs: [0, 9],
    },
    ...more,
  });
}

const BEGUN = 1_790_000_000_000;

Deno.test("a slow game gives a report for every turn", () => {
  const reports = [...new TurnReports(1).of(line(1, [BEGUN, 250, 250], { fini: true }))];
  assert.deepEqual(
    reports.map(({ report: { turn, order, timestamp, finished } }) => [
      ...[turn, order, timestamp, finished],
    ]),
    [
      [1, 1, BEGUN / 1000, false],
      [2, 2, BEGUN / 1000 + 0.25, false],
      [3, 3, BEGUN / 1000 + 0.5, true],
    ],
  );
  const { report, details } = reports[1]!;
  assert.deepEqual(Object.fromEntries(report.values), {
    budget_total: 10,
    produits_total: 12,
    produits_actifs: 9,
    produits_inactifs: 3,
  });
  const counts = noTurns();
  counts[bucketOf(0.002)] = 2;
  assert.deepEqual(report.turnSeconds, { counts, sum: 0.004 });
  assert.deepEqual(Object.fromEntries(details.columns), {
    tour: [2],
    timestamp: [BEGUN / 1000 + 0.25],
    duree_seconds: [0.002],
    budget_total: [10],
    produits_actifs: [9],
  });
});

Deno.test("a fast game, or a fast replay, gives a report every tenth of a second with all turns", () => {
  const turns = line(1, [BEGUN, ...new Array<number>(999).fill(1)]);
  const toursOf = (speed: number) =>
    Array.from(new TurnReports(speed).of(turns), ({ details }) => details.columns.get("tour")!);
  const slow = toursOf(1);
  assert.equal(slow.length, 10);
  assert.deepEqual(slow.flat(), Array.from({ length: 1000 }, (_, index) => index + 1));
  assert.deepEqual(toursOf(5).map(({ length }) => length), [500, 500]);
  // No report carries more turns than one can.
  const many = line(1, [BEGUN, ...new Array<number>(2499).fill(0)]);
  const lengths = Array.from(
    new TurnReports(1).of(many),
    ({ details }) => details.columns.get("tour")!.length,
  );
  assert.deepEqual(lengths, [1000, 1000, 500]);
});

Deno.test("durations go on from those before the line, and are unknown where these are", () => {
  const [report] = new TurnReports(1).of(line(10, [BEGUN], {
    temps_simulation_tour_seconds: { le: [0.001], counts: [9, 0], sum: 0.009 },
  }));
  const counts = noTurns();
  counts[bucketOf(0.001)] = 9;
  counts[bucketOf(0.002)] = 1;
  assert.deepEqual(report!.report.turnSeconds, { counts, sum: 0.011 });
  const [unknown] = new TurnReports(1).of(line(10, [BEGUN]));
  assert.equal(unknown!.report.turnSeconds, undefined);
});

Deno.test("a line without turns can end a game", () => {
  const reports = new TurnReports(1);
  const over = line(2, [], { fini: true, colonnes: {} });
  assert.deepEqual([...reports.of(over)], [], "of which nothing is known");
  const [first] = reports.of(line(1, [BEGUN]));
  const [last, ...more] = reports.of(over);
  assert.deepEqual(more, []);
  assert.deepEqual(last!.report, { ...first!.report, order: 2, finished: true });
});
