/** Makes of reports what an exporter with `--detail` would show after each of them. @module */

import { type Metric, metric } from "../catalogue/mod.ts";
import { type Family, Model, plainFamily } from "../model/mod.ts";
import type { ReportPart } from "../recording/mod.ts";

/** A turn of a journal: a row of a report's columns, or the report itself. */
export interface Point {
  readonly turn: number | undefined;
  readonly seconds: number | undefined;
  /** Row in the report's columns; undefined for the report. */
  readonly row: number | undefined;
}

/** Columns of a report that are no metrics. */
const NO_METRICS = ["tour", "timestamp", "duree_seconds"];

/** The reports of one game. */
export class Journal {
  readonly #model = new Model({
    breakdowns: [],
    bySession: false,
    allKeys: false,
    detail: true,
    maxSessions: 1,
    staleAfter: Infinity,
  });
  #lastTurn = 0;

  /** The turns that a report tells, in their order; none if it tells nothing new. */
  take({ report, details }: ReportPart): readonly Point[] {
    const arrival = report.timestamp ?? 0;
    if (this.#model.take(report, arrival, details.tables).outcome !== "taken") return [];
    const { columns } = details;
    const turns = columns.get("tour") ?? [];
    const times = columns.get("timestamp");
    const before = this.#lastTurn;
    const { turn } = report;
    this.#lastTurn = turn ?? before;
    const points = turns.map((each, row): Point => ({ turn: each, seconds: times?.[row], row }));
    const own = turn === undefined ? undefined : points.find((point) => point.turn === turn);
    return [
      ...points.filter((point) => point.turn! > before && point.turn! < (turn ?? Infinity)),
      { turn, seconds: own?.seconds ?? report.timestamp, row: undefined },
    ];
  }

  /** What is known of a turn of the report that was taken last. */
  families({ report, details: { columns } }: ReportPart, { row, turn }: Point): readonly Family[] {
    if (row === undefined) return this.#model.families(report.timestamp ?? 0).families;
    const ofTurn = (name: string, value: number) => plainFamily(metric(name), value);
    return [
      ofTurn("tours_completes", turn!),
      ofTurn("simulation_tour", turn!),
      ...Array.from(columns).flatMap(([name, values]) =>
        NO_METRICS.includes(name) ? [] : [ofTurn(name, values[row]!)]
      ),
    ];
  }
}

/** Shows times among the values at the moment at which their reports are shown. */
export class ShownTimes {
  readonly #known = new Map<string, { readonly real: number; readonly shown: number }>();

  /** @param series Tells the series from all others of its game. */
  of({ unit }: Metric, series: string, real: number, seconds: number): number {
    if (unit !== "seconds since 1970") return real;
    const known = this.#known.get(series);
    if (known?.real === real) return known.shown;
    this.#known.set(series, { real, shown: seconds });
    return seconds;
  }
}
