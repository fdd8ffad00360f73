/** The state of a game: as lines of text, and as one hash. @module */

import { createHash } from "node:crypto";
import { euros } from "../text/mod.ts";
import type { Game } from "./game.ts";
import { formatWorld } from "./save.ts";

/** The SHA-256, in hexadecimal, of the game's world as it would be saved now. */
export function stateSha256(game: Game): string {
  return createHash("sha256").update(formatWorld(game.world)).digest("hex");
}

/** Firms with their budgets, then each active product with who has it, at what price, how much. */
export function statusLines(game: Game): string[] {
  const { numbers } = game;
  const { entreprises, fournisseurs, produits } = game.world;
  const lines = [
    `Tour ${numbers.tour}: ${numbers.entreprises} entreprises, ` +
    `${numbers.produitsActifs} of ${numbers.produits} produits active, ` +
    `${numbers.fournisseurs} fournisseurs`,
    "Entreprises:",
    ...entreprises.map(({ nom, pays, budget }) => `  ${nom} (${pays}): ${euros(budget / 100)}`),
    "Produits:",
  ];
  produits.forEach(({ nom, type, prix, actif }, product) => {
    if (!actif) return;
    lines.push(`  ${nom} (${type}): ${euros(prix / 100)}`);
    for (const fournisseur of fournisseurs) {
      const stock = fournisseur.stocks[product]!;
      const price = fournisseur.prix[product]!;
      if (stock === 0) continue;
      const asked = price === 0 ? "without a price" : `at ${euros(price / 100)}`;
      lines.push(`    ${fournisseur.nom}: ${stock} units ${asked}`);
    }
  });
  return lines;
}
