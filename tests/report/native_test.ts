/** Tests of the reading of native reports. @module */

import assert from "node:assert/strict";
import { REPORTED_METRICS } from "../../lib/catalogue/mod.ts";
import { type KeyProblem, NATIVE_SCHEMA, Refused } from "../../lib/report/mod.ts";
import { ALL, type Flat, NOTHING, readFlat } from "./options.ts";
import { COLUMN_NAMES, MAX_COLUMN_LENGTH, TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";

type Keys = Record<string, unknown>;

const native = (keys: Keys = {}): Keys => ({
  type: "tradesim.report",
  version: 1,
  session: "partie 1",
  rapport: 12,
  tour: 40,
  ...keys,
});

/** A number for each metric that a report hands over under its own name. */
const NUMBERS = Object.fromEntries(REPORTED_METRICS.map(({ name }, index) => [name, index + 0.5]));

const FULL = native({
  ...NUMBERS,
  timestamp: 1_795_000_000.25,
  fini: true,
  temps_simulation_tour_seconds: {
    le: [...TURN_SECONDS_BUCKETS],
    counts: [...TURN_SECONDS_BUCKETS.map((_, index) => index), 7],
    sum: 3.5,
  },
  evenements: { inflation: 1_795_000_000, reassort: 1_795_000_005 },
  evenements_recents: [
    { tour: 39, type: "inflation", nombre: 3, total: -1.5 },
    { tour: 40, type: "reassort" },
  ],
  repartitions: {
    budget_total: [{ continent: "Europe", valeur: 1 }, { continent: "Asie", valeur: 2 }],
    transactions_total: [
      { continent: "Europe", produit_type: "consommable", valeur: 3 },
      { continent: "Asie", produit_type: "produit_fini", valeur: 4 },
    ],
  },
  detail: {
    produits: [
      { nom: "Acier", prix: 2, type: "matiere_premiere", actif: true },
      { nom: "Colle", prix: 3, actif: false },
    ],
    entreprises: [
      {
        nom: "A",
        budget: 10,
        budget_initial: 12.5,
        continent: "Europe",
        strategie: "moins_cher",
        achats: 3,
        stocks: [0, 5],
      },
      { nom: "B", budget: 20 },
    ],
    fournisseurs: [{ nom: "F", continent: "Asie", stocks: [7, 0], prix: [1.5, null] }],
  },
  colonnes: Object.fromEntries(COLUMN_NAMES.map((name, index) => {
    const start = name === "timestamp" ? 1_795_000_000 : index;
    return [name, [start, start + 1]];
  })),
});

const problemsOf = (report: Flat): Record<string, KeyProblem> =>
  Object.fromEntries(report.problems.map(({ key, problem }) => [key, problem]));

Deno.test("readNative() reads every key", () => {
  const report = readFlat(FULL, ALL);
  assert.deepEqual(
    {
      ...report,
      values: Object.fromEntries(report.values),
      inventory: report.inventory?.(),
    },
    {
      format: "natif",
      session: "partie 1",
      order: 12,
      tick: undefined,
      turn: 40,
      timestamp: 1_795_000_000.25,
      finished: true,
      values: NUMBERS,
      breakdowns: new Map([
        ["budget_total", [{
          labels: ["continent"],
          parts: [
            { labels: { continent: "Europe" }, value: 1 },
            { labels: { continent: "Asie" }, value: 2 },
          ],
        }]],
        ["transactions_total", [{
          labels: ["continent", "produit_type"],
          parts: [
            { labels: { continent: "Europe", produit_type: "consommable" }, value: 3 },
            { labels: { continent: "Asie", produit_type: "produit_fini" }, value: 4 },
          ],
        }]],
      ]),
      turnSeconds: { counts: [...TURN_SECONDS_BUCKETS.map((_, index) => index), 7], sum: 3.5 },
      events: new Map([["inflation", 1_795_000_000], ["reassort", 1_795_000_005]]),
      tables: new Map([
        ["entreprise_budget", { labels: [["A"], ["B"]], values: [10, 20] }],
        ["entreprise_benefice", { labels: [["A"]], values: [-2.5] }],
        ["entreprise_rang", { labels: [["A"], ["B"]], values: [2, 1] }],
        ["produit_prix", { labels: [["Acier"], ["Colle"]], values: [2, 3] }],
        ["produit_actif", { labels: [["Acier"], ["Colle"]], values: [1, 0] }],
        ["entreprise_stock", { labels: [["A", "Acier"], ["A", "Colle"]], values: [0, 5] }],
        ["fournisseur_stock", { labels: [["F", "Acier"], ["F", "Colle"]], values: [7, 0] }],
        ["fournisseur_prix", { labels: [["F", "Acier"]], values: [1.5] }],
      ]),
      prices: { names: ["Acier"], values: [2] },
      listedBudgets: 30,
      extra: new Map(),
      columns: new Map(COLUMN_NAMES.map((name, index) => {
        const start = name === "timestamp" ? 1_795_000_000 : index;
        return [name, [start, start + 1]];
      })),
      recentEvents: [
        { tour: 39, type: "inflation", nombre: 3, total: -1.5 },
        { tour: 40, type: "reassort" },
      ],
      eventCounts: new Map(),
      inventory: {
        produits: [{ nom: "Acier", prix: 2 }, { nom: "Colle", prix: 3 }],
        entreprises: [{ nom: "A", budget: 10, stocks: [0, 5] }, {
          nom: "B",
          budget: 20,
          stocks: [],
        }],
        fournisseurs: [{ nom: "F", stocks: [7, 0] }],
      },
      problems: [],
      unknownKeys: 0,
    },
  );
});

Deno.test("NATIVE_SCHEMA takes the full report and knows all its keys", () => {
  assert.deepEqual(NATIVE_SCHEMA.parse(FULL), FULL);
  assert.deepEqual(Object.keys(NATIVE_SCHEMA.shape).sort(), Object.keys(FULL).sort());
});

Deno.test("readNative() needs only what places a report", () => {
  const report = readFlat(native(), ALL);
  assert.deepEqual([report.session, report.order, report.turn], ["partie 1", 12, 40]);
  assert.equal(report.finished, false);
  assert.equal(report.values.size, 0);
  assert.equal(report.turnSeconds, undefined);
  assert.deepEqual(report.problems, []);
});

Deno.test("readNative() reads breakdowns and detail only when they are asked for", () => {
  const report = readFlat(FULL, NOTHING);
  assert.equal(report.breakdowns.size, 0);
  assert.equal(report.tables.size, 0);
  assert.deepEqual(Object.fromEntries(report.values), NUMBERS);
});

Deno.test("readNative() refuses a report that cannot be placed", () => {
  const cases: Record<string, [Keys, "session" | "order" | "other_record"]> = {
    "no session": [{ session: undefined }, "session"],
    "empty session": [{ session: "" }, "session"],
    "long session": [{ session: "x".repeat(129) }, "session"],
    "number for a session": [{ session: 5 }, "session"],
    "no number": [{ rapport: undefined }, "order"],
    "negative number": [{ rapport: -1 }, "order"],
    "half a number": [{ rapport: 1.5 }, "order"],
    "text for a number": [{ rapport: "1" }, "order"],
    "infinite turn": [{ tour: Infinity }, "order"],
    "no turn": [{ tour: undefined }, "order"],
    "no version": [{ version: undefined }, "other_record"],
    "version as text": [{ version: "1" }, "other_record"],
  };
  for (const [name, [keys, reason]] of Object.entries(cases)) {
    const raw = Object.fromEntries(
      Object.entries(native(keys)).filter(([, value]) => value !== undefined),
    );
    assert.throws(
      () => readFlat(raw, ALL),
      (error) => error instanceof Refused && error.reason === reason,
      name,
    );
  }
});

Deno.test("readNative() leaves out a key of the wrong shape, and takes the rest", () => {
  const histogram = (changes: Keys) => ({ le: [1], counts: [1, 2], sum: 3, ...changes });
  const many = (count: number) => Array.from({ length: count }, (_, index) => index);
  const cases: Record<string, [string, unknown, KeyProblem]> = {
    "text for a gauge": ["budget_total", "5", "type"],
    "null for a gauge": ["budget_total", null, "type"],
    "infinite gauge": ["budget_total", Infinity, "not_finite"],
    "infinite counter": ["transactions_total", -Infinity, "not_finite"],
    "negative counter": ["transactions_total", -1, "range"],
    "counter that is not exact": ["transactions_total", 2 ** 54, "range"],
    "text for a time": ["timestamp", "2026-11-22", "type"],
    "negative time": ["timestamp", -1, "range"],
    "time in milliseconds": ["timestamp", 1_795_788_502_773, "range"],
    "time in microseconds": ["timestamp", 1_795_788_502_773_000, "range"],
    "time of the last century": ["timestamp", 946_684_799, "range"],
    "time two days from now": ["timestamp", Date.now() / 1000 + 172_800, "range"],
    "number for the end": ["fini", 1, "type"],
    "durations without bounds": ["temps_simulation_tour_seconds", { counts: [1], sum: 1 }, "type"],
    "durations with too few counts": [
      "temps_simulation_tour_seconds",
      histogram({ le: [1, 2] }),
      "type",
    ],
    "durations with half a turn": [
      "temps_simulation_tour_seconds",
      histogram({ counts: [1.5, 2] }),
      "type",
    ],
    "durations with a negative count": [
      "temps_simulation_tour_seconds",
      histogram({ counts: [-1, 2] }),
      "range",
    ],
    "durations with a negative sum": [
      "temps_simulation_tour_seconds",
      histogram({ sum: -1 }),
      "range",
    ],
    "durations with 101 bounds": [
      "temps_simulation_tour_seconds",
      histogram({ le: many(101), counts: many(102) }),
      "too_many",
    ],
    "time of an event as text": ["evenements", { inflation: "now" }, "type"],
    "events as a list": ["evenements", [1], "type"],
    "101 events": [
      "evenements",
      Object.fromEntries(many(101).map((index) => [`e${index}`, 1])),
      "type",
    ],
    "parts of a metric that has none": [
      "repartitions",
      { budget_min: [{ continent: "Europe", valeur: 1 }] },
      "type",
    ],
    "part without a value": ["repartitions", { budget_total: [{ continent: "Europe" }] }, "type"],
    "negative part": [
      "repartitions",
      { budget_total: [{ continent: "Europe", valeur: -1 }] },
      "range",
    ],
    "101 parts": [
      "repartitions",
      { budget_total: many(101).map((index) => ({ continent: `c${index}`, valeur: 1 })) },
      "too_many",
    ],
    "detail without firms": ["detail", { produits: [], fournisseurs: [] }, "type"],
    "firm without a name": [
      "detail",
      { produits: [], entreprises: [{ budget: 1 }], fournisseurs: [] },
      "type",
    ],
    "column that nobody knows": ["colonnes", { inconnue: [1] }, "type"],
    "column with text": ["colonnes", { tour: ["1"] }, "type"],
    "columns of different lengths": ["colonnes", { tour: [1, 2], budget_total: [1] }, "type"],
    "column that is too long": ["colonnes", { tour: many(MAX_COLUMN_LENGTH + 1) }, "too_many"],
  };
  for (const [name, [key, value, problem]] of Object.entries(cases)) {
    const report = readFlat(native({ produits_total: 3, [key]: value }), ALL);
    assert.deepEqual(problemsOf(report), { [key]: problem }, name);
    assert.equal(report.values.get("produits_total"), 3, name);
    assert.equal(report.values.has(key), false, name);
  }
});

Deno.test("readNative() takes every wrong key for itself: all may be wrong, and it is still placed", () => {
  const wrong = Object.fromEntries(Object.keys(FULL).map((key) => [key, {}]));
  const report = readFlat({ ...wrong, ...native() }, ALL);
  const identity = ["type", "version", "session", "rapport", "tour"];
  // Nothing is required of these two, so an empty object is one.
  const empty = ["evenements", "repartitions", "colonnes"];
  assert.deepEqual(
    report.problems.map(({ key }) => key).sort(),
    Object.keys(FULL).filter((key) => !identity.includes(key) && !empty.includes(key)).sort(),
  );
});

Deno.test("readNative() puts turns that were counted with other bounds into no lower bucket", () => {
  const bucket = (bound: number) => TURN_SECONDS_BUCKETS.indexOf(bound);
  const last = TURN_SECONDS_BUCKETS.length;
  const cases: Record<string, [le: number[], counts: number[], Record<number, number>]> = {
    "own bounds": [[0.001, 0.0025], [3, 4, 5], {
      [bucket(0.001)]: 3,
      [bucket(0.0025)]: 4,
      [last]: 5,
    }],
    "bounds between": [[0.002, 0.003], [3, 4, 0], { [bucket(0.0025)]: 3, [bucket(0.005)]: 4 }],
    "finer bounds": [[0.0011, 0.0012, 0.0025], [1, 2, 4, 0], { [bucket(0.0025)]: 7 }],
    "beyond the last": [[10, 20], [1, 2, 4], { [bucket(10)]: 1, [last]: 6 }],
    "below the first": [[1e-9], [1, 2], { 0: 1, [last]: 2 }],
    "own bound with an error of rounding": [[0.1 + 0.2 - 0.2], [1, 0], { [bucket(0.1)]: 1 }],
  };
  for (const [name, [le, counts, expected]] of Object.entries(cases)) {
    const report = readFlat(
      native({ temps_simulation_tour_seconds: { le, counts, sum: 1 } }),
      NOTHING,
    );
    assert.ok(report.turnSeconds !== undefined && "counts" in report.turnSeconds, name);
    assert.equal(report.turnSeconds.counts.length, last + 1);
    const found = Object.fromEntries([...report.turnSeconds.counts.entries()].filter(([, n]) => n));
    assert.deepEqual(found, expected, name);
  }
});

Deno.test("readNative() reads parts of one metric alone", () => {
  const parts = (repartition: unknown) =>
    readFlat(native({ repartitions: { budget_total: repartition } }), ALL)
      .breakdowns.get("budget_total");
  const cases: Record<string, [unknown, unknown]> = {
    "no part": [[], [{ labels: [], parts: [] }]],
    "by type": [[{ produit_type: "x", valeur: 1 }], [{
      labels: ["produit_type"],
      parts: [{ labels: { produit_type: "x" }, value: 1 }],
    }]],
    "label that only some have": [
      [{ continent: "Asie", valeur: 1 }, { valeur: 2 }],
      [{
        labels: ["continent"],
        parts: [{ labels: { continent: "Asie" }, value: 1 }, {
          labels: { continent: "" },
          value: 2,
        }],
      }],
    ],
  };
  for (const [name, [repartition, expected]] of Object.entries(cases)) {
    assert.deepEqual(parts(repartition), expected, name);
  }
});

Deno.test("readNative() ignores stocks of products that the report does not list", () => {
  const detail = {
    produits: [{ nom: "Acier", prix: 1 }],
    entreprises: [{ nom: "A", budget: 1, stocks: [4, 5, 6] }],
    fournisseurs: [],
  };
  assert.deepEqual(readFlat(native({ detail }), ALL).tables.get("entreprise_stock"), {
    labels: [["A", "Acier"]],
    values: [4],
  });
});

Deno.test("readNative() leaves out impossible times one by one, and says so", () => {
  const report = readFlat(
    native({
      evenements: { inflation: 1_795_000_000, reassort: 1_795_000_000_000 },
      colonnes: { tour: [1, 2], timestamp: [1_795_000_000, 1_795_000_000_000] },
    }),
    ALL,
  );
  assert.deepEqual(report.events, new Map([["inflation", 1_795_000_000]]));
  assert.deepEqual(report.columns, new Map([["tour", [1, 2]]]));
  assert.deepEqual(problemsOf(report), { evenements: "range", colonnes: "range" });
});

Deno.test("readNative() shows an unknown key with allKeys where its name is valid and free", () => {
  const cases: Record<string, [string, unknown, boolean]> = {
    "number": ["nouvelle", 5, true],
    "text": ["nouvelle", "5", false],
    "infinite": ["nouvelle", NaN, false],
    "bad name": ["nouvelle cle", 5, false],
    "taken name": ["cpu_usage_percent", 5, false],
    "property of every object": ["toString", 5, true],
    "prototype": ["__proto__", 5, true],
    "empty name": ["", 5, false],
    "of Prometheus: up": ["up", 0, false],
    "of Prometheus: about a scrape": ["scrape_samples_scraped", 3, false],
    "of Prometheus: alerts": ["ALERTS_FOR_STATE", 1, false],
    "much like one of Prometheus": ["uptime", 3, true],
  };
  for (const [name, [key, value, shown]] of Object.entries(cases)) {
    const raw = { ...native(), [key]: value };
    const report = readFlat(raw, ALL);
    assert.deepEqual(
      Object.fromEntries(report.extra),
      shown ? { [key]: { type: "gauge", value } } : {},
      name,
    );
    assert.equal(report.unknownKeys, shown ? 0 : 1, name);
    assert.deepEqual([readFlat(raw, NOTHING).extra.size, readFlat(raw, NOTHING).unknownKeys], [
      0,
      1,
    ], name);
  }
});

Deno.test("readNative() takes at most 100 recent events, each of a known shape", () => {
  const read = (evenements_recents: unknown) => readFlat(native({ evenements_recents }), NOTHING);
  const events = (count: number) =>
    Array.from({ length: count }, (_, tour) => ({ tour, type: "inflation" }));
  assert.equal(read(events(100)).recentEvents.length, 100);
  const wrong: Record<string, [unknown, KeyProblem]> = {
    "too many": [events(101), "too_many"],
    "no list": [{}, "type"],
    "no turn": [[{ type: "inflation" }], "type"],
    "turn below zero": [[{ tour: -1, type: "inflation" }], "range"],
    "no type": [[{ tour: 1 }], "type"],
    "total that is no number": [[{ tour: 1, type: "inflation", total: "1" }], "type"],
  };
  for (const [name, [value, problem]] of Object.entries(wrong)) {
    const report = read(value);
    assert.deepEqual(problemsOf(report), { evenements_recents: problem }, name);
    assert.deepEqual(report.recentEvents, [], name);
  }
});
