/** Tests of a session's turns in memory, and of their thinning. @module */

import assert from "node:assert/strict";

import { rowOf, type Turn, wildTurns } from "../history/turns.ts";
import { COLUMN_NAMES, FIRST_CAPACITY, MIN_POINTS, TurnTable } from "../../lib/turns/mod.ts";

/** A table of turns that never has room for more than `capacity`. */
function tableOf(turns: readonly Turn[], capacity = 1 << 20): TurnTable {
  const table = new TurnTable();
  for (const turn of turns) {
    if (table.count === table.capacity) {
      if (table.capacity < capacity) table.resize(2 * table.capacity);
      else table.fold();
    }
    table.append(rowOf(turn));
  }
  return table;
}

const WILD = wildTurns(6000);

/** What must never be lost, by the column and how its extreme is found. */
const EXTREMES = {
  budget_total: [Math.min, Math.max],
  budget_min: [Math.min],
  budget_max: [Math.max],
  produits_actifs: [Math.min, Math.max],
  produits_prix_moyen: [Math.min, Math.max],
  duree_seconds: [Math.max],
} as const;

Deno.test("select() gives all turns as they were when they are few enough", () => {
  const turns = WILD.slice(0, 100);
  const { columns, ...rest } = tableOf(turns).select(0, 100);
  assert.deepEqual(rest, { from: 1, to: 100, turns: 100 });
  for (const name of COLUMN_NAMES) {
    assert.deepEqual(columns[name], turns.map((turn) => turn[name]), name);
  }
});

Deno.test("select() gives the turns from a number on, known or not", () => {
  const table = tableOf([3, 5, 9].map((tour) => ({ tour })));
  const toursFrom = (from: number) => table.select(from, MIN_POINTS).columns.tour ?? [];
  assert.deepEqual(toursFrom(0), [3, 5, 9]);
  assert.deepEqual(toursFrom(5), [5, 9]);
  assert.deepEqual(toursFrom(6), [9]);
  assert.deepEqual(toursFrom(10), []);
  assert.equal(table.select(10, MIN_POINTS).from, undefined);
});

Deno.test("select() leaves out columns of which nothing is known, and keeps gaps as NaN", () => {
  const { columns } = tableOf([{ tour: 1, budget_min: 2 }, { tour: 2 }]).select(0, MIN_POINTS);
  assert.deepEqual(columns, { tour: [1, 2], budget_min: [2, NaN] });
});

Deno.test("select() thins to at most so many points, and loses no extreme and no end", () => {
  const table = tableOf(WILD);
  for (const points of [MIN_POINTS, 21, 100, 999, 4000, 5999]) {
    const { columns, turns } = table.select(0, points);
    const tours = columns.tour!;
    assert.equal(turns, WILD.length);
    assert.ok(tours.length <= points && tours.length >= points / 8);
    assert.equal(tours.at(-1), WILD.length);
    for (const [name, finds] of Object.entries(EXTREMES)) {
      const column = name as keyof typeof EXTREMES;
      for (const find of finds) {
        const expected = find(...WILD.map((turn) => turn[column]));
        assert.equal(find(...columns[column]!), expected, `${name} in ${points} points`);
      }
    }
    // Every point is a turn that was, not a mean.
    tours.forEach((tour, index) =>
      assert.equal(columns.budget_total![index], WILD[tour - 1]!.budget_total)
    );
  }
});

Deno.test("select() keeps known numbers where others are not known", () => {
  // One column of which bins keep the lowest number alone, and one of which they keep the highest.
  for (const column of ["budget_min", "duree_seconds"] as const) {
    const turns = wildTurns(200).map((turn): Turn =>
      turn.tour % 16 === 5 ? { tour: turn.tour, [column]: turn[column] } : { tour: turn.tour }
    );
    const { columns } = tableOf(turns).select(0, 50);
    const known = columns[column]!.filter((value) => !Number.isNaN(value));
    const given = turns.flatMap((turn) => turn[column] === undefined ? [] : [turn[column]]);
    assert.deepEqual(known, given);
  }
});

Deno.test("fold() keeps the same turns as thinning all of them at once", () => {
  for (const capacity of [FIRST_CAPACITY, 256, 1024]) {
    const small = tableOf(WILD, capacity);
    assert.ok(small.count <= capacity && small.count >= capacity / 4, `${small.count} turns`);
    assert.deepEqual([small.first === undefined, small.last], [false, WILD.length]);
    // So few that the bins are wider than those of the memory.
    const points = Math.max(MIN_POINTS, small.count >> 2);
    assert.deepEqual(
      small.select(0, points).columns,
      tableOf(WILD).select(0, points).columns,
      `${capacity}`,
    );
  }
});

Deno.test("resize() to less memory thins, to more keeps all", () => {
  const table = tableOf(WILD.slice(0, 1000));
  table.resize(4096);
  assert.equal(table.count, 1000);
  table.resize(FIRST_CAPACITY);
  assert.equal(table.capacity, FIRST_CAPACITY);
  assert.ok(table.count < FIRST_CAPACITY);
  assert.equal(table.last, 1000);
  table.append(rowOf({ tour: 1001 }));
  assert.equal(table.last, 1001);
});

Deno.test("fold() makes room even where turns are far apart", () => {
  const turns = Array.from({ length: 500 }, (_, index) => ({ tour: index * 1e9 + 7 }));
  const table = tableOf(turns, FIRST_CAPACITY);
  assert.equal(table.last, 499e9 + 7);
  assert.ok(table.count <= FIRST_CAPACITY);
});

Deno.test("truncate() forgets the turns from a number on, in a thinned table too", () => {
  const table = tableOf(WILD, 256);
  table.truncate(3000);
  assert.ok(table.last! < 3000);
  const again = wildTurns(6000).slice(2999).map((turn) => ({ ...turn, budget_total: -turn.tour }));
  for (const turn of again) {
    if (table.count === table.capacity) table.fold();
    table.append(rowOf(turn));
  }
  const { columns } = table.select(0, 256);
  assert.deepEqual(columns.tour, columns.tour!.toSorted((a, b) => a - b));
  assert.equal(Math.min(...columns.budget_total!), -6000);
});

Deno.test("rate() is that of the last seconds, and of the last two turns where they are slow", () => {
  const at = (timestamps: readonly number[]) =>
    tableOf(timestamps.map((timestamp, index) => ({ tour: index + 1, timestamp }))).rate(10);
  assert.equal(at([]), undefined);
  assert.equal(at([5]), undefined);
  assert.equal(at([5, 7]), 0.5);
  assert.equal(at([0, 1, 2, 100, 105, 110]), 0.2);
  assert.equal(at([0, 100]), 0.01);
  assert.equal(at([5, 5]), undefined);
  assert.equal(at([5, 4]), undefined);
  assert.equal(at([5, NaN]), undefined);
  assert.equal(tableOf(WILD).rate(10), 4);
});
