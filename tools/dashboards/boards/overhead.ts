/** The dashboard of what monitoring costs the game. @module */

import type { Board } from "../board.ts";
import { graph, heat, number, UNIT } from "../panels.ts";
import { game, own, rate, ratio, recorded, sum, TURN_RATE } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import { turnSecondsGraph } from "./shared.ts";

const PUBLISHING = sum(rate(game("simulation_publication_seconds_total")));
const TURN_WORK = sum(rate(game("temps_simulation_tour_seconds_sum")));
const REAL_TIME = sum(rate(game("simulation_tour_intervalle_seconds_sum")));
/** What the alert on monitoring's cost looks at too. */
const OF_REAL_TIME = `max(${
  recorded(
    "simulation_publication_seconds:share5m",
    ratio(
      rate(game("simulation_publication_seconds_total")),
      rate(game("simulation_tour_intervalle_seconds_sum")),
    ),
  )
})`;
const OF_WORK = ratio(PUBLISHING, `(${PUBLISHING} + ${TURN_WORK})`);
const MEAN_TURN = ratio(TURN_WORK, sum(rate(game("temps_simulation_tour_seconds_count"))));
const CPU = sum(rate(own("process_cpu_seconds_total")));
const ONE_PERCENT = ["green", [0.01, "red"]] as const;

export const OVERHEAD: Board = {
  file: "overhead",
  uid: { fr: "tradesim-cout", en: "tradesim-overhead" },
  text: BOARDS.overhead,
  rows: [{
    panels: [
      number({
        text: PANELS.overheadShare,
        unit: UNIT.share,
        thresholds: ONE_PERCENT,
        queries: [{ expr: OF_REAL_TIME }],
      }),
      number({
        text: PANELS.overheadPerTurn,
        unit: UNIT.seconds,
        queries: [{ expr: ratio(PUBLISHING, TURN_RATE) }],
      }),
      number({ text: PANELS.meanTurn, unit: UNIT.seconds, queries: [{ expr: MEAN_TURN }] }),
      number({
        text: PANELS.turnInterval,
        unit: UNIT.seconds,
        queries: [{
          expr: ratio(REAL_TIME, sum(rate(game("simulation_tour_intervalle_seconds_count")))),
        }],
      }),
      number({ text: PANELS.exporterCpuNow, unit: UNIT.share, queries: [{ expr: CPU }] }),
      number({
        text: PANELS.exporterMemoryNow,
        unit: UNIT.bytes,
        queries: [{ expr: sum(own("process_resident_memory_bytes")) }],
      }),
      graph({
        text: PANELS.overheadShares,
        unit: UNIT.share,
        thresholds: ONE_PERCENT,
        queries: [
          { expr: OF_REAL_TIME, legend: LEGENDS.ofRealTime },
          { expr: OF_WORK, legend: LEGENDS.ofWork },
        ],
      }),
      graph({
        text: PANELS.turnAndPublishing,
        unit: UNIT.seconds,
        stacked: true,
        queries: [
          { expr: MEAN_TURN, legend: LEGENDS.game },
          { expr: ratio(PUBLISHING, TURN_RATE), legend: LEGENDS.publication },
        ],
      }),
      turnSecondsGraph,
      heat({
        text: PANELS.turnBuckets,
        unit: UNIT.seconds,
        query: { expr: sum(rate(game("temps_simulation_tour_seconds_bucket")), "le") },
      }),
      graph({
        text: PANELS.workPerTurn,
        unit: UNIT.seconds,
        width: 24,
        queries: [{ expr: ratio(CPU, TURN_RATE), legend: LEGENDS.processor }],
      }),
    ],
  }],
};
