/** An entry of the catalogue: everything that the program and its documentation know about a metric. @module */

/**
 * Where a metric belongs, which also says when it is shown.
 *
 * - `phase1`: the five fixed names; never dropped.
 * - `game`: the rest of the game; always shown.
 * - `extra`: numbers outside the catalogue, with `--all-keys`.
 * - `detail`: one series per firm, product or stock; with `--detail`, dropped first.
 * - `system`: the machine, and the exporter as a process.
 * - `exporter`: the exporter's own work.
 */
export type Group = "phase1" | "game" | "extra" | "detail" | "system" | "exporter";

export type MetricType = "counter" | "gauge" | "histogram" | "summary";

/** Labels that `--labels` can add and that come from the reports. `session` can go on any metric of the game. */
export const BREAKDOWN_LABELS = ["continent", "produit_type"] as const;
export type BreakdownLabel = (typeof BREAKDOWN_LABELS)[number];

/**
 * How the gauges of several live sessions become one. `mean` weighs each session by another
 * metric of its report. Counters always add.
 */
export type Combine = "sum" | "min" | "max" | "newest" | { readonly mean: string };

/** What a reading of TradeSim's payload can be made from. Absent or unusable values are undefined. */
export interface TradesimPayload {
  /** The finite number under a key. */
  number(key: string): number | undefined;
  /** Today's budget of each firm, in euros; empty where the payload lists no firm. */
  readonly budgets: readonly number[];
  /** Today's base price of each product, in euros; empty where the payload lists no product. */
  readonly prices: readonly number[];
}

/** Where a value comes from in TradeSim's payload: the first of some keys, or a computation. */
export type TradesimSource =
  | { readonly keys: readonly string[] }
  | {
    readonly from: string;
    readonly read: (payload: TradesimPayload) => number | undefined;
  };

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  /** The unit of its value, for the documentation. */
  readonly unit: string;
  readonly help: string;
  readonly group: Group;
  /** Labels that it always has. */
  readonly labels?: readonly string[];
  /** Labels that `--labels` can add, where a report carries the parts. */
  readonly breakdowns?: readonly BreakdownLabel[];
  /** How live sessions combine; only for gauges of the game. */
  readonly combine?: Combine;
  /** Upper bounds of the buckets, ascending, without +Inf; only for histograms. */
  readonly buckets?: readonly number[];
  /**
   * Set where reports hand over one number under the metric's own name. Such a metric needs no
   * other code: its key in the native report, its state and its series follow from the entry.
   */
  readonly reported?: true;
  /** Where TradeSim's payload has it. Absent: TradeSim does not send it. */
  readonly tradesim?: TradesimSource;
  /** Where the value comes from when it is neither a reported number nor the exporter's own count. */
  readonly origin?: string;
}
