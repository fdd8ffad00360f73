/** Tests of the five events, by worked examples: every draw and what comes of it. @module */

import assert from "node:assert/strict";
import type { Effect, EventType } from "../../lib/simulation/mod.ts";
import { EVENTS } from "../../lib/simulation/events.ts";
import { Market } from "../../lib/simulation/market.ts";
import { type ScriptedDraw, ScriptedDraws, type SmallWorld, smallWorld } from "./worlds.ts";

interface Played {
  readonly market: Market;
  readonly effect: Effect | undefined;
}

function marketOf(world: SmallWorld): Market {
  return new Market(smallWorld(world), undefined);
}

function play(
  type: EventType,
  market: Market,
  script: readonly ScriptedDraw[],
  { tick = 0, commeTradesim = false } = {},
): Played {
  const random = new ScriptedDraws(...script);
  const event = EVENTS.find((candidate) => candidate.type === type)!;
  const effect = event.apply({ market, random, tick, commeTradesim });
  random.end();
  return { market, effect };
}

const prices = (market: Market, product: number) =>
  Array.from({ length: market.suppliers }, (_, supplier) => market.price(product, supplier));

const COMME_TRADESIM = { commeTradesim: true };

/** One product at 10.00; the suppliers ask 9.50, 10.00 and 11.00, and the third has sold out. */
const THREE_SUPPLIERS: SmallWorld = {
  prix: [10_00],
  offres: [[[20, 9_50]], [[30, 10_00]], [[0, 11_00]]],
};

Deno.test("EVENTS has TradeSim's order and chances", () => {
  assert.deepEqual(EVENTS.map(({ type, chance }) => [type, chance]), [
    ["inflation", 40],
    ["recharge_budget", 50],
    ["reassort", 50],
    ["variation_disponibilite", 30],
    ["recharge_stock_fournisseur", 40],
  ]);
});

Deno.test("inflation raises the base price of one product once, and its suppliers' with it", () => {
  const { market, effect } = play("inflation", marketOf(THREE_SUPPLIERS), [
    ["chance 50", true],
    ["chance 50", true],
    ["below 1", 0],
    ["between 3000 6000", 4000],
  ]);
  assert.equal(market.base[0], 14_00);
  assert.deepEqual(prices(market, 0), [13_30, 14_00, 15_40]);
  assert.equal(market.baseTotal, 14_00);
  assert.deepEqual(effect, { nombre: 1, total: 4_00, entrees: 1 });
});

Deno.test("inflation as TradeSim has it raises the base price once per supplier with stock", () => {
  const { market, effect } = play("inflation", marketOf(THREE_SUPPLIERS), [
    ["chance 50", true],
    ["chance 50", true],
    ["below 1", 0],
    ["between 3000 6000", 4000],
    ["between 3000 6000", 4500],
  ], COMME_TRADESIM);
  // 10.00 and 40 % for the first; that and 45 − 15 % for the second.
  assert.deepEqual(prices(market, 0), [14_00, 18_20, 11_00]);
  assert.equal(market.base[0], 18_20);
  assert.deepEqual(effect, { nombre: 1, total: 8_20, entrees: 1 });
});

Deno.test("inflation of a type raises its active products, in stock or not", () => {
  const market = marketOf({
    prix: [10_00, 20_00, 30_00, 40_00],
    types: [1, 1, 1, 0],
    inactifs: [0],
    offres: [[[5, 10_00], [5, 20_00], [0, 30_00], [5, 40_00]]],
  });
  const { effect } = play("inflation", market, [
    ["chance 50", true],
    ["chance 50", false],
    ["below 3", 1],
    ["between 3000 6000", 3000],
    ["between 3000 6000", 5000],
  ]);
  assert.deepEqual([...market.base], [10_00, 26_00, 45_00, 40_00]);
  assert.deepEqual(effect, { nombre: 2, total: 21_00, entrees: 1 });
});

Deno.test("inflation is 15 points less, at least 5, for 50 ticks after the last", () => {
  const market = marketOf({ prix: [10_00], offres: [[[20, 10_00]]] });
  const raise = (tick: number, percent: number) =>
    play("inflation", market, [
      ["chance 50", true],
      ["chance 50", true],
      ["below 1", 0],
      ["between 3000 6000", percent],
    ], { tick });
  raise(0, 3000);
  assert.equal(market.base[0], 13_00);
  raise(50, 3500);
  assert.equal(market.base[0], 15_60);
  raise(101, 3500);
  assert.equal(market.base[0], 21_06);
});

