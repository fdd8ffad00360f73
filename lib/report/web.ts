/** The report of a web process: the requests that it has answered since it began. @module */

import * as z from "zod";
import { HTTP_METHODS, HTTP_SECONDS_BUCKETS } from "../catalogue/mod.ts";
import { COUNT as count, LABEL as label } from "./checks.ts";
import { IDENTITY, NATIVE_TYPE, NATIVE_VERSION, OPTIONAL, refuseOtherVersion } from "./native.ts";
import {
  isObject,
  isTime,
  type JsonObject,
  type KeyProblem,
  MAX_TOTAL,
  type Noticed,
  Refused,
} from "./report.ts";

/** Rows of one report: methods, routes, codes and errors that have occurred together. */
export const MAX_WEB_ROWS = 1000;

/** What a route is called that nothing was found under, and what all beyond the limit are. */
export const UNMATCHED_ROUTE = "unmatched";
export const OTHER_ROUTE = "other";

/** The labels of what cannot be told apart any more: they tell the kind of its code alone. */
export function restLabels(status: string, error: string): WebRow["labels"] {
  return ["_OTHER", OTHER_ROUTE, `${status[0]}00`, error && "_OTHER"];
}

const NUMBER = z.number();
const BUCKETS = HTTP_SECONDS_BUCKETS.length + 1;

/** Requests of one method, route, code and error. */
const WEB_ROW = z.strictObject({
  /** In the order of the catalogue's labels; the error is empty where there was none. */
  labels: z.tuple([z.string(), z.string(), z.string(), z.string()]).readonly(),
  /** Requests per bucket of the catalogue, not cumulated, +Inf last. */
  counts: z.array(NUMBER.nonnegative()).length(BUCKETS).readonly(),
  /** Seconds. */
  sum: NUMBER,
}).readonly();
export type WebRow = z.infer<typeof WEB_ROW>;

/**
 * What a web process has answered. Every number is absolute: a total since the process began, or the
 * value of now. It is saved as it is.
 */
export const WEB_REPORT = z.strictObject({
  session: z.string(),
  order: NUMBER,
  finished: z.boolean(),
  rows: z.array(WEB_ROW).readonly(),
  /** Requests that are being answered, by method. */
  active: z.map(z.string(), NUMBER).readonly(),
}).readonly();
export type WebReport = z.infer<typeof WEB_REPORT>;

/** A report of a web process as it was read. */
export interface WebReading {
  readonly report: WebReport;
  readonly noticed: Noticed;
}

const seconds = z.number().min(0).max(MAX_TOTAL);
const method = z.enum(HTTP_METHODS);

const ROW = z.object({
  method: method.describe("Its method; `_OTHER` for one that is not in this list."),
  route: label.describe(
    `The template of its route, such as \`/produits/{id}\`; \`${UNMATCHED_ROUTE}\` if there is none.`,
  ),
  status: z.int().min(100).max(599).describe("Code of the response."),
  error: label.optional().describe("Kind of the server's error, if it made one."),
  counts: z.array(count).min(2).max(101)
    .describe("Requests per bucket of `le`, +Inf last, not cumulative."),
  sum: seconds.describe("Sum of their durations, in seconds."),
});
const LE = z.array(seconds).min(1).max(100)
  .describe("Upper bounds of the durations, in seconds, ascending, without +Inf.");
const ACTIVE = z.partialRecord(method, count)
  .describe("Requests that are being answered now, by method.");

const WEB_IDENTITY = {
  session: IDENTITY.session.describe("Name of the session, different for every process."),
  rapport: IDENTITY.rapport,
};

/** The report of a web process as one schema, for documentation and for other programs. */
export const WEB_SCHEMA = z.object({
  type: z.literal(NATIVE_TYPE),
  version: z.literal(NATIVE_VERSION),
  ...WEB_IDENTITY,
  timestamp: OPTIONAL.timestamp.optional(),
  fini: OPTIONAL.fini.describe("True in the last report of a process.").optional(),
  http: z.object({
    le: LE,
    requests: z.array(ROW).max(MAX_WEB_ROWS)
      .describe("Requests that were answered since the process began, by what tells them apart."),
    active: ACTIVE.optional(),
  }).describe("Requests of a web process. A report that has it is of no game."),
});
const KNOWN_KEYS: ReadonlySet<string> = new Set(Object.keys(WEB_SCHEMA.shape));

