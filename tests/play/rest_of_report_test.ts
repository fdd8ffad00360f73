/** Tests of what a game's reports carry besides the numbers of a turn. @module */

import assert from "node:assert/strict";
import { createRestOfReport } from "../../lib/play/mod.ts";
import {
  createGame,
  EVENT_TYPES,
  type EventType,
  type GameEvent,
} from "../../lib/simulation/mod.ts";

/** The moment of a report `timestamp` seconds after 1970. */
function at(timestamp: number, fini = false) {
  return { timestamp, tour: 1, fini };
}

Deno.test("createRestOfReport() gives the further values of the catalogue, in euros", () => {
  const game = createGame({ seed: 5 });
  const opening = game.numbers.budgetTotal;
  for (let tour = 0; tour < 300; tour++) game.playTurn();
  const { values } = createRestOfReport(game)(at(0));
  const { entreprises, fournisseurs, produits } = game.world;
  const units = (holders: readonly { stocks: readonly number[] }[]) =>
    holders.flatMap(({ stocks }) => stocks).reduce((a, b) => a + b);
  const budgets = entreprises.map(({ budget }) => budget);
  const prices = produits.map(({ prix }) => prix);
  const mean = budgets.reduce((a, b) => a + b) / budgets.length;
  assert.deepEqual(values, {
    budget_moyen: mean / 100,
    entreprises_total: 3,
    entreprises_solvables: budgets.filter((budget) => budget > 0).length,
    produits_prix_min: Math.min(...prices) / 100,
    produits_prix_max: Math.max(...prices) / 100,
    argent_initial_euros: opening / 100,
    argent_entre_euros_total: game.numbers.recharges / 100,
    transactions_unites_total: game.numbers.volume,
    livraisons_unites_total: game.numbers.livraisons,
    stock_fournisseurs_unites: units(fournisseurs),
    stock_entreprises_unites: units(entreprises),
    produits_epuises: produits.filter((_, product) =>
      fournisseurs.every(({ stocks }) => stocks[product] === 0)
    ).length,
  });
});

Deno.test("createRestOfReport() gives every firm, product and supplier of the moment", () => {
  const game = createGame({ seed: 5 });
  const rest = createRestOfReport(game);
  const purchases = new Map<number, number>();
  game.onPurchase = ({ entreprise, quantite }) => {
    if (quantite > 0) purchases.set(entreprise, (purchases.get(entreprise) ?? 0) + 1);
  };
  for (const timestamp of [0, 1]) {
    game.playTurn();
    const { entreprises, fournisseurs, produits } = game.world;
    assert.deepEqual(rest(at(timestamp)).detail, {
      produits: produits.map(({ nom, prix, type, actif }) => ({
        nom,
        prix: prix / 100,
        type,
        actif,
      })),
      entreprises: entreprises.map(
        ({ nom, budget, budgetInitial, continent, strategie, stocks }, firm) => ({
          nom,
          budget: budget / 100,
          budget_initial: budgetInitial / 100,
          continent,
          strategie,
          achats: purchases.get(firm) ?? 0,
          stocks,
        }),
      ),
      fournisseurs: fournisseurs.map(({ nom, continent, stocks, prix }) => ({
        nom,
        continent,
        stocks,
        prix: prix.map((cents) => cents === 0 ? null : cents / 100),
      })),
    });
  }
});

Deno.test("createRestOfReport() gives the detail at most once a second, and at the end", () => {
  const rest = createRestOfReport(createGame({ seed: 1 }));
  const hasDetail = (timestamp: number, fini = false) =>
    rest(at(timestamp, fini)).detail !== undefined;
  const times = [1000, 1000.1, 1000.9, 1001, 1001.5, 1001.9, 1002.1, 1003, 1003.2];
  assert.deepEqual(times.filter((time) => hasDetail(time)), [1000, 1001, 1002.1, 1003.2]);
  assert.equal(hasDetail(1003.3, true), true);
});

Deno.test("createRestOfReport() leaves the detail of large worlds out, at the end too", () => {
  const largest = createGame({ seed: 1, entreprises: 45, fournisseurs: 5, produits: 100 });
  const larger = createGame({ seed: 1, entreprises: 46, fournisseurs: 5, produits: 100 });
  assert.ok(createRestOfReport(largest)(at(0)).detail !== undefined);
  assert.equal(createRestOfReport(larger)(at(0)).detail, undefined);
  assert.equal(createRestOfReport(larger)(at(9, true)).detail, undefined);
});

Deno.test("createRestOfReport() gives an event the time of the first report after it", () => {
  const game = createGame({ seed: 2 });
  const rest = createRestOfReport(game);
  assert.deepEqual(rest(at(0)).evenements, {});
  const last = new Map<EventType, number>();
  let happened = new Set<EventType>();
  game.onEvent = ({ type }) => happened.add(type);
  for (let report = 1; report <= 60; report++) {
    happened = new Set();
    for (let turn = 0; turn < 7; turn++) game.playTurn();
    for (const type of happened) last.set(type, report * 10);
    assert.deepEqual(rest(at(report * 10)).evenements, Object.fromEntries(last));
  }
  assert.deepEqual(new Set(last.keys()), new Set(EVENT_TYPES));
  assert.ok(new Set(last.values()).size > 1, "not all happened at once");
});

Deno.test("createRestOfReport() tells each event once, with what it did, in euros or units", () => {
  const game = createGame({ seed: 3 });
  const happened: GameEvent[] = [];
  game.onEvent = (event) => happened.push(event);
  const rest = createRestOfReport(game);
  const told = [];
  for (let report = 0; report < 40; report++) {
    for (let turn = 0; turn < 10; turn++) game.playTurn();
    told.push(...rest(at(report)).evenements_recents ?? []);
  }
  // Whoever listened before still hears all.
  assert.ok(new Set(happened.map(({ type }) => type)).size === EVENT_TYPES.length);
  const money = ["inflation", "recharge_budget"];
  assert.deepEqual(
    told,
    happened.map(({ tour, type, nombre, total }) => ({
      tour,
      type,
      nombre,
      total: money.includes(type) ? total / 100 : total,
    })),
  );
  assert.equal("evenements_recents" in rest(at(99)), false);
});

Deno.test("createRestOfReport() tells a hundred events; of more none, but for the last hundred at the end", () => {
  const game = createGame({ seed: 3 });
  const happened: number[] = [];
  game.onEvent = ({ tour }) => happened.push(tour);
  const rest = createRestOfReport(game);
  const told = (fini = false) =>
    (rest(at(0, fini)).evenements_recents ?? []).map(({ tour }) => tour);
  while (happened.length < 99) game.playTurn();
  assert.deepEqual(told(), happened);
  for (let turn = 0; turn < 1000; turn++) game.playTurn();
  assert.ok(happened.length > 99 + 200);
  assert.deepEqual(told(), []);
  for (let turn = 0; turn < 1000; turn++) game.playTurn();
  assert.deepEqual(told(true), happened.slice(-100));
});
