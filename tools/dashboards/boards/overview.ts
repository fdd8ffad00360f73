/** The board that is opened first. @module */

import type { Board } from "../board.ts";
import { byTurn, graph, number, UNIT } from "../panels.ts";
import { game, own, rate, sum } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import {
  activeNumber,
  availabilityGraph,
  BUDGET,
  budgetGraph,
  budgetNumber,
  eventsGraph,
  purchasesGraph,
  successNumber,
  turnSecondsGraph,
  turnsNumber,
} from "./shared.ts";

const TURNS_PER_SECOND = {
  text: PANELS.turnsPerSecond,
  unit: UNIT.count,
  queries: [{ expr: sum(rate(game("tours_completes"))), legend: LEGENDS.turns }],
} as const;

export const OVERVIEW: Board = {
  file: "overview",
  uid: "tradesim-apercu",
  text: BOARDS.overview,
  events: ["inflation", "variation_disponibilite"],
  rows: [{
    panels: [
      number({
        text: PANELS.states,
        unit: UNIT.count,
        width: 6,
        queries: (["running", "finished", "silent"] as const).map((state) => ({
          expr: sum(own("simulation_etat", `etat="${state}"`)),
          legend: LEGENDS[state],
        })),
      }),
      number({
        text: PANELS.sinceReport,
        unit: UNIT.seconds,
        width: 3,
        thresholds: ["green", [10, "orange"], [60, "red"]],
        queries: [{
          expr: `time() - max(${game("simulation_dernier_rapport_timestamp_seconds")})`,
        }],
      }),
      turnsNumber(3),
      number({ ...TURNS_PER_SECOND, width: 3 }),
      budgetNumber(3),
      activeNumber(3),
      successNumber(3),
      budgetGraph,
      purchasesGraph,
      byTurn({
        text: PANELS.budgetByTurn,
        unit: UNIT.euros,
        queries: [{ expr: BUDGET, legend: LEGENDS.budget }],
      }),
      graph(TURNS_PER_SECOND),
      turnSecondsGraph,
      availabilityGraph,
      eventsGraph,
    ],
  }],
};
