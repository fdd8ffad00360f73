/** Tests of the reading of TradeSim's payload. @module */

import assert from "node:assert/strict";
import { REPORTED_METRICS } from "../../lib/catalogue/mod.ts";
import {
  JsonReader,
  type KeyProblem,
  Refused,
  TRADESIM_KEYS,
  useOf,
} from "../../lib/report/mod.ts";
import { ALL, type Flat, NOTHING, readFlat } from "./options.ts";

type Payload = Record<string, unknown>;

function realPayload(turn: "001" | "005"): Payload {
  const reader = new JsonReader(1 << 20);
  reader.push(Deno.readFileSync(new URL(`../testdata/tour-${turn}.json`, import.meta.url)));
  return reader.finish() as Payload;
}

/** The smallest payload, and what is put into it. */
function payload(keys: Payload): Payload {
  return { session_id: "s", tick: 1, tour_actuel: 2, ...keys };
}

Deno.test("readTradesim() takes an empty key for one that nobody knows", () => {
  const raw = { session_id: "s", tick: 0, "": "1\nevil_metric 7" };
  const report = readFlat(raw, ALL);
  assert.deepEqual([report.values, report.extra, report.unknownKeys], [new Map(), new Map(), 1]);
  assert.deepEqual(readFlat({ ...raw, "": NaN }, ALL).values, new Map());
});

const problemsOf = (report: Flat): Record<string, KeyProblem> =>
  Object.fromEntries(report.problems.map(({ key, problem }) => [key, problem]));

/** Every metric that TradeSim's payload carries, in the order of the catalogue. */
const VALUES: Readonly<Record<"001" | "005", Readonly<Record<string, number>>>> = {
  "001": {
    budget_total: 189946.47,
    transactions_total: 19,
    produits_actifs: 6,
    budget_moyen: 31657.74,
    budget_min: 25989.08,
    budget_max: 39434.6,
    entreprises_total: 6,
    entreprises_solvables: 6,
    transactions_reussies_total: 19,
    transactions_echouees_total: 0,
    transactions_montant_total: 773.36,
    produits_total: 48,
    produits_inactifs: 42,
    produits_prix_moyen: 4.086666666666667,
    produits_prix_min: 2.18,
    produits_prix_max: 5.94,
    transactions_unites_total: 252,
    argent_initial_euros: 164760.83,
    argent_entre_euros_total: 25959,
    stock_fournisseurs_unites: 1876,
    stock_entreprises_unites: 252,
    produits_epuises: 28,
    budget_gini_ratio: 0.08363027225512536,
    transactions_concentration_ratio: 0.16897506925207756,
    evenements_total: 6,
  },
  "005": {
    // Frozen at turn 1 under its own name in the payload: 189946.47.
    budget_total: 189211.92,
    transactions_total: 33,
    produits_actifs: 13,
    budget_moyen: 31535.32,
    budget_min: 25864.73,
    budget_max: 39300.21,
    entreprises_total: 6,
    entreprises_solvables: 6,
    transactions_reussies_total: 33,
    transactions_echouees_total: 0,
    transactions_montant_total: 1507.91,
    produits_total: 48,
    produits_inactifs: 35,
    produits_prix_moyen: 4.086666666666667,
    produits_prix_min: 2.18,
    produits_prix_max: 5.94,
    transactions_unites_total: 523,
    argent_initial_euros: 164760.83,
    argent_entre_euros_total: 25959,
    stock_fournisseurs_unites: 1630,
    stock_entreprises_unites: 523,
    produits_epuises: 30,
    budget_gini_ratio: 0.08390628877926933,
    transactions_concentration_ratio: 0.16988062442607899,
    evenements_total: 8,
  },
};

/** Sums of floats may differ in their last digit. */
const rounded = (values: Iterable<readonly [string, number]>) =>
  Object.fromEntries(Array.from(values, ([name, value]) => [name, Number(value.toPrecision(14))]));

