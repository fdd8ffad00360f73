/** The dashboard of the exporter, of Prometheus itself and of the machine. @module */

import type { Board } from "../board.ts";
import { graph, number, type Query, UNIT } from "../panels.ts";
import { own, quantile, rate, sum } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";
import { upNumber } from "./shared.ts";

/** Prometheus' own series; its job and how often it is scraped stand in prometheus.yml. */
function prometheus(name: string, ...matchers: readonly string[]): string {
  return `${name}{${['job="prometheus"', ...matchers].join(", ")}}`;
}
const EVERY = "15s";

/** How often something happened in the time that is shown. */
function happened(name: string): string {
  return sum(`increase(${own(name)}[$__range])`);
}

/** A line for each exporter. */
function each(series: string): Query {
  return { expr: `max by (instance) (${series})`, legend: "{{instance}}" };
}

export const EXPORTER: Board = {
  file: "exporter",
  uid: { fr: "tradesim-exporteur", en: "tradesim-exporter" },
  text: BOARDS.exporter,
  rows: [
    {
      title: "exporter",
      panels: [
        upNumber(4),
        number({
          text: PANELS.version,
          unit: UNIT.count,
          showName: true,
          queries: [{
            expr: `max by (version) (${own("tradesim_exporter_build_info")})`,
            legend: "{{version}}",
          }],
        }),
        number({
          text: PANELS.uptime,
          unit: UNIT.seconds,
          queries: [{ expr: `time() - max(${own("process_start_time_seconds")})` }],
        }),
        number({
          text: PANELS.seriesShown,
          unit: UNIT.count,
          queries: [
            {
              expr: sum(own("tradesim_exporter_series", 'state="exposed"')),
              legend: LEGENDS.shown,
            },
            {
              expr: sum(own("tradesim_exporter_series", 'state="dropped"')),
              legend: LEGENDS.dropped,
            },
          ],
        }),
        number({
          text: PANELS.refusedReports,
          unit: UNIT.count,
          decimals: 0,
          thresholds: ["green", [1, "red"]],
          queries: [{ expr: happened("tradesim_exporter_reports_refused_total") }],
        }),
        number({
          text: PANELS.failures,
          unit: UNIT.count,
          decimals: 0,
          thresholds: ["green", [1, "red"]],
          queries: [
            {
              expr: happened("tradesim_exporter_follow_errors_total"),
              legend: LEGENDS.followErrors,
            },
            { expr: happened("tradesim_exporter_state_errors_total"), legend: LEGENDS.stateErrors },
          ],
        }),
        graph({
          text: PANELS.reportsPerSecond,
          unit: UNIT.count,
          stacked: true,
          queries: [{
            expr: sum(rate(own("tradesim_exporter_reports_taken_total")), "source"),
            legend: "{{source}}",
          }],
        }),
        graph({
          text: PANELS.turnsSeen,
          unit: UNIT.count,
          stacked: true,
          queries: [
            {
              expr: sum(rate(own("tradesim_exporter_turns_seen_total"))),
              legend: LEGENDS.seen,
            },
            {
              expr: sum(rate(own("tradesim_exporter_turns_missed_total"))),
              legend: LEGENDS.missed,
            },
          ],
        }),
        graph({
          text: PANELS.otherReports,
          unit: UNIT.count,
          isCoarse: true,
          queries: [
            {
              expr: sum(rate(own("tradesim_exporter_reports_repeated_total")), "reason"),
              legend: "{{reason}}",
            },
            {
              expr: sum(rate(own("tradesim_exporter_reports_refused_total"))),
              legend: LEGENDS.refused,
            },
          ],
        }),
        graph({
          text: PANELS.exporterWork,
          unit: UNIT.seconds,
          isCoarse: true,
          queries: [
            {
              expr: quantile(0.95, own("tradesim_exporter_report_duration_seconds_bucket")),
              legend: LEGENDS.report,
            },
            {
              expr: quantile(0.95, own("tradesim_exporter_scrape_duration_seconds_bucket")),
              legend: LEGENDS.scrape,
            },
          ],
        }),
        graph({
          text: PANELS.lag,
          unit: UNIT.seconds,
          isCoarse: true,
          queries: [{
            expr: quantile(0.99, own("tradesim_exporter_event_loop_lag_seconds_bucket")),
            legend: LEGENDS.p99,
          }],
        }),
        graph({
          text: PANELS.exporterMemory,
          unit: UNIT.bytes,
          queries: [
            { expr: sum(own("process_resident_memory_bytes")), legend: LEGENDS.resident },
            { expr: sum(own("process_heap_bytes")), legend: LEGENDS.heap },
          ],
        }),
        graph({
          text: PANELS.exporterCpu,
          unit: UNIT.share,
          queries: [{
            expr: sum(rate(own("process_cpu_seconds_total")), "instance"),
            legend: "{{instance}}",
          }],
        }),
        graph({
          text: PANELS.turnedAway,
          unit: UNIT.count,
          isCoarse: true,
          queries: [{
            expr: sum(rate(own("tradesim_exporter_requests_refused_total")), "reason"),
            legend: "{{reason}}",
          }],
        }),
        graph({
          text: PANELS.leftOutKeys,
          unit: UNIT.count,
          queries: [
            {
              expr: sum(rate(own("tradesim_exporter_keys_left_out_total")), "key", "reason"),
              legend: "{{key}} ({{reason}})",
            },
            {
              expr: sum(rate(own("tradesim_exporter_unknown_keys_total"))),
              legend: LEGENDS.unknownKeys,
            },
          ],
        }),
        graph({
          text: PANELS.followed,
          unit: UNIT.bytesPerSecond,
          queries: [{
            expr: sum(rate(own("tradesim_exporter_follow_bytes_total")), "instance"),
            legend: "{{instance}}",
          }],
        }),
        graph({
          text: PANELS.otherRecords,
          unit: UNIT.count,
          width: 24,
          queries: [{
            expr: sum(rate(own("tradesim_exporter_other_records_total")), "type"),
            legend: "{{type}}",
          }],
        }),
      ],
    },
    {
      title: "prometheus",
      isOne: true,
      panels: [
        graph({
          text: PANELS.scrapeSeconds,
          unit: UNIT.seconds,
          queries: [each(own("scrape_duration_seconds"))],
        }),
        graph({
          text: PANELS.scrapeSamples,
          unit: UNIT.count,
          queries: [each(own("scrape_samples_scraped"))],
        }),
        graph({
          text: PANELS.headSeries,
          unit: UNIT.count,
          queries: [{ ...each(prometheus("prometheus_tsdb_head_series")), every: EVERY }],
        }),
        graph({
          text: PANELS.appended,
          unit: UNIT.count,
          queries: [{
            expr: sum(rate(prometheus("prometheus_tsdb_head_samples_appended_total")), "instance"),
            legend: "{{instance}}",
            every: EVERY,
          }],
        }),
        graph({
          text: PANELS.prometheusMemory,
          unit: UNIT.bytes,
          queries: [{ ...each(prometheus("process_resident_memory_bytes")), every: EVERY }],
        }),
        graph({
          text: PANELS.prometheusDisk,
          unit: UNIT.bytes,
          queries: [{ ...each(prometheus("prometheus_tsdb_storage_blocks_bytes")), every: EVERY }],
        }),
        graph({
          text: PANELS.queryTime,
          unit: UNIT.seconds,
          width: 24,
          queries: [{
            expr: `max by (slice) (${
              prometheus("prometheus_engine_query_duration_seconds", 'quantile="0.99"')
            })`,
            legend: "{{slice}}",
            every: EVERY,
          }],
        }),
      ],
    },
    {
      title: "system",
      panels: [
        graph({
          text: PANELS.system,
          unit: UNIT.percent,
          queries: [
            { expr: `max(${own("cpu_usage_percent")})`, legend: LEGENDS.processor },
            { expr: `max(${own("memory_usage_percent")})`, legend: LEGENDS.memory },
            { expr: `max(${own("disk_usage_percent")})`, legend: LEGENDS.disk },
          ],
        }),
        graph({
          text: PANELS.load,
          unit: UNIT.count,
          queries: (["1m", "5m", "15m"] as const).map((span) => ({
            expr: `max(${own(`load_average_${span}`)})`,
            legend: span,
          })),
        }),
      ],
    },
  ],
};
