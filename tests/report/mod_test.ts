/** Tests of how the kinds of reports are told apart. @module */

import assert from "node:assert/strict";
import { isLabelValue, isTime, type RefusalReason, Refused } from "../../lib/report/mod.ts";
import { ALL, NOTHING, readFlat } from "./options.ts";

Deno.test("readReport() refuses what is no report, and says why", () => {
  const many = (keys: number) =>
    Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, 1]));
  const cases: Record<string, [unknown, RefusalReason, RegExp]> = {
    "null": [null, "empty", /^Données manquantes$/],
    "empty object": [{}, "empty", /^Données manquantes$/],
    "empty list": [[], "empty", /^Données manquantes$/],
    "empty record": [{ metrics: {} }, "empty", /^Données manquantes$/],
    "list": [[1], "not_object", /is an array/],
    "number": [5, "not_object", /is a number/],
    "text": ["abc", "not_object", /is a string/],
    "boolean": [false, "not_object", /is a boolean/],
    "2001 keys": [many(2001), "too_many_keys", /2001 keys/],
    "record with 2001 keys": [{ metrics: many(2001) }, "too_many_keys", /2001 keys/],
    "alert": [{ type: "alert", session_id: "s" }, "other_record", /"alert"/],
    "wrapped alert": [{ metrics: { type: "alert" } }, "other_record", /"alert"/],
    "long type": [{ type: "x".repeat(1000) }, "other_record", /"x{40}"/],
    "native report of version 2": [
      { type: "tradesim.report", version: 2, session: "s", rapport: 1, tour: 1 },
      "other_record",
      /version is 2, expected 1/,
    ],
  };
  for (const [name, [value, reason, message]] of Object.entries(cases)) {
    assert.throws(() => readFlat(value, ALL), (error) => {
      assert.ok(error instanceof Refused, name);
      assert.equal(error.reason, reason, name);
      assert.match(error.message, message, name);
      return true;
    });
  }
});

Deno.test("readReport() takes 2000 keys", () => {
  const payload = Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`k${index}`, 1]));
  assert.equal(readFlat(payload, NOTHING).unknownKeys, 2000);
});

Deno.test("readReport() tells native reports, payloads and wrapped payloads apart", () => {
  const payload = { session_id: "s", tour_actuel: 3, tick: 2, transactions_total: 7 };
  const cases: Record<string, [unknown, "natif" | "tradesim"]> = {
    "native": [{ type: "tradesim.report", version: 1, session: "s", rapport: 3, tour: 3 }, "natif"],
    "wrapped native": [
      { metrics: { type: "tradesim.report", version: 1, session: "s", rapport: 3, tour: 3 } },
      "natif",
    ],
    "payload": [{ ...payload, type: "metrics" }, "tradesim"],
    "payload without a type": [payload, "tradesim"],
    "payload with a type that is no text": [{ ...payload, type: 5 }, "tradesim"],
    "record of TradeSim's exporter": [
      { timestamp: "2026-11-22T10:28:49+00:00", metrics: { ...payload, type: "metrics" } },
      "tradesim",
    ],
    "payload that has metrics of its own": [{ ...payload, metrics: { a: 1 } }, "tradesim"],
  };
  for (const [name, [value, format]] of Object.entries(cases)) {
    const report = readFlat(value, NOTHING);
    assert.deepEqual(
      { format: report.format, session: report.session, turn: report.turn, order: report.order },
      { format, session: "s", turn: 3, order: 3 },
      name,
    );
  }
});

Deno.test("isLabelValue() takes 1 to 128 bytes of UTF-8", () => {
  const cases: Record<string, [string, boolean]> = {
    "empty": ["", false],
    "one": ["a", true],
    "128 bytes": ["a".repeat(128), true],
    "129 bytes": ["a".repeat(129), false],
    "64 characters of 2 bytes": ["é".repeat(64), true],
    "65 characters of 2 bytes": ["é".repeat(65), false],
    "42 characters of 3 bytes": ["€".repeat(42), true],
    "43 characters of 3 bytes": ["€".repeat(43), false],
    "half a surrogate pair": ["\ud800", false],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    assert.equal(isLabelValue(text), expected, name);
  }
});

Deno.test("isTime() takes times of reports where the clock of this machine is not set yet", () => {
  const time = Date.UTC(2026, 10, 28) / 1000;
  assert.deepEqual([0, time - 86_400, time - 86_401].map((now) => isTime(time, now)), [
    true,
    true,
    false,
  ]);
  assert.equal(isTime(time * 1000, 0), false, "that is in milliseconds");
});
