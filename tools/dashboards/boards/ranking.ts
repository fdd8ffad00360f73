/** The dashboard of who leads, which needs `--detail`. @module */

import type { Board } from "../board.ts";
import { bars, graph, list, UNIT } from "../panels.ts";
import { game, sum } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";

const BUDGET_BY_FIRM = sum(game("entreprise_budget"), "entreprise");
const PROFIT_BY_FIRM = sum(game("entreprise_benefice"), "entreprise");
/** Of several games a firm's best rank. */
const RANK_BY_FIRM = `min by (entreprise) (${game("entreprise_rang")})`;
const CHEAPEST = `min by (produit) (${game("fournisseur_prix")})`;

export const RANKING: Board = {
  file: "ranking",
  uid: { fr: "tradesim-classement", en: "tradesim-ranking" },
  text: BOARDS.ranking,
  rows: [
    {
      title: "firms",
      panels: [
        list({
          text: PANELS.ranking,
          unit: UNIT.count,
          rows: "entreprise",
          columns: [
            { expr: RANK_BY_FIRM, legend: LEGENDS.rank, unit: UNIT.count },
            { expr: BUDGET_BY_FIRM, legend: LEGENDS.budget, unit: UNIT.euros },
            { expr: PROFIT_BY_FIRM, legend: LEGENDS.profit, unit: UNIT.euros },
          ],
        }),
        bars({
          text: PANELS.profits,
          unit: UNIT.euros,
          drillDown: "entreprise",
          query: { expr: `topk(20, ${PROFIT_BY_FIRM})`, legend: "{{entreprise}}" },
        }),
        graph({
          text: PANELS.ranks,
          unit: UNIT.count,
          drillDown: "entreprise",
          queries: [{ expr: RANK_BY_FIRM, legend: "{{entreprise}}" }],
        }),
        graph({
          text: PANELS.profitCourse,
          unit: UNIT.euros,
          fromZero: false,
          drillDown: "entreprise",
          queries: [{ expr: PROFIT_BY_FIRM, legend: "{{entreprise}}" }],
        }),
      ],
    },
    {
      title: "products",
      panels: [
        bars({
          text: PANELS.cheapest,
          unit: UNIT.euros,
          drillDown: "produit",
          query: { expr: CHEAPEST, legend: "{{produit}}" },
        }),
        graph({
          text: PANELS.spread,
          unit: UNIT.share,
          drillDown: "produit",
          queries: [{
            expr: `max by (produit) (${game("fournisseur_prix")}) / (${CHEAPEST} > 0) - 1`,
            legend: "{{produit}}",
          }],
        }),
        graph({
          text: PANELS.activity,
          unit: UNIT.count,
          stacked: true,
          drillDown: "produit",
          queries: [{ expr: sum(game("produit_actif"), "produit"), legend: "{{produit}}" }],
        }),
      ],
    },
  ],
};
