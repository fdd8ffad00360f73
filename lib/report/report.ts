/** The report: what every source hands on, and all that the exporter knows of a turn. @module */

import type { BreakdownLabel } from "../catalogue/mod.ts";

/** Why a request is no report, before its body is even JSON. */
export const REQUEST_REFUSAL_REASONS = [
  "content_type",
  "encoding",
  "gzip",
  "timeout",
  "busy",
  "aborted",
] as const;

/** Why an input is no report, wherever it comes from. */
export const INPUT_REFUSAL_REASONS = [
  "too_large",
  "too_deep",
  "too_many_keys",
  "json",
  "not_object",
  "empty",
  "other_record",
  "session",
  "order",
] as const;

export type RefusalReason =
  | (typeof REQUEST_REFUSAL_REASONS)[number]
  | (typeof INPUT_REFUSAL_REASONS)[number];

/** An input that is no report. The message is for whoever sent it. */
export class Refused extends Error {
  override name = "Refused";
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Why one key of a report was left out. */
export type KeyProblem = "type" | "not_finite" | "range" | "too_long" | "too_many";

/** One part of a metric's value, such as the budgets of one continent. */
export interface Part {
  readonly labels: Readonly<Partial<Record<BreakdownLabel, string>>>;
  readonly value: number;
}

/** A metric's value in parts. All parts of a breakdown have the same labels, and add up to the value. */
export interface Breakdown {
  readonly labels: readonly BreakdownLabel[];
  readonly parts: readonly Part[];
}

/**
 * Durations of all turns so far, in seconds: either counted into the buckets of the catalogue
 * (the last count is that of +Inf), or only their number and sum.
 */
export type TurnSeconds =
  | { readonly counts: readonly number[]; readonly sum: number }
  | { readonly turns: number; readonly sum: number };

/** One series per row: label values, in the order of the metric's labels, and the value. */
export interface DetailTable {
  readonly labels: readonly (readonly string[])[];
  readonly values: readonly number[];
}

/** A number that the catalogue does not know, for `--all-keys`. */
export interface ExtraValue {
  readonly type: "counter" | "gauge";
  readonly value: number;
}

/** The turns since the last report, a number per turn and column; all columns are equally long. */
export type Columns = ReadonlyMap<string, readonly number[]>;

/** An event of the game, and what it did where the sender tells it. */
export interface RecentEvent {
  readonly tour: number;
  readonly type: string;
  /** How many firms, suppliers or products it concerned. */
  readonly nombre?: number | undefined;
  /** What it added: euros or units. */
  readonly total?: number | undefined;
}

/** What a payload shows of the events before it: totals since the reset, and values of now. */
export interface EventClues {
  readonly tick: number;
  /** Entries per type as TradeSim counts them. */
  readonly entries: ReadonlyMap<string, number>;
  /** Euros that all firms have, and that they have spent. */
  readonly budget: number;
  readonly spent: number;
  /** Units that all suppliers have, and that they have sold. */
  readonly stock: number;
  readonly sold: number;
  /** The budget of each firm, in euros. */
  readonly budgets: readonly number[];
  /** Units by product of each supplier, only at turns that may have both kinds of restock. */
  readonly suppliers: readonly ReadonlyMap<string, number>[];
}

/** Everything that there is in the game, by name. Stocks are units, in the order of `produits`. */
export interface Inventory {
  readonly produits: readonly { readonly nom: string; readonly prix: number }[];
  readonly entreprises: readonly {
    readonly nom: string;
    readonly budget: number;
    readonly stocks: readonly number[];
  }[];
  readonly fournisseurs: readonly { readonly nom: string; readonly stocks: readonly number[] }[];
}

/**
 * The state of one game after a turn. Every number is absolute: a total since the session began or
 * the value of now, never an increment, so that a lost report loses nothing and a repeated one
 * changes nothing.
 */
export interface Report {
  readonly format: "natif" | "tradesim";
  readonly session: string;
  /** Grows with every report of a session. Undefined where the sender gives no order. */
  readonly order: number | undefined;
  /** TradeSim's tick: turns since the last reset within the session, from 0. */
  readonly tick: number | undefined;
  /** Turns played in this session. */
  readonly turn: number | undefined;
  /** When the report was made, by the sender's clock, in seconds since 1970. */
  readonly timestamp: number | undefined;
  readonly finished: boolean;
  /** Values by name of the catalogue's reported metrics. */
  readonly values: ReadonlyMap<string, number>;
  /** Parts of values, by name of the metric; several breakdowns where no joint one is known. */
  readonly breakdowns: ReadonlyMap<string, readonly Breakdown[]>;
  readonly turnSeconds: TurnSeconds | undefined;
  /** When an event of a type last happened, in seconds since 1970. */
  readonly events: ReadonlyMap<string, number>;
  /** Tables by name of the catalogue's detail metrics; empty unless asked for. */
  readonly detail: ReadonlyMap<string, DetailTable>;
  /** Numbers outside the catalogue, by key; empty unless asked for. */
  readonly extra: ReadonlyMap<string, ExtraValue>;
  readonly columns: Columns;
  /** Events since the last report, where the sender tells them one by one. */
  readonly recentEvents: readonly RecentEvent[];
  /** Entries about each type of event since the last reset, where the sender only counts them. */
  readonly eventCounts: ReadonlyMap<string, number>;
  /** What shows the events of a turn beside the report before it, where the sender does not name them. */
  readonly eventClues?: EventClues | undefined;
  /** Reads everything that there is. It holds the whole input, so call it soon or let it go. */
  readonly inventory: (() => Inventory) | undefined;
  /** Known keys that were left out. */
  readonly problems: readonly { readonly key: string; readonly problem: KeyProblem }[];
  /** How many keys nobody knows and nothing shows. */
  readonly unknownKeys: number;
}

/** What of a report is wanted; the rest is not read. */
export interface ReadOptions {
  readonly breakdowns: boolean;
  readonly detail: boolean;
  readonly allKeys: boolean;
}

/** 2000-01-01T00:00:00Z, in seconds since 1970. */
const EARLIEST = 946_684_800;
/** Seconds by which a sender's clock may be ahead. */
const MAX_AHEAD = 86_400;

/**
 * Whether a number can be a time in seconds since 1970 at which a report was made: from the year 2000
 * to one day from now. Milliseconds and microseconds are not.
 *
 * @param now Default: the clock.
 */
export function isTime(seconds: number, now = Date.now() / 1000): boolean {
  return seconds >= EARLIEST && seconds <= now + MAX_AHEAD;
}

/** Session of reports that name none. */
export const NO_SESSION = "sans_session";

export const MAX_KEYS = 2000;
/** Parts of one breakdown, such as continents. */
export const MAX_PARTS = 100;
export const MAX_LABEL_BYTES = 128;

/** Totals above this are no longer exact, so they are refused. */
export const MAX_TOTAL = Number.MAX_SAFE_INTEGER;

const encoder = new TextEncoder();

/**
 * Whether a text may become a label's value: 1 to 128 bytes of UTF-8. Half a surrogate pair has no
 * UTF-8, so that two labels would come out as one; NUL joins labels in the model's keys.
 */
export function isLabelValue(text: string): boolean {
  return text.length > 0 && text.isWellFormed() && !text.includes("\0") &&
    (text.length * 3 <= MAX_LABEL_BYTES ||
      (text.length <= MAX_LABEL_BYTES && encoder.encode(text).length <= MAX_LABEL_BYTES));
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