for (const turn of ["001", "005"] as const) {
  Deno.test(`readTradesim() reads every metric out of the real payload of turn ${turn}`, () => {
    const report = readFlat(realPayload(turn), ALL);
    assert.deepEqual(rounded(report.values), rounded(Object.entries(VALUES[turn])));
    const sent = REPORTED_METRICS.filter((entry) => entry.tradesim).map((entry) => entry.name);
    assert.deepEqual([...report.values.keys()], sent);
    assert.deepEqual(report.problems, []);
    assert.equal(report.unknownKeys, 0);
  });
}

Deno.test("readTradesim() leaves out a difference that is beyond all numbers", () => {
  const { values } = readFlat({
    type: "metrics",
    session_id: "a",
    tour_actuel: 1,
    produits_total: 1.7e308,
    produits_actifs: -1.7e308,
  }, ALL);
  assert.equal(values.has("produits_inactifs"), false);
  assert.equal(values.get("produits_total"), 1.7e308);
});

Deno.test("readTradesim() places the real payloads in their session", () => {
  const place = ({ format, session, order, tick, turn, timestamp, finished }: Flat) => ({
    format,
    session,
    order,
    tick,
    turn,
    timestamp,
    finished,
  });
  const common = { format: "tradesim", session: "20261122_102849", finished: false } as const;
  assert.deepEqual(place(readFlat(realPayload("001"), NOTHING)), {
    ...common,
    order: 1,
    tick: 0,
    turn: 1,
    timestamp: Date.UTC(2026, 10, 22, 10, 28, 49, 721) / 1000,
  });
  assert.deepEqual(place(readFlat(realPayload("005"), NOTHING)), {
    ...common,
    order: 5,
    tick: 4,
    turn: 5,
    timestamp: Date.UTC(2026, 10, 22, 10, 28, 49, 792) / 1000,
  });
});

Deno.test("readTradesim() takes turn durations from the totals of the game's own time", () => {
  assert.deepEqual(readFlat(realPayload("001"), NOTHING).turnSeconds, {
    turns: 1,
    sum: 0.0028548240661621094,
  });
  assert.deepEqual(readFlat(realPayload("005"), NOTHING).turnSeconds, {
    turns: 5,
    sum: 0.005133628845214844,
  });
  const cases: Record<string, Payload> = {
    "no sum": { total_mesures: 2 },
    "no turns": { total_temps: 2 },
    "half a turn": { total_mesures: 1.5, total_temps: 2 },
    "negative sum": { total_mesures: 1, total_temps: -1 },
  };
  for (const [name, keys] of Object.entries(cases)) {
    assert.equal(readFlat(payload(keys), NOTHING).turnSeconds, undefined, name);
  }
});

Deno.test("readTradesim() reads breakdowns and detail only when they are asked for", () => {
  const report = readFlat(realPayload("005"), NOTHING);
  assert.equal(report.breakdowns.size, 0);
  assert.equal(report.tables.size, 0);
  assert.equal(report.extra.size, 0);
});

Deno.test("readTradesim() breaks the real payload down by continent and product type", () => {
  const { breakdowns } = readFlat(realPayload("005"), ALL);
  const flat = Object.fromEntries(
    Array.from(breakdowns, ([name, found]) => [
      name,
      found.map(({ labels, parts }) => [
        labels.join(),
        Object.fromEntries(
          parts.map(({ labels: own, value }) => [
            Object.values(own).join(),
            Math.round(value * 100) / 100,
          ]),
        ),
      ]),
    ]),
  );
  const firms = { "Asie": 3, "Europe": 2, "Amérique du Sud": 1 };
  assert.deepEqual(flat, {
    budget_total: [
      ["continent", { "Asie": 101710.75, "Europe": 61636.44, "Amérique du Sud": 25864.73 }],
    ],
    entreprises_total: [["continent", firms]],
    entreprises_solvables: [["continent", firms]],
    transactions_reussies_total: [
      ["continent", { "Asie": 17, "Europe": 11, "Amérique du Sud": 5 }],
      ["produit_type", { matiere_premiere: 8, consommable: 7, produit_fini: 18 }],
    ],
    produits_total: [
      ["produit_type", { consommable: 12, matiere_premiere: 17, produit_fini: 19 }],
    ],
  });
});