Deno.test("inflation does nothing when its draw fails or no product is active", () => {
  assert.equal(play("inflation", marketOf({}), [["chance 50", false]]).effect, undefined);
  assert.equal(
    play("inflation", marketOf({ inactifs: [0] }), [["chance 50", true]]).effect,
    undefined,
  );
  const typeWithoutProducts: ScriptedDraw[] = [
    ["chance 50", true],
    ["chance 50", false],
    ["below 3", 2],
  ];
  assert.equal(play("inflation", marketOf({}), typeWithoutProducts).effect, undefined);
});

Deno.test("inflation as TradeSim has it does nothing to a product that is not in stock", () => {
  const { market, effect } = play("inflation", marketOf({ offres: [[[0, 10_00]]] }), [
    ["chance 50", true],
    ["chance 50", true],
    ["below 1", 0],
  ], COMME_TRADESIM);
  assert.equal(effect, undefined);
  assert.equal(market.base[0], 10_00);
});

Deno.test("inflation as TradeSim has it gives a price to a supplier that had none", () => {
  const { market } = play("inflation", marketOf({ offres: [[[20, 0]]] }), [
    ["chance 50", true],
    ["chance 50", true],
    ["below 1", 0],
    ["between 3000 6000", 5000],
  ], COMME_TRADESIM);
  assert.deepEqual(prices(market, 0), [15_00]);
  assert.equal(market.cheapest[0], 0);
});

Deno.test("Market.lowerPrices() brings prices back 31 to 45 ticks after an inflation", () => {
  const { market } = play("inflation", marketOf(THREE_SUPPLIERS), [
    ["chance 50", true],
    ["chance 50", true],
    ["below 1", 0],
    ["between 3000 6000", 4000],
  ], { tick: 100 });
  const bases: number[] = [];
  for (let tick = 100; tick <= 150; tick++) {
    market.lowerPrices(tick);
    bases.push(market.base[0]!);
  }
  assert.deepEqual(bases.slice(0, 31), new Array<number>(31).fill(14_00));
  assert.deepEqual(bases.slice(31, 46), Array.from({ length: 15 }, (_, i) => 13_80 - 20 * i));
  assert.deepEqual(bases.slice(46), new Array<number>(5).fill(11_00));
  assert.deepEqual(prices(market, 0), [10_45, 11_00, 12_10]);
});

Deno.test("Market.lowerPrices() returns to the original price however often it was raised", () => {
  const market = marketOf({});
  for (const tick of [0, 20, 40]) {
    play("inflation", market, [
      ["chance 50", true],
      ["chance 50", true],
      ["below 1", 0],
      ["between 3000 6000", 6000],
    ], { tick });
  }
  assert.equal(market.base[0], 33_64);
  for (let tick = 41; tick <= 85; tick++) market.lowerPrices(tick);
  assert.equal(market.base[0], 11_00);
});

Deno.test("recharge_budget gives whole euros to the firms that are drawn", () => {
  const { market, effect } = play("recharge_budget", marketOf({ budgets: [1_50, 2_50, 3_50] }), [
    ["chance 70", true],
    ["between 4000 8000", 5000],
    ["chance 70", false],
    ["chance 70", true],
    ["between 4000 8000", 8000],
  ]);
  assert.deepEqual([...market.budgets], [5001_50, 2_50, 8003_50]);
  assert.deepEqual(effect, { nombre: 2, total: 13_000_00, entrees: 3 });
  assert.equal(play("recharge_budget", marketOf({}), [["chance 70", false]]).effect, undefined);
});

Deno.test("reassort gives units of active products to a supplier, with a price where it has none", () => {
  const world: SmallWorld = {
    prix: [10_00, 20_00, 30_00],
    inactifs: [1],
    offres: [[[0, 0], [0, 0], [5, 29_00]], [[0, 0], [0, 0], [7, 31_00]]],
  };
  const { market, effect } = play("reassort", marketOf(world), [
    ["chance 30", true],
    ["between 10 50", 20],
    ["below 2", 1],
    ["between 9500 10500", 10_100],
    ["chance 30", true],
    ["between 10 50", 50],
    ["below 2", 0],
  ]);
  assert.deepEqual([...market.stock], [0, 20, 0, 0, 55, 7]);
  // 10.00 × (1 − (20 − 50) / 1000) × 1.01 = 10.403.
  assert.deepEqual([0, 1, 2].map((product) => prices(market, product)), [
    [0, 10_40],
    [0, 0],
    [29_00, 31_00],
  ]);
  assert.equal(market.cheapest[0], 1);
  assert.deepEqual(effect, { nombre: 2, total: 70, entrees: 1 });
});

