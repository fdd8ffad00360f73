/** Plays made-up games as TradeSim reports them: payloads whose numbers follow one from the other. @module */

import template from "../testdata/tour-001.json" with { type: "json" };

export type Payload = Record<string, unknown>;

export interface GameOptions {
  readonly session: string;
  /** When the first turn ends, in seconds since 1970. */
  readonly start?: number;
  /** Real time per turn, in seconds. */
  readonly interval?: number;
  /** The game's own time per turn, in seconds. */
  readonly turnSeconds?: number;
  /** Successful purchases per turn, and what each costs, in euros. */
  readonly purchases?: number;
  readonly price?: number;
}

/**
 * What a session has done after `turn` turns, with all totals that follow from the options. With
 * `resetAt`, totals and tick began again after that turn.
 */
export function payloadAt(options: GameOptions, turn: number, resetAt = 0): Payload {
  const {
    session,
    start = 1_795_000_000,
    interval = 0.25,
    turnSeconds = 0.0008,
    purchases = 4,
    price = 2.5,
  } = options;
  const played = turn - resetAt;
  const bought = played * purchases;
  const budgets = template.entreprises_individuales.map((firm, index) =>
    firm.budget_initial - (index === 0 ? bought * price : 0)
  );
  const total = budgets.reduce((sum, budget) => sum + budget, 0);
  const firstFirm = template.entreprises_individuales[0]!.nom;
  const firstProduct = template.produits_individuales[0]!.nom;
  return {
    ...template,
    action_id: `${session}_METRIC_${String(turn).padStart(3, "0")}`,
    session_id: session,
    tick: played - 1,
    tick_actuel: played - 1,
    tours_completes: played - 1,
    tour_actuel: turn,
    timestamp: new Date((start + turn * interval) * 1000).toISOString().replace("Z", "+00:00"),
    budget_total_entreprises: Math.round(total * 100) / 100,
    budget_moyen_entreprises: Math.round(total / budgets.length * 100) / 100,
    transactions_total: bought,
    total_actions: bought,
    transactions_reussies: bought,
    transactions_echouees: 0,
    total_transactions: bought,
    total_ventes: bought,
    total_demandes: bought,
    total_montant: bought * price,
    budget_depenses_totales: bought * price,
    transactions_par_entreprise: bought === 0 ? {} : { [firstFirm]: bought },
    transactions_par_produit: bought === 0 ? {} : { [firstProduct]: bought },
    evenements_total: played,
    total_mesures: played,
    total_temps: played * turnSeconds,
    entreprises_individuales: template.entreprises_individuales.map((firm, index) => ({
      ...firm,
      budget: budgets[index]!,
    })),
    stocks_historiques: { entreprises: [], fournisseurs: [] },
  };
}
