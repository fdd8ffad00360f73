/** Tests that what a game's reports say in parts is what they say in all. @module */

import assert from "node:assert/strict";
import { createRepartitions } from "../../lib/play/repartitions.ts";
import { createGame } from "../../lib/simulation/mod.ts";
import { readReport } from "../../lib/report/mod.ts";
import { ALL } from "../report/options.ts";

Deno.test("createRepartitions() gives parts that add up to the whole, and that a report can carry", () => {
  for (const seed of [1, 2, 3]) {
    const game = createGame({ seed, entreprises: 20, produits: 30 });
    const repartitions = createRepartitions(game);
    for (let turn = 0; turn < 400; turn++) {
      game.playTurn();
      if (turn % 50 !== 0) continue;
      const { numbers } = game;
      const whole: Record<string, number> = {
        budget_total: numbers.budgetTotal / 100,
        entreprises_total: numbers.entreprises,
        entreprises_solvables: numbers.entreprisesSolvables,
        transactions_total: numbers.transactions,
        transactions_reussies_total: numbers.reussies,
        transactions_echouees_total: numbers.echouees,
        transactions_montant_total: numbers.montant / 100,
        transactions_unites_total: numbers.volume,
        livraisons_unites_total: numbers.livraisons,
        stock_fournisseurs_unites: game.world.fournisseurs.reduce(
          (sum, { stocks }) => sum + stocks.reduce((a, b) => a + b),
          0,
        ),
        stock_entreprises_unites: game.world.entreprises.reduce(
          (sum, { stocks }) => sum + stocks.reduce((a, b) => a + b),
          0,
        ),
        produits_epuises: game.world.produits.filter((_, product) =>
          game.world.fournisseurs.every(({ stocks }) =>
            stocks[product] === 0
          )
        ).length,
        produits_total: numbers.produits,
        produits_actifs: numbers.produitsActifs,
        produits_inactifs: numbers.produits - numbers.produitsActifs,
      };
      const parts = repartitions();
      assert.deepEqual(Object.keys(parts), Object.keys(whole));
      for (const [name, list = []] of Object.entries(parts)) {
        const cents = list.reduce((sum, { valeur }) => sum + Math.round(valeur * 100), 0);
        assert.equal(cents, Math.round(whole[name]! * 100), `${name} in turn ${turn}`);
      }
      const { report, noticed } = readReport({
        type: "tradesim.report",
        version: 1,
        session: "s",
        rapport: turn + 1,
        tour: turn + 1,
        repartitions: parts,
      }, ALL);
      assert.deepEqual(noticed.problems, []);
      assert.equal(report.breakdowns.size, 15);
    }
  }
});

Deno.test("createRepartitions() knows who bought what", () => {
  const game = createGame({ seed: 7 });
  const { entreprises, produits } = game.world;
  const counted = new Map<string, number>();
  game.onPurchase = ({ entreprise, produit, quantite }) => {
    if (quantite === 0) return;
    const key = `${entreprises[entreprise]!.continent}/${produits[produit]!.type}`;
    counted.set(key, (counted.get(key) ?? 0) + 1);
  };
  for (let turn = 0; turn < 300; turn++) game.playTurn();
  const { transactions_reussies_total: parts = [] } = createRepartitions(game)();
  const told = parts.filter(({ valeur }) => valeur > 0)
    .map(({ continent, produit_type, valeur }) => [`${continent}/${produit_type}`, valeur]);
  assert.ok(told.length > 1);
  assert.deepEqual(Object.fromEntries(told), Object.fromEntries(counted));
});