/** The same value where it is the report of a web process, which is no report of a game. */
export function asWebReport(value: unknown): JsonObject | undefined {
  return isObject(value) && value.type === NATIVE_TYPE && Object.hasOwn(value, "http")
    ? value
    : undefined;
}

/**
 * Reads the report of a web process. A row of the wrong shape is left out, and the rest is taken.
 *
 * @throws {Refused} When the version, what places the report or the shape of `http` is missing or wrong.
 */
export function readWeb(raw: JsonObject): WebReading {
  refuseOtherVersion(raw);
  const session = WEB_IDENTITY.session.safeParse(raw.session);
  if (!session.success) throw missing("session", "session");
  const order = WEB_IDENTITY.rapport.safeParse(raw.rapport);
  if (!order.success) throw missing("rapport", "order");
  const problems: { key: string; problem: KeyProblem }[] = [];
  const { rows, active } = readHttp(raw.http, problems);
  const { timestamp, fini } = raw;
  if (timestamp !== undefined && !(typeof timestamp === "number" && isTime(timestamp))) {
    problems.push({ key: "timestamp", problem: typeof timestamp === "number" ? "range" : "type" });
  }
  if (fini !== undefined && typeof fini !== "boolean") {
    problems.push({ key: "fini", problem: "type" });
  }
  return {
    report: { session: session.data, order: order.data, finished: fini === true, rows, active },
    noticed: {
      problems,
      unknownKeys: Object.keys(raw).filter((key) => !KNOWN_KEYS.has(key)).length,
    },
  };
}

function missing(key: string, reason: "session" | "order"): Refused {
  return new Refused(
    reason,
    `Cannot take the report: "${key}" is missing or wrong, see docs/report.md`,
  );
}

function readHttp(
  http: unknown,
  problems: { key: string; problem: KeyProblem }[],
): Pick<WebReport, "rows" | "active"> {
  const bounds = LE.safeParse(isObject(http) ? http.le : undefined);
  if (!isObject(http) || !bounds.success || !Array.isArray(http.requests)) {
    throw missing("http", "order");
  }
  const active = ACTIVE.safeParse(http.active ?? {});
  if (!active.success) problems.push({ key: "http.active", problem: "type" });
  if (http.requests.length > MAX_WEB_ROWS) {
    problems.push({ key: "http.requests", problem: "too_many" });
  }
  const rows = new Map<string, WebRow>();
  const places = bounds.data.map(bucketOf);
  for (const item of http.requests.slice(0, MAX_WEB_ROWS)) {
    const row = ROW.safeParse(item);
    if (row.success && row.data.counts.length === places.length + 1) {
      add(rows, rebucket(row.data, places));
    } else problems.push({ key: "http.requests", problem: "type" });
  }
  return { rows: [...rows.values()], active: new Map(Object.entries(active.data ?? {})) };
}

/** The bucket of the catalogue for a bound of the sender's, never a lower one. */
function bucketOf(bound: number): number {
  // A bound that is written otherwise is not quite the same.
  const place = HTTP_SECONDS_BUCKETS.findIndex((own) => own >= bound * (1 - 1e-9));
  return place < 0 ? BUCKETS - 1 : place;
}

function rebucket(
  { method, route, status, error = "", counts, sum }: z.infer<typeof ROW>,
  places: readonly number[],
): WebRow {
  const own = new Array<number>(BUCKETS).fill(0);
  counts.forEach((requests, index) => own[places[index] ?? BUCKETS - 1]! += requests);
  return { labels: [method, route, String(status), error], counts: own, sum };
}

/** Two rows of one kind are one. */
function add(rows: Map<string, WebRow>, row: WebRow): void {
  const key = row.labels.join("\0");
  const known = rows.get(key);
  rows.set(
    key,
    known === undefined ? row : {
      ...row,
      counts: row.counts.map((requests, index) => requests + known.counts[index]!),
      sum: row.sum + known.sum,
    },
  );
}
