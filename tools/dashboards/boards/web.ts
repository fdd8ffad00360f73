/** The dashboard of web processes: rate, errors and duration of their requests. @module */

import type { Board } from "../board.ts";
import { graph, heat, number, UNIT } from "../panels.ts";
import { own, quantile, rate, ratio, sum } from "../promql.ts";
import { BOARDS, LEGENDS, PANELS } from "../texts.ts";

const DURATION = "http_server_request_duration_seconds";
/** OpenTelemetry's label for requests that the server has failed to answer rightly. */
const ERROR = 'error_type!=""';
/** Most lines of a graph by route. */
const ROUTES = 10;

const requests = (...matchers: readonly string[]) => rate(own(`${DURATION}_count`, ...matchers));
const BUCKETS = own(`${DURATION}_bucket`);

/** Errors a second: 0 where there are requests and no error. */
function errors(...by: readonly string[]): string {
  return `${sum(requests(ERROR), ...by)} or 0 * ${sum(requests(), ...by)}`;
}

function most(expr: string): string {
  return `topk(${ROUTES}, ${expr})`;
}

const MEAN = ratio(
  sum(rate(own(`${DURATION}_sum`)), "http_route"),
  sum(requests(), "http_route"),
);

export const WEB: Board = {
  file: "web",
  uid: { fr: "tradesim-requetes", en: "tradesim-web" },
  text: BOARDS.web,
  rows: [{
    panels: [
      number({ text: PANELS.webRate, unit: UNIT.count, queries: [{ expr: sum(requests()) }] }),
      number({
        text: PANELS.webErrorShare,
        unit: UNIT.share,
        thresholds: ["green", [0.01, "orange"], [0.05, "red"]],
        queries: [{ expr: ratio(`(${errors()})`, sum(requests())) }],
      }),
      number({
        text: PANELS.webMean,
        unit: UNIT.seconds,
        queries: [{ expr: ratio(sum(rate(own(`${DURATION}_sum`))), sum(requests())) }],
      }),
      number({
        text: PANELS.webP99,
        unit: UNIT.seconds,
        queries: [{ expr: quantile(0.99, BUCKETS) }],
      }),
      number({
        text: PANELS.webActive,
        unit: UNIT.count,
        queries: [{ expr: sum(own("http_server_active_requests")) }],
      }),
      number({
        text: PANELS.webTotal,
        unit: UNIT.count,
        queries: [{ expr: sum(own(`${DURATION}_count`)) }],
      }),
      graph({
        text: PANELS.webByRoute,
        unit: UNIT.count,
        stacked: true,
        queries: [{ expr: most(sum(requests(), "http_route")), legend: "{{http_route}}" }],
      }),
      graph({
        text: PANELS.webByCode,
        unit: UNIT.count,
        stacked: true,
        queries: [{
          expr: sum(requests(), "http_response_status_code"),
          legend: "{{http_response_status_code}}",
        }],
      }),
      graph({
        text: PANELS.webErrors,
        unit: UNIT.count,
        bars: true,
        queries: [{ expr: most(errors("http_route")), legend: "{{http_route}}" }],
      }),
      graph({
        text: PANELS.webErrorTypes,
        unit: UNIT.count,
        bars: true,
        queries: [{ expr: sum(requests(ERROR), "error_type"), legend: "{{error_type}}" }],
      }),
      graph({
        text: PANELS.webDurations,
        unit: UNIT.seconds,
        isCoarse: true,
        queries: [
          { expr: quantile(0.5, BUCKETS), legend: LEGENDS.median },
          { expr: quantile(0.95, BUCKETS), legend: LEGENDS.p95 },
          { expr: quantile(0.99, BUCKETS), legend: LEGENDS.p99 },
        ],
      }),
      graph({
        text: PANELS.webMeans,
        unit: UNIT.seconds,
        queries: [{ expr: most(MEAN), legend: "{{http_route}}" }],
      }),
      heat({
        text: PANELS.webBuckets,
        unit: UNIT.seconds,
        query: { expr: sum(rate(BUCKETS), "le") },
      }),
      graph({
        text: PANELS.webActiveNow,
        unit: UNIT.count,
        queries: [{
          expr: sum(own("http_server_active_requests"), "http_request_method"),
          legend: "{{http_request_method}}",
        }],
      }),
    ],
  }],
};
