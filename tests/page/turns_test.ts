/** Tests of the turns that the page keeps. @module */

import assert from "node:assert/strict";
import { Turns } from "../../lib/page/src/turns.ts";
import { type ColumnName, rowAfter, rowAt } from "../../lib/turns/mod.ts";

/** Columns of some turns; their budget is ten times the turn unless one is given. */
function columnsOf(tours: readonly number[], budgets: Readonly<Record<number, number>> = {}) {
  return { tour: tours, budget_total: tours.map((tour) => budgets[tour] ?? tour * 10) };
}

function counted(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function kept(turns: Turns, name: ColumnName = "tour"): number[] {
  return [...turns.column(name) ?? []];
}

Deno.test("Turns keep what they are told, and know what they were not", () => {
  const turns = new Turns();
  assert.deepEqual([turns.length, turns.first, turns.last], [0, 0, 0]);
  turns.append({ tour: [3, 4], budget_total: [30, null] });
  turns.append({ tour: [5], produits_actifs: [9] });
  assert.deepEqual([turns.length, turns.first, turns.last], [3, 3, 5]);
  assert.deepEqual(kept(turns, "budget_total"), [30, NaN, NaN]);
  assert.deepEqual(kept(turns, "produits_actifs"), [NaN, NaN, 9]);
  assert.equal(turns.column("duree_seconds"), undefined);
  assert.deepEqual([...turns.column("tour", 1, 2)!], [4]);
});

Deno.test("Turns.append() takes turns that are told again, and goes back with a game that was set back", () => {
  const turns = new Turns();
  turns.append(columnsOf(counted(1, 10)));
  turns.append(columnsOf(counted(8, 12), { 9: 1 }));
  assert.deepEqual(kept(turns), counted(1, 12));
  assert.equal(kept(turns, "budget_total")[8], 1);
  turns.append(columnsOf([5, 6]));
  assert.deepEqual(kept(turns), counted(1, 6));
  turns.append(columnsOf([]));
  assert.deepEqual(kept(turns), counted(1, 6));
  turns.append(columnsOf([1]));
  assert.deepEqual(kept(turns), [1]);
});

Deno.test("Turns keep no more than they may, and the extremes of all", () => {
  const turns = new Turns(1000);
  const peaks = { 777: 1e9, 20_011: -5, 49_998: 2e9 };
  for (let turn = 1; turn <= 50_000; turn += 100) {
    turns.append(columnsOf(counted(turn, turn + 99), peaks));
    assert.ok(turns.length <= 1000);
  }
  assert.ok(turns.length > 250, String(turns.length));
  const tours = kept(turns);
  assert.deepEqual(tours, tours.toSorted((a, b) => a - b));
  assert.equal(turns.last, 50_000);
  const budgets = kept(turns, "budget_total");
  for (const [turn, budget] of Object.entries(peaks)) {
    assert.equal(budgets[tours.indexOf(Number(turn))], budget, `turn ${turn}`);
  }
});

Deno.test("Turns keep extremes among values that are not known", () => {
  const turns = new Turns(64);
  const tour = counted(1, 64);
  const known: Readonly<Record<number, number>> = { 20: -7, 21: 3, 22: 9, 40: 1, 41: 5, 45: 2 };
  turns.append({
    tour,
    budget_total: tour.map((turn) => known[turn] ?? null),
    duree_seconds: tour.map((turn) => turn === 29 ? 8 : turn === 30 ? 1 : null),
  });
  turns.append({ tour: [65] });
  for (const turn of [20, 22, 29, 40, 41]) assert.ok(kept(turns).includes(turn), `turn ${turn}`);
  assert.ok(!kept(turns).includes(21));
});

Deno.test("rowAt() and rowAfter() find where a value stands among equal ones", () => {
  const column = [1, 3, 3, 3, 8];
  assert.deepEqual([0, 1, 2, 3, 8, 9].map((value) => rowAt(column, value)), [0, 0, 1, 1, 4, 5]);
  assert.deepEqual([0, 1, 2, 3, 8, 9].map((value) => rowAfter(column, value)), [0, 1, 1, 4, 5, 5]);
  assert.equal(rowAt([], 1), 0);
});
