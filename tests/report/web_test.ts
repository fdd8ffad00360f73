/** Tests of reading what web processes report. @module */

import assert from "node:assert/strict";
import { HTTP_METHODS, HTTP_SECONDS_BUCKETS } from "../../lib/catalogue/mod.ts";
import {
  asWebReport,
  MAX_WEB_ROWS,
  readReport,
  readWeb,
  Refused,
  WEB_SCHEMA,
} from "../../lib/report/mod.ts";
import { webReport } from "../model/web_reports.ts";

const SPARE = HTTP_SECONDS_BUCKETS.map(() => 0);

Deno.test("readWeb() reads every key", () => {
  const sent = webReport("w", 3, [
    { count: 4, sum: 0.25 },
    { method: "_OTHER", route: "/{id}", status: 500, error: "ValueError", count: 1, sum: 0.5 },
  ], { active: { GET: 2 }, fini: true, timestamp: 1_795_000_000 });
  assert.deepEqual(WEB_SCHEMA.parse(sent), sent);
  assert.equal(asWebReport(sent), sent);
  assert.deepEqual(readWeb(sent), {
    report: {
      session: "w",
      order: 3,
      finished: true,
      rows: [
        { labels: ["GET", "/produits", "200", ""], counts: [4, ...SPARE], sum: 0.25 },
        { labels: ["_OTHER", "/{id}", "500", "ValueError"], counts: [1, ...SPARE], sum: 0.5 },
      ],
      active: new Map([["GET", 2]]),
    },
    noticed: { problems: [], unknownKeys: 0 },
  });
});

Deno.test("readReport() takes no web process for a game, with or without a turn", () => {
  for (const others of [{}, { tour: 7, budget_total: 5 }]) {
    assert.throws(
      () => readReport(webReport("w", 1, [{}], others)),
      (error) => error instanceof Refused && error.reason === "other_record",
    );
  }
  assert.equal(
    asWebReport({ type: "tradesim.report", session: "a", rapport: 1, tour: 1 }),
    undefined,
  );
  assert.equal(asWebReport({ type: "metrics", http: {} }), undefined);
  assert.equal(asWebReport([]), undefined);
});

Deno.test("readWeb() refuses what cannot be placed or has no requests", () => {
  const whole = webReport("w", 1, [{}]);
  const cases: Readonly<Record<string, [changes: Record<string, unknown>, reason: string]>> = {
    "another version": [{ version: 2 }, "other_record"],
    "no session": [{ session: undefined }, "session"],
    "a long session": [{ session: "x".repeat(129) }, "session"],
    "no number": [{ rapport: undefined }, "order"],
    "half a number": [{ rapport: 1.5 }, "order"],
    "no object": [{ http: 5 }, "order"],
    "a list": [{ http: [] }, "order"],
    "no bounds": [{ http: { requests: [] } }, "order"],
    "too many bounds": [
      { http: { le: SPARE.concat(new Array(100).fill(1)), requests: [] } },
      "order",
    ],
    "no list of requests": [{ http: { le: [1], requests: {} } }, "order"],
  };
  for (const [name, [changes, reason]] of Object.entries(cases)) {
    assert.throws(
      () => readWeb({ ...whole, ...changes }),
      (error) => error instanceof Refused && error.reason === reason,
      name,
    );
  }
});

Deno.test("readWeb() leaves out rows of the wrong shape, and says so", () => {
  const whole = webReport("w", 1, [{}]).http.requests[0]!;
  const cases: Readonly<Record<string, Record<string, unknown>>> = {
    "an unknown method": { method: "BREW" },
    "a method in small letters": { method: "get" },
    "no route": { route: "" },
    "a route of 129 bytes": { route: `/${"x".repeat(128)}` },
    "half a character": { route: "/\ud800" },
    "a code below 100": { status: 99 },
    "a code above 599": { status: 600 },
    "a code that is text": { status: "200" },
    "too few counts": { counts: [1, 2] },
    "negative counts": { counts: [-1, ...SPARE] },
    "counts that are no number": { counts: ["1", ...SPARE] },
    "counts beyond exact integers": { counts: [2 ** 53, ...SPARE] },
    "a negative sum": { sum: -1 },
    "no sum": { sum: Infinity },
    "a long error": { error: "E".repeat(129) },
  };
  for (const [name, changes] of Object.entries(cases)) {
    const sent = webReport("w", 1, [{ count: 3 }]);
    const requests = [{ ...whole, ...changes }, ...sent.http.requests, null];
    const { report, noticed } = readWeb({ ...sent, http: { ...sent.http, requests } });
    assert.deepEqual(report.rows.map(({ counts }) => counts[0]), [3], name);
    assert.deepEqual(noticed.problems, [
      { key: "http.requests", problem: "type" },
      { key: "http.requests", problem: "type" },
    ], name);
  }
});

Deno.test("readWeb() leaves out what is wrong beside the rows, counts unknown keys, and takes 1 000 rows", () => {
  const many = Array.from({ length: MAX_WEB_ROWS + 5 }, (_, index) => ({ route: `/${index}` }));
  const { report, noticed } = readWeb(webReport("w", 1, many, {
    active: { BREW: 1 },
    timestamp: 1_795_000_000_000,
    fini: "yes",
    budget_total: 5,
    tour: 3,
  }));
  assert.equal(report.rows.length, MAX_WEB_ROWS);
  assert.equal(report.finished, false);
  assert.deepEqual(noticed, {
    problems: [
      { key: "http.active", problem: "type" },
      { key: "http.requests", problem: "too_many" },
      { key: "timestamp", problem: "range" },
      { key: "fini", problem: "type" },
    ],
    unknownKeys: 2,
  });
  for (const method of HTTP_METHODS) {
    assert.equal(readWeb(webReport("w", 1, [{ method }])).report.rows[0]!.labels[0], method);
  }
});

Deno.test("readWeb() puts counts of other bounds into no lower bucket, and adds rows of one kind", () => {
  const row = { method: "GET", route: "/", status: 200, counts: [1, 2, 4, 8], sum: 1.5 };
  const { report } = readWeb({
    ...webReport("w", 1, []),
    http: { le: [0.003, 0.3, 20], requests: [row, { ...row, counts: [1, 0, 0, 0], sum: 0.5 }] },
  });
  assert.equal(report.rows.length, 1);
  const expected = [...SPARE, 0];
  expected[0] = 2;
  expected[HTTP_SECONDS_BUCKETS.indexOf(0.5)] = 2;
  expected[HTTP_SECONDS_BUCKETS.length] = 12;
  assert.deepEqual(report.rows[0]!.counts, expected);
  assert.equal(report.rows[0]!.sum, 2);
});
