/** The report: what every source hands on, and all that the exporter knows of a turn. @module */

import * as z from "zod";
import { BREAKDOWN_LABELS, METRIC_NAME, TAKEN_NAMES } from "../catalogue/mod.ts";
import { PRICES } from "../economy/mod.ts";
import { TURN_SECONDS_BUCKETS } from "../turns/mod.ts";

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

const NUMBER = z.number();
const OPTIONAL = NUMBER.optional();
/** Numbers by name. */
export const NUMBERS = z.map(z.string(), NUMBER).readonly();
/** Turns per bucket of the catalogue, +Inf last. Of all games together they may be beyond exact integers. */
export const TURN_COUNTS = z.array(NUMBER.nonnegative()).length(TURN_SECONDS_BUCKETS.length + 1);

/** One part of a metric's value, such as the budgets of one continent. */
const PART = z.strictObject({
  labels: z.partialRecord(z.enum(BREAKDOWN_LABELS), z.string()).readonly(),
  value: NUMBER,
}).readonly();
export type Part = z.infer<typeof PART>;

/** A metric's value in parts. All parts of a breakdown have the same labels, and add up to the value. */
const BREAKDOWN = z.strictObject({
  labels: z.array(z.enum(BREAKDOWN_LABELS)).readonly(),
  parts: z.array(PART).readonly(),
}).readonly();
export type Breakdown = z.infer<typeof BREAKDOWN>;

/**
 * Durations of all turns so far, in seconds: either counted into the buckets of the catalogue
 * (the last count is that of +Inf), or only their number and sum.
 */
const TURN_SECONDS = z.union([
  z.strictObject({ counts: TURN_COUNTS.readonly(), sum: NUMBER }).readonly(),
  z.strictObject({ turns: NUMBER, sum: NUMBER }).readonly(),
]);
export type TurnSeconds = z.infer<typeof TURN_SECONDS>;

/** A number that the catalogue does not know, for `--all-keys`. */
const EXTRA_VALUE = z.strictObject({ type: z.enum(["counter", "gauge"]), value: NUMBER })
  .readonly();
export type ExtraValue = z.infer<typeof EXTRA_VALUE>;

/** What a payload shows of the events before it: totals since the reset, and values of now. */
export const EVENT_CLUES = z.strictObject({
  tick: NUMBER,
  /** Euros that all firms have, and that they have spent. */
  budget: NUMBER,
  spent: NUMBER,
  /** Units that all suppliers have, and that they have sold. */
  stock: NUMBER,
  sold: NUMBER,
  /** The budget of each firm, in euros. */
  budgets: z.array(NUMBER).readonly(),
  /** Units by product of each supplier, only at turns that may have both kinds of restock. */
  suppliers: z.array(NUMBERS).readonly(),
}).readonly();
export type EventClues = z.infer<typeof EVENT_CLUES>;

/**
 * The state of one game after a turn. Every number is absolute: a total since the session began or
 * the value of now, never an increment, so that a lost report loses nothing and a repeated one
 * changes nothing. It is saved as it is.
 */
export const REPORT = z.strictObject({
  format: z.enum(["natif", "tradesim"]),
  session: z.string(),
  /** Grows with every report of a session. Undefined where the sender gives no order. */
  order: OPTIONAL,
  /** TradeSim's tick: turns since the last reset within the session, from 0. */
  tick: OPTIONAL,
  /** Turns played in this session. */
  turn: OPTIONAL,
  /** When the report was made, by the sender's clock, in seconds since 1970. */
  timestamp: OPTIONAL,
  finished: z.boolean(),
  /** Values by name of the catalogue's reported metrics. */
  values: NUMBERS,
  /** Parts of values, by name of the metric; several breakdowns where no joint one is known. */
  breakdowns: z.map(z.string(), z.array(BREAKDOWN).readonly()).readonly(),
  turnSeconds: TURN_SECONDS.optional(),
  /** When an event of a type last happened, in seconds since 1970. */
  events: NUMBERS,
  /** Entries about each type of event since the last reset, where the sender only counts them. */
  eventCounts: NUMBERS,
  /** What shows the events of a turn beside the report before it, where the sender does not name them. */
  eventClues: EVENT_CLUES.optional(),
  /** Base prices of the products that can be bought; of all where the sender does not say which can. */
  prices: PRICES.optional(),
  /** Sum of the budgets of all firms that are listed, in euros. */
  listedBudgets: OPTIONAL,
  /** What TradeSim itself says, by key, where it is known to be wrong. */
  claims: NUMBERS.optional(),
  /** Numbers outside the catalogue, by key; empty unless asked for. */
  extra: z.map(z.string(), EXTRA_VALUE).readonly(),
}).readonly();
export type Report = z.infer<typeof REPORT>;