Deno.test("readTradesim() reads every firm, price and stock of the real payload, zeros included", () => {
  const { tables: detail } = readFlat(realPayload("005"), ALL);
  const sizes = Array.from(detail, ([name, { labels, values }]) => {
    assert.equal(labels.length, values.length, name);
    return [name, values.length];
  });
  assert.deepEqual(Object.fromEntries(sizes), {
    entreprise_budget: 6,
    entreprise_benefice: 6,
    entreprise_rang: 6,
    produit_prix: 48,
    entreprise_stock: 288,
    fournisseur_stock: 240,
  });
  const first = (name: string, rows: number) => {
    const { labels, values } = detail.get(name)!;
    return labels.slice(0, rows).map((row, index) => [...row, values[index]]);
  };
  assert.deepEqual(first("entreprise_budget", 2), [["IndianTech", 39300.21], [
    "TechCorp",
    31815.68,
  ]]);
  // The richest of six; 32513.61 € at the beginning.
  assert.deepEqual(first("entreprise_rang", 1), [["IndianTech", 1]]);
  assert.deepEqual(first("entreprise_benefice", 1), [["IndianTech", 6786.6]]);
  assert.deepEqual(first("produit_prix", 1), [["Antioxydant", 5.63]]);
  assert.deepEqual(first("entreprise_stock", 3), [
    ["IndianTech", "Antioxydant", 0],
    ["IndianTech", "Lubrifiant", 0],
    ["IndianTech", "Acier", 45],
  ]);
  assert.deepEqual(first("fournisseur_stock", 1), [["PolishDistrib", "Antioxydant", 0]]);
});

Deno.test("readTradesim() shows with allKeys the numbers that nothing else uses, by their kind", () => {
  const report = readFlat(realPayload("005"), ALL);
  assert.deepEqual(
    Array.from(report.extra.keys()).sort(),
    Array.from(TRADESIM_KEYS.values()).filter((entry) => useOf(entry) === "all-keys")
      .map((entry) => entry.key).sort(),
  );
  const cases: Record<string, unknown> = {
    budget_depenses_totales: undefined,
    budget_median_entreprises: { type: "gauge", value: 30818.22 },
    transactions_taux_reussite: { type: "gauge", value: 1 },
    // Frozen, identity, used by the catalogue, or no number.
    stock_total: undefined,
    tick: undefined,
    transactions_reussies: undefined,
    transactions_par_produit: undefined,
  };
  for (const [key, expected] of Object.entries(cases)) {
    assert.deepEqual(report.extra.get(key), expected, key);
  }
});

Deno.test("readTradesim() takes the first of a metric's keys that is there", () => {
  const cases: Record<string, [Payload, string, number | undefined]> = {
    "live before frozen": [
      { budget_total_entreprises: 2, budget_total: 1 },
      "budget_total",
      2,
    ],
    "frozen where there is no live one": [{ budget_total: 1 }, "budget_total", 1],
    "none where the live one is broken": [
      { budget_total_entreprises: "2", budget_total: 1 },
      "budget_total",
      undefined,
    ],
    "neither": [{}, "budget_total", undefined],
    "zero": [{ transactions_reussies: 0, total_transactions: 4 }, "transactions_reussies_total", 0],
    "difference of which one is missing": [{ produits_total: 4 }, "produits_inactifs", undefined],
    "no firm": [{ entreprises_individuales: [] }, "budget_min", undefined],
  };
  for (const [name, [keys, metric, expected]] of Object.entries(cases)) {
    assert.equal(readFlat(payload(keys), NOTHING).values.get(metric), expected, name);
  }
});

