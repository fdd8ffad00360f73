/** Tests of the turns that are kept for a report. @module */

import assert from "node:assert/strict";
import fc from "fast-check";

import type { TurnNumbers } from "../../lib/publish/mod.ts";
import { Line } from "../../lib/publish/line.ts";
import { GROUP, MIN_TURNS, RecentTurns } from "../../lib/publish/recent_turns.ts";
import { COLUMN_NAMES, MAX_COLUMN_LENGTH } from "../../lib/turns/mod.ts";

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

function columnsOf(log: RecentTurns, epoch = 0): Columns {
  const line = new Line();
  log.write(line, epoch);
  return JSON.parse(new TextDecoder().decode(line.bytes()));
}

/** Adds a turn that is timed by itself. */
function add(log: RecentTurns, ended: number, duration: number, numbers: TurnNumbers): void {
  log.open(1);
  log.close({ turns: 1, ended, last: duration, others: duration }, numbers);
}

interface Turn {
  readonly budget: number;
  /** In milliseconds. */
  readonly duration: number;
}

function logOf(
  turns: readonly Turn[],
  maxTurns: number,
  log = new RecentTurns(maxTurns),
): RecentTurns {
  for (const { budget, duration } of turns) {
    add(log, log.tour + 1, duration, { ...NUMBERS, budgetTotal: budget * 100 });
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

Deno.test("RecentTurns.write() gives every column of the report, in its units", () => {
  const log = new RecentTurns(MIN_TURNS);
  add(log, 1500, 0.001234, NUMBERS);
  add(log, 1501, 2500, { ...NUMBERS, budgetTotal: 123_456_789_012, prixTotal: 801 });
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
  assert.equal(MAX_COLUMN_LENGTH, MAX_COLUMN_LENGTH);
});

Deno.test("RecentTurns.close() takes a game without products", () => {
  const log = new RecentTurns(MIN_TURNS);
  add(log, 1, 1, { ...NUMBERS, produits: 0, prixTotal: 0 });
  assert.deepEqual(columnsOf(log).produits_prix_moyen, [0]);
});

Deno.test("RecentTurns.close() keeps all turns while there are no more than may be", () => {
  fc.assert(fc.property(MANY_TURNS, SIZE, (turns, maxTurns) => {
    const some = turns.slice(0, maxTurns);
    const columns = columnsOf(logOf(some, maxTurns));
    assert.deepEqual(some.map((_, index) => turnAt(columns, index)), some);
  }));
});

Deno.test("RecentTurns.close() keeps real turns in order, some but not too many, and the last one", () => {
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

Deno.test("RecentTurns.close() keeps the extremes of every bin, whatever its width has become", () => {
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
      const staged = turns.length - width - Math.max(4, maxTurns >> 2);
      return missing.length === 0 && needless.every((tour) => tour > staged);
    };
    // No width is taken before half of it, with four turns a bin, could be too many.
    const isNeeded = (width: number) => 4 * Math.ceil(turns.length / (width / 2)) >= maxTurns / 2;
    const widths = [1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];
    assert.ok(widths.filter((width) => width <= 8 || isNeeded(width)).some(explains), kept.join());
  }));
});

