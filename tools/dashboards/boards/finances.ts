/** The dashboard of the firms' money. @module */

import type { Board } from "../board.ts";
import { byTurn, graph, number, UNIT } from "../panels.ts";
import { byPart, game, rate, ratio, sum, TURN_RATE } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import { budgetGraph, budgetNumber, BUDGETS, CRITICAL_BUDGET } from "./shared.ts";

const SPENT_PER_SECOND = sum(rate(game("transactions_montant_total")));
const [LOWEST, MEAN, HIGHEST] = BUDGETS;

export const FINANCES: Board = {
  file: "finances",
  uid: { fr: "tradesim-finances", en: "tradesim-finances-en" },
  text: BOARDS.finances,
  rows: [{
    panels: [
      budgetNumber(4),
      number({ text: PANELS.meanBudget, unit: UNIT.euros, queries: [MEAN] }),
      number({
        text: PANELS.lowestBudget,
        unit: UNIT.euros,
        thresholds: ["red", [CRITICAL_BUDGET, "green"]],
        queries: [LOWEST],
      }),
      number({ text: PANELS.highestBudget, unit: UNIT.euros, queries: [HIGHEST] }),
      number({
        text: PANELS.spent,
        unit: UNIT.euros,
        queries: [{ expr: sum(game("transactions_montant_total")) }],
      }),
      number({
        text: PANELS.solventShare,
        unit: UNIT.share,
        thresholds: ["red", [0.5, "orange"], [1, "green"]],
        queries: [{
          expr: ratio(sum(game("entreprises_solvables")), sum(game("entreprises_total"))),
        }],
      }),
      budgetGraph,
      graph({
        text: PANELS.budgets,
        unit: UNIT.euros,
        thresholds: ["red", [CRITICAL_BUDGET, "green"]],
        queries: BUDGETS,
      }),
      byTurn({ text: PANELS.budgetsByTurn, unit: UNIT.euros, queries: BUDGETS }),
      graph({
        text: PANELS.spendingPerSecond,
        unit: UNIT.euros,
        queries: [{ expr: SPENT_PER_SECOND, legend: PANELS.spent.title }],
      }),
      graph({
        text: PANELS.spendingPerTurn,
        unit: UNIT.euros,
        queries: [{
          expr: ratio(SPENT_PER_SECOND, TURN_RATE),
          legend: PANELS.spent.title,
        }],
      }),
      graph({
        text: PANELS.solvency,
        unit: UNIT.count,
        queries: [
          { expr: sum(game("entreprises_total")), legend: LEGENDS.firms },
          { expr: sum(game("entreprises_solvables")), legend: LEGENDS.solvent },
        ],
      }),
      graph({
        text: PANELS.budgetByContinent,
        unit: UNIT.euros,
        stacked: true,
        queries: [{ expr: byPart(game("budget_total"), "continent"), legend: "{{continent}}" }],
      }),
    ],
  }],
};
