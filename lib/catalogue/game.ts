/** The metrics of the game, in the order in which they are documented. @module */

import { TURN_SECONDS_BUCKETS } from "../turns/mod.ts";
import { DETAIL_METRICS } from "./detail.ts";
import { difference, ECONOMY_METRICS } from "./economy.ts";
import { type Metric, SESSION_STATES, type SessionFacts, type TradesimPayload } from "./metric.ts";

/** The smallest or the largest, as `choose` does of two. */
function extreme(values: readonly number[], choose: (a: number, b: number) => number) {
  return values.length === 0 ? undefined : values.reduce((a, b) => choose(a, b));
}

/** Seconds since 1970 are exact to a fraction of a microsecond; what is below that is noise. */
function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

/** Time from the first to the last report, in seconds. */
function duration({ firstTimestamp: first, lastTimestamp: last }: SessionFacts) {
  const seconds = difference(last, first);
  return seconds && toMicroseconds(Math.max(0, seconds));
}

const inactiveProducts = (payload: TradesimPayload) =>
  difference(payload.number("produits_total"), payload.number("produits_actifs"));

export const GAME_METRICS: readonly Metric[] = [
  {
    name: "budget_total",
    type: "gauge",
    unit: "euros",
    help: "Money that all firms together have now, in euros.",
    group: "phase1",
    breakdowns: ["continent"],
    combine: "sum",
    tradesim: { keys: ["budget_total_entreprises", "budget_total"] },
  },
  {
    name: "transactions_total",
    type: "counter",
    unit: "transactions",
    help: "Purchases that firms attempted, successful or not.",
    group: "phase1",
    breakdowns: ["continent", "produit_type"],
    tradesim: { keys: ["transactions_total"] },
  },
  {
    name: "produits_actifs",
    type: "gauge",
    unit: "products",
    help: "Products that can be bought now.",
    group: "phase1",
    breakdowns: ["produit_type"],
    combine: "sum",
    tradesim: { keys: ["produits_actifs"] },
  },
  {
    name: "tours_completes",
    type: "counter",
    unit: "turns",
    help: "Turns that were completed.",
    group: "phase1",
    read: { total: ({ turns }) => [turns] },
    origin: "the report's turn",
  },
  {
    name: "temps_simulation_tour_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Time that a turn took in the game itself, without monitoring, in seconds.",
    group: "phase1",
    buckets: TURN_SECONDS_BUCKETS,
    read: {
      turns: ({ turnCounts, turnSeconds }) => ({ counts: turnCounts, seconds: turnSeconds }),
    },
    origin:
      "native: bucket counts; TradeSim: `total_temps` and `total_mesures`, the turns since the last report at their mean",
  },
  {
    name: "budget_moyen",
    type: "gauge",
    unit: "euros",
    help: "Mean budget of a firm, in euros.",
    group: "game",
    combine: { mean: "entreprises_total" },
    tradesim: { keys: ["budget_moyen_entreprises", "entreprises_budget_moyen"] },
  },
  {
    name: "budget_min",
    type: "gauge",
    unit: "euros",
    help: "Budget of the poorest firm, in euros.",
    group: "game",
    combine: "min",
    tradesim: {
      from: "smallest `budget` of `entreprises_individuales`",
      read: (payload) => extreme(payload.budgets, Math.min),
    },
  },
  {
    name: "budget_max",
    type: "gauge",
    unit: "euros",
    help: "Budget of the richest firm, in euros.",
    group: "game",
    combine: "max",
    tradesim: {
      from: "largest `budget` of `entreprises_individuales`",
      read: (payload) => extreme(payload.budgets, Math.max),
    },
  },
  {
    name: "entreprises_total",
    type: "gauge",
    unit: "firms",
    help: "Firms in the game.",
    group: "game",
    breakdowns: ["continent"],
    combine: "sum",
    tradesim: { keys: ["entreprises_total", "entreprises_count"] },
  },
  {
    name: "entreprises_solvables",
    type: "gauge",
    unit: "firms",
    help: "Firms whose budget is above zero.",
    group: "game",
    breakdowns: ["continent"],
    combine: "sum",
    tradesim: { keys: ["entreprises_actives"] },
  },
  {
    name: "transactions_reussies_total",
    type: "counter",
    unit: "transactions",
    help: "Purchases that succeeded.",
    group: "game",
    breakdowns: ["continent", "produit_type"],
    tradesim: { keys: ["transactions_reussies", "total_transactions"] },
  },
  {
    name: "transactions_echouees_total",
    type: "counter",
    unit: "transactions",
    help: "Purchases that failed, in practice for lack of money.",
    group: "game",
    breakdowns: ["continent", "produit_type"],
    tradesim: { keys: ["transactions_echouees"] },
  },
  {
    name: "transactions_montant_total",
    type: "counter",
    unit: "euros",
    help: "Money spent on purchases, in euros.",
    group: "game",
    breakdowns: ["continent", "produit_type"],
    tradesim: { keys: ["total_montant", "budget_depenses_totales"] },
  },
  {
    name: "produits_total",
    type: "gauge",
    unit: "products",
    help: "Products in the game, active or not.",
    group: "game",
    breakdowns: ["produit_type"],
    combine: "sum",
    tradesim: { keys: ["produits_total", "produits_count"] },
  },
  {
    name: "produits_inactifs",
    type: "gauge",
    unit: "products",
    help: "Products that cannot be bought now.",
    group: "game",
    breakdowns: ["produit_type"],
    combine: "sum",
    tradesim: { from: "`produits_total` less `produits_actifs`", read: inactiveProducts },
  },
  {
    name: "produits_prix_moyen",
    type: "gauge",
    unit: "euros",
    help: "Mean base price over all products, in euros.",
    group: "game",
    combine: { mean: "produits_total" },
    tradesim: { keys: ["produits_prix_moyen"] },
  },
  {
    name: "produits_prix_min",
    type: "gauge",
    unit: "euros",
    help: "Lowest base price of a product, in euros.",
    group: "game",
    combine: "min",
    tradesim: {
      from: "smallest `prix` of `produits_individuales`",
      read: (payload) => extreme(payload.prices, Math.min),
    },
  },
  {
    name: "produits_prix_max",
    type: "gauge",
    unit: "euros",
    help: "Highest base price of a product, in euros.",
    group: "game",
    combine: "max",
    tradesim: {
      from: "largest `prix` of `produits_individuales`",
      read: (payload) => extreme(payload.prices, Math.max),
    },
  },
  ...ECONOMY_METRICS,
  {
    name: "simulation_tour",
    type: "gauge",
    unit: "turns",
    help: "Current turn of the game; the first is 1.",
    group: "game",
    combine: "newest",
    read: { value: ({ turn }) => turn },
    origin: "the report's turn",
  },
  {
    name: "evenements_total",
    type: "counter",
    unit: "events",
    help:
      "Events of the game. TradeSim counts log entries: a recharge counts each of its firms and one more.",
    group: "game",
    tradesim: { keys: ["evenements_total"] },
  },
  {
    name: "simulation_duree_seconds",
    type: "gauge",
    unit: "seconds",
    help: "Time from the first to the last report of the game, in seconds.",
    group: "game",
    combine: "max",
    read: { value: duration },
    origin: "the reports' own times",
  },
  {
    name: "simulation_tour_intervalle_seconds",
    type: "summary",
    unit: "seconds",
    help: "Real time per turn, monitoring and pauses included, in seconds.",
    group: "game",
    read: {
      turns: ({ interval: { turns, seconds } }) => ({ counts: [turns], seconds }),
      round: toMicroseconds,
    },
    origin: "the reports' own times and turns",
  },
  {
    name: "simulation_sessions",
    type: "gauge",
    unit: "sessions",
    help: "Sessions whose last report is shown now.",
    group: "game",
    read: { count: (live) => live },
  },
  {
    name: "simulation_etat",
    type: "gauge",
    unit: "sessions",
    help: "Sessions by state: running, finished, ended (TradeSim has stopped reporting: over or " +
      "interrupted), silent (another game has stopped reporting without saying that it is over).",
    group: "game",
    labels: ["etat"],
    read: { states: SESSION_STATES },
  },
  {
    name: "simulation_dernier_rapport_timestamp_seconds",
    type: "gauge",
    unit: "seconds since 1970",
    help: "When the last report arrived, in seconds since 1970.",
    group: "game",
    combine: "max",
    read: { value: ({ arrival }) => arrival },
  },
  {
    name: "simulation_info",
    type: "gauge",
    unit: "1",
    help: "One series per session shown now; the value is always 1.",
    group: "game",
    labels: ["session", "format"],
    read: { rows: ({ id, format }) => [[[id, format], 1]] },
  },
  {
    name: "simulation_publication_seconds_total",
    type: "counter",
    unit: "seconds",
    help: "Time that the game spent on publishing its reports, in seconds.",
    group: "game",
  },
  {
    name: "evenement_dernier_timestamp_seconds",
    type: "gauge",
    unit: "seconds since 1970",
    help: "When an event of this type last happened, in seconds since 1970.",
    group: "game",
    labels: ["type"],
    combine: "max",
    read: { rows: ({ events }) => Array.from(events, ([type, time]) => [[type], time]) },
    origin: "native: `evenements`; TradeSim: named from what changed in a turn",
  },
  ...DETAIL_METRICS,
];
