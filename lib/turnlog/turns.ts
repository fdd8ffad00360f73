/** Reads a line of a turn log. @module */

import { REPORTED_METRICS } from "../catalogue/mod.ts";
import {
  isLabelValue,
  isObject,
  type JsonObject,
  MAX_LABEL_BYTES,
  readTurnSeconds,
  Refused,
  type TurnSeconds,
} from "../report/mod.ts";
import { DURATION, MAX_PLACES, MAX_TURNS, TIME, TURNS_TYPE, TURNS_VERSION } from "./format.ts";

/** Some turns of a game, one after the other. */
export interface Turns {
  readonly session: string;
  /** Number of the first one, from 1. */
  readonly first: number;
  readonly count: number;
  /**
   * One value per turn, NaN where it is not known: `timestamp` and `duree_seconds` in seconds, and the
   * metrics that reports carry, in their units.
   */
  readonly columns: ReadonlyMap<string, Float64Array>;
  /** Durations of all turns before the first one, if they are known. */
  readonly before: TurnSeconds | undefined;
  /** Whether the game ended with the last one. */
  readonly finished: boolean;
}

const NAMES: ReadonlySet<string> = new Set([
  TIME,
  DURATION,
  ...REPORTED_METRICS.map(({ name }) => name),
]);

/** Columns that follow from others where they are missing. */
const DERIVED = [
  {
    name: "transactions_total",
    from: ["transactions_reussies_total", "transactions_echouees_total"],
    sign: 1,
  },
  { name: "produits_inactifs", from: ["produits_total", "produits_actifs"], sign: -1 },
] as const;

function refuse(reason: "other_record" | "session" | "order", what: string): never {
  throw new Refused(reason, `Cannot read the turns: ${what}, see docs/history.md`);
}

/** A whole number from `low` to `high`. */
function wholeNumber(raw: JsonObject, key: string, low: number, high: number): number {
  const value = raw[key];
  if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) {
    return value;
  }
  return refuse("order", `"${key}" is missing or wrong, expected a whole number from ${low}`);
}

/** Adds up a column: decimal places, the first turn's value and differences, 0 where there is none. */
function readColumn(name: string, raw: unknown, count: number): Float64Array {
  if (!Array.isArray(raw)) return refuse("order", `the column "${name}" is no array`);
  const places: unknown = raw[0];
  const isPlaces = typeof places === "number" && Number.isInteger(places) && places >= 0 &&
    places <= MAX_PLACES;
  if (!isPlaces) refuse("order", `the column "${name}" does not begin with its decimal places`);
  if (raw.length > count + 1) {
    refuse("order", `the column "${name}" has ${raw.length - 1} turns, expected at most ${count}`);
  }
  const unit = 10 ** (places as number);
  const column = new Float64Array(count);
  let value = 0;
  for (let turn = 0; turn < count; turn++) {
    const step: unknown = turn + 1 < raw.length ? raw[turn + 1] : 0;
    if (step === null) {
      column[turn] = NaN;
      continue;
    }
    if (typeof step !== "number") refuse("order", `the column "${name}" holds no number`);
    value += step as number;
    if (!Number.isSafeInteger(value)) {
      refuse("order", `the column "${name}" holds a number that is not whole or too large`);
    }
    column[turn] = value / unit;
  }
  return column;
}

function derive(columns: Map<string, Float64Array>): void {
  for (const { name, from: [a, b], sign } of DERIVED) {
    const first = columns.get(a);
    const second = columns.get(b);
    if (columns.has(name) || first === undefined || second === undefined) continue;
    columns.set(name, first.map((value, turn) => value + sign * second[turn]!));
  }
}

/** Whether a record means to be a line of a turn log. */
export function isTurns(value: unknown): value is JsonObject {
  return isObject(value) && value.type === TURNS_TYPE;
}

/**
 * Reads a line of a turn log. Columns that the catalogue does not know are ignored.
 *
 * @throws {Refused} When it is of another version or shape.
 */
export function readTurns(raw: JsonObject): Turns {
  if (raw.version !== TURNS_VERSION) {
    const version = JSON.stringify(raw.version)?.slice(0, 40);
    refuse("other_record", `their version is ${version}, expected ${TURNS_VERSION}`);
  }
  const { session } = raw;
  if (typeof session !== "string" || !isLabelValue(session)) {
    return refuse(
      "session",
      `"session" is missing or wrong, expected 1 to ${MAX_LABEL_BYTES} bytes`,
    );
  }
  const first = wholeNumber(raw, "tour", 1, Number.MAX_SAFE_INTEGER - MAX_TURNS);
  const count = wholeNumber(raw, "tours", 0, MAX_TURNS);
  const colonnes = raw.colonnes ?? {};
  if (!isObject(colonnes)) return refuse("order", '"colonnes" is no object');
  const columns = new Map<string, Float64Array>();
  for (const [name, column] of Object.entries(colonnes)) {
    if (NAMES.has(name)) columns.set(name, readColumn(name, column, count));
  }
  derive(columns);
  const seconds = raw.temps_simulation_tour_seconds;
  const before = seconds === undefined ? undefined : readTurnSeconds(seconds);
  if (seconds !== undefined && before === undefined) {
    return refuse("order", '"temps_simulation_tour_seconds" is wrong');
  }
  return { session, first, count, columns, before, finished: raw.fini === true };
}
