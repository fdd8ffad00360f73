/** The catalogue defines every metric exactly once. @module */

import { EXPORTER_METRICS } from "./exporter.ts";
import { GAME_METRICS } from "./game.ts";
import { HTTP_METRICS } from "./http.ts";
import type { Metric } from "./metric.ts";
import { SYSTEM_METRICS } from "./system.ts";

export * from "./metric.ts";
export { EXPORTER_METRICS } from "./exporter.ts";
export { ECONOMY_METRICS } from "./economy.ts";
export { GAME_METRICS } from "./game.ts";
export * from "./http.ts";
export { SYSTEM_METRICS } from "./system.ts";

export const METRICS: readonly Metric[] = [
  ...GAME_METRICS,
  ...HTTP_METRICS,
  ...SYSTEM_METRICS,
  ...EXPORTER_METRICS,
];

const BY_NAME: ReadonlyMap<string, Metric> = new Map(
  METRICS.map((metric) => [metric.name, metric]),
);

/**
 * Finds a metric by name.
 *
 * @throws {Error} When the catalogue has no such metric, which is a bug of the caller.
 */
export function metric(name: string): Metric {
  const found = BY_NAME.get(name);
  if (found === undefined) throw new Error(`Cannot find metric "${name}" in the catalogue`);
  return found;
}

/** Metrics of the game whose value reports hand over as one number under the metric's own name. */
export const REPORTED_METRICS: readonly Metric[] = GAME_METRICS.filter(({ read, group }) =>
  read === undefined && group !== "detail"
);

/**
 * What the name of a metric outside the catalogue must look like. Colons are for recording rules;
 * `up`, `scrape_…` and `ALERTS…` are series that Prometheus makes itself.
 */
export const METRIC_NAME = /^(?!up$|scrape_|ALERTS)[a-zA-Z_][a-zA-Z0-9_]{0,127}$/;

/**
 * The names that no metric outside the catalogue can have: those under which the catalogue exposes
 * series, the series of histograms and summaries included.
 */
export const TAKEN_NAMES: ReadonlySet<string> = new Set(
  METRICS.flatMap(({ name, type }) =>
    type === "histogram" || type === "summary"
      ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]
      : [name]
  ),
);
