/** Tests of new worlds. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_COUNT } from "../../lib/simulation/mod.ts";
import { generateWorld, sample } from "../../lib/simulation/generate.ts";
import { FIRM_NAMES, PRODUCT_NAMES, SUPPLIER_NAMES } from "../../lib/simulation/names.ts";
import { Random } from "../../lib/simulation/random.ts";
import { ScriptedDraws } from "./worlds.ts";

const DEFAULT = { entreprises: 3, produits: 12, fournisseurs: 5 };

function counts(values: readonly string[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const value of values) result[value] = (result[value] ?? 0) + 1;
  return result;
}

function isBetween(value: number, low: number, high: number): void {
  assert.ok(Number.isInteger(value) && value >= low && value <= high, `${value} ${low} ${high}`);
}

Deno.test("names are as many as TradeSim's, in the same parts, and no two alike", () => {
  for (const pool of [FIRM_NAMES, SUPPLIER_NAMES]) {
    assert.deepEqual(counts(pool.map(({ continent }) => continent)), {
      "Europe": 14,
      "Asie": 11,
      "Amérique du Nord": 5,
      "Amérique du Sud": 5,
      "Afrique": 5,
      "Océanie": 2,
    });
  }
  assert.deepEqual(counts(PRODUCT_NAMES.map(({ type }) => type)), {
    matiere_premiere: 20,
    consommable: 20,
    produit_fini: 21,
  });
  const all = [...FIRM_NAMES, ...SUPPLIER_NAMES, ...PRODUCT_NAMES].map(({ nom }) => nom);
  assert.equal(new Set(all).size, 42 + 42 + 61);
});

Deno.test("generateWorld() draws the default world within TradeSim's ranges", () => {
  fc.assert(fc.property(fc.nat(), fc.boolean(), (seed, twoBudgets) => {
    const world = generateWorld(Random.fromSeed(seed), DEFAULT, twoBudgets);
    assert.equal(world.produits.length, 12);
    assert.equal(world.fournisseurs.length, 5);
    assert.equal(world.entreprises.length, 3);
    for (const { prix } of world.produits) isBetween(prix, 5_00, 50_00);
    const active = world.produits.filter(({ actif }) => actif).length;
    isBetween(active, 8, 12);
    assert.deepEqual(
      world.produits.map(({ actif }) => actif),
      world.produits.map((_, i) => i < active),
    );
    for (const { stocks, prix } of world.fournisseurs) {
      isBetween(stocks.filter((stock) => stock > 0).length, 3, 8);
      stocks.forEach((stock, product) => {
        const base = world.produits[product]!.prix;
        if (stock === 0) return assert.equal(prix[product], 0);
        isBetween(stock, 10, 200);
        const ratio = prix[product]! / (base * (1 - (stock - 50) / 1000));
        assert.ok(Math.abs(ratio - 1) <= 0.05 + 0.5 / base / 0.85, String(ratio));
      });
    }
    for (const entreprise of world.entreprises) {
      isBetween(entreprise.budget, 18_000_00, 35_000_00);
      isBetween(entreprise.budgetInitial, 18_000_00, 35_000_00);
      assert.equal(entreprise.budget === entreprise.budgetInitial, !twoBudgets);
      isBetween(entreprise.typesPreferes.length, 1, 2);
      assert.deepEqual(entreprise.stocks, new Array<number>(12).fill(0));
    }
    for (const list of [world.produits, world.fournisseurs, world.entreprises]) {
      assert.deepEqual(list.map(({ id }) => id), list.map((_, index) => index + 1));
      assert.equal(new Set(list.map(({ nom }) => nom)).size, list.length);
    }
  }));
});

Deno.test("generateWorld() reaches both ends of its ranges", () => {
  const worlds = Array.from(
    { length: 400 },
    (_, seed) => generateWorld(Random.fromSeed(seed), DEFAULT, false),
  );
  const active = worlds.map(({ produits }) => produits.filter(({ actif }) => actif).length);
  assert.deepEqual([...new Set(active)].sort((a, b) => a - b), [8, 9, 10, 11, 12]);
  const stocked = worlds.flatMap(({ fournisseurs }) =>
    fournisseurs.map(({ stocks }) => stocks.filter((stock) => stock > 0).length)
  );
  assert.deepEqual([...new Set(stocked)].sort((a, b) => a - b), [3, 4, 5, 6, 7, 8]);
});

Deno.test("generateWorld() numbers names when there are more firms than names", () => {
  const world = generateWorld(
    Random.fromSeed(1),
    { entreprises: 100, produits: 130, fournisseurs: 43 },
    false,
  );
  const [first, last] = [world.entreprises[0]!, world.entreprises[84]!];
  assert.equal(last.nom, `${first.nom} 3`);
  assert.equal(last.pays, first.pays);
  assert.equal(world.fournisseurs[42]!.nom, `${world.fournisseurs[0]!.nom} 2`);
  assert.equal(world.produits[61]!.type, world.produits[0]!.type);
  for (const list of [world.produits, world.fournisseurs, world.entreprises]) {
    assert.equal(new Set(list.map(({ nom }) => nom)).size, list.length);
  }
});

Deno.test("generateWorld() makes the smallest world", () => {
  const world = generateWorld(
    Random.fromSeed(1),
    { entreprises: 1, produits: 1, fournisseurs: 1 },
    false,
  );
  assert.equal(world.produits[0]!.actif, true);
  isBetween(world.fournisseurs[0]!.stocks[0]!, 10, 200);
});

Deno.test("generateWorld() refuses sizes that are none or too large", () => {
  const cases: readonly (readonly [Partial<typeof DEFAULT>, string])[] = [
    [{ entreprises: 0 }, "it has 0 entreprises, expected 1 to 1000000"],
    [{ produits: 1.5 }, "it has 1.5 produits, expected 1 to 1000000"],
    [{ fournisseurs: MAX_COUNT + 1 }, "it has 1000001 fournisseurs, expected 1 to 1000000"],
    [
      { entreprises: 100_000, produits: 1000 },
      "it has 100000000 stocks of firms or suppliers, expected at most 33554432",
    ],
  ];
  for (const [size, message] of cases) {
    assert.throws(() => generateWorld(Random.fromSeed(1), { ...DEFAULT, ...size }, false), {
      name: "WorldError",
      message: `Cannot make the world: ${message}`,
    });
  }
});

Deno.test("sample() draws each time from what is left", () => {
  const draws = new ScriptedDraws(["below 4", 2], ["below 3", 2], ["below 2", 0]);
  // 0123: take 2, leaving 103 after it; take 3, leaving 01; take 0, which stands first.
  assert.deepEqual(sample(draws, 4, 3), [2, 3, 0]);
  draws.end();
});