Deno.test("readTradesim() leaves out a key that cannot be used, and takes the rest", () => {
  const firm = { nom: "A", continent: "Europe", budget: 5, stocks_produits: [] };
  const product = { nom: "P", type: "consommable", prix: 2 };
  const cases: Record<string, [string, unknown, KeyProblem]> = {
    "text for a number": ["produits_actifs", "6", "type"],
    "null for a number": ["produits_actifs", null, "type"],
    "boolean for a number": ["produits_actifs", true, "type"],
    "list for a number": ["produits_actifs", [6], "type"],
    "infinite": ["produits_actifs", Infinity, "not_finite"],
    "NaN": ["transactions_total", NaN, "not_finite"],
    "negative total": ["transactions_total", -1, "range"],
    "total that is not exact": ["total_montant", 2 ** 54, "range"],
    "negative tick": ["tick", -1, "range"],
    "half a turn": ["tour_actuel", 1.5, "range"],
    "number for a session": ["session_id", 5, "type"],
    "time that is none": ["timestamp", "yesterday", "range"],
    "time of the last century": ["timestamp", "1999-12-31T23:59:59Z", "range"],
    "time far from now": ["timestamp", "2999-01-01T00:00:00Z", "range"],
    "number for a time": ["timestamp", 5, "type"],
    "object for a list": ["entreprises_individuales", {}, "type"],
    "list for an object": ["entreprises_par_continent", [], "type"],
    "null for an object": ["latency", null, "type"],
    "text for the history": ["stocks_historiques", "x", "type"],
    "firm that is no object": ["entreprises_individuales", [firm, 5], "type"],
    "firm without a budget": ["entreprises_individuales", [firm, { ...firm, budget: "5" }], "type"],
    "firm with an infinite budget": [
      "entreprises_individuales",
      [firm, { ...firm, budget: Infinity }],
      "not_finite",
    ],
    "firm with a long name": [
      "entreprises_individuales",
      [firm, { ...firm, nom: "x".repeat(129) }],
      "too_long",
    ],
    "firm without stocks": [
      "entreprises_individuales",
      [{ ...firm, stocks_produits: undefined }],
      "type",
    ],
    "stock that is no object": [
      "entreprises_individuales",
      [{ ...firm, stocks_produits: [7] }],
      "type",
    ],
    "supplier without a name": ["fournisseurs_individuales", [{ ...firm, nom: "" }], "type"],
    "product without a price": ["produits_individuales", [{ ...product, prix: null }], "type"],
    "product with a number for a type": [
      "produits_individuales",
      [{ ...product, type: 5 }],
      "type",
    ],
    "negative part": ["entreprises_par_continent", { Europe: -1 }, "type"],
    "part that is text": ["produits_par_type", { consommable: "1" }, "type"],
  };
  for (const [name, [key, value, problem]] of Object.entries(cases)) {
    const report = readFlat(payload({ evenements_total: 3, [key]: value }), ALL);
    assert.deepEqual(problemsOf(report), { [key]: problem }, name);
    assert.equal(report.values.get("evenements_total"), 3, name);
  }
});

Deno.test("readTradesim() uses the good items of a list and the good parts of an object", () => {
  const firm = (nom: unknown, budget: unknown) => ({
    nom,
    budget,
    continent: "Europe",
    stocks_produits: [{ nom_produit: "P", stock: 1 }, { nom_produit: "Q", stock: "1" }],
  });
  const report = readFlat(
    payload({
      budget_total_entreprises: 8,
      entreprises_total: 5,
      entreprises_individuales: [firm("A", 5), firm("B", "x"), null, firm("C", 3)],
      entreprises_par_continent: { Europe: 3, Asie: "two", "": 1 },
    }),
    ALL,
  );
  assert.equal(report.values.get("budget_min"), 3);
  assert.equal(report.values.get("budget_max"), 5);
  assert.deepEqual(report.tables.get("entreprise_budget"), {
    labels: [["A"], ["C"]],
    values: [5, 3],
  });
  assert.deepEqual(report.tables.get("entreprise_stock"), {
    labels: [["A", "P"], ["C", "P"]],
    values: [1, 1],
  });
  assert.deepEqual(report.breakdowns.get("entreprises_total"), [{
    labels: ["continent"],
    parts: [{ labels: { continent: "Europe" }, value: 3 }],
  }]);
});

