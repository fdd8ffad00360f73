/** The dashboard of each firm, product and supplier, which needs `--detail`. @module */

import type { Board } from "../board.ts";
import { bars, FIRMS_UID, graph, list, type Thing, UNIT } from "../panels.ts";
import { game, sum } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";

function chosen(...things: readonly Thing[]): string[] {
  return things.map((thing) => `${thing}=~"$${thing}"`);
}

const FIRM_BUDGET = game("entreprise_budget", ...chosen("entreprise"));
const FIRM_STOCK = game("entreprise_stock", ...chosen("entreprise", "produit"));
const SUPPLIER_STOCK = game("fournisseur_stock", ...chosen("fournisseur", "produit"));
const PRICE = game("produit_prix", ...chosen("produit"));

/** Of several games of `--labels session` the newest is not known, so they are added up. */
const BUDGET_BY_FIRM = sum(FIRM_BUDGET, "entreprise");

export const FIRMS: Board = {
  file: "firms",
  uid: FIRMS_UID,
  text: BOARDS.firms,
  variables: {
    entreprise: "entreprise_budget",
    produit: "produit_prix",
    fournisseur: "fournisseur_stock",
  },
  rows: [
    {
      title: "firms",
      panels: [
        list({
          text: PANELS.firmList,
          unit: UNIT.count,
          rows: "entreprise",
          columns: [
            { expr: BUDGET_BY_FIRM, legend: LEGENDS.budget, unit: UNIT.euros },
            { expr: sum(FIRM_STOCK, "entreprise"), legend: LEGENDS.stock, unit: UNIT.count },
            {
              expr: sum(
                `${FIRM_STOCK} * ignoring (entreprise) group_left () ${PRICE}`,
                "entreprise",
              ),
              legend: LEGENDS.stockValue,
              unit: UNIT.euros,
            },
          ],
        }),
        bars({
          text: PANELS.firmRanking,
          unit: UNIT.euros,
          drillDown: "entreprise",
          query: { expr: `topk(20, ${BUDGET_BY_FIRM})`, legend: "{{entreprise}}" },
        }),
        graph({
          text: PANELS.firmBudgets,
          unit: UNIT.euros,
          drillDown: "entreprise",
          queries: [{ expr: BUDGET_BY_FIRM, legend: "{{entreprise}}" }],
        }),
        graph({
          text: PANELS.firmStocks,
          unit: UNIT.count,
          drillDown: "entreprise",
          queries: [{ expr: sum(FIRM_STOCK, "entreprise"), legend: "{{entreprise}}" }],
        }),
      ],
    },
    {
      title: "products",
      panels: [
        graph({
          text: PANELS.productPrice,
          unit: UNIT.euros,
          drillDown: "produit",
          queries: [{ expr: `max by (produit) (${PRICE})`, legend: "{{produit}}" }],
        }),
        graph({
          text: PANELS.productUnits,
          unit: UNIT.count,
          stacked: true,
          queries: [
            { expr: sum(FIRM_STOCK), legend: LEGENDS.withFirms },
            { expr: sum(SUPPLIER_STOCK), legend: LEGENDS.withSuppliers },
          ],
        }),
        graph({
          text: PANELS.firmProducts,
          unit: UNIT.count,
          drillDown: "produit",
          queries: [{ expr: sum(FIRM_STOCK, "produit"), legend: "{{produit}}" }],
        }),
        graph({
          text: PANELS.supplierProducts,
          unit: UNIT.count,
          drillDown: "produit",
          queries: [{ expr: sum(SUPPLIER_STOCK, "produit"), legend: "{{produit}}" }],
        }),
      ],
    },
    {
      title: "suppliers",
      panels: [
        graph({
          text: PANELS.supplierStocks,
          unit: UNIT.count,
          drillDown: "fournisseur",
          queries: [{ expr: sum(SUPPLIER_STOCK, "fournisseur"), legend: "{{fournisseur}}" }],
        }),
        bars({
          text: PANELS.soldOut,
          unit: UNIT.count,
          drillDown: "fournisseur",
          thresholds: ["green", [1, "orange"]],
          query: {
            expr: sum(`${SUPPLIER_STOCK} == bool 0`, "fournisseur"),
            legend: "{{fournisseur}}",
          },
        }),
      ],
    },
  ],
};
