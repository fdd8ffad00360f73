/** The metrics of the game's economy: its money, its goods and its indices; see docs/economy.md. @module */

import { gini, herfindahl, inflation, velocity } from "../economy/mod.ts";
import {
  INVARIANTS,
  type Metric,
  type SessionFacts,
  type Things,
  type TradesimPayload,
} from "./metric.ts";

export function difference(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}

/** TradeSim books no recharge as a gain, but tells how far budgets are above their beginning. */
function opening(payload: TradesimPayload): number | undefined {
  return toCents(
    difference(
      payload.number("budget_total_entreprises"),
      payload.number("budget_variation_totale"),
    ),
  );
}

function recharged(payload: TradesimPayload): number | undefined {
  const spent = payload.number("total_montant");
  const variation = payload.number("budget_variation_totale");
  return spent === undefined || variation === undefined ? undefined : toCents(variation + spent);
}

function toCents(euros: number | undefined): number | undefined {
  return euros === undefined ? undefined : Math.round(euros * 100) / 100;
}

/** A mean times the number of things that it is of. */
function units(mean: string, count: string) {
  return (payload: TradesimPayload) => {
    const each = payload.number(mean);
    const things = payload.number(count);
    return each === undefined || things === undefined ? undefined : Math.round(each * things);
  };
}

function soldOut(payload: TradesimPayload): number | undefined {
  const available = payload.number("produits_disponibilite");
  const products = payload.number("produits_total");
  if (available === undefined || products === undefined) return undefined;
  return Math.round((1 - available) * products);
}

function solvent({ gauges }: SessionFacts): number | undefined {
  const firms = gauges.get("entreprises_total") ?? 0;
  const solvable = gauges.get("entreprises_solvables");
  return solvable === undefined || firms <= 0 ? undefined : solvable / firms;
}

const budgetGini = ({ budgets }: Things) => gini(budgets);
const concentration = ({ purchases }: Things) => herfindahl(purchases);

export const ECONOMY_METRICS: readonly Metric[] = [
  {
    name: "transactions_unites_total",
    type: "counter",
    unit: "units",
    help: "Units of products that firms bought.",
    group: "game",
    breakdowns: ["continent", "produit_type"],
    tradesim: { keys: ["total_volume"] },
  },
  {
    name: "argent_initial_euros",
    type: "gauge",
    unit: "euros",
    help: "Money that all firms together had when the game began, in euros.",
    group: "game",
    combine: "sum",
    tradesim: {
      from: "`budget_total_entreprises` less `budget_variation_totale`",
      read: opening,
    },
  },
  {
    name: "argent_entre_euros_total",
    type: "counter",
    unit: "euros",
    help: "Money that came into the game: what recharges gave to firms, in euros.",
    group: "game",
    tradesim: { from: "`budget_variation_totale` and `total_montant`", read: recharged },
  },
  {
    name: "argent_vitesse_ratio",
    type: "gauge",
    unit: "per turn",
    help: "Velocity of money: the part of all money that is spent in a turn, mean of 10 turns.",
    group: "game",
    combine: "newest",
    read: { value: ({ economy }) => velocity(economy) },
    origin: "`transactions_montant_total` and `budget_total` over turns",
  },
  {
    name: "livraisons_unites_total",
    type: "counter",
    unit: "units",
    help: "Units of products that events gave to suppliers.",
    group: "game",
    breakdowns: ["produit_type"],
  },
  {
    name: "stock_fournisseurs_unites",
    type: "gauge",
    unit: "units",
    help: "Units of products that all suppliers hold.",
    group: "game",
    breakdowns: ["produit_type"],
    combine: "sum",
    tradesim: {
      from: "`fournisseurs_stock_moyen` times `fournisseurs_total`",
      read: units("fournisseurs_stock_moyen", "fournisseurs_total"),
    },
  },
  {
    name: "stock_entreprises_unites",
    type: "gauge",
    unit: "units",
    help: "Units of products that all firms hold.",
    group: "game",
    breakdowns: ["produit_type"],
    combine: "sum",
    tradesim: {
      from: "`entreprises_stock_moyen` times `entreprises_total`",
      read: units("entreprises_stock_moyen", "entreprises_total"),
    },
  },
  {
    name: "produits_epuises",
    type: "gauge",
    unit: "products",
    help: "Products that no supplier has in stock, active or not.",
    group: "game",
    breakdowns: ["produit_type"],
    combine: "sum",
    tradesim: { from: "`produits_disponibilite` and `produits_total`", read: soldOut },
  },
  {
    name: "budget_gini_ratio",
    type: "gauge",
    unit: "ratio",
    help: "Gini coefficient of budgets: 0 if all firms have the same, near 1 if one has all.",
    group: "game",
    combine: "newest",
    detail: budgetGini,
    tradesim: { from: "`budget` of `entreprises_individuales`", read: budgetGini },
  },
  {
    name: "transactions_concentration_ratio",
    type: "gauge",
    unit: "ratio",
    help: "Herfindahl-Hirschman index of purchases by firm: 1 if one firm makes all of them.",
    group: "game",
    combine: "newest",
    detail: concentration,
    tradesim: { from: "`transactions_par_entreprise`", read: concentration },
  },
  {
    name: "entreprises_solvables_ratio",
    type: "gauge",
    unit: "ratio",
    help: "Share of firms whose budget is above zero.",
    group: "game",
    combine: "newest",
    read: { value: solvent },
    origin: "`entreprises_solvables` over `entreprises_total`",
  },
  {
    name: "produits_prix_indice",
    type: "gauge",
    unit: "index",
    help: "Price index, 100 at the first report: each product that can be bought weighs the same.",
    group: "game",
    combine: "newest",
    read: { value: ({ economy }) => economy.index },
    origin: "base prices: `detail`, or `produits_individuales`",
  },
  {
    name: "produits_inflation_ratio",
    type: "gauge",
    unit: "ratio",
    help: "Rise of the price index over 10 turns; 0.05 is 5 %.",
    group: "game",
    combine: "newest",
    read: { value: ({ economy }) => inflation(economy) },
    origin: "`produits_prix_indice` over turns",
  },
  {
    name: "simulation_invariant_violations_total",
    type: "counter",
    unit: "reports",
    help: "Reports that broke what must hold in every game. See docs/economy.md.",
    group: "game",
    labels: ["invariant"],
    read: { each: INVARIANTS, of: ({ violations }) => violations },
    origin: "the judgement of each report",
  },
];