/** What is known of a session, beside which its next report is judged. */
export type Mark =
  & {
    readonly [Key in "order" | "tick" | "eventCounts" | "eventClues" | "prices"]?:
      | Report[Key]
      | undefined;
  }
  & {
    /** What its invariants are judged by; see `invariants.ts`. */
    readonly balance?: z.infer<typeof NUMBERS> | undefined;
  };

/** One series per row: label values, in the order of the metric's labels, and the value. */
const DETAIL_TABLE = z.strictObject({
  labels: z.array(z.array(z.string()).readonly()).readonly(),
  values: z.array(NUMBER).readonly(),
}).refine(({ labels, values }) => labels.length === values.length).readonly();
export type DetailTable = z.infer<typeof DETAIL_TABLE>;
/** Tables by name of the catalogue's detail metrics. */
export const DETAIL_TABLES = z.map(z.string(), DETAIL_TABLE).readonly();
export type DetailTables = z.infer<typeof DETAIL_TABLES>;

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

/** What is shown of a turn and told again by the next one, or kept for the page alone: not saved. */
export interface Details {
  /** Empty unless asked for. */
  readonly tables: DetailTables;
  readonly columns: Columns;
  /** Events since the last report, where the sender tells them one by one. */
  readonly recentEvents: readonly RecentEvent[];
  /** Reads everything that there is. It holds the whole input, so call it soon or let it go. */
  readonly inventory: (() => Inventory) | undefined;
}

/** What the reader could not use. */
export interface Noticed {
  /** Known keys that were left out. */
  readonly problems: readonly { readonly key: string; readonly problem: KeyProblem }[];
  /** How many keys nobody knows and nothing shows. */
  readonly unknownKeys: number;
}

/** An input as it was read. */
export interface Reading {
  readonly report: Report;
  readonly details: Details;
  readonly noticed: Noticed;
}

/** What of a report is wanted; the rest is not read. */
export interface ReadOptions {
  readonly breakdowns?: boolean;
  readonly detail?: boolean;
  readonly allKeys?: boolean;
}

/** 2000-01-01T00:00:00Z, in seconds since 1970. */
const EARLIEST = 946_684_800;
/** Seconds by which a sender's clock may be ahead. */
const MAX_AHEAD = 86_400;
/** The year 2100, for a machine whose clock is not set yet: before that a time is not in milliseconds. */
const LATEST = 4_102_444_800;

/**
 * Whether a number can be a time in seconds since 1970 at which a report was made: from the year 2000
 * to one day from now. Milliseconds and microseconds are not.
 *
 * @param now Default: the clock.
 */
export function isTime(seconds: number, now = Date.now() / 1000): boolean {
  return seconds >= EARLIEST && seconds <= (now < EARLIEST ? LATEST : now + MAX_AHEAD);
}

/** Session of reports that name none. */
export const NO_SESSION = "sans_session";

export const MAX_KEYS = 2000;
/** Parts of one breakdown, such as continents. */
export const MAX_PARTS = 100;
/** Products whose prices are followed; TradeSim has 61 at most. */
export const MAX_PRICES = 100;
export const MAX_LABEL_BYTES = 128;

/** Totals above this are no longer exact, so they are refused. */
export const MAX_TOTAL = Number.MAX_SAFE_INTEGER;

/** Whether a key and its value may become a metric outside the catalogue. */
export function isExtra(key: string, value: unknown): value is number {
  return Number.isFinite(value) && METRIC_NAME.test(key) && !TAKEN_NAMES.has(key);
}

/** Each is finite, but their sum may not be, and could not be saved. */
export function finiteSum(values: readonly number[]): number | undefined {
  const sum = values.reduce((total, value) => total + value, 0);
  return Number.isFinite(sum) ? sum : undefined;
}

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
