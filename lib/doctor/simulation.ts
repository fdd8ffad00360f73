/** Checks whether a game reports, according to the exporter's metrics. @module */

import { SILENT_AFTER } from "../model/mod.ts";
import { TRADESIM_PORT } from "../network/mod.ts";
import { count, span } from "../text/mod.ts";
import type { Inquiry } from "./inquiry.ts";
import { broken, ok, type Result } from "./link.ts";
import { sumOf } from "./text_format.ts";

/** A slow game may be silent for this many of its usual intervals between turns. */
const USUAL_TURNS = 3;

/** What starts a game that reports to this exporter. */
function waysToPlay({ url, command }: Inquiry): string {
  const tradesim = Number(new URL(url).port || 80) === TRADESIM_PORT
    ? "start TradeSim as usual, but without its --with-metrics, which takes this port"
    : `TradeSim posts to port ${TRADESIM_PORT} only: start the exporter with --port ` +
      `${TRADESIM_PORT}, or let it follow TradeSim's file with --follow …/app/logs/metrics.jsonl`;
  const play = `${command} simulate --infinite --pause 1s --with-metrics --publish-to ${url}`;
  return `${tradesim}; or play without TradeSim: ${play}`;
}

export function checkSimulation(inquiry: Inquiry): Result {
  const result = checkGame(inquiry);
  return result.state === "ok" ? ok([result.text, ...turnsMissed(inquiry)].join("; ")) : result;
}

function checkGame(inquiry: Inquiry): Result {
  const { scrape, now, lastReport } = inquiry;
  if (scrape === undefined) throw new Error("The metrics are checked before the simulation");
  const game = (name: string, labels?: Readonly<Record<string, string>>) =>
    sumOf(scrape, name, labels);

  const sessions = game("simulation_sessions");
  if (sessions === undefined) {
    return broken(
      "there is no simulation_sessions in the metrics",
      "check --url: the program there exports no TradeSim games, or renames the metrics",
    );
  }
  if (sessions === 0) return noSession(inquiry, game("tours_completes") ?? 0);

  const interval = (game("simulation_tour_intervalle_seconds_sum") ?? 0) /
    (game("simulation_tour_intervalle_seconds_count") || Infinity);
  const age = now() - (game("simulation_dernier_rapport_timestamp_seconds") ?? 0);
  const turn = game("simulation_tour");
  const where = [
    ...turn === undefined ? [] : [`turn ${turn}`],
    `last report ${span(age)} ago`,
  ].join(", ");
  if ((game("simulation_etat", { etat: "running" }) ?? 0) > 0) {
    return ok(`${count(sessions, "session")}, ${where}`);
  }
  if ((game("simulation_etat", { etat: "finished" }) ?? 0) > 0) {
    return ok(`the game is over, ${where}`);
  }
  if (age < Math.max(SILENT_AFTER, USUAL_TURNS * interval)) {
    return ok(`${where}, and a turn takes ${span(interval)}`);
  }
  const known = lastReport?.report.turn;
  if (lastReport !== undefined && known !== undefined && turn !== undefined && known > turn) {
    return broken(
      `silent: ${where}, but ${lastReport.path} is at turn ${known}`,
      `start the exporter with --follow ${lastReport.path}`,
    );
  }
  const isNobodySilent = (game("simulation_etat", { etat: "silent" }) ?? 0) === 0;
  if (isNobodySilent && (game("simulation_etat", { etat: "ended" }) ?? 0) > 0) {
    return ok(`TradeSim's game has ended or was interrupted, ${where}`);
  }
  return broken(
    `silent: ${where}`,
    "check that the simulation runs and reports to this exporter",
  );
}

/** How many turns the exporter knows one by one, for each source that left some out. */
function turnsMissed({ scrape }: Inquiry): string[] {
  const gaps =
    scrape?.samples.filter(({ name, value }) =>
      name === "tradesim_exporter_turns_missed_total" && value > 0
    ) ?? [];
  return gaps.map(({ value, labels: { source = "" } }) => {
    const seen = sumOf(scrape!, "tradesim_exporter_turns_seen_total", { source }) ?? 0;
    return `${seen} of ${count(seen + value, "turn")} seen one by one (${source})`;
  });
}

function noSession(inquiry: Inquiry, turns: number): Result {
  const { scrape, url, lastReport, configuration } = inquiry;
  if (scrape === undefined) throw new Error("The metrics are checked before the simulation");
  const refused = scrape.samples.filter(({ name, value }) =>
    name === "tradesim_exporter_reports_refused_total" && value > 0
  );
  const before = turns > 0 ? `; ${count(turns, "turn")} of earlier games` : "";
  const [first] = refused;
  if (first !== undefined) {
    const all = refused.reduce((sum, { value }) => sum + value, 0);
    return broken(
      `no game reports, but ${count(all, "report")} ${all === 1 ? "was" : "were"} rejected ` +
        `(${first.labels.source}: ${first.labels.reason})${before}`,
      "send reports as described in docs/report.md; the log of the exporter gives the reasons",
    );
  }
  if (lastReport !== undefined) {
    return broken(
      `no game reports, but ${lastReport.path} has reports${before}`,
      `start the exporter with --follow ${lastReport.path}`,
    );
  }
  const ways = `${url}/update_metrics and ${configuration.follow.join(", ")}`;
  return broken(
    `no game has reported${before}`,
    `${waysToPlay(inquiry)}; the exporter reads ${ways}`,
  );
}
