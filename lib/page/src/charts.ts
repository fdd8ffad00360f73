/** The table of charts: their columns, metrics and Prometheus queries. @module */

import type { Values } from "../../live/api.ts";
import type { Unit } from "./format.ts";
import type { Texts } from "./texts.ts";
import type { ColumnName } from "../../turns/columns.ts";
import type { Turns } from "./turns.ts";

/** Names of the colours in page.css. */
export type Colour = "blue" | "green" | "orange" | "violet" | "ochre";

/** Some rows of a game's columns, and the game's other numbers. */
export interface Slice {
  readonly column: (name: ColumnName) => Float64Array | undefined;
  readonly values: Values;
}

export interface SeriesDefinition {
  readonly label: keyof Texts["series"];
  readonly metric: string;
  readonly colour: Colour;
  /** The values of the rows; undefined if the reports do not have them. */
  readonly read: (slice: Slice) => Float64Array | undefined;
}

export interface ChartDefinition {
  readonly id: Exclude<keyof Texts["charts"], "distribution">;
  readonly unit: Unit;
  /** `total`: totals; the chart shows what each turn added, or the totals themselves. */
  readonly kind: "now" | "total";
  readonly series: readonly SeriesDefinition[];
  /** The two series with an area between them. */
  readonly band?: readonly [high: number, low: number];
  /** Steps rather than slopes: values that jump. */
  readonly isStepped?: true;
  readonly isLogarithmic?: true;
  /** Prometheus queries, unless the plain names of the metrics do. */
  readonly query?: string;
}

function column(name: ColumnName) {
  return (slice: Slice) => slice.column(name);
}

/** The difference of a number of the game and a column; undefined where either is unknown. */
function lessThan(
  name: ColumnName,
  whole: number | undefined,
  slice: Slice,
): Float64Array | undefined {
  const part = slice.column(name);
  return part === undefined || whole === undefined ? undefined : part.map((value) => whole - value);
}

function mean(slice: Slice): Float64Array | undefined {
  const firms = slice.values.entreprises_total;
  return firms ? slice.column("budget_total")?.map((value) => value / firms) : undefined;
}

export const CHARTS: readonly ChartDefinition[] = [
  {
    id: "budget",
    unit: "euros",
    kind: "now",
    series: [
      { label: "total", metric: "budget_total", colour: "blue", read: column("budget_total") },
    ],
  },
  {
    id: "budgets",
    unit: "euros",
    kind: "now",
    series: [
      { label: "max", metric: "budget_max", colour: "green", read: column("budget_max") },
      { label: "mean", metric: "budget_moyen", colour: "blue", read: mean },
      { label: "min", metric: "budget_min", colour: "orange", read: column("budget_min") },
    ],
    band: [0, 2],
  },
  {
    id: "transactions",
    unit: "count",
    kind: "total",
    series: [
      {
        label: "succeeded",
        metric: "transactions_reussies_total",
        colour: "green",
        read: column("transactions_reussies_total"),
      },
      {
        label: "failed",
        metric: "transactions_echouees_total",
        colour: "orange",
        read: column("transactions_echouees_total"),
      },
    ],
  },
  {
    id: "amount",
    unit: "euros",
    kind: "total",
    series: [
      {
        label: "amount",
        metric: "transactions_montant_total",
        colour: "violet",
        read: column("transactions_montant_total"),
      },
    ],
  },
  {
    id: "products",
    unit: "count",
    kind: "now",
    series: [
      {
        label: "active",
        metric: "produits_actifs",
        colour: "green",
        read: column("produits_actifs"),
      },
      {
        label: "inactive",
        metric: "produits_inactifs",
        colour: "ochre",
        read: (slice) => lessThan("produits_actifs", slice.values.produits_total, slice),
      },
    ],
    isStepped: true,
  },
  {
    id: "price",
    unit: "euros",
    kind: "now",
    series: [
      {
        label: "price",
        metric: "produits_prix_moyen",
        colour: "violet",
        read: column("produits_prix_moyen"),
      },
    ],
  },
  {
    id: "duration",
    unit: "seconds",
    kind: "now",
    series: [
      {
        label: "duration",
        metric: "temps_simulation_tour_seconds",
        colour: "blue",
        read: column("duree_seconds"),
      },
    ],
    isLogarithmic: true,
    query: "rate(temps_simulation_tour_seconds_sum[1m]) / " +
      "rate(temps_simulation_tour_seconds_count[1m])",
  },
];

