/** The dashboard of products and prices. @module */

import type { Board } from "../board.ts";
import { byTurn, graph, number, UNIT } from "../panels.ts";
import { byPart, game, sum } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import { activeNumber, availabilityGraph, PRICES, pricesGraph } from "./shared.ts";

const [LOWEST, MEAN, HIGHEST] = PRICES;

export const PRODUCTS: Board = {
  file: "products",
  uid: { fr: "tradesim-produits", en: "tradesim-products" },
  text: BOARDS.products,
  rows: [
    {
      panels: [
        number({
          text: PANELS.products,
          unit: UNIT.count,
          queries: [{ expr: sum(game("produits_total")) }],
        }),
        activeNumber(4),
        number({
          text: PANELS.inactiveProducts,
          unit: UNIT.count,
          queries: [{ expr: sum(game("produits_inactifs")) }],
        }),
        number({ text: PANELS.lowestPrice, unit: UNIT.euros, queries: [LOWEST] }),
        number({ text: PANELS.meanPrice, unit: UNIT.euros, queries: [MEAN] }),
        number({ text: PANELS.highestPrice, unit: UNIT.euros, queries: [HIGHEST] }),
        availabilityGraph,
        pricesGraph,
        byTurn({
          text: PANELS.pricesByTurn,
          unit: UNIT.euros,
          width: 12,
          queries: [{ ...MEAN, legend: LEGENDS.price }],
        }),
        graph({
          text: PANELS.productsByType,
          unit: UNIT.count,
          stacked: true,
          queries: [{
            expr: byPart(game("produits_total"), "produit_type"),
            legend: "{{produit_type}}",
          }],
        }),
      ],
    },
    {
      title: "detail",
      panels: [
        graph({
          text: PANELS.productPrices,
          unit: UNIT.euros,
          drillDown: "produit",
          queries: [{
            expr: `max by (produit) (${game("produit_prix")})`,
            legend: "{{produit}}",
          }],
        }),
        graph({
          text: PANELS.productStocks,
          unit: UNIT.count,
          drillDown: "produit",
          queries: [{ expr: sum(game("fournisseur_stock"), "produit"), legend: "{{produit}}" }],
        }),
      ],
    },
  ],
};
