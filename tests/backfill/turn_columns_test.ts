/** Tests of what is shown of each turn of a turn log: the same as an exporter shows. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { TURN_METRICS, TurnColumns } from "../../lib/backfill/turn_columns.ts";
import { REPORTED_METRICS } from "../../lib/catalogue/mod.ts";
import { Model } from "../../lib/model/mod.ts";
import { readReport } from "../../lib/report/mod.ts";
import type { Turns } from "../../lib/turnlog/mod.ts";
import { bucketOf, noTurns, TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";

const START = 1_795_000_000;
const COUNTERS = REPORTED_METRICS.filter(({ type }) => type === "counter").map(({ name }) => name);

/** A turn: how long it took in milliseconds, how long the pause after it was, and its numbers. */
const TURN = fc.tuple(
  fc.integer({ min: 0, max: 20_000_000 }).map((nanoseconds) => nanoseconds / 1e9),
  fc.integer({ min: 1, max: 3000 }).map((ms) => ms / 1000),
  fc.array(fc.integer({ min: 0, max: 1000 }), {
    minLength: REPORTED_METRICS.length,
    maxLength: REPORTED_METRICS.length,
  }),
);

interface Played {
  readonly seconds: number;
  readonly ended: number;
  readonly values: Readonly<Record<string, number>>;
}

function played(turns: readonly (readonly [number, number, readonly number[]])[]): Played[] {
  let ms = START * 1000;
  const totals: Record<string, number> = {};
  return turns.map(([seconds, pause, numbers]) => {
    ms += Math.round(pause * 1000);
    const values = Object.fromEntries(REPORTED_METRICS.map(({ name }, place) => {
      const number = numbers[place]!;
      const isCounter = COUNTERS.includes(name);
      return [name, isCounter ? totals[name] = (totals[name] ?? 0) + number : number / 100];
    }));
    return { seconds, ended: ms / 1000, values };
  });
}

function lineOf(turns: readonly Played[], first: number, before: Turns["before"]): Turns {
  const column = (read: (turn: Played) => number) => Float64Array.from(turns, read);
  return {
    session: "a",
    first,
    count: turns.length,
    before,
    finished: false,
    columns: new Map([
      ["timestamp", column(({ ended }) => ended)],
      ["duree_seconds", column(({ seconds }) => seconds)],
      ...REPORTED_METRICS.map(({ name }) => [name, column(({ values }) => values[name]!)] as const),
    ]),
  };
}

/** Every series of an exporter after each turn, as name, labels and value. */
function shownByExporter(turns: readonly Played[]): Map<string, number>[] {
  const model = new Model({
    breakdowns: [],
    bySession: false,
    allKeys: false,
    detail: false,
    maxSessions: 1,
    staleAfter: Infinity,
  });
  const counts = noTurns();
  let nanoseconds = 0;
  return turns.map(({ seconds, ended, values }, index) => {
    counts[bucketOf(seconds)]!++;
    nanoseconds += Math.round(seconds * 1e9);
    const { report } = readReport({
      type: "tradesim.report",
      version: 1,
      session: "a",
      rapport: index + 1,
      tour: index + 1,
      timestamp: ended,
      ...values,
      temps_simulation_tour_seconds: { le: TURN_SECONDS_BUCKETS, counts, sum: nanoseconds / 1e9 },
    });
    model.take(report, ended);
    return new Map(
      model.families(ended).families.flatMap(({ metric, series, values }) =>
        !TURN_METRICS.includes(metric)
          ? []
          : series.map(({ suffix, labels }, place) =>
            [`${metric.name}${suffix} ${JSON.stringify(labels)}`, values[place]!] as const
          )
      ),
    );
  });
}

function shownByColumns(lines: readonly Turns[]): Map<string, number>[] {
  const columns = new TurnColumns({ game: "a", isWanted: () => true });
  return lines.flatMap((turns) => {
    const times = turns.columns.get("timestamp")!.map((seconds) => seconds * 1000);
    const found = columns.of(turns, 0, times);
    return Array.from(
      { length: turns.count },
      (_, row) =>
        new Map(
          found.map(({ metric, series: { suffix, labels }, values }) =>
            [`${metric.name}${suffix} ${JSON.stringify(labels)}`, values[row]!] as const
          ),
        ),
    );
  });
}

Deno.test("TurnColumns.of() shows of every turn what an exporter shows of its report", () => {
  fc.assert(
    fc.property(fc.array(TURN, { minLength: 1, maxLength: 12 }), fc.nat(11), (drawn, cut) => {
      const turns = played(drawn);
      const at = Math.min(cut, turns.length);
      const lines = [
        lineOf(turns.slice(0, at), 1, undefined),
        lineOf(turns.slice(at), at + 1, undefined),
      ].filter(({ count }) => count > 0);
      const expected = shownByExporter(turns);
      const found = shownByColumns(lines);
      assert.equal(found.length, expected.length);
      for (const [index, series] of found.entries()) {
        const own = [...expected[index]!];
        assert.deepEqual([...series.keys()].toSorted(), own.map(([name]) => name).toSorted());
        for (const [name, value] of own) {
          const difference = Math.abs(series.get(name)! - value);
          assert.ok(difference <= 1e-9 * Math.max(1, value), `${name}: ${value}`);
        }
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("TurnColumns.of() counts what is missing, as the line behind the gap tells", () => {
  const turns = played([[0.002, 1, []], [0.002, 1, []], [0.3, 1, []]].map(
    ([seconds, pause]) => [seconds as number, pause as number, REPORTED_METRICS.map(() => 1)],
  ));
  const counts = noTurns();
  counts[bucketOf(0.002)] = 4;
  const lines = [
    lineOf(turns.slice(0, 2), 1, undefined),
    lineOf(turns.slice(2), 6, { counts, sum: 0.0085 }),
  ];
  const found = shownByColumns(lines).at(-1)!;
  assert.equal(found.get("temps_simulation_tour_seconds_count []"), 5);
  assert.equal(found.get("temps_simulation_tour_seconds_sum []"), 0.3085);
  assert.equal(found.get("tours_completes []"), 6);
  assert.equal(found.get("simulation_tour_intervalle_seconds_count []"), 5);
});

Deno.test("TurnColumns.of() shows the last turn of a game that said so as finished", () => {
  const turns = played(Array.from({ length: 3 }, () => [0.1, 1, REPORTED_METRICS.map(() => 0)]));
  const columns = new TurnColumns({
    game: "a",
    finishedAt: 3,
    isWanted: (name) => name === "simulation_etat",
  });
  const found = columns.of(lineOf(turns, 1, undefined), 0, Float64Array.of(1, 2, 3));
  assert.deepEqual(found.map(({ values }) => [...values]), [
    [1, 1, 0],
    [0, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});