/**
 * The Prometheus queries of a chart.
 */
export function queriesOf(
  chart: ChartDefinition,
  isPerTurn: boolean,
): readonly string[] {
  if (chart.query !== undefined) return [chart.query];
  return chart.series.map(({ metric }) =>
    chart.kind === "total" && isPerTurn ? `rate(${metric}[1m]) / rate(tours_completes[1m])` : metric
  );
}

/** Rows of a chart: turns, and the values of each series, if any. */
export interface Rows {
  readonly tours: ArrayLike<number>;
  readonly times: ArrayLike<number>;
  readonly values: readonly (ArrayLike<number | null> | undefined)[];
  /** Whether each value is the mean of what some turns added. */
  readonly areMeans: boolean;
}

/** Maximum number of points of a chart of additions per turn: more would be noise. */
const MAX_STEPS = 400;

/** Replaces unknown values by null for uPlot; returns the column itself if all are known. */
function withGaps(
  values: Float64Array | undefined,
  isLogarithmic: boolean,
): ArrayLike<number | null> | undefined {
  if (values === undefined) return undefined;
  const isDrawn = (value: number) => isLogarithmic ? value > 0 : !Number.isNaN(value);
  let known = 0;
  // A loop, because this runs over every turn of every chart on each drawing.
  while (known < values.length && isDrawn(values[known]!)) known++;
  if (known === values.length) return values;
  return Array.from(values, (value) => isDrawn(value) ? value : null);
}

/** What each turn added to a total, averaged over the turns between two steps. */
function perTurn(tours: Float64Array, totals: Float64Array, steps: readonly number[]) {
  return steps.map((row, index) => {
    const before = index === 0 ? row - 1 : steps[index - 1]!;
    // Before the first turn nothing had happened.
    const [turn, total] = before < 0 ? [0, 0] : [tours[before]!, totals[before]!];
    if (before < 0 && tours[row] !== 1) return null;
    const added = (totals[row]! - total) / (tours[row]! - turn);
    // Totals fall when TradeSim starts again within a session.
    return added >= 0 ? added : null;
  });
}

/**
 * The rows of a chart.
 *
 * @param from The first row.
 * @param to The row after the last one.
 */
export function rowsOf(
  chart: ChartDefinition,
  turns: Turns,
  values: Values,
  [from, to]: readonly [number, number],
  isPerTurn: boolean,
): Rows {
  const slice: Slice = { column: (name) => turns.column(name, from, to), values };
  const tours = turns.column("tour", from, to)!;
  const times = turns.column("timestamp", from, to) ?? tours;
  const read = chart.series.map((series) => series.read(slice));
  if (chart.kind === "now" || !isPerTurn) {
    return {
      tours,
      times,
      values: read.map((column) => withGaps(column, chart.isLogarithmic ?? false)),
      areMeans: false,
    };
  }
  const whole: Slice = { column: (name) => turns.column(name), values };
  const allTours = turns.column("tour")!;
  // Counted from the game's first row, so that steps do not move when turns arrive.
  const stride = Math.max(1, 2 ** Math.ceil(Math.log2((to - from) / MAX_STEPS)));
  const steps: number[] = [];
  for (let row = Math.ceil(from / stride) * stride; row < to; row += stride) steps.push(row);
  if (to > from && steps.at(-1) !== to - 1) steps.push(to - 1);
  return {
    tours: steps.map((row) => allTours[row]!),
    times: steps.map((row) => times[row - from]!),
    values: chart.series.map((series) => {
      const totals = series.read(whole);
      return totals === undefined ? undefined : perTurn(allTours, totals, steps);
    }),
    areMeans: stride > 1,
  };
}
