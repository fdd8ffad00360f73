/** An entry of the catalogue: everything that the program and its documentation know about a metric. @module */

import type { Economy } from "../economy/mod.ts";

/**
 * Where a metric belongs, which also says when it is shown.
 *
 * - `phase1`: the five fixed names; never dropped.
 * - `game`: the rest of the game; always shown.
 * - `extra`: numbers outside the catalogue, with `--all-keys`.
 * - `detail`: one series per firm, product or stock; with `--detail`, dropped first.
 * - `http`: requests that web processes have answered; there once one has reported.
 * - `system`: the machine, and the exporter as a process.
 * - `exporter`: the exporter's own work.
 */
export type Group = "phase1" | "game" | "extra" | "detail" | "http" | "system" | "exporter";

export type MetricType = "counter" | "gauge" | "histogram" | "summary";

/** Labels that `--labels` can add and that come from the reports. `session` can go on any metric of the game. */
export const BREAKDOWN_LABELS = ["continent", "produit_type"] as const;
export type BreakdownLabel = (typeof BREAKDOWN_LABELS)[number];

/**
 * How the gauges of several live sessions become one. `mean` weighs each session by another
 * metric of its report. Counters always add.
 */
export type Combine = "sum" | "min" | "max" | "newest" | { readonly mean: string };

/** What there is in a game, one number each; empty where an input does not list it. */
export interface Things {
  /** Today's budget of each firm, in euros. */
  readonly budgets: readonly number[];
  /** Today's base price of each product, in euros. */
  readonly prices: readonly number[];
  /** Purchases of each firm so far. */
  readonly purchases: readonly number[];
}

/** What a reading of TradeSim's payload can be made from. Absent or unusable values are undefined. */
export interface TradesimPayload extends Things {
  /** The finite number under a key. */
  number(key: string): number | undefined;
}

/** Where a value comes from in TradeSim's payload: the first of some keys, or a computation. */
export type TradesimSource =
  | { readonly keys: readonly string[] }
  | {
    readonly from: string;
    readonly read: (payload: TradesimPayload) => number | undefined;
  };

/**
 * States of a session. `silent` is a game that would have said that it is over, and has not.
 * TradeSim's own payload never says so: an end of it cannot be told from a kill, and is `ended`.
 */
export const SESSION_STATES = ["running", "finished", "silent", "ended"] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/**
 * What must hold in every game; docs/economy.md explains each. `tradesim_…` are known slips of TradeSim
 * itself, judged only in its own payloads.
 */
export const INVARIANTS = [
  "argent",
  "marchandises",
  "prix",
  "totaux",
  "transactions",
  "tradesim_gains",
  "tradesim_inflation",
  "tradesim_valeur_figee",
] as const;
export type Invariant = (typeof INVARIANTS)[number];

/** What a session shows of its last report. Times are in seconds since 1970. */
export interface SessionFacts {
  readonly id: string;
  readonly format: string;
  readonly turn?: number | undefined;
  /** Time of the first and of the last report, by the sender's clock. */
  readonly firstTimestamp?: number | undefined;
  readonly lastTimestamp?: number | undefined;
  /** When the last report arrived, by the exporter's clock. */
  readonly arrival: number;
  /** When an event of a type last happened. */
  readonly events: ReadonlyMap<string, number>;
  /** Values of now that reports have told, by name of their metric. */
  readonly gauges: ReadonlyMap<string, number>;
  /** The game's past, as far as its economy needs it. */
  readonly economy: Economy;
}

/** What a session has counted so far. Lists of seconds are to be added exactly. */
export interface LedgerFacts {
  readonly turns: number;
  /** Turns per bucket of the catalogue, not cumulated, +Inf last; and their duration. */
  readonly turnCounts: readonly number[];
  readonly turnSeconds: readonly number[];
  /** Real time between the reports, and the turns played in it. */
  readonly interval: { readonly seconds: readonly number[]; readonly turns: number };
  /** How often each invariant was broken. */
  readonly violations: ReadonlyMap<string, number>;
}

/** How a metric's value is read from the sessions, where no report hands it over under its name. */
export type Reading =
  /** A gauge of a live session; undefined where it has none. */
  | { readonly value: (session: SessionFacts) => number | undefined }
  /** A counter: numbers that add up to what a session has counted. */
  | { readonly total: (ledger: LedgerFacts) => readonly number[] }
  /** A counter with one label of its own: how much of each of these values a session has counted. */
  | {
    readonly each: readonly string[];
    readonly of: (ledger: LedgerFacts) => ReadonlyMap<string, number>;
  }
  /** A histogram of turns, by bucket, or a summary, whose sum may be rounded. */
  | {
    readonly turns: (
      ledger: LedgerFacts,
    ) => { readonly counts: readonly number[]; readonly seconds: readonly number[] };
    readonly round?: (seconds: number) => number;
  }
  /** Series by the values of the metric's own labels; the highest of all live sessions. */
  | {
    readonly rows: (
      session: SessionFacts,
    ) => Iterable<readonly [labels: readonly string[], value: number]>;
  }
  /** How many sessions are in each state. */
  | { readonly states: typeof SESSION_STATES }
  /** A number that follows from how many sessions are live. */
  | { readonly count: (live: number) => number };

export interface Metric {
  readonly name: string;
  readonly type: MetricType;
  /** The unit of its value, for the documentation. */
  readonly unit: string;
  readonly help: string;
  readonly group: Group;
  /** The option without which it is not there, without its dashes. */
  readonly option?: string;
  /** Labels that it always has. */
  readonly labels?: readonly string[];
  /** Labels that `--labels` can add, where a report carries the parts. */
  readonly breakdowns?: readonly BreakdownLabel[];
  /** How live sessions combine; only for gauges of the game. */
  readonly combine?: Combine;
  /** Upper bounds of the buckets, ascending, without +Inf; only for histograms. */
  readonly buckets?: readonly number[];
  /**
   * How a metric of the game is read. Default: reports hand over one number under its own name, and its
   * key in the native report, its state and its series follow from the entry; for detail, a table.
   */
  readonly read?: Reading;
  /**
   * What it is in a native report that lists everything in `detail` and has no such key. Reports without
   * detail leave it as it was.
   */
  readonly detail?: (things: Things) => number | undefined;
  /** Where TradeSim's payload has it. Absent: TradeSim does not send it. */
  readonly tradesim?: TradesimSource;
  /** Where the value comes from when it is neither a reported number nor the exporter's own count. */
  readonly origin?: string;
}