Deno.test("reassort prices by the base price of today", () => {
  const market = marketOf({ offres: [[[20, 10_00]], [[0, 0]]] });
  play("inflation", market, [
    ["chance 50", true],
    ["chance 50", true],
    ["below 1", 0],
    ["between 3000 6000", 5000],
  ]);
  play("reassort", market, [
    ["chance 30", true],
    ["between 10 50", 50],
    ["below 2", 1],
    ["between 9500 10500", 10_000],
  ]);
  assert.deepEqual(prices(market, 0), [15_00, 15_00]);
});

Deno.test("reassort as TradeSim has it gives no price, so that nobody can buy", () => {
  const { market, effect } = play("reassort", marketOf({ offres: [[[0, 0]]] }), [
    ["chance 30", true],
    ["between 10 50", 20],
    ["below 1", 0],
  ], COMME_TRADESIM);
  assert.deepEqual(prices(market, 0), [0]);
  assert.deepEqual([market.stock[0], market.cheapest[0]], [20, -1]);
  assert.deepEqual(effect, { nombre: 1, total: 20, entrees: 1 });
});

/** Ten products of which the first eight are active. */
const EIGHT_OF_TEN: SmallWorld = {
  prix: new Array<number>(10).fill(10_00),
  inactifs: [8, 9],
};

Deno.test("variation_disponibilite takes a fifth of the active, and a fifth of the inactive back", () => {
  const { market, effect } = play("variation_disponibilite", marketOf(EIGHT_OF_TEN), [
    ["chance 50", true],
    // One of eight (a fifth is 1.6), one of two (at least one).
    ["below 8", 3],
    ["below 2", 1],
  ]);
  assert.deepEqual([...market.active], [1, 1, 1, 0, 1, 1, 1, 1, 0, 1]);
  assert.equal(market.activeCount, 8);
  assert.deepEqual(effect, { nombre: 2, total: 0, entrees: 1 });
});

Deno.test("variation_disponibilite as TradeSim has it may bring back what it has just taken", () => {
  const { market } = play("variation_disponibilite", marketOf(EIGHT_OF_TEN), [
    ["chance 50", true],
    ["below 8", 3],
    ["below 3", 0],
  ], COMME_TRADESIM);
  assert.deepEqual([...market.active], [1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
});

Deno.test("variation_disponibilite brings nothing back when all were active", () => {
  const { market, effect } = play("variation_disponibilite", marketOf({ prix: [5_00, 6_00] }), [
    ["chance 50", true],
    ["below 2", 0],
  ]);
  assert.deepEqual([...market.active], [0, 1]);
  assert.deepEqual(effect, { nombre: 1, total: -1, entrees: 1 });
  assert.equal(
    play("variation_disponibilite", market, [["chance 50", false]]).effect,
    undefined,
  );
});

Deno.test("recharge_stock_fournisseur adds to what a supplier has, every 20 ticks", () => {
  const world: SmallWorld = {
    prix: [10_00, 20_00, 30_00, 40_00],
    inactifs: [3],
    offres: [
      [[5, 10_00], [0, 20_00], [5, 30_00], [5, 40_00]],
      [[5, 10_00]],
      [[5, 10_00]],
    ],
  };
  const { market, effect } = play("recharge_stock_fournisseur", marketOf(world), [
    ["chance 40", true],
    ["chance 60", true],
    ["between 10 50", 30],
    ["chance 60", false],
    ["chance 40", false],
    ["chance 40", true],
    ["chance 60", true],
    ["between 10 50", 10],
  ], { tick: 40 });
  assert.deepEqual([...market.stock.subarray(0, 3)], [35, 5, 15]);
  assert.equal(market.units[0], 55);
  assert.deepEqual(effect, { nombre: 2, total: 40, entrees: 3 });
  assert.equal(
    play("recharge_stock_fournisseur", marketOf(world), [], { tick: 38 }).effect,
    undefined,
  );
});
