/** Panels that several dashboards share. @module */

import { graph, number, type Panel, UNIT } from "../panels.ts";
import { game, own, quantile, rate, ratio, SUCCEEDED, sum, TURNS, whole } from "../promql.ts";
import { LEGENDS, PANELS } from "../texts.ts";

export const BUDGET = sum(game("budget_total"));
/** Below this a budget is critical, in euros. */
export const CRITICAL_BUDGET = 1000;
/** Lowest, mean and highest budget of a firm. */
export const BUDGETS = [
  { expr: `min(${game("budget_min")})`, legend: LEGENDS.lowest },
  { expr: ratio(BUDGET, sum(game("entreprises_total"))), legend: LEGENDS.mean },
  { expr: `max(${game("budget_max")})`, legend: LEGENDS.highest },
] as const;

/** Of several games the mean price is weighed by their products. */
const MEAN_PRICE = ratio(
  sum(`${game("produits_prix_moyen")} * ${whole(game("produits_total"))}`),
  sum(game("produits_total")),
);
/** Lowest, mean and highest base price. */
export const PRICES = [
  { expr: `min(${game("produits_prix_min")})`, legend: LEGENDS.lowest },
  { expr: MEAN_PRICE, legend: LEGENDS.mean },
  { expr: `max(${game("produits_prix_max")})`, legend: LEGENDS.highest },
] as const;

export function turnsNumber(width: number): Panel {
  return number({ text: PANELS.turns, unit: UNIT.count, width, queries: [{ expr: TURNS }] });
}

export function successNumber(width: number): Panel {
  return number({
    text: PANELS.successShare,
    unit: UNIT.share,
    width,
    thresholds: ["red", [0.5, "orange"], [0.9, "green"]],
    queries: [{
      expr: ratio(SUCCEEDED, sum(game("transactions_total"))),
    }],
  });
}

export function activeNumber(width: number): Panel {
  return number({
    text: PANELS.activeProducts,
    unit: UNIT.count,
    width,
    thresholds: ["red", [1, "green"]],
    queries: [{ expr: sum(game("produits_actifs")) }],
  });
}

export function budgetNumber(width: number): Panel {
  return number({
    text: PANELS.budget,
    unit: UNIT.euros,
    width,
    thresholds: ["red", [CRITICAL_BUDGET, "green"]],
    queries: [{ expr: BUDGET }],
  });
}

export const budgetGraph = graph({
  text: PANELS.budget,
  unit: UNIT.euros,
  queries: [{ expr: BUDGET, legend: LEGENDS.budget }],
});

export const purchasesGraph = graph({
  text: PANELS.purchasesPerSecond,
  unit: UNIT.count,
  stacked: true,
  queries: [
    { expr: sum(rate(game("transactions_reussies_total"))), legend: LEGENDS.succeeded },
    { expr: sum(rate(game("transactions_echouees_total"))), legend: LEGENDS.failed },
  ],
});

export const turnSecondsGraph = graph({
  text: PANELS.turnSeconds,
  unit: UNIT.seconds,
  isCoarse: true,
  queries: ([[0.5, LEGENDS.median], [0.95, LEGENDS.p95], [0.99, LEGENDS.p99]] as const).map(
    ([share, legend]) => ({
      expr: quantile(share, game("temps_simulation_tour_seconds_bucket")),
      legend,
    }),
  ),
});

export const availabilityGraph = graph({
  text: PANELS.availability,
  unit: UNIT.count,
  stacked: true,
  queries: [
    { expr: sum(game("produits_actifs")), legend: LEGENDS.active },
    { expr: sum(game("produits_inactifs")), legend: LEGENDS.inactive },
  ],
});

export const pricesGraph = graph({ text: PANELS.prices, unit: UNIT.euros, queries: PRICES });

/** Whether exporters answer. */
export function upNumber(width: number): Panel {
  return number({
    text: PANELS.up,
    unit: UNIT.count,
    width,
    thresholds: ["red", [1, "green"]],
    names: { "0": LEGENDS.down, "1": LEGENDS.up },
    queries: [{ expr: `min(${own("up")})` }],
  });
}

/** Events by kind, as bars: they may come many times a minute. */
export const eventsSeenGraph = graph({
  text: PANELS.eventsSeen,
  unit: UNIT.count,
  stacked: true,
  bars: true,
  isCoarse: true,
  queries: [{
    expr: sum(`changes(${own("evenement_dernier_timestamp_seconds")}[$__rate_interval])`, "type"),
    legend: "{{type}}",
  }],
});

export const eventsGraph = graph({
  text: PANELS.eventsPerSecond,
  unit: UNIT.count,
  queries: [{ expr: sum(rate(game("evenements_total"))), legend: LEGENDS.events }],
});
