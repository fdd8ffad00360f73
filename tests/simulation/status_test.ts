/** Tests of what a reader sees of a game. @module */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createGame, formatWorld, stateSha256, statusLines } from "../../lib/simulation/mod.ts";
import { smallWorld } from "./worlds.ts";

Deno.test("statusLines() lists firms and who sells each active product", () => {
  const world = smallWorld({
    budgets: [1234_50, 0],
    prix: [10_00, 20_05, 3_00],
    inactifs: [2],
    types: [0, 1, 2],
    offres: [[[5, 9_99], [7, 0]], [[0, 10_10], [1, 21_00]]],
  });
  assert.deepEqual(statusLines(createGame({ seed: 1, world })), [
    "Tour 0: 2 entreprises, 2 of 3 produits active, 2 fournisseurs",
    "Entreprises:",
    "  Entreprise 1 (France): 1234.50 €",
    "  Entreprise 2 (France): 0.00 €",
    "Produits:",
    "  Produit 1 (matiere_premiere): 10.00 €",
    "    Fournisseur 1: 5 units at 9.99 €",
    "  Produit 2 (consommable): 20.05 €",
    "    Fournisseur 1: 7 units without a price",
    "    Fournisseur 2: 1 units at 21.00 €",
  ]);
});

Deno.test("stateSha256() is the hash of the saved world", async () => {
  const game = createGame({ seed: 3 });
  game.playTurn();
  const expected = createHash("sha256").update(formatWorld(game.world)).digest("hex");
  assert.equal(await stateSha256(game), expected);
});
