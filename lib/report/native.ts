/** The native report: its schema, made from the catalogue, and its parser. @module */

import * as z from "zod";
import { BREAKDOWN_LABELS, type Metric, REPORTED_METRICS } from "../catalogue/mod.ts";
import { bucketOf, COLUMN_NAMES, MAX_COLUMN_LENGTH, noTurns } from "../turns/mod.ts";
import { COUNT as count, LABEL as label } from "./checks.ts";
import { DETAIL, type Detail, economyOf, inventoryOf, listingOf, thingsOf } from "./detail.ts";
import {
  type Breakdown,
  type Columns,
  type Details,
  type ExtraValue,
  isExtra,
  isTime,
  type JsonObject,
  type KeyProblem,
  MAX_PARTS,
  MAX_TOTAL,
  type Reading,
  type ReadOptions,
  Refused,
  type Report,
  type TurnSeconds,
} from "./report.ts";
import { tablesOf } from "./tables.ts";
import { TRADESIM_KEYS } from "./tradesim_keys.ts";

/** The `type` of a native report, and the only version of its shape. */
export const NATIVE_TYPE = "tradesim.report";
export const NATIVE_VERSION = 1;

export const MAX_RECENT_EVENTS = 100;

const total = z.number().min(0).max(MAX_TOTAL);
const seconds = z.number().min(0).max(MAX_TOTAL);

/** Keys without which a report cannot be placed. A report that lacks one is refused. */
export const IDENTITY = {
  session: label.describe("Name of the session, different for every game."),
  rapport: count.describe(
    "Number of the report within its session. It grows with every report; gaps are allowed.",
  ),
  tour: count.describe("Turns played since the session began."),
};

/** Keys that a report may have beside those of the catalogue. */
export const OPTIONAL = {
  timestamp: seconds.describe("Time of the report, in seconds since 1970."),
  fini: z.boolean().describe("True in the last report of a game."),
  temps_simulation_tour_seconds: z.object({
    le: z.array(seconds).min(1).max(100).describe("Upper bounds, ascending, without +Inf."),
    counts: z.array(count).min(2).max(101).describe("Turns per bucket, +Inf last, not cumulative."),
    sum: total.describe("Sum of all turns, in seconds."),
  }).refine(({ le, counts }) => counts.length === le.length + 1).describe(
    "Durations of all turns since the session began.",
  ),
  evenements: z.record(label, seconds)
    .refine((events) => Object.keys(events).length <= MAX_PARTS)
    .describe("When an event of each type last happened, in seconds since 1970."),
  evenements_recents: z.array(
    z.object({
      tour: count.describe("The turn in which it happened."),
      type: label,
      nombre: count.optional().describe("Number of firms, suppliers or products concerned."),
      total: z.number().optional().describe("Amount that it added: euros or units."),
    }),
  ).max(MAX_RECENT_EVENTS).describe(
    `Events since the last report, each once, at most the last ${MAX_RECENT_EVENTS}.`,
  ),
  repartitions: z.partialRecord(
    z.enum(REPORTED_METRICS.filter((entry) => entry.breakdowns).map((entry) => entry.name)),
    z.array(
      z.object({ continent: label.optional(), produit_type: label.optional(), valeur: total }),
    ).max(MAX_PARTS),
  ).describe("Parts of values, by metric. All parts of a metric have the same labels."),
  detail: DETAIL,
  colonnes: z.partialRecord(z.enum(COLUMN_NAMES), z.array(z.number()).max(MAX_COLUMN_LENGTH))
    .refine((columns) => new Set(Object.values(columns).map((column) => column.length)).size <= 1)
    .describe(
      `The turns since the last report, at most ${MAX_COLUMN_LENGTH}: one number per turn and column.`,
    ),
};

const REPORTED: Readonly<Record<string, z.ZodType<number>>> = Object.fromEntries(
  REPORTED_METRICS.map(({ name, type, help }: Metric) => [
    name,
    (type === "counter" ? total : z.number()).describe(help),
  ]),
);

type Identity = z.infer<z.ZodObject<typeof IDENTITY>>;
type Optional = z.infer<z.ZodObject<typeof OPTIONAL>>;

/** All keys of a native report but `type` and `version`, each with its check. */
const KEYS: Readonly<Record<string, z.ZodType>> = { ...IDENTITY, ...OPTIONAL, ...REPORTED };

/** The native report as one schema, for documentation and for other programs. */
export const NATIVE_SCHEMA = z.object({
  type: z.literal(NATIVE_TYPE),
  version: z.literal(NATIVE_VERSION),
  ...IDENTITY,
  ...z.object({ ...OPTIONAL, ...REPORTED }).partial().shape,
});

function problemOf(value: unknown, issue: z.core.$ZodIssue | undefined): KeyProblem {
  if (typeof value === "number" && !Number.isFinite(value)) return "not_finite";
  if (issue?.code === "too_big" && issue.origin === "array") return "too_many";
  if (issue?.code === "too_small" || issue?.code === "too_big") return "range";
  return issue?.code === "custom" && typeof value === "string" ? "too_long" : "type";
}

/** Puts counts that were made with other bounds into the catalogue's buckets, never into a lower one. */
function rebucket(
  { le, counts, sum }: z.infer<typeof OPTIONAL.temps_simulation_tour_seconds>,
): TurnSeconds {
  const ours = noTurns();
  counts.forEach((turns, index) => {
    // A bound that is written otherwise, or summed up, is not quite the same.
    ours[bucketOf((le[index] ?? Infinity) * (1 - 1e-9))]! += turns;
  });
  return { counts: ours, sum };
}

