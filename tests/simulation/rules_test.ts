/** Tests of the formulas, by worked examples. @module */

import assert from "node:assert/strict";
import {
  fallen,
  inflated,
  penalised,
  PRIX_MAX,
  proportional,
  rounded,
  supplierPrice,
} from "../../lib/simulation/rules.ts";

Deno.test("rounded() takes the nearest integer, and of two the higher", () => {
  assert.deepEqual([[7, 2], [5, 2], [9, 4], [-5, 2], [10, 5]].map(([n, d]) => rounded(n!, d!)), [
    4,
    3,
    2,
    -2,
    2,
  ]);
});

Deno.test("supplierPrice() falls by a thousandth of the base price per unit above 50", () => {
  const cases: readonly (readonly [number, number, number, number])[] = [
    [20_00, 50, 10_000, 20_00],
    [20_00, 10, 10_000, 20_80],
    [20_00, 200, 10_000, 17_00],
    [20_00, 10, 10_500, 21_84],
    [20_00, 200, 9500, 16_15],
    // 12.34 × 0.977 × 1.0123 = 12.20447…
    [12_34, 73, 10_123, 12_20],
    [20_00, 1050, 10_000, 1],
    [20_00, 1_000_000, 10_000, 1],
  ];
  for (const [base, stock, factor, price] of cases) {
    assert.equal(supplierPrice(base, stock, factor), price);
  }
});

Deno.test("inflated() raises a price by hundredths of a percent, up to the highest", () => {
  assert.equal(inflated(10_00, 30_00), 13_00);
  assert.equal(inflated(12_34, 45_67), 17_98);
  assert.equal(inflated(1, 30_00), 1);
  assert.equal(inflated(PRIX_MAX, 60_00), PRIX_MAX);
});

Deno.test("penalised() takes 15 points for 50 ticks, and leaves 5", () => {
  assert.equal(penalised(45_00, 50), 30_00);
  assert.equal(penalised(45_00, 51), 45_00);
  assert.equal(penalised(45_00, 0), 30_00);
  assert.equal(penalised(18_00, 3), 5_00);
});

Deno.test("fallen() goes in 15 equal steps to the original price and 10 %", () => {
  // From 14.00 to 11.00: 0.20 a step.
  assert.deepEqual(
    Array.from({ length: 15 }, (_, index) => fallen(14_00, 10_00, index + 1)),
    Array.from({ length: 15 }, (_, index) => 14_00 - 20 * (index + 1)),
  );
  // From 10.00 to 9.90 in steps of two thirds of a cent.
  assert.deepEqual([1, 2, 3, 14, 15].map((step) => fallen(10_00, 9_00, step)), [
    999,
    999,
    998,
    991,
    990,
  ]);
});

Deno.test("fallen() never raises a price", () => {
  assert.equal(fallen(10_50, 10_00, 8), 10_50);
  assert.equal(fallen(1, 1, 15), 1);
});

Deno.test("proportional() keeps a supplier's price in its ratio to the base price", () => {
  assert.equal(proportional(9_50, 10_00, 10_00), 9_50);
  assert.equal(proportional(9_50, 14_00, 10_00), 13_30);
  assert.equal(proportional(9_55, 11_00, 10_00), 10_51);
  assert.equal(proportional(1, 1, 10_00), 1);
});
