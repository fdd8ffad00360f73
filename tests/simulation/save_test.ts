/** Tests of worlds as text. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createGame, formatWorld, parseWorld } from "../../lib/simulation/mod.ts";
import { smallWorld } from "./worlds.ts";

/** A world as TradeSim writes it, ids not in order. */
const TRADESIM = {
  metadata: { date_creation: "2025-08-30T10:00:00", version: "0.1" },
  produits: [
    { id: 7, nom: "Ocre", prix: 12.34, actif: true, type: "matiere_premiere" },
    { id: 2, nom: "Rivets", prix: 5.0, actif: false, type: "consommable" },
  ],
  fournisseurs: [
    {
      id: 4,
      nom_entreprise: "Comptoir",
      pays: "France",
      continent: "Europe",
      stock_produit: { "2": 0, "7": 60 },
    },
    {
      id: 3,
      nom_entreprise: "Depot",
      pays: "Chili",
      continent: "Amérique du Sud",
      stock_produit: {},
    },
  ],
  entreprises: [
    {
      id: 1,
      nom: "Atelier",
      pays: "Japon",
      continent: "Asie",
      budget: 32513.61,
      budget_initial: 18000,
      types_preferes: ["consommable", "produit_fini"],
      strategie: "par_type",
      stocks: { "7": 3 },
    },
  ],
  prix: { "7_4": 12.01, "2_4": 5.25, "7_3": 12.5 },
};

/** That world with one value changed, at a path such as `produits.0.prix`; undefined takes it out. */
function changed(path: string, value: unknown): string {
  const world = structuredClone(TRADESIM) as Record<string, unknown>;
  const keys = path.split(".");
  const last = keys.pop()!;
  const holder = keys.reduce((inside, key) => inside[key] as Record<string, unknown>, world);
  if (value === undefined) delete holder[last];
  else holder[last] = value;
  return JSON.stringify(world);
}

Deno.test("parseWorld() reads what TradeSim saves, in cents", () => {
  assert.deepEqual(parseWorld(JSON.stringify(TRADESIM)), {
    dateCreation: "2025-08-30T10:00:00",
    produits: [
      { id: 7, nom: "Ocre", prix: 12_34, actif: true, type: "matiere_premiere" },
      { id: 2, nom: "Rivets", prix: 5_00, actif: false, type: "consommable" },
    ],
    fournisseurs: [
      {
        id: 4,
        nom: "Comptoir",
        pays: "France",
        continent: "Europe",
        stocks: [60, 0],
        prix: [12_01, 5_25],
      },
      {
        id: 3,
        nom: "Depot",
        pays: "Chili",
        continent: "Amérique du Sud",
        stocks: [0, 0],
        prix: [12_50, 0],
      },
    ],
    entreprises: [
      {
        id: 1,
        nom: "Atelier",
        pays: "Japon",
        continent: "Asie",
        budget: 32_513_61,
        budgetInitial: 18_000_00,
        typesPreferes: ["consommable", "produit_fini"],
        strategie: "par_type",
        stocks: [3, 0],
      },
    ],
  });
});

Deno.test("parseWorld() takes a firm without stocks and a file without metadata", () => {
  assert.deepEqual(
    parseWorld(changed("entreprises.0.stocks", undefined)).entreprises[0]!.stocks,
    [0, 0],
  );
  assert.equal("dateCreation" in parseWorld(changed("metadata", undefined)), false);
});

Deno.test("parseWorld() rounds parts of a cent", () => {
  const world = parseWorld(changed("entreprises.0.budget", 1200.300000000001));
  assert.equal(world.entreprises[0]!.budget, 1200_30);
});

Deno.test("formatWorld() writes what TradeSim saves", () => {
  // TradeSim lists a product with a supplier that has a price and no stock only once it had some.
  const [first, second] = TRADESIM.fournisseurs;
  const expected = {
    ...TRADESIM,
    fournisseurs: [first, { ...second, stock_produit: { "7": 0 } }],
  };
  assert.deepEqual(JSON.parse(formatWorld(parseWorld(JSON.stringify(TRADESIM)))), expected);
});

