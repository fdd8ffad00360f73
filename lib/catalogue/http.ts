/** The metrics of web processes, named by OpenTelemetry's conventions for HTTP servers. @module */

import type { Metric } from "./metric.ts";

/**
 * What tells requests apart. Names and values: OpenTelemetry, "Semantic conventions for HTTP metrics",
 * as Prometheus writes them. `error_type` is empty where the server made no error.
 */
export const HTTP_LABELS = [
  "http_request_method",
  "http_route",
  "http_response_status_code",
  "error_type",
] as const;

/** Any other method is `_OTHER`. Source: RFC 9110 and RFC 5789, and QUERY as OpenTelemetry has it. */
export const HTTP_METHODS = [
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY"],
  "_OTHER",
] as const;

/** Upper bounds in seconds, as OpenTelemetry's conventions advise. */
export const HTTP_SECONDS_BUCKETS = [
  ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
] as const;

export const REQUEST_DURATION: Metric = {
  name: "http_server_request_duration_seconds",
  type: "histogram",
  unit: "seconds",
  help: "Time from a request to the end of its response, in seconds, over all web processes.",
  group: "http",
  labels: HTTP_LABELS,
  buckets: HTTP_SECONDS_BUCKETS,
};

export const ACTIVE_REQUESTS: Metric = {
  name: "http_server_active_requests",
  type: "gauge",
  unit: "requests",
  help: "Requests that web processes are answering now.",
  group: "http",
  labels: HTTP_LABELS.slice(0, 1),
};

export const HTTP_METRICS: readonly Metric[] = [REQUEST_DURATION, ACTIVE_REQUESTS];
