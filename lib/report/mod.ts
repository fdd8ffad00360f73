/** Takes a JSON value, gives a report, whatever its sender. @module */

import { NATIVE_TYPE, readNative } from "./native.ts";
import { isObject, MAX_KEYS, type Reading, type ReadOptions, Refused } from "./report.ts";
import { readTradesim } from "./tradesim.ts";
import { asWebReport } from "./web.ts";

export * from "./judge.ts";
export { JsonReader, wholeOf } from "./json_reader.ts";
export { beginningOf, HEAD_BYTES, nameOddLine } from "./odd_line.ts";
export { NATIVE_SCHEMA, NATIVE_TYPE, NATIVE_VERSION, readTurnSeconds } from "./native.ts";
export * from "./report.ts";
export { eventsBetween } from "./tradesim_events.ts";
export { TRADESIM_KEYS, useOf } from "./tradesim_keys.ts";
export * from "./web.ts";

/** A value's JSON type, with its article, for messages. */
function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return `a ${typeof value}`;
}

/**
 * Reads a report of any game: a native one, TradeSim's payload, or that payload inside the record
 * that TradeSim's own exporter logs.
 *
 * @throws {Refused} When the value is no report of a game.
 */
export function readReport(record: unknown, options: ReadOptions = {}): Reading {
  const value = isObject(record) && isObject(record.metrics) && record.session_id === undefined
    ? record.metrics
    : record;
  const keys = typeof value === "object" && value !== null ? Object.keys(value).length : 0;
  const isEmpty = value === null || (typeof value === "object" && keys === 0);
  // The words are TradeSim's own answer to this.
  if (isEmpty) throw new Refused("empty", "Données manquantes");
  if (!isObject(value)) {
    throw new Refused(
      "not_object",
      `Cannot take the report: it is ${nameOf(value)}, expected an object`,
    );
  }
  if (keys > MAX_KEYS) {
    throw new Refused(
      "too_many_keys",
      `Cannot take the report: it has ${keys} keys, expected at most ${MAX_KEYS}`,
    );
  }
  if (asWebReport(value) !== undefined) {
    throw new Refused("other_record", "Cannot take the report: it is of a web process, not a game");
  }
  if (value.type === NATIVE_TYPE) return readNative(value, options);
  if (typeof value.type === "string" && value.type !== "metrics") {
    throw new Refused(
      "other_record",
      `Cannot take the record: its type is "${
        value.type.slice(0, 40)
      }", expected "metrics" or "${NATIVE_TYPE}"`,
    );
  }
  return readTradesim(value, options);
}
