/** Tests of the turns that are kept for a report. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { COLUMN_NAMES, MAX_COLUMN_LENGTH } from "../../lib/report/mod.ts";
import { Line } from "../../lib/publish/line.ts";
import { MAX_TURNS, MIN_TURNS, TurnLog, type TurnNumbers } from "../../lib/publish/turn_log.ts";

type Columns = Readonly<Record<string, readonly number[]>>;

const NUMBERS: TurnNumbers = {
  budgetTotal: 1,
  budgetMin: 2,
  budgetMax: 3,
  reussies: 4,
  echouees: 5,
  montant: 6,
  produits: 2,
  produitsActifs: 7,
  prixTotal: 800,
  evenements: 9,
};

function columnsOf(log: TurnLog, epoch = 0): Columns {
  const line = new Line();
  log.write(line, epoch);
  return JSON.parse(new TextDecoder().decode(line.bytes()));
}

interface Turn {
  readonly budget: number;
  /** In milliseconds. */
  readonly duration: number;
}

function logOf(turns: readonly Turn[], maxTurns: number, log = new TurnLog(maxTurns)): TurnLog {
  for (const { budget, duration } of turns) {
    log.add(log.tour + 1, duration, { ...NUMBERS, budgetTotal: budget * 100 });
  }
  return log;
}

/** Few different values, so that there are draws. */
const TURN = fc.record({
  budget: fc.integer({ min: -20, max: 20 }),
  duration: fc.integer({ min: 0, max: 20 }),
}, { noNullPrototype: true });
const MANY_TURNS = fc.array(TURN, { minLength: 1, maxLength: 3000, size: "max" });
const SIZE = fc.integer({ min: MIN_TURNS, max: 200 });

/** The columns of all turns, for comparison with those of the kept ones. */
function turnAt(columns: Columns, index: number): Turn {
  return {
    budget: columns.budget_total![index]!,
    duration: Math.round(columns.duree_seconds![index]! * 1000),
  };
}

Deno.test("TurnLog.write() gives every column of the report, in its units", () => {
  const log = new TurnLog(MIN_TURNS);
  log.add(1500, 0.001234, NUMBERS);
  log.add(1501, 2500, { ...NUMBERS, budgetTotal: 123_456_789_012, prixTotal: 801 });
  assert.deepEqual(columnsOf(log, 1_795_343_329_000), {
    tour: [1, 2],
    timestamp: [1_795_343_330.5, 1_795_343_330.501],
    budget_total: [0.01, 1_234_567_890.12],
    budget_min: [0.02, 0.02],
    budget_max: [0.03, 0.03],
    transactions_reussies_total: [4, 4],
    transactions_echouees_total: [5, 5],
    transactions_montant_total: [0.06, 0.06],
    produits_actifs: [7, 7],
    produits_prix_moyen: [4, 4.01],
    duree_seconds: [0.000001234, 2.5],
    evenements_total: [9, 9],
  });
  assert.deepEqual(Object.keys(columnsOf(log)), [...COLUMN_NAMES]);
  assert.equal(MAX_TURNS, MAX_COLUMN_LENGTH);
});

Deno.test("TurnLog.add() takes a game without products", () => {
  const log = new TurnLog(MIN_TURNS);
  log.add(1, 1, { ...NUMBERS, produits: 0, prixTotal: 0 });
  assert.deepEqual(columnsOf(log).produits_prix_moyen, [0]);
});

Deno.test("TurnLog.add() keeps all turns while there are no more than may be", () => {
  fc.assert(fc.property(MANY_TURNS, SIZE, (turns, maxTurns) => {
    const some = turns.slice(0, maxTurns);
    const columns = columnsOf(logOf(some, maxTurns));
    assert.deepEqual(some.map((_, index) => turnAt(columns, index)), some);
  }));
});

Deno.test("TurnLog.add() keeps real turns in order, some but not too many, and the last one", () => {
  fc.assert(fc.property(MANY_TURNS, SIZE, (turns, maxTurns) => {
    const columns = columnsOf(logOf(turns, maxTurns));
    const kept = columns.tour!;
    assert.ok(kept.length <= maxTurns);
    assert.ok(kept.length >= Math.min(turns.length, maxTurns / 8));
    kept.forEach((tour, index) => {
      assert.ok(index === 0 || tour > kept[index - 1]!);
      assert.deepEqual(turnAt(columns, index), turns[tour - 1]);
    });
    assert.equal(kept.at(-1), turns.length);
  }));
});

Deno.test("TurnLog.add() keeps the extremes of every bin, whatever its width has become", () => {
  fc.assert(fc.property(MANY_TURNS, SIZE, (turns, maxTurns) => {
    const kept = columnsOf(logOf(turns, maxTurns)).tour!;
    // The width that explains what was kept: every closed bin holds its extremes and its last turn.
    const explains = (width: number) => {
      const expected = new Set<number>();
      for (let first = 0; first < turns.length; first += width) {
        const bin = turns.slice(first, first + width);
        const budgets = bin.map(({ budget }) => budget);
        const durations = bin.map(({ duration }) => duration);
        expected.add(first + 1 + budgets.indexOf(Math.min(...budgets)));
        expected.add(first + 1 + budgets.indexOf(Math.max(...budgets)));
        expected.add(first + 1 + durations.indexOf(Math.max(...durations)));
        expected.add(first + bin.length);
      }
      const missing = [...expected].filter((tour) => !kept.includes(tour));
      const needless = kept.filter((tour) => !expected.has(tour));
      // The turns since the last thinning are kept as they are, and the bin was open then.
      const staged = turns.length - width - (maxTurns >> 2);
      return missing.length === 0 && needless.every((tour) => tour > staged);
    };
    // No width is taken before half of it, with four turns a bin, could be too many.
    const isNeeded = (width: number) => 4 * Math.ceil(turns.length / (width / 2)) >= maxTurns / 2;
    const widths = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
    assert.ok(widths.filter((width) => width <= 8 || isNeeded(width)).some(explains), kept.join());
  }));
});

Deno.test("TurnLog.settle() counts every turn, kept or not, over all reports", () => {
  fc.assert(fc.property(fc.array(MANY_TURNS, { maxLength: 4 }), SIZE, (reports, maxTurns) => {
    const log = new TurnLog(maxTurns);
    for (const turns of reports) {
      logOf(turns, maxTurns, log).settle();
      log.clear();
      assert.equal(log.count, 0);
    }
    const all = reports.flat();
    assert.equal(log.tour, all.length);
    assert.equal(log.seconds.counts.reduce((sum, count) => sum + count, 0), all.length);
    const milliseconds = all.reduce((sum, { duration }) => sum + duration, 0);
    assert.equal(log.seconds.sum, milliseconds / 1000);
  }));
});

Deno.test("TurnLog.clear() begins anew: the next turns are kept as if they were the first", () => {
  fc.assert(fc.property(MANY_TURNS, MANY_TURNS, SIZE, (before, turns, maxTurns) => {
    const used = logOf(before, maxTurns);
    used.clear();
    const kept = columnsOf(logOf(turns, maxTurns, used)).tour!;
    const fresh = columnsOf(logOf(turns, maxTurns)).tour!;
    assert.deepEqual(kept.map((tour) => tour - before.length), fresh);
  }));
});
