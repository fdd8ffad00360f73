/** Tests of the indices, beside slow references and cases that were computed by hand. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BASE_INDEX,
  createEconomy,
  gini,
  herfindahl,
  inflation,
  observe,
  priceRelative,
  restart,
  velocity,
} from "../../lib/economy/mod.ts";

function near(actual: number | undefined, expected: number, message?: string): void {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)),
    `${message ?? ""} ${actual}, expected ${expected}`,
  );
}

const amounts = fc.array(fc.double({ min: 0, max: 1e12, noNaN: true }), {
  minLength: 1,
  maxLength: 50,
});

Deno.test("gini() is right in cases computed by hand", () => {
  const cases: [readonly number[], number | undefined][] = [
    [[], undefined],
    [[0], 0],
    [[0, 0, 0], 0],
    [[7], 0],
    [[5, 5, 5, 5], 0],
    // One of four has everything: 1 - 1/4.
    [[0, 0, 0, 9], 0.75],
    // Differences 1, 2 and 1 both ways: 8 / (2 · 3 · 6).
    [[3, 1, 2], 8 / 36],
    [[1, 3], 0.25],
    [[-1, 3], undefined],
    // Their sum is beyond all numbers.
    [[1.5e308, 1.5e308], 0],
  ];
  for (const [values, expected] of cases) {
    if (expected === undefined) assert.equal(gini(values), undefined, `${values}`);
    else near(gini(values), expected, `${values}`);
  }
});

Deno.test("gini() is half of the relative mean difference, however the values are ordered", () => {
  fc.assert(fc.property(amounts, (values) => {
    const sum = values.reduce((a, b) => a + b);
    const differences = values.flatMap((a) => values.map((b) => Math.abs(a - b)));
    const expected = sum === 0
      ? 0
      : differences.reduce((a, b) => a + b) / (2 * values.length * sum);
    const found = gini(values)!;
    assert.ok(Math.abs(found - expected) < 1e-6, `${found}, expected ${expected}`);
    assert.ok(found >= 0 && found <= 1 - 1 / values.length + 1e-12);
    assert.equal(gini([...values].reverse()), found);
  }));
});

Deno.test("herfindahl() is right in cases computed by hand, and a sum of squared shares", () => {
  assert.equal(herfindahl([]), undefined);
  assert.equal(herfindahl([0, 0]), undefined);
  assert.equal(herfindahl([3, -1]), undefined);
  near(herfindahl([4]), 1);
  near(herfindahl([2, 2, 2, 2]), 0.25);
  near(herfindahl([3, 1]), 10 / 16);
  // Who buys nothing changes nothing.
  near(herfindahl([3, 1, 0]), 10 / 16);
  fc.assert(fc.property(amounts, (values) => {
    const sum = values.reduce((a, b) => a + b);
    if (!(sum > 1e-300)) return;
    near(herfindahl(values), values.reduce((total, value) => total + (value / sum) ** 2, 0));
  }));
});

Deno.test("priceRelative() compares the products that could be bought at both moments", () => {
  const before = { names: ["a", "b", "c"], values: [1, 2, 50] };
  // √(2 · 8): a doubled, b became eight times as dear, c is gone, d is new.
  near(priceRelative(before, { names: ["b", "a", "d"], values: [16, 2, 9] }), 4);
  assert.equal(priceRelative(before, { names: ["d"], values: [9] }), 1);
  // What has no price cannot be compared.
  near(priceRelative(before, { names: ["a", "b", "c"], values: [0, -3, 25] }), 0.5);
  near(priceRelative({ names: ["a"], values: [0] }, { names: ["a"], values: [3] }), 1);
});

const turn = (turn: number, price: number, spent = 0, supply = 100) => ({
  turn,
  spent,
  supply,
  prices: { names: ["a"], values: [price] },
});

Deno.test("observe() begins the index at 100, and prices that come back bring it back", () => {
  const economy = createEconomy();
  assert.equal(economy.index, undefined);
  const prices = [20, 30, 7, 20];
  const indices = prices.map((price, place) => {
    observe(economy, turn(place + 1, price));
    return economy.index!;
  });
  [100, 150, 35, 100].forEach((expected, place) => near(indices[place], expected));
});

Deno.test("observe() knows no index before the first price, and keeps one over turns without any", () => {
  const economy = createEconomy();
  const indices = [[], [0, -1], [4, 0], [], [8], [8]].map((values, place) => {
    const prices = { names: values.map((_, product) => `p${product}`), values };
    observe(economy, { turn: place + 1, spent: 0, supply: 1, prices });
    return economy.index;
  });
  assert.deepEqual(indices.slice(0, 2), [undefined, undefined]);
  // Nothing can be compared with a turn without products.
  indices.slice(2).forEach((index) => near(index, 100));
  assert.deepEqual(inflation(economy), 0);
});

Deno.test("observe() chains over products that come and go as a slow reference does", () => {
  const world = fc.array(
    fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0.01, max: 1e6, noNaN: true })), {
      minLength: 6,
      maxLength: 6,
    }),
    { minLength: 2, maxLength: 30 },
  );
  fc.assert(fc.property(world, (turns) => {
    const economy = createEconomy();
    let expected = BASE_INDEX;
    let hadPrices = false;
    turns.forEach((products, place) => {
      const now = products.flatMap(([isActive, price], product) =>
        isActive ? [{ product: `p${product}`, price }] : []
      );
      if (place > 0) {
        const relatives = now.flatMap(({ product, price }) => {
          const [wasActive, earlier] = turns[place - 1]![Number(product.slice(1))]!;
          return wasActive ? [price / earlier] : [];
        });
        expected *= relatives.reduce((a, b) => a * b, 1) ** (1 / (relatives.length || 1));
      }
      observe(economy, {
        turn: place + 1,
        spent: 0,
        supply: 1,
        prices: { names: now.map(({ product }) => product), values: now.map(({ price }) => price) },
      });
      hadPrices ||= now.length > 0;
      if (hadPrices) near(economy.index! / expected, 1, `${economy.index}, ${expected}`);
      else assert.equal(economy.index, undefined);
    });
  }));
});

Deno.test("inflation() is the rise over ten turns, fewer at the beginning, at that rate over more", () => {
  const economy = createEconomy();
  assert.equal(inflation(economy), undefined);
  observe(economy, turn(1, 10));
  assert.equal(inflation(economy), undefined);
  observe(economy, turn(2, 11));
  near(inflation(economy), 0.1);
  for (let now = 3; now <= 11; now++) observe(economy, turn(now, 10 + now));
  // Turn 11 beside turn 1, then turn 12 beside turn 2.
  near(inflation(economy), 1.1);
  observe(economy, turn(12, 22));
  near(inflation(economy), 1);
  // Twenty turns later prices are four times as high: as fast as doubling in ten.
  observe(economy, turn(32, 88));
  near(inflation(economy), 1);
});

Deno.test("velocity() is the part of the money that is spent in a turn", () => {
  const economy = createEconomy();
  assert.equal(velocity(economy), undefined);
  observe(economy, turn(4, 1, 80));
  near(velocity(economy), 0.2);
  observe(economy, turn(5, 1, 180, 50));
  near(velocity(economy), 180 / 5 / 50);
  for (let now = 6; now <= 30; now++) observe(economy, turn(now, 1, 180 + now, 50));
  near(velocity(economy), 1 / 50);
  observe(economy, turn(31, 1, 300, 0));
  assert.equal(velocity(economy), undefined);
});

Deno.test("restart() lets totals begin again at 0, and prices go on", () => {
  const economy = createEconomy();
  observe(economy, turn(1, 10, 500));
  restart(economy);
  observe(economy, turn(2, 20, 30));
  near(velocity(economy), 0.3);
  near(economy.index, 200);
});

Deno.test("observe() keeps as much as ten turns need, whatever comes", () => {
  const step = fc.oneof(
    { weight: 20, arbitrary: fc.nat(5) },
    fc.constantFrom(-1e6, -30, -3, 1e6),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const economy = createEconomy();
    let now = 0;
    for (const step of steps) {
      now = Math.max(0, now + step);
      observe(economy, turn(now, 1 + (now % 7), now * 3));
      assert.ok(economy.observations.length <= 12);
      const speed = velocity(economy) ?? 0;
      assert.ok(speed >= 0 && Number.isFinite(speed), `${speed}`);
    }
  }));
  const economy = createEconomy();
  observe(economy, turn(1, 1e-300));
  observe(economy, turn(2, 1e300));
  observe(economy, turn(3, 1e-300));
  observe(economy, turn(4, Number.MAX_VALUE, Number.MAX_VALUE, Number.MIN_VALUE));
  for (const value of [economy.index, inflation(economy), velocity(economy)]) {
    assert.ok(value === undefined || Number.isFinite(value), `${value}`);
  }
});