Deno.test("readTradesim() keeps at most 100 parts of a breakdown", () => {
  const parts = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`C${index}`, 1]));
  const report = readFlat(payload({ entreprises_par_continent: parts }), ALL);
  assert.equal(report.breakdowns.get("entreprises_total")?.[0]?.parts.length, 100);
});

Deno.test("readTradesim() does with what little a payload says of its place", () => {
  const cases: Record<string, [Payload, Partial<Flat>]> = {
    "no tour_actuel": [{ session_id: "s", tick: 4 }, { order: 5, tick: 4, turn: 5 }],
    "only tours_completes": [{ session_id: "s", tours_completes: 4 }, { order: 5, tick: 4 }],
    "only tick_actuel": [{ session_id: "s", tick_actuel: 4 }, { order: 5, tick: 4 }],
    "only tour_actuel": [{ session_id: "s", tour_actuel: 4 }, { order: 4, tick: undefined }],
    "no place": [{ session_id: "s" }, { order: undefined, tick: undefined, turn: undefined }],
    "no session": [{ tick: 0 }, { session: "sans_session", order: 1 }],
    "empty session": [{ session_id: "", tick: 0 }, { session: "sans_session" }],
    "no time": [{ session_id: "s", tick: 0 }, { timestamp: undefined }],
    "time with an offset": [
      { session_id: "s", timestamp: "2026-01-01T02:00:01.5+02:00" },
      { timestamp: Date.UTC(2026, 0) / 1000 + 1.5 },
    ],
  };
  for (const [name, [value, expected]] of Object.entries(cases)) {
    const report = readFlat(value, NOTHING);
    const found = Object.fromEntries(
      Object.keys(expected).map((key) => [key, report[key as keyof Flat]]),
    );
    assert.deepEqual(found, expected, name);
  }
});

Deno.test("readTradesim() refuses a session whose name is too long for a label", () => {
  assert.throws(
    () => readFlat(payload({ session_id: "é".repeat(65) }), NOTHING),
    (error) => error instanceof Refused && error.reason === "session",
  );
});

Deno.test("readTradesim() shows an unknown key with allKeys where its name is valid and free", () => {
  const cases: Record<string, [string, unknown, shown: boolean]> = {
    "number": ["nouvelle_cle", 5, true],
    "negative number": ["nouvelle_cle", -5, true],
    "text": ["nouvelle_cle", "5", false],
    "infinite": ["nouvelle_cle", Infinity, false],
    "object": ["nouvelle_cle", {}, false],
    "name with a hyphen": ["nouvelle-cle", 5, false],
    "name with a digit first": ["1cle", 5, false],
    "name with an accent": ["clé", 5, false],
    "name with a colon": ["a:b", 5, false],
    "name of 129 characters": ["a".repeat(129), 5, false],
    "name of a metric": ["tours_joues", 5, true],
    "name of a gauge of the game": ["simulation_tour", 5, false],
    "name of a system metric": ["load_average_1m", 5, false],
    "name of a series of a histogram": ["temps_simulation_tour_seconds_bucket", 5, false],
    "name of a series of a summary": ["simulation_tour_intervalle_seconds_count", 5, false],
    "name of the exporter's own": ["process_cpu_seconds_total", 5, false],
    "property of every object": ["constructor", 5, true],
  };
  for (const [name, [key, value, shown]] of Object.entries(cases)) {
    const raw = payload({ [key]: value });
    const with_ = readFlat(raw, ALL);
    assert.deepEqual(with_.extra.get(key), shown ? { type: "gauge", value } : undefined, name);
    assert.equal(with_.unknownKeys, shown ? 0 : 1, name);
    const without = readFlat(raw, NOTHING);
    assert.deepEqual([without.extra.size, without.unknownKeys], [0, 1], `${name}, not asked for`);
  }
});

Deno.test("TRADESIM_KEYS knows exactly the keys of the real payloads, and their types", () => {
  for (const turn of ["001", "005"] as const) {
    const raw = realPayload(turn);
    assert.deepEqual(Object.keys(raw).sort(), [...TRADESIM_KEYS.keys()].sort());
    for (const { key, json } of TRADESIM_KEYS.values()) {
      if (key === "stocks_historiques") continue; // Skipped over, so null.
      const type = Array.isArray(raw[key]) ? "array" : typeof raw[key];
      assert.equal(json, type, key);
    }
  }
});

