/** The dashboard of events. @module */

import type { Board } from "../board.ts";
import { bars, byTurn, number, UNIT } from "../panels.ts";
import { game, own, rate, ratio, sum, TURN_RATE } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import {
  availabilityGraph,
  budgetGraph,
  eventsGraph,
  eventsSeenGraph,
  pricesGraph,
  turnsNumber,
} from "./shared.ts";

const HAPPENED = game("evenements_total");
const LAST = own("evenement_dernier_timestamp_seconds");

export const EVENTS: Board = {
  file: "events",
  uid: { fr: "tradesim-evenements", en: "tradesim-events" },
  text: BOARDS.events,
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
        queries: [{ expr: ratio(sum(rate(HAPPENED)), TURN_RATE) }],
      }),
      bars({
        text: PANELS.sinceEvents,
        unit: UNIT.seconds,
        query: { expr: `time() - max by (type) (${LAST})`, legend: "{{type}}" },
      }),
      eventsSeenGraph,
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