Deno.test("RecentTurns.close() counts every turn, kept or not, over all reports", () => {
  fc.assert(fc.property(fc.array(MANY_TURNS, { maxLength: 4 }), SIZE, (reports, maxTurns) => {
    const log = new RecentTurns(maxTurns);
    for (const turns of reports) {
      logOf(turns, maxTurns, log);
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

Deno.test("RecentTurns.clear() begins anew: the next turns are kept as if they were the first", () => {
  fc.assert(fc.property(MANY_TURNS, MANY_TURNS, SIZE, (before, turns, maxTurns) => {
    const used = logOf(before, maxTurns);
    used.clear();
    const kept = columnsOf(logOf(turns, maxTurns, used)).tour!;
    const fresh = columnsOf(logOf(turns, maxTurns)).tour!;
    assert.deepEqual(kept.map((tour) => tour - before.length), fresh);
  }));
});

interface Group {
  /** Turns before its first one, and before the next group. */
  readonly from: number;
  readonly to: number;
  /** The first of its batches' last turns that took longest. */
  readonly longest: number;
}

/**
 * Adds turns in batches, as a publisher does. The last turn of a batch takes its duration, each of the
 * others a millisecond. Returns the groups that they should fall into.
 */
function addBatches(log: RecentTurns, turns: readonly Turn[], sizes: readonly number[]): Group[] {
  const groups: Group[] = [];
  let from = 0;
  let batches = 0;
  let longest = 0;
  let ended = 0;
  for (let done = 0, index = 0; done < turns.length; index++) {
    const size = Math.min(sizes[index % sizes.length]!, turns.length - done);
    log.open(size);
    for (const [place, { budget }] of turns.slice(done, done + size).entries()) {
      const numbers = { ...NUMBERS, budgetTotal: budget * 100 };
      if (numbers.budgetTotal < log.lowest || numbers.budgetTotal > log.highest) {
        log.note(done + place + 1, numbers);
      }
    }
    done += size;
    const { budget, duration } = turns[done - 1]!;
    ended += size - 1 + duration;
    log.close(
      { turns: size, ended, last: duration, others: 1 },
      { ...NUMBERS, budgetTotal: budget * 100 },
    );
    if (longest === 0 || duration > turns[longest - 1]!.duration) longest = done;
    batches++;
    if (size > 1 && batches < GROUP && done < turns.length) continue;
    groups.push({ from, to: done, longest });
    from = done;
    batches = 0;
    longest = 0;
  }
  log.end({ ...NUMBERS, budgetTotal: turns.at(-1)!.budget * 100 });
  return groups;
}

const BATCH_SIZES = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 });

Deno.test("RecentTurns.note() keeps the extremes and the last turn of every group", () => {
  const few = fc.array(TURN, { minLength: 1, maxLength: 700, size: "max" });
  fc.assert(fc.property(few, BATCH_SIZES, (turns, sizes) => {
    const log = new RecentTurns(MAX_COLUMN_LENGTH);
    const expected = new Set<number>();
    for (const { from, to, longest } of addBatches(log, turns, sizes)) {
      const budgets = turns.slice(from, to).map(({ budget }) => budget);
      expected.add(from + 1 + budgets.indexOf(Math.min(...budgets)));
      expected.add(from + 1 + budgets.indexOf(Math.max(...budgets)));
      expected.add(longest);
      expected.add(to);
    }
    const columns = columnsOf(log);
    assert.deepEqual(columns.tour, [...expected].sort((one, other) => one - other));
    assert.deepEqual(columns.budget_total, columns.tour!.map((tour) => turns[tour - 1]!.budget));
  }));
});

Deno.test("RecentTurns.close() bounds batches as it does turns, and loses neither extreme nor count", () => {
  fc.assert(fc.property(MANY_TURNS, BATCH_SIZES, SIZE, (turns, sizes, maxTurns) => {
    const log = new RecentTurns(maxTurns);
    const groups = addBatches(log, turns, sizes);
    const { tour, budget_total, duree_seconds } = columnsOf(log);
    const budgets = turns.map(({ budget }) => budget);
    assert.ok(tour!.length <= maxTurns);
    assert.equal(tour!.at(-1), turns.length);
    assert.ok(tour!.every((number, index) => index === 0 || number > tour![index - 1]!));
    assert.equal(Math.min(...budget_total!), Math.min(...budgets));
    assert.equal(Math.max(...budget_total!), Math.max(...budgets));
    const longest = Math.max(...groups.map(({ longest }) => turns[longest - 1]!.duration));
    assert.equal(Math.max(...duree_seconds!) >= longest / 1000, true);
    assert.equal(log.tour, turns.length);
    assert.equal(log.seconds.counts.reduce((sum, count) => sum + count, 0), turns.length);
  }));
});

Deno.test("RecentTurns.close() tells a batch's long turn as its last one, and when the others ended", () => {
  const log = new RecentTurns(MIN_TURNS);
  log.open(4);
  log.note(2, { ...NUMBERS, budgetTotal: 500 });
  const last = { ...NUMBERS, budgetTotal: 700 };
  log.close({ turns: 4, ended: 100, last: 70, others: 10 }, last);
  assert.equal(log.count, 1);
  log.end(last);
  const { tour, timestamp, duree_seconds } = columnsOf(log);
  assert.deepEqual(tour, [2, 4]);
  assert.deepEqual(timestamp, [0.02, 0.1]);
  assert.deepEqual(duree_seconds, [0.01, 0.07]);
  assert.equal(log.seconds.sum, 0.1);
});
