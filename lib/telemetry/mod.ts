/** Counts the exporter's own work with prom-client, by the catalogue's entries. @module */

import client from "prom-client";
import { EXPORTER_METRICS, type Metric } from "../catalogue/mod.ts";

type ExporterMetric = (typeof EXPORTER_METRICS)[number];

/** Names of the catalogue's own metrics of a type, so that a misspelt name does not compile. */
type NameOf<Type extends string> = Extract<ExporterMetric, { type: Type }>["name"];
type Labels = Readonly<Record<string, string>>;

export interface Telemetry {
  /** Adds `by`, 1 by default, to a counter. */
  count(name: NameOf<"counter">, labels?: Labels, by?: number): void;
  /** Shows as a counter what `total` counts: from 0 on, and never falling. */
  countFrom(name: NameOf<"counter">, total: () => number): void;
  /** Sets a gauge. */
  set(name: NameOf<"gauge">, value: number, labels?: Labels): void;
  /** Adds a reading to a histogram, in seconds. */
  observe(name: NameOf<"histogram">, seconds: number, labels?: Labels): void;
  /** Calls `read` before each rendering, for values that are cheaper to ask for than to keep. */
  beforeRender(read: () => void): void;
  /**
   * The exposition of these metrics. It is made anew when a counter or gauge has changed, else
   * only when it is older than a second: a histogram that every scrape moves must not make every
   * scrape render.
   */
  text(): Promise<string>;
  /**
   * The same as one number per name: the sum over labels, and `_sum` and `_count` of histograms.
   */
  values(): Promise<ReadonlyMap<string, number>>;
}

const OLDEST_TEXT_MS = 1000;

type Instrument = client.Counter | client.Gauge | client.Histogram;

function instrument(entry: Metric, registry: client.Registry): Instrument {
  const settings = {
    name: entry.name,
    help: entry.help,
    labelNames: [...(entry.labels ?? [])],
    registers: [registry],
  };
  switch (entry.type) {
    case "counter":
      return new client.Counter(settings);
    case "gauge":
      return new client.Gauge(settings);
    default:
      return new client.Histogram({ ...settings, buckets: [...(entry.buckets ?? [])] });
  }
}

async function sumsOf(registry: client.Registry): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const { name, values } of await registry.getMetricsAsJSON()) {
    for (const sample of values) {
      const { metricName = name } = sample as { metricName?: string };
      if (metricName.endsWith("_bucket")) continue;
      sums.set(metricName, (sums.get(metricName) ?? 0) + sample.value);
    }
  }
  return sums;
}

/** Makes the counters, gauges and histograms of the exporter, all at zero; those of an option when they are used. */
export function createTelemetry(): Telemetry {
  const registry = new client.Registry();
  const entries = new Map<string, Metric>(EXPORTER_METRICS.map((entry) => [entry.name, entry]));
  const instruments = new Map<string, Instrument>();
  const find = (name: string) => {
    const found = instruments.get(name) ?? instrument(entries.get(name)!, registry);
    instruments.set(name, found);
    return found;
  };
  for (const { name, option } of entries.values()) if (option === undefined) find(name);
  const readers: (() => void)[] = [];
  let changed = true;
  let text: Promise<string> = Promise.resolve("");
  let textAt = 0;

  function count(name: string, labels: Labels = {}, by = 1): void {
    (find(name) as client.Counter).inc(labels, by);
    changed = true;
  }

  return {
    count,
    countFrom(name, total) {
      let counted = 0;
      readers.push(() => {
        const now = total();
        count(name, {}, Math.max(0, now - counted));
        counted = now;
      });
    },
    set(name, value, labels = {}) {
      (find(name) as client.Gauge).set(labels, value);
      changed = true;
    },
    observe(name, seconds, labels = {}) {
      (find(name) as client.Histogram).observe(labels, seconds);
    },
    beforeRender(read) {
      readers.push(read);
    },
    text() {
      const now = performance.now();
      if (changed || now - textAt > OLDEST_TEXT_MS) {
        for (const read of readers) read();
        changed = false;
        textAt = now;
        text = registry.metrics();
      }
      return text;
    },
    values() {
      for (const read of readers) read();
      return sumsOf(registry);
    },
  };
}
