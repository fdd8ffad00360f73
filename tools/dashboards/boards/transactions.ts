/** The dashboard of purchases. @module */

import type { Board } from "../board.ts";
import { byTurn, graph, number, UNIT } from "../panels.ts";
import { byPart, game, rate, ratio, SUCCEEDED, sum, TURN_RATE, TURNS } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import { purchasesGraph, successNumber } from "./shared.ts";

const BOUGHT = game("transactions_reussies_total");
const FAILED = game("transactions_echouees_total");
const ATTEMPTED = game("transactions_total");
const SPENT = game("transactions_montant_total");

export const TRANSACTIONS: Board = {
  file: "transactions",
  uid: { fr: "tradesim-transactions", en: "tradesim-transactions-en" },
  text: BOARDS.transactions,
  rows: [
    {
      panels: [
        number({ text: PANELS.attempts, unit: UNIT.count, queries: [{ expr: sum(ATTEMPTED) }] }),
        number({ text: PANELS.succeeded, unit: UNIT.count, queries: [{ expr: SUCCEEDED }] }),
        number({ text: PANELS.failed, unit: UNIT.count, queries: [{ expr: sum(FAILED) }] }),
        successNumber(4),
        number({
          text: PANELS.meanPurchase,
          unit: UNIT.euros,
          queries: [{ expr: ratio(sum(SPENT), SUCCEEDED) }],
        }),
        number({
          text: PANELS.purchasesPerTurn,
          unit: UNIT.count,
          queries: [{ expr: ratio(SUCCEEDED, TURNS) }],
        }),
        purchasesGraph,
        graph({
          text: PANELS.successShare,
          unit: UNIT.share,
          queries: [{
            expr: ratio(sum(rate(BOUGHT)), sum(rate(ATTEMPTED))),
            legend: LEGENDS.succeeded,
          }],
        }),
        byTurn({
          text: PANELS.purchasesByTurn,
          unit: UNIT.count,
          queries: [
            { expr: SUCCEEDED, legend: LEGENDS.succeeded },
            { expr: sum(FAILED), legend: LEGENDS.failed },
          ],
        }),
        graph({
          text: PANELS.meanPurchase,
          unit: UNIT.euros,
          queries: [{
            expr: ratio(sum(rate(SPENT)), sum(rate(BOUGHT))),
            legend: LEGENDS.mean,
          }],
        }),
        graph({
          text: PANELS.purchasesPerTurn,
          unit: UNIT.count,
          queries: [{
            expr: ratio(sum(rate(BOUGHT)), TURN_RATE),
            legend: LEGENDS.succeeded,
          }],
        }),
      ],
    },
    {
      title: "parts",
      panels: [
        graph({
          text: PANELS.purchasesByContinent,
          unit: UNIT.count,
          stacked: true,
          queries: [{ expr: byPart(rate(BOUGHT), "continent"), legend: "{{continent}}" }],
        }),
        graph({
          text: PANELS.purchasesByType,
          unit: UNIT.count,
          stacked: true,
          queries: [{ expr: byPart(rate(BOUGHT), "produit_type"), legend: "{{produit_type}}" }],
        }),
      ],
    },
  ],
};