/** Reads durations of turns as a native report has them; undefined where they are of another shape. */
export function readTurnSeconds(value: unknown): TurnSeconds | undefined {
  const { success, data } = OPTIONAL.temps_simulation_tour_seconds.safeParse(value);
  return success ? rebucket(data) : undefined;
}

/**
 * Leaves times out of a read value that cannot be: undefined when nothing remains, and the same value
 * when all are possible.
 */
function timely(key: string, value: unknown): unknown {
  switch (key) {
    case "timestamp":
      return isTime(value as Optional["timestamp"]) ? value : undefined;
    case "evenements": {
      const events = Object.entries(value as Optional["evenements"]);
      const possible = events.filter(([, time]) => isTime(time));
      return possible.length === events.length ? value : Object.fromEntries(possible);
    }
    case "colonnes": {
      // A turn without a time of its own is still a turn.
      const { timestamp: times, ...others } = value as Optional["colonnes"];
      return times === undefined || times.every((time) => isTime(time)) ? value : others;
    }
    default:
      return value;
  }
}

type Repartitions = z.infer<typeof OPTIONAL.repartitions>;

function breakdowns(repartitions: Repartitions): ReadonlyMap<string, readonly Breakdown[]> {
  return new Map(
    Object.entries(repartitions).map(([name, parts = []]) => {
      const labels = BREAKDOWN_LABELS.filter((label) => parts.some((part) => part[label]));
      return [name, [{
        labels,
        parts: parts.map(({ valeur, ...part }) => ({
          labels: Object.fromEntries(labels.map((label) => [label, part[label] ?? ""])),
          value: valeur,
        })),
      }]];
    }),
  );
}

/** The values that a report tells, and those that its detail tells instead. */
function valuesOf(read: Readonly<Record<string, unknown>>, detail: Detail | undefined) {
  const things = detail && thingsOf(detail);
  const values = new Map<string, number>();
  for (const { name, detail: readDetail } of REPORTED_METRICS) {
    const value = name in read ? read[name] as number : things && readDetail?.(things);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}

/** Checks each key of a native report; one of the wrong shape is left out. */
function readKeys(raw: JsonObject, { allKeys, breakdowns }: ReadOptions) {
  const read: Record<string, unknown> = {};
  const problems: { key: string; problem: KeyProblem }[] = [];
  const extra = new Map<string, ExtraValue>();
  let unknownKeys = 0;
  for (const [key, value] of Object.entries(raw)) {
    if (key === "type" || key === "version" || (key === "repartitions" && !breakdowns)) continue;
    const check = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
    if (check === undefined) {
      // TradeSim's keys have a type of their own there.
      const isShown = allKeys && !TRADESIM_KEYS.has(key) && isExtra(key, value);
      if (isShown) extra.set(key, { type: "gauge", value });
      else unknownKeys++;
      continue;
    }
    const result = check.safeParse(value);
    if (!result.success) {
      problems.push({ key, problem: problemOf(value, result.error.issues[0]) });
      continue;
    }
    const possible = timely(key, result.data);
    if (possible !== result.data) problems.push({ key, problem: "range" });
    if (possible !== undefined) read[key] = possible;
  }
  return { read, extra, noticed: { problems, unknownKeys } };
}

/** @throws {Refused} When a report is of another version of the format. */
export function refuseOtherVersion(raw: JsonObject): void {
  if (raw.version !== NATIVE_VERSION) {
    throw new Refused(
      "other_record",
      `Cannot take the report: its version is ${
        JSON.stringify(raw.version)?.slice(0, 40)
      }, expected ${NATIVE_VERSION}`,
    );
  }
}

/**
 * Reads one native report. A key of the wrong shape is left out, and the rest is taken.
 *
 * @throws {Refused} When the version or what places the report is missing or wrong.
 */
export function readNative(raw: JsonObject, options: ReadOptions): Reading {
  refuseOtherVersion(raw);
  const { read, extra, noticed } = readKeys(raw, options);
  const missing = Object.keys(IDENTITY).find((key) => !(key in read));
  if (missing !== undefined) {
    throw new Refused(
      missing === "session" ? "session" : "order",
      `Cannot take the report: "${missing}" is missing or wrong, see docs/report.md`,
    );
  }
  // Each key has just passed its own check.
  const known = read as Identity & Partial<Optional>;
  const report: Report = {
    format: "natif",
    session: known.session,
    order: known.rapport,
    tick: undefined,
    turn: known.tour,
    timestamp: known.timestamp,
    finished: known.fini ?? false,
    values: valuesOf(read, known.detail),
    ...economyOf(known.detail),
    breakdowns: breakdowns(known.repartitions ?? {}),
    turnSeconds: known.temps_simulation_tour_seconds &&
      rebucket(known.temps_simulation_tour_seconds),
    events: new Map(Object.entries(known.evenements ?? {})),
    eventCounts: new Map(),
    extra,
  };
  const details: Details = {
    tables: options.detail && known.detail !== undefined
      ? tablesOf(listingOf(known.detail))
      : new Map(),
    columns: new Map(Object.entries(known.colonnes ?? {})) as Columns,
    recentEvents: known.evenements_recents ?? [],
    inventory: inventoryOf(known.detail),
  };
  return { report, details, noticed };
}
