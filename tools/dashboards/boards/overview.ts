/** The dashboard that opens first. @module */

import type { Board } from "../board.ts";
import { byTurn, graph, number, UNIT } from "../panels.ts";
import { game, own, sum, TURN_RATE } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import {
  activeNumber,
  availabilityGraph,
  BUDGET,
  budgetGraph,
  budgetNumber,
  eventsSeenGraph,
  purchasesGraph,
  successNumber,
  turnSecondsGraph,
  turnsNumber,
  upNumber,
} from "./shared.ts";

const TURNS_PER_SECOND = {
  text: PANELS.turnsPerSecond,
  unit: UNIT.count,
  queries: [{ expr: TURN_RATE, legend: LEGENDS.turns }],
} as const;

export const OVERVIEW: Board = {
  file: "overview",
  uid: { fr: "tradesim-apercu", en: "tradesim-overview" },
  text: BOARDS.overview,
  rows: [{
    panels: [
      upNumber(4),
      number({
        text: PANELS.states,
        unit: UNIT.count,
        width: 12,
        queries: (["running", "finished", "silent", "ended"] as const).map((state) => ({
          expr: sum(own("simulation_etat", `etat="${state}"`)),
          legend: LEGENDS[state],
        })),
      }),
      number({
        text: PANELS.sinceReport,
        unit: UNIT.seconds,
        width: 4,
        thresholds: ["green", [10, "orange"], [60, "red"]],
        queries: [{
          expr: `time() - max(${game("simulation_dernier_rapport_timestamp_seconds")})`,
        }],
      }),
      number({ ...TURNS_PER_SECOND, width: 4 }),
      turnsNumber(6),
      budgetNumber(6),
      activeNumber(6),
      successNumber(6),
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
      eventsSeenGraph,
    ],
  }],
};
