/** Tests of the rows that charts are drawn from. @module */

import assert from "node:assert/strict";
import { CHARTS, rowsOf } from "../../lib/page/src/charts.ts";
import { Turns } from "../../lib/page/src/turns.ts";

function chart(id: string) {
  return CHARTS.find((each) => each.id === id)!;
}

function turnsOf(columns: Record<string, (number | null)[]>): Turns {
  const turns = new Turns();
  turns.append(columns);
  return turns;
}

function valuesOf(
  id: string,
  columns: Record<string, (number | null)[]>,
  { values = {}, isPerTurn = true, from = 0 }: {
    values?: Record<string, number>;
    isPerTurn?: boolean;
    from?: number;
  } = {},
) {
  const turns = turnsOf(columns);
  const rows = rowsOf(chart(id), turns, values, [from, turns.length], isPerTurn);
  return rows.values.map((column) => column === undefined ? undefined : Array.from(column));
}

Deno.test("rowsOf() gives what each turn added to a total, over gaps between turns too", () => {
  const columns = { tour: [1, 2, 4], transactions_montant_total: [10, 15, 35] };
  assert.deepEqual(valuesOf("amount", columns), [[10, 5, 10]]);
  assert.deepEqual(valuesOf("amount", columns, { from: 1 }), [[5, 10]]);
  assert.deepEqual(valuesOf("amount", columns, { isPerTurn: false }), [[10, 15, 35]]);
});

Deno.test("rowsOf() does not guess what is not known", () => {
  const late = { tour: [7, 8], transactions_montant_total: [70, 80] };
  assert.deepEqual(valuesOf("amount", late), [[null, 10]], "before the first turn that is known");
  const reset = { tour: [1, 2, 3], transactions_montant_total: [50, 0, 4] };
  assert.deepEqual(valuesOf("amount", reset), [[50, null, 4]], "where totals begin again");
  const gap = { tour: [1, 2, 3], transactions_montant_total: [5, null, 9] };
  assert.deepEqual(valuesOf("amount", gap), [[5, null, null]], "around a turn without a number");
  assert.deepEqual(valuesOf("price", { tour: [1] }), [undefined], "a column that is nowhere");
  assert.deepEqual(valuesOf("duration", { tour: [1, 2], duree_seconds: [0, 2] }), [[null, 2]]);
});

Deno.test("rowsOf() works out the mean budget and the inactive products", () => {
  const budgets = { tour: [1], budget_total: [90], budget_min: [10], budget_max: [50] };
  assert.deepEqual(
    valuesOf("budgets", budgets, { values: { entreprises_total: 3 } }),
    [[50], [30], [10]],
  );
  assert.deepEqual(valuesOf("budgets", budgets), [[50], undefined, [10]]);
  assert.deepEqual(
    valuesOf("products", { tour: [1, 2], produits_actifs: [9, 12] }, {
      values: { produits_total: 12 },
    }),
    [[9, 12], [3, 0]],
  );
});

Deno.test("rowsOf() draws many turns in steps that lose none of a total", () => {
  const tour = Array.from({ length: 5000 }, (_, index) => index + 1);
  const totals = tour.map((turn) => turn * 3);
  const turns = turnsOf({ tour, transactions_montant_total: totals });
  const { tours, values } = rowsOf(chart("amount"), turns, {}, [0, 5000], true);
  assert.ok(tours.length > 200 && tours.length <= 402, String(tours.length));
  let sum = 0;
  for (let row = 0; row < tours.length; row++) {
    sum += values[0]![row]! * (tours[row]! - (tours[row - 1] ?? 0));
  }
  assert.equal(Math.round(sum), 15_000);
});
