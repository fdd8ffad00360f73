/** Made-up reports, and what a model shows of them as plain numbers, for tests. @module */

import { type Family, Model, type ModelOptions } from "../../lib/model/mod.ts";
import type { Breakdown, Report } from "../../lib/report/mod.ts";

/** A native report that says nothing but its place, and what is put into it. */
export function report(
  changes: Omit<Partial<Report>, "values" | "breakdowns" | "extra"> & {
    readonly values?: Readonly<Record<string, number>>;
    readonly breakdowns?: Readonly<Record<string, readonly Breakdown[]>>;
    readonly extra?: Readonly<Record<string, { type: "counter" | "gauge"; value: number }>>;
  },
): Report {
  const { values = {}, breakdowns = {}, extra = {}, ...rest } = changes;
  return {
    format: "natif",
    session: "a",
    order: 1,
    tick: undefined,
    turn: rest.order ?? 1,
    timestamp: undefined,
    finished: false,
    turnSeconds: undefined,
    events: new Map(),
    eventCounts: new Map(),
    ...rest,
    values: new Map(Object.entries(values)),
    breakdowns: new Map(Object.entries(breakdowns)),
    extra: new Map(Object.entries(extra)),
  };
}

/** A breakdown by one label. */
export function by(label: "continent" | "produit_type", parts: Record<string, number>): Breakdown {
  return {
    labels: [label],
    parts: Object.entries(parts).map(([name, value]) => ({ labels: { [label]: name }, value })),
  };
}

export function createModel(options: Partial<ModelOptions> = {}): Model {
  return new Model({
    breakdowns: [],
    bySession: false,
    detail: true,
    allKeys: true,
    maxSessions: 1000,
    staleAfter: 3600,
    ...options,
  });
}

/** The value of each series, by its name and labels as Prometheus writes them. */
export function flatten(families: readonly Family[]): Map<string, number> {
  return new Map(
    families.flatMap(({ metric, series, values }) =>
      series.map(({ suffix, labels }, index) => {
        const pairs = labels.map(([name, value]) => `${name}="${value}"`).join();
        return [`${metric.name}${suffix}${pairs && `{${pairs}}`}`, values[index]!] as const;
      })
    ),
  );
}

/** The series of some metrics, by the beginning of their names. */
export function shown(model: Model, now: number, ...names: readonly string[]) {
  return Object.fromEntries(
    [...flatten(model.families(now).families)].filter(([series]) =>
      names.some((name) => series === name || series.startsWith(`${name}{`))
    ),
  );
}
