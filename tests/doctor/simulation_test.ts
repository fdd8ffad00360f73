/** Tests of the check whether a game reports. @module */

import assert from "node:assert/strict";
import { checkSimulation } from "../../lib/doctor/simulation.ts";
import type { Inquiry } from "../../lib/doctor/inquiry.ts";
import { readReport } from "../../lib/report/mod.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { EXPORTER, inquiryWith, NOW } from "./inquiries.ts";

const lastReport = {
  path: "/logs/m.jsonl",
  report: readReport(payloadAt({ session: "s" }, 9)).report,
};

/** What an exporter shows of a game in this state, `age` seconds after its last report. */
function game(state: string, age: number, more: Readonly<Record<string, number>> = {}) {
  return {
    simulation_sessions: 1,
    simulation_dernier_rapport_timestamp_seconds: NOW - age,
    simulation_tour: 7,
    [`simulation_etat{etat="${state}"}`]: 1,
    ...more,
  };
}

const NONE = { simulation_sessions: 0, tours_completes: 0 };
const REFUSED = {
  'tradesim_exporter_reports_refused_total{source="post",reason="json"}': 0,
  'tradesim_exporter_reports_refused_total{source="post",reason="session"}': 2,
};

interface Case {
  readonly shown: Readonly<Record<string, number>>;
  readonly more?: Partial<Inquiry>;
  readonly expected: readonly [state: string, text: string, remedy?: RegExp];
}

const CASES: Readonly<Record<string, Case>> = {
  "a game that is played": {
    shown: game("running", 0.42),
    expected: ["ok", "1 session, turn 7, last report 0.4 s ago"],
  },
  "turns that no report carried": {
    shown: game("running", 1, {
      'tradesim_exporter_turns_seen_total{source="post"}': 43,
      'tradesim_exporter_turns_seen_total{source="follow"}': 7,
      'tradesim_exporter_turns_missed_total{source="post"}': 957,
      'tradesim_exporter_turns_missed_total{source="follow"}': 0,
    }),
    expected: [
      "ok",
      "1 session, turn 7, last report 1 s ago; 43 of 1000 turns seen one by one (post)",
    ],
  },
  "several games": {
    shown: game("running", 0, { simulation_sessions: 3, 'simulation_etat{etat="silent"}': 1 }),
    expected: ["ok", "3 sessions, turn 7, last report 0 s ago"],
  },
  "a clock that is behind the exporter's": {
    shown: game("running", -5),
    expected: ["ok", "1 session, turn 7, last report 0 s ago"],
  },
  "a game that is over": {
    shown: game("finished", 600),
    expected: ["ok", "the game is over, turn 7, last report 10 min ago"],
  },
  "a game of TradeSim's that reports no more": {
    shown: game("ended", 600),
    expected: [
      "ok",
      "TradeSim's game has ended or was interrupted, turn 7, last report 10 min ago",
    ],
  },
  "a silent game": {
    shown: game("silent", 7300),
    expected: ["FAIL", "silent: turn 7, last report 2 h ago", /that the simulation runs/],
  },
  "a slow game between two turns": {
    shown: game("silent", 50, {
      simulation_tour_intervalle_seconds_sum: 60,
      simulation_tour_intervalle_seconds_count: 3,
    }),
    expected: ["ok", "turn 7, last report 50 s ago, and a turn takes 20 s"],
  },
  "a slow game that says nothing for too long": {
    shown: game("silent", 61, {
      simulation_tour_intervalle_seconds_sum: 60,
      simulation_tour_intervalle_seconds_count: 3,
    }),
    expected: ["FAIL", "silent: turn 7, last report 61 s ago", /that the simulation runs/],
  },
  "a game whose file the exporter does not follow any more": {
    shown: game("silent", 60),
    more: { lastReport },
    expected: [
      "FAIL",
      "silent: turn 7, last report 60 s ago, but /logs/m.jsonl is at turn 9",
      /--follow \/logs\/m\.jsonl$/,
    ],
  },
  "no game": {
    shown: NONE,
    expected: ["FAIL", "no game has reported", new RegExp(`${EXPORTER}/update_metrics`)],
  },
  "no game but earlier ones": {
    shown: { ...NONE, tours_completes: 12 },
    expected: [
      "FAIL",
      "no game has reported; 12 turns of earlier games",
      /^start TradeSim as usual, but without its --with-metrics/,
    ],
  },
  "reports that are refused": {
    shown: { ...NONE, ...REFUSED },
    expected: [
      "FAIL",
      "no game reports, but 2 reports were rejected (post: session)",
      /docs\/report\.md/,
    ],
  },
  "a file that the exporter does not follow": {
    shown: NONE,
    more: { lastReport },
    expected: [
      "FAIL",
      "no game reports, but /logs/m.jsonl has reports",
      /--follow \/logs\/m\.jsonl$/,
    ],
  },
  "no game of an exporter on another port than TradeSim's": {
    shown: { simulation_sessions: 0 },
    more: { url: "http://127.0.0.1:9101" },
    expected: [
      "FAIL",
      "no game has reported",
      /^TradeSim posts to port 8000 only: .*--port 8000, .*--follow …\/app\/logs\/metrics\.jsonl; or .*deno task simulate .* --publish-to http:\/\/127\.0\.0\.1:9101; /,
    ],
  },
  "metrics under other names": {
    shown: { ts_simulation_sessions: 0 },
    expected: ["FAIL", "there is no simulation_sessions in the metrics", /renames the metrics/],
  },
};

for (const [name, { shown, more = {}, expected: [state, text, remedy] }] of Object.entries(CASES)) {
  Deno.test(`checkSimulation() tells ${name}`, () => {
    const result = checkSimulation(inquiryWith({ shown, ...more }));
    assert.deepEqual([result.state, result.text], [state, text]);
    if (result.state === "FAIL") assert.match(result.remedy, remedy!);
  });
}
