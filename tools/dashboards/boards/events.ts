/** The board of events. @module */

import type { Board } from "../board.ts";
import { bars, byTurn, graph, number, UNIT } from "../panels.ts";
import { game, own, rate, ratio, sum } from "../promql.ts";
import { BOARDS, EVENTS as KINDS, LEGENDS, PANELS } from "../texts.ts";
import { availabilityGraph, budgetGraph, eventsGraph, pricesGraph, turnsNumber } from "./shared.ts";

const HAPPENED = game("evenements_total");
const LAST = own("evenement_dernier_timestamp_seconds");

export const EVENTS: Board = {
  file: "events",
  uid: "tradesim-evenements",
  text: BOARDS.events,
  events: Object.keys(KINDS) as (keyof typeof KINDS)[],
  rows: [{
    panels: [
      number({
        text: PANELS.events,
        unit: UNIT.count,
        width: 6,
        queries: [{ expr: sum(HAPPENED) }],
      }),
      turnsNumber(6),
      number({
        text: PANELS.eventsPerTurn,
        unit: UNIT.count,
        width: 12,
        queries: [{ expr: ratio(sum(rate(HAPPENED)), sum(rate(game("tours_completes")))) }],
      }),
      bars({
        text: PANELS.sinceEvents,
        unit: UNIT.seconds,
        query: { expr: `time() - max by (type) (${LAST})`, legend: "{{type}}" },
      }),
      graph({
        text: PANELS.eventsSeen,
        unit: UNIT.count,
        stacked: true,
        bars: true,
        queries: [{ expr: sum(`changes(${LAST}[$__rate_interval])`, "type"), legend: "{{type}}" }],
      }),
      eventsGraph,
      budgetGraph,
      pricesGraph,
      availabilityGraph,
      byTurn({
        text: PANELS.eventsByTurn,
        unit: UNIT.count,
        queries: [{ expr: sum(HAPPENED), legend: LEGENDS.events }],
      }),
    ],
  }],
};
