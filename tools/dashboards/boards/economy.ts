/** The dashboard of the game's economy: where money and goods come from and go, prices, inequality. @module */

import type { Board } from "../board.ts";
import { bars, byTurn, graph, number, UNIT } from "../panels.ts";
import { byPart, game, rate, ratio, sum, TURN_RATE } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import { BUDGET } from "./shared.ts";

/** Of several games the newest is shown; of several exporters the mean. */
const mean = (name: string) => `avg(${game(name)})`;

const OPENING = sum(game("argent_initial_euros"));
const RECHARGED = sum(game("argent_entre_euros_total"));
const SPENT = sum(game("transactions_montant_total"));
const INDEX = { expr: mean("produits_prix_indice"), legend: LEGENDS.priceIndex };
const SOLD_OUT = sum(game("produits_epuises"));
/** Invariants of the game, without the slips that TradeSim is known for. */
const BROKEN = game("simulation_invariant_violations_total", 'invariant!~"tradesim_.*"');

const perTurn = (series: string) => ratio(sum(rate(series)), TURN_RATE);

export const ECONOMY: Board = {
  file: "economy",
  uid: { fr: "tradesim-economie", en: "tradesim-economy" },
  text: BOARDS.economy,
  rows: [
    {
      panels: [
        number({ text: PANELS.priceIndex, unit: UNIT.count, decimals: 1, queries: [INDEX] }),
        number({
          text: PANELS.inflation,
          unit: UNIT.share,
          thresholds: ["green", [0.1, "orange"], [0.5, "red"]],
          queries: [{ expr: mean("produits_inflation_ratio") }],
        }),
        number({
          text: PANELS.gini,
          unit: UNIT.count,
          decimals: 2,
          queries: [{ expr: mean("budget_gini_ratio") }],
        }),
        number({
          text: PANELS.concentration,
          unit: UNIT.count,
          decimals: 2,
          queries: [{ expr: mean("transactions_concentration_ratio") }],
        }),
        number({
          text: PANELS.velocity,
          unit: UNIT.share,
          decimals: 2,
          queries: [{ expr: mean("argent_vitesse_ratio") }],
        }),
        number({
          text: PANELS.broken,
          unit: UNIT.count,
          thresholds: ["green", [1, "red"]],
          queries: [{ expr: sum(BROKEN) }],
        }),
      ],
    },
    {
      title: "money",
      panels: [
        byTurn({
          text: PANELS.moneyLedger,
          unit: UNIT.euros,
          queries: [
            { expr: OPENING, legend: LEGENDS.opening },
            { expr: RECHARGED, legend: LEGENDS.recharged },
            { expr: SPENT, legend: PANELS.spent.title },
            { expr: BUDGET, legend: LEGENDS.budget },
          ],
        }),
        graph({
          text: PANELS.moneyPerTurn,
          unit: UNIT.euros,
          queries: [
            { expr: perTurn(game("argent_entre_euros_total")), legend: LEGENDS.recharged },
            { expr: perTurn(game("transactions_montant_total")), legend: PANELS.spent.title },
          ],
        }),
        graph({
          text: PANELS.inequality,
          unit: UNIT.count,
          decimals: 2,
          queries: [
            { expr: mean("budget_gini_ratio"), legend: PANELS.gini.title },
            {
              expr: mean("transactions_concentration_ratio"),
              legend: PANELS.concentration.title,
            },
            { expr: mean("entreprises_solvables_ratio"), legend: LEGENDS.solvent },
          ],
        }),
        graph({
          text: PANELS.velocity,
          unit: UNIT.share,
          queries: [{ expr: mean("argent_vitesse_ratio"), legend: PANELS.velocity.title }],
        }),
      ],
    },
    {
      title: "goods",
      panels: [
        byTurn({ text: PANELS.priceIndexByTurn, unit: UNIT.count, queries: [INDEX] }),
        graph({
          text: PANELS.goods,
          unit: UNIT.count,
          stacked: true,
          queries: [
            { expr: sum(game("stock_entreprises_unites")), legend: LEGENDS.withFirms },
            { expr: sum(game("stock_fournisseurs_unites")), legend: LEGENDS.withSuppliers },
          ],
        }),
        graph({
          text: PANELS.goodsPerTurn,
          unit: UNIT.count,
          queries: [
            { expr: perTurn(game("transactions_unites_total")), legend: LEGENDS.bought },
            { expr: perTurn(game("livraisons_unites_total")), legend: LEGENDS.delivered },
          ],
        }),
        graph({
          text: PANELS.soldOutEverywhere,
          unit: UNIT.count,
          queries: [{ expr: SOLD_OUT, legend: PANELS.soldOutEverywhere.title }],
        }),
        graph({
          text: PANELS.goodsByType,
          unit: UNIT.count,
          stacked: true,
          queries: [{
            expr: byPart(game("stock_fournisseurs_unites"), "produit_type"),
            legend: "{{produit_type}}",
          }],
        }),
        graph({
          text: PANELS.boughtByType,
          unit: UNIT.count,
          stacked: true,
          queries: [{
            expr: byPart(rate(game("transactions_unites_total")), "produit_type"),
            legend: "{{produit_type}}",
          }],
        }),
        bars({
          text: PANELS.brokenByInvariant,
          unit: UNIT.count,
          thresholds: ["green", [1, "orange"]],
          query: {
            expr: sum(game("simulation_invariant_violations_total"), "invariant"),
            legend: "{{invariant}}",
          },
        }),
      ],
    },
  ],
};
