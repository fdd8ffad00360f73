/** Tests that the economy of a played game adds up, as the exporter shows it. @module */

import assert from "node:assert/strict";
import { createRestOfReport } from "../../lib/play/mod.ts";
import { createPublisher } from "../../lib/publish/mod.ts";
import { readReport } from "../../lib/report/mod.ts";
import { createGame, type Game, type World } from "../../lib/simulation/mod.ts";
import { createModel, flatten } from "../model/reports.ts";
import { Clock } from "../publish/support.ts";
import { ALL } from "../report/options.ts";

const WORLDS = 1000;
const TURNS = 12;

/** Plays a game of which some turns are reported, each with its detail; what the exporter shows after each. */
function played(game: Game, isReported: (turn: number) => boolean, turns = TURNS) {
  const clock = new Clock();
  const model = createModel();
  const shown: { series: Map<string, number>; world: World; tour: number }[] = [];
  let isReady = true;
  const publisher = createPublisher({
    session: "s",
    numbers: game.numbers,
    rest: createRestOfReport(game),
    interval: 0,
    now: clock.now,
    wallClock: clock.wallClock,
    transport: {
      ready: () => isReady,
      write(bytes) {
        const { report, details } = readReport(JSON.parse(new TextDecoder().decode(bytes)), ALL);
        model.take(report, 1000, details.tables);
        const { families } = model.families(1000);
        shown.push({ series: flatten(families), world: game.world, tour: game.numbers.tour });
      },
      end: () => Promise.resolve(),
    },
  });
  for (let turn = 1; turn <= turns; turn++) {
    isReady = isReported(turn);
    game.playTurn();
    // Detail is told once a second.
    clock.milliseconds += 1000;
    publisher.turn();
  }
  return shown;
}

const cents = (euros: number) => Math.round(euros * 100);

function units(holders: readonly { readonly stocks: readonly number[] }[]): number {
  return holders.flatMap(({ stocks }) => stocks).reduce((a, b) => a + b, 0);
}

Deno.test(`a played game: money and goods add up in ${WORLDS} worlds, and nothing is broken`, () => {
  let reports = 0;
  for (let seed = 0; seed < WORLDS; seed++) {
    const game = createGame({
      seed,
      entreprises: 1 + seed % 10,
      produits: 5 + seed % 46,
      fournisseurs: 1 + seed % 15,
      commeTradesim: seed % 2 === 1,
    });
    const stocks = units(game.world.fournisseurs);
    const budgets = game.world.entreprises.reduce((sum, { budget }) => sum + budget, 0);
    // Every turn in some worlds, and some turns in others.
    const shown = played(game, (turn) => seed % 3 > 0 || turn % (1 + seed % 5) === 0);
    for (const { series, world, tour } of shown) {
      reports++;
      const where = `world ${seed}, turn ${tour}`;
      const value = (name: string) => series.get(name) ?? NaN;
      const budgetNow = world.entreprises.reduce((sum, { budget }) => sum + budget, 0);
      assert.equal(cents(value("argent_initial_euros")), budgets, where);
      assert.equal(
        cents(value("argent_initial_euros")) + cents(value("argent_entre_euros_total")) -
          cents(value("transactions_montant_total")),
        budgetNow,
        where,
      );
      assert.equal(cents(value("budget_total")), budgetNow, where);
      const bought = value("transactions_unites_total");
      assert.equal(value("stock_entreprises_unites"), bought, where);
      assert.equal(units(world.entreprises), bought, where);
      assert.equal(
        value("stock_fournisseurs_unites"),
        stocks + value("livraisons_unites_total") - bought,
        where,
      );
      for (const [name, count] of series) {
        if (name.startsWith("simulation_invariant_")) assert.equal(count, 0, `${where}: ${name}`);
      }
    }
  }
  assert.ok(reports > WORLDS * TURNS / 2, `${reports} reports`);
});

Deno.test("a played game: its price index is that of the products that could be bought", () => {
  for (const seed of [3, 4, 5]) {
    const shown = played(createGame({ seed, produits: 30 }), () => true, 80);
    let index = 100;
    shown.forEach(({ series, world }, place) => {
      const before = shown[place - 1]?.world.produits;
      const relatives = world.produits.flatMap(({ prix, actif }, product) => {
        const earlier = before?.[product];
        return actif && earlier?.actif ? [prix / earlier.prix] : [];
      });
      index *= relatives.reduce((a, b) => a * b, 1) ** (1 / (relatives.length || 1));
      const found = series.get("produits_prix_indice")!;
      assert.ok(Math.abs(found / index - 1) < 1e-9, `${found}, expected ${index}`);
    });
    assert.notEqual(index, 100);
  }
});

Deno.test("a played game: ranks and profits are those of its firms", () => {
  const [{ series, world }] = played(createGame({ seed: 9, entreprises: 8 }), (turn) => turn === 9)
    .slice(-1) as [ReturnType<typeof played>[number]];
  const ranking = [...world.entreprises].sort((a, b) => b.budget - a.budget);
  ranking.forEach(({ nom, budget, budgetInitial }, place) => {
    assert.equal(series.get(`entreprise_rang{entreprise="${nom}"}`), place + 1);
    assert.equal(
      cents(series.get(`entreprise_benefice{entreprise="${nom}"}`)!),
      budget - budgetInitial,
    );
  });
});

Deno.test("a played game: 42 firms, 61 products and 20 suppliers have no more series than docs/economy.md says", () => {
  const game = createGame({ seed: 1, entreprises: 42, produits: 61, fournisseurs: 20 });
  const [{ series }] = played(game, (turn) => turn === 9).slice(-1) as [
    ReturnType<typeof played>[number],
  ];
  const counts = new Map<string, number>();
  for (const name of series.keys()) {
    const [family = ""] = /^(entreprise|produit|fournisseur)_\w+(?=\{)/.exec(name) ?? [];
    if (family !== "") counts.set(family, (counts.get(family) ?? 0) + 1);
  }
  // A supplier has a price only of what it sells.
  const { fournisseur_prix: prices = 0, ...others } = Object.fromEntries(counts);
  assert.ok(prices > 0 && prices <= 20 * 61, `${prices} prices`);
  assert.deepEqual(others, {
    entreprise_budget: 42,
    entreprise_benefice: 42,
    entreprise_rang: 42,
    entreprise_stock: 42 * 61,
    produit_prix: 61,
    produit_actif: 61,
    fournisseur_stock: 20 * 61,
  });
});
