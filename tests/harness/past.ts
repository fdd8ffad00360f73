/** Writes a past into a Prometheus: a game as it was scraped, and what the rules had recorded. @module */

import { parse } from "yaml";
import { labelsOf, recordGame, type Recording } from "../../bench/recording.ts";
import { remoteWrite, type TimeSeries } from "../../bench/remote_write.ts";
import { PINNED } from "./engines.ts";
import {
  type PrometheusApi,
  type QueriedSeries,
  type RunningPrometheus,
  startPrometheus,
} from "./prometheus.ts";
import { withTempDir } from "./waiting.ts";

/** What Prometheus adds to every scrape. */
export const ADDED = {
  up: 1,
  scrape_duration_seconds: 0.004,
  scrape_samples_scraped: 180,
} as const;

/** What the boards ask about Prometheus itself, as it shows it. */
export const OWN: Readonly<Record<string, number>> = {
  up: 1,
  prometheus_tsdb_head_series: 500,
  prometheus_tsdb_head_samples_appended_total: 1e6,
  process_resident_memory_bytes: 6e7,
  prometheus_tsdb_storage_blocks_bytes: 1e6,
  'prometheus_engine_query_duration_seconds{slice="inner_eval",quantile="0.99"}': 0.002,
};

/** A recording of values that stay as they are, counters that grow by one. */
export function steady(values: Readonly<Record<string, number>>, scrapes: number): Recording {
  return new Map(
    Object.entries(values).map(([series, value]) => [
      series,
      Array.from(
        { length: scrapes },
        (_, scrape) => series.endsWith("_total") ? value + scrape : value,
      ),
    ]),
  );
}

/** The samples of one target, `interval` seconds apart, the newest at `end` in seconds since 1970. */
export function seriesOf(
  recording: Recording,
  target: Readonly<Record<string, string>>,
  interval: number,
  end: number,
): TimeSeries[] {
  const scrapes = Math.max(...Array.from(recording.values(), ({ length }) => length));
  return Array.from(recording, ([series, all]) => {
    const there = Array.from(all.keys()).filter((scrape) => all[scrape] !== undefined);
    return {
      labels: labelsOf(series, target),
      values: there.map((scrape) => all[scrape]!),
      times: there.map((scrape) => (end - (scrapes - 1 - scrape) * interval) * 1000),
    };
  });
}

const RULES = new URL("../../prometheus/rules/games.yml", import.meta.url);
const RULES_EVERY = 15;

interface Rule {
  readonly record: string;
  readonly expr: string;
}

/**
 * Writes what the shipped recording rules would have recorded, one after the other as they stand.
 *
 * @param start The first evaluation, in seconds since 1970.
 * @param every Seconds between two. Default: the rules' own interval.
 */
export async function recordRules(
  prometheus: PrometheusApi,
  start: number,
  end: number,
  every = RULES_EVERY,
): Promise<void> {
  const { groups } = parse(await Deno.readTextFile(RULES));
  for (const { record, expr } of groups.flatMap(({ rules }: { rules: Rule[] }) => rules)) {
    const { result } = await prometheus.api("query_range", {
      query: expr,
      start: String(start),
      end: String(end),
      step: String(every),
    }) as { result: (QueriedSeries & { values: [number, string][] })[] };
    await remoteWrite(
      prometheus.url,
      result.map(({ metric, values }) => ({
        labels: { ...metric, __name__: record },
        values: values.map(([, text]) => Number(text)),
        times: values.map(([time]) => time * 1000),
      })),
    );
  }
}

export interface PastOptions {
  /** Scrapes, one a second. Between two of them four turns are played. */
  readonly scrapes: number;
  /** The target's labels. */
  readonly target: Readonly<Record<string, string>>;
  /** Further flags of the exporter. */
  readonly args?: readonly string[];
}

/**
 * A recording with its times moved into the past. The game's clock was ahead by as many seconds as
 * there are scrapes; the exporter's own stood still beside it.
 */
function moved(recording: Recording, end: number): Recording {
  return new Map(Array.from(recording, ([series, values]) => {
    const scrapes = values.length;
    if (series === "simulation_dernier_rapport_timestamp_seconds") {
      return [series, values.map((value, scrape) => value && end - (scrapes - 1 - scrape) - 0.2)];
    }
    return /^evenement_dernier_timestamp_seconds|^process_start_time_seconds/.test(series)
      ? [series, values.map((value) => value && value - scrapes)]
      : [series, values];
  }));
}

/** Lends a Prometheus that scrapes nothing, and takes series that are written to it. */
export async function withStore(
  use: (prometheus: RunningPrometheus) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const prometheus = await startPrometheus({
      version: PINNED,
      dir,
      targetPort: 0,
      change: () => "global: {}\n",
      args: ["--web.enable-remote-write-receiver"],
    });
    try {
      await use(prometheus);
    } finally {
      await prometheus.stop();
    }
  });
}

/**
 * Writes a game that the real exporter showed, and what was recorded of it.
 *
 * @returns Time of the last scrape, in seconds since 1970.
 */
export async function writeGame(
  prometheus: PrometheusApi,
  { scrapes, target, args = [] }: PastOptions,
): Promise<number> {
  const recording = await recordGame({ interval: 1, scrapes, args, hasWeb: true });
  const end = Math.ceil(Date.now() / 1000);
  const whole = new Map([...moved(recording, end), ...steady(ADDED, scrapes)]);
  await remoteWrite(prometheus.url, seriesOf(whole, target, 1, end));
  await recordRules(prometheus, end - scrapes, end);
  return end;
}

/** Writes what Prometheus shows of itself, one scrape a second. */
export async function writeOwnSeries(
  prometheus: PrometheusApi,
  scrapes: number,
  end: number,
): Promise<void> {
  const target = { job: "prometheus", instance: "localhost:9090" };
  await remoteWrite(prometheus.url, seriesOf(steady(OWN, scrapes), target, 1, end));
}
