/** The summary of a run: as one JSON object, or as lines of text. @module */

import type { PublisherStats } from "../publish/mod.ts";
import { type Game, stateSha256 } from "../simulation/mod.ts";
import { count, euros } from "../text/mod.ts";

export interface Measured {
  /** Seconds of all turns, pauses left out. */
  readonly seconds: number;
  readonly publisher: PublisherStats | undefined;
}

/** The same for a seed on every machine, but for `mesure`. Amounts are in euros. */
export interface Summary {
  /** Null if the game continues from a saved world, which needs none. */
  readonly seed: number | null;
  readonly tours: number;
  readonly etat_sha256: string;
  readonly budget_total: number;
  readonly transactions: number;
  readonly transactions_reussies: number;
  readonly transactions_echouees: number;
  readonly transactions_montant: number;
  readonly volume: number;
  readonly recharges: number;
  readonly evenements: number;
  readonly produits_actifs: number;
  /** All that depends on the clock. */
  readonly mesure: {
    readonly secondes: number;
    readonly tours_par_seconde: number;
    readonly publication?: { readonly rapports: number; readonly secondes: number };
  };
}

export function summaryOf(game: Game, { seconds, publisher }: Measured): Summary {
  const { numbers } = game;
  return {
    seed: game.seed ?? null,
    tours: numbers.tour,
    etat_sha256: stateSha256(game),
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
      secondes: seconds,
      tours_par_seconde: seconds > 0 ? numbers.tour / seconds : 0,
      ...(publisher === undefined ? {} : {
        publication: { rapports: publisher.reports, secondes: publisher.seconds },
      }),
    },
  };
}

export function summaryLines(summary: Summary): string[] {
  const { mesure } = summary;
  const lines = [
    `${count(summary.tours, "turn")}, ` +
    `${summary.seed === null ? "continued" : `seed ${summary.seed}`}, ` +
    `${Math.round(mesure.tours_par_seconde)} turns per second`,
    `Budgets: ${euros(summary.budget_total)} after recharges of ${euros(summary.recharges)} ` +
    `and purchases of ${euros(summary.transactions_montant)}`,
    `Purchases: ${summary.transactions_reussies} succeeded, ${summary.transactions_echouees} failed; ` +
    `${count(summary.volume, "unit")}; ${count(summary.evenements, "event")}`,
  ];
  if (mesure.publication !== undefined) {
    const { rapports, secondes } = mesure.publication;
    lines.push(`Monitoring: ${count(rapports, "report")} in ${(secondes * 1000).toFixed(1)} ms`);
  }
  return lines;
}
