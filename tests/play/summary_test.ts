/** Tests of what a run says at its end. @module */

import assert from "node:assert/strict";
import { summaryLines, summaryOf } from "../../lib/play/summary.ts";
import { createGame, stateSha256 } from "../../lib/simulation/mod.ts";

function playedGame(tours: number) {
  const game = createGame({ seed: 3 });
  for (let tour = 0; tour < tours; tour++) game.playTurn();
  return game;
}

Deno.test("summaryOf() gives the game's numbers in euros and, apart, what was measured", async () => {
  const game = playedGame(200);
  const { numbers } = game;
  const publisher = { turns: 200, reports: 4, seconds: 0.003 };
  assert.deepEqual(await summaryOf(game, { seconds: 0.5, publisher }), {
    seed: 3,
    tours: 200,
    etat_sha256: await stateSha256(game),
    budget_total: numbers.budgetTotal / 100,
    transactions: numbers.transactions,
    transactions_reussies: numbers.reussies,
    transactions_echouees: numbers.echouees,
    transactions_montant: numbers.montant / 100,
    volume: numbers.volume,
    recharges: numbers.recharges / 100,
    evenements: numbers.evenements,
    produits_actifs: numbers.produitsActifs,
    mesure: {
      secondes: 0.5,
      tours_par_seconde: 400,
      publication: { rapports: 4, secondes: 0.003 },
    },
  });
});

Deno.test("summaryOf() is of no turn and no report where there was none", async () => {
  const { mesure, tours } = await summaryOf(playedGame(0), { seconds: 0, publisher: undefined });
  assert.deepEqual({ mesure, tours }, { mesure: { secondes: 0, tours_par_seconde: 0 }, tours: 0 });
});

Deno.test("summaryLines() says all of it in lines, one thing in the singular", async () => {
  const summary = await summaryOf(playedGame(200), { seconds: 0.5, publisher: undefined });
  const lines = summaryLines({
    ...summary,
    budget_total: 12.5,
    recharges: 1000,
    transactions_montant: 0.05,
    transactions_reussies: 7,
    transactions_echouees: 2,
    volume: 30,
    evenements: 1,
  });
  assert.deepEqual(lines, [
    "200 turns, seed 3, 400 turns per second",
    "Budgets: 12.50 € after recharges of 1000.00 € and purchases of 0.05 €",
    "Purchases: 7 succeeded, 2 failed; 30 units; 1 event",
  ]);
  const publication = { rapports: 1, secondes: 0.00123 };
  assert.deepEqual(
    summaryLines({ ...summary, tours: 1, mesure: { ...summary.mesure, publication } }).filter(
      (_, index) => index % 3 === 0,
    ),
    ["1 turn, seed 3, 400 turns per second", "Monitoring: 1 report in 1.2 ms"],
  );
});

Deno.test("summaryOf() names no seed for a game that goes on", async () => {
  const begun = playedGame(20);
  const game = createGame({ seed: 4, world: begun.world });
  const summary = await summaryOf(game, { seconds: 0, publisher: undefined });
  assert.equal(summary.seed, null);
  assert.match(summaryLines(summary)[0]!, /^0 turns, continued, /);
});