Deno.test("formatWorld() and parseWorld() undo each other", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.integer({ min: 0, max: 200 }),
      fc.boolean(),
      fc.boolean(),
      (seed, turns, commeTradesim, isDated) => {
        const game = createGame({ seed, commeTradesim });
        for (let turn = 0; turn < turns; turn++) game.playTurn();
        const world = isDated ? { ...game.world, dateCreation: "2025-01-01" } : game.world;
        const text = formatWorld(world);
        assert.deepEqual(parseWorld(text), world);
        assert.equal(formatWorld(parseWorld(text)), text);
      },
    ),
  );
});

Deno.test("formatWorld() keeps amounts to the cent, however large", () => {
  for (const budget of [1, 10, 29, 57_57, 1e14 - 1, 1e15 - 7, 1e15]) {
    const world = smallWorld({ budgets: [budget] });
    assert.equal(parseWorld(formatWorld(world)).entreprises[0]!.budget, budget);
  }
});

Deno.test("parseWorld() names what is wrong", () => {
  const type = "expected one of matiere_premiere, consommable, produit_fini";
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["produits", undefined, "produits is missing, expected a list"],
    ["produits", {}, "produits is {}, expected a list"],
    [
      "produits.1.prix",
      "cher",
      'produits[1].prix is "cher", expected an amount of euros from 0.01 to 1000000000',
    ],
    [
      "produits.0.prix",
      0,
      "produits[0].prix is 0, expected an amount of euros from 0.01 to 1000000000",
    ],
    ["produits.0.actif", 1, "produits[0].actif is 1, expected true or false"],
    ["produits.0.type", "or", `produits[0].type is "or", ${type}`],
    ["produits.0", null, "produits[0] is null, expected an object"],
    ["produits.1.id", 7, "two produits have the same id, expected different ones"],
    ["fournisseurs.1.id", 4, "two fournisseurs have the same id, expected different ones"],
    ["fournisseurs.0.nom_entreprise", "", 'fournisseurs[0].nom_entreprise is "", expected a text'],
    [
      "fournisseurs.0.stock_produit.7",
      -1,
      'fournisseurs[0].stock_produit["7"] is -1, expected an integer from 0 to 1000000000000000',
    ],
    [
      "fournisseurs.0.stock_produit.9",
      1,
      'fournisseurs[0].stock_produit["9"] is of produit "9", expected one that is listed',
    ],
    [
      "entreprises.0.budget",
      -5,
      "entreprises[0].budget is -5, expected an amount of euros from 0 to 10000000000000",
    ],
    ["entreprises.0.types_preferes.0", "or", `entreprises[0].types_preferes[0] is "or", ${type}`],
    ["prix.7_9", 1, 'prix["7_9"] is of fournisseur "9", expected one that is listed'],
    ["prix.9_4", 1, 'prix["9_4"] is of produit "9", expected one that is listed'],
    ["prix.7", 1, 'prix["7"] is of fournisseur "", expected one that is listed'],
    ["prix.7_4_1", 1, 'prix["7_4_1"] is of produit "7_4_1", expected one that is listed'],
    ["reprise", { alea: [1, 2, 3] }, "reprise.alea is [1,2,3], expected four integers"],
    [
      "reprise",
      { alea: [1, 2, 3, 2 ** 32] },
      "reprise.alea[3] is 4294967296, expected an integer from 0 to 4294967295",
    ],
  ];
  for (const [path, value, message] of cases) {
    assert.throws(() => parseWorld(changed(path, value)), {
      name: "WorldError",
      message: `Cannot read the world: ${message}`,
    });
  }
});

Deno.test("parseWorld() refuses what is no world at all", () => {
  assert.throws(() => parseWorld("{"), {
    name: "WorldError",
    message: /^Cannot read the world: it is not JSON, /,
  });
  assert.throws(() => parseWorld("[]"), {
    name: "WorldError",
    message: "Cannot read the world: it is [], expected an object",
  });
  assert.throws(() => parseWorld(changed("produits", [])), {
    name: "WorldError",
    message: "Cannot make the world: it has 0 produits, expected 1 to 1000000",
  });
});