Deno.test("TRADESIM_KEYS calls frozen exactly what the game no longer changes after turn 1", () => {
  const [first, fifth] = [realPayload("001"), realPayload("005")];
  for (const { key, kind } of TRADESIM_KEYS.values()) {
    const isSame = JSON.stringify(first[key]) === JSON.stringify(fifth[key]);
    // Latencies are frozen action by action, and the number of purchases is 0 from turn 2 on.
    if (kind === "frozen" && key !== "latency" && key !== "transactions_count") {
      assert.ok(isSame, key);
    }
    if (kind === "total") {
      assert.ok((fifth[key] as number) >= (first[key] as number) || !isSame, key);
    }
  }
});

Deno.test("readTradesim() can give everything that the payload lists, asked for or not", () => {
  const stock = (nom_produit: string, units: number) => ({ nom_produit, stock: units });
  const read = readFlat(
    payload({
      produits_individuales: [{ nom: "Acier", prix: 2 }, { nom: "Colle", prix: 3 }],
      entreprises_individuales: [
        { nom: "A", budget: 10, stocks_produits: [stock("Colle", 4), stock("Bois", 9)] },
        { nom: "B", budget: 20 },
      ],
      fournisseurs_individuales: [
        { nom: "F", stocks_produits: [stock("Acier", 7), stock("Colle", "x" as never)] },
      ],
    }),
    NOTHING,
  );
  assert.deepEqual(read.inventory?.(), {
    produits: [{ nom: "Acier", prix: 2 }, { nom: "Colle", prix: 3 }],
    entreprises: [
      { nom: "A", budget: 10, stocks: [0, 4] },
      { nom: "B", budget: 20, stocks: [0, 0] },
    ],
    fournisseurs: [{ nom: "F", stocks: [7, 0] }],
  });
  assert.equal(readFlat(payload({}), ALL).inventory, undefined);
  const { produits, entreprises, fournisseurs } = readFlat(realPayload("005"), NOTHING)
    .inventory!();
  assert.deepEqual([produits.length, entreprises.length, fournisseurs.length > 0], [48, 6, true]);
  assert.equal(entreprises[0]!.stocks[2], 45);
});

Deno.test("readTradesim() reads stocks only where they are needed", () => {
  const readText = (tick: number, options = NOTHING) => {
    const reader = new JsonReader(1 << 20);
    reader.push(new TextEncoder().encode(
      `{"session_id":"s","tick":${tick},"budget_total":5,"produits_individuales":[{"nom":"Acier",` +
        `"prix":2}],"entreprises_individuales":[{"nom":"A","budget":1,"stocks_produits":[1 2]}]}`,
    ));
    return readFlat(reader.finish(), options);
  };
  const read = readText(5);
  assert.equal(read.values.get("budget_total"), 5);
  assert.deepEqual(read.inventory!().entreprises, [{ nom: "A", budget: 1, stocks: [0] }]);
  // At tick 19 the stocks of suppliers tell the kinds of the next restock.
  for (const needed of [() => readText(19), () => readText(5, ALL)]) {
    assert.throws(needed, (error) => error instanceof Refused && error.reason === "json");
  }
});

Deno.test("readTradesim() gives entries of events by type, those that can be named", () => {
  const countsOf = (evenements_par_type: unknown) =>
    Object.fromEntries(readFlat(payload({ evenements_par_type }), NOTHING).eventCounts);
  assert.deepEqual(countsOf({ inconnu: 7, inflation: 0 }), { inconnu: 7, inflation: 0 });
  assert.deepEqual(countsOf({ ["x".repeat(129)]: 1, "": 1, inflation: -1 }), {});
  assert.deepEqual(countsOf([1]), {});
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`t${index}`, 1]));
  assert.equal(Object.keys(countsOf(many)).length, 100);
});
