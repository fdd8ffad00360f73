/** Tests of the tables of everything that there is in a game. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type ListedFirm, tablesOf } from "../../lib/report/tables.ts";

function valuesOf(name: string, firms: readonly Omit<ListedFirm, "stocks">[]) {
  const listing = {
    firms: firms.map((firm) => ({ ...firm, stocks: [] })),
    suppliers: [],
    products: [],
  };
  const table = tablesOf(listing).get(name);
  return table && table.labels.map(([label], place) => [label, table.values[place]]);
}

Deno.test("tablesOf() ranks each firm by how many have a larger budget", () => {
  const budget = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }));
  fc.assert(fc.property(fc.array(budget, { maxLength: 30 }), (budgets) => {
    const firms = budgets.map((budget, place) => ({ name: `e${place}`, budget }));
    const expected = firms.map(({ name, budget }) => [
      ...[name, 1 + budgets.filter((other) => other > budget).length],
    ]);
    assert.deepEqual(valuesOf("entreprise_rang", firms), expected);
  }));
});

Deno.test("tablesOf() has no profit where a firm's beginning is not known, or where it is no number", () => {
  const firms = [
    { name: "a", budget: 10.1, opening: 3 },
    { name: "b", budget: 10 },
    { name: "c", budget: 1e308, opening: -1e308 },
    { name: "d", budget: 1e307, opening: 0 },
    { name: "e", budget: 0, opening: 2.5 },
  ];
  assert.deepEqual(valuesOf("entreprise_benefice", firms), [["a", 7.1], ["e", -2.5]]);
  assert.equal(valuesOf("entreprise_benefice", firms.slice(1, 2)), undefined);
});

Deno.test("tablesOf() has a price of each product that a supplier has one of", () => {
  const products = ["p", "q", "r"].map((name) => ({ name, price: 1 }));
  const suppliers = [
    { name: "a", stocks: [], prices: [2, null, 3, 4] },
    { name: "b", stocks: [], prices: [5] },
    { name: "c", stocks: [] },
  ];
  assert.deepEqual(tablesOf({ firms: [], suppliers, products }).get("fournisseur_prix"), {
    labels: [["a", "p"], ["a", "r"], ["b", "p"]],
    values: [2, 3, 5],
  });
});
