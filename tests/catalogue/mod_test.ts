/** Tests of the catalogue: every entry is whole, and no two say the same. @module */

import assert from "node:assert/strict";
import {
  EXPORTER_METRICS,
  GAME_METRICS,
  HTTP_METRICS,
  type Metric,
  metric,
  METRIC_NAME,
  METRICS,
  REPORTED_METRICS,
  SYSTEM_METRICS,
  TAKEN_NAMES,
} from "../../lib/catalogue/mod.ts";
import { TRADESIM_KEYS } from "../../lib/report/mod.ts";
import { TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";

/** What an entry of the catalogue gets wrong, in words. */
function faultsOf(entry: Metric): string[] {
  const { name, type, help, group, labels = [], breakdowns = [], buckets, combine, read } = entry;
  const faults: string[] = [];
  const expect = (isRight: boolean, what: string) => {
    if (!isRight) faults.push(what);
  };
  const isGame = group === "phase1" || group === "game" || group === "detail";
  const isReported = isGame && group !== "detail" && read === undefined;
  expect(METRIC_NAME.test(name) && !/_(bucket|sum|count|created)$/.test(name), "name");
  expect(/^[A-Z].*\.$/.test(help) && !/[\n\\]/.test(help), "help");
  expect(type !== "counter" || name.endsWith("_total") || name === "tours_completes", "total");
  expect((type === "histogram") === (buckets !== undefined), "buckets");
  expect(
    buckets === undefined || buckets.every((bound, index) => bound > (buckets[index - 1] ?? 0)),
    "order of buckets",
  );
  expect([...labels, ...breakdowns].every((label) => /^[a-z_0-9]+$/.test(label)), "label");
  expect(!labels.includes("le") && !labels.includes("quantile"), "reserved label");
  expect(combine === undefined || (type === "gauge" && isGame), "combine");
  expect(
    typeof combine !== "object" || GAME_METRICS.some((other) => other.name === combine.mean),
    "weight",
  );
  expect(breakdowns.length === 0 || isReported, "breakdowns");
  expect(breakdowns.length === 0 || type === "counter" || combine === "sum", "sum of parts");
  expect(
    !isReported || type === "counter" || combine !== undefined,
    "combine of a reported gauge",
  );
  expect(read === undefined || isGame, "reading");
  expect(!entry.tradesim || isReported, "source");
  if (entry.tradesim && "keys" in entry.tradesim) {
    expect(entry.tradesim.keys.every((key) => TRADESIM_KEYS.get(key)?.json === "number"), "keys");
  }
  return faults;
}

Deno.test("METRICS has no entry with a fault", () => {
  for (const entry of METRICS) assert.deepEqual(faultsOf(entry), [], entry.name);
});

Deno.test("METRICS would be found to have faults", () => {
  const right = metric("budget_total");
  const cases: Record<string, [Partial<Metric>, string[]]> = {
    "hyphen": [{ name: "budget-total" }, ["name"]],
    "no sentence": [{ help: "money" }, ["help"]],
    "counter without total": [{ name: "budget", type: "counter", combine: "sum" }, [
      "total",
      "combine",
    ]],
    "gauge with buckets": [{ buckets: [1] }, ["buckets"]],
    "weight that is not there": [{ combine: { mean: "poids" } }, ["weight", "sum of parts"]],
    "something to break down that is not reported": [{ read: { count: () => 1 } }, [
      "breakdowns",
      "source",
    ]],
    "a reading of the machine": [{ group: "system", read: { count: () => 1 } }, [
      "combine",
      "breakdowns",
      "reading",
      "source",
    ]],
    "key that is not there": [{ tradesim: { keys: ["budget"] } }, ["keys"]],
  };
  for (const [name, [changes, faults]] of Object.entries(cases)) {
    assert.deepEqual(faultsOf({ ...right, ...changes }), faults, name);
  }
  const { read: _, ...unread } = metric("simulation_sessions");
  assert.deepEqual(faultsOf(unread), ["combine of a reported gauge"]);
});

Deno.test("METRICS gives every name once, those of histogram series included", () => {
  const names = METRICS.flatMap(({ name, type }) =>
    type === "histogram" || type === "summary"
      ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]
      : [name]
  );
  assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
});

Deno.test("METRICS keeps the names and types of phase 1", () => {
  const phase1 = METRICS.filter((entry) => entry.group === "phase1");
  assert.deepEqual(Object.fromEntries(phase1.map(({ name, type }) => [name, type])), {
    budget_total: "gauge",
    transactions_total: "counter",
    produits_actifs: "gauge",
    tours_completes: "counter",
    temps_simulation_tour_seconds: "histogram",
  });
});

Deno.test("METRICS shows what is asked of it: game, system and its own", () => {
  const expected: Record<string, readonly string[]> = {
    counter: [
      ...[
        "transactions_reussies_total",
        "transactions_echouees_total",
        "transactions_montant_total",
      ],
      ...["evenements_total", "simulation_publication_seconds_total"],
    ],
    gauge: [
      ...["budget_moyen", "budget_min", "budget_max", "entreprises_total", "entreprises_solvables"],
      ...["produits_total", "produits_inactifs"],
      ...["produits_prix_moyen", "produits_prix_min", "produits_prix_max"],
      ...["simulation_tour", "simulation_duree_seconds", "simulation_sessions", "simulation_etat"],
      ...["simulation_dernier_rapport_timestamp_seconds", "simulation_info"],
      ...["evenement_dernier_timestamp_seconds", "tradesim_exporter_build_info"],
      ...["cpu_usage_percent", "memory_usage_bytes", "memory_usage_percent", "disk_usage_percent"],
      ...["load_average_1m", "load_average_5m", "load_average_15m", "process_uptime_seconds"],
    ],
    summary: ["simulation_tour_intervalle_seconds"],
  };
  for (const [type, names] of Object.entries(expected)) {
    for (const name of names) assert.equal(metric(name).type, type, name);
  }
});

Deno.test("METRICS is game, web processes, system and exporter, in this order", () => {
  assert.deepEqual(METRICS, [
    ...GAME_METRICS,
    ...HTTP_METRICS,
    ...SYSTEM_METRICS,
    ...EXPORTER_METRICS,
  ]);
  assert.ok(SYSTEM_METRICS.every((entry) => entry.group === "system"));
  assert.ok(EXPORTER_METRICS.every((entry) => entry.group === "exporter"));
  assert.ok(REPORTED_METRICS.every((entry) => !entry.read && GAME_METRICS.includes(entry)));
});

Deno.test("TURN_SECONDS_BUCKETS goes from 1 µs to 10 s in steps of 1, 2.5 and 5", () => {
  assert.equal(TURN_SECONDS_BUCKETS.length, 22);
  assert.deepEqual(TURN_SECONDS_BUCKETS.slice(0, 4), [1e-6, 2.5e-6, 5e-6, 1e-5]);
  assert.deepEqual(TURN_SECONDS_BUCKETS.slice(-4), [1, 2.5, 5, 10]);
});

Deno.test("metric() throws for a name that is not in the catalogue", () => {
  assert.equal(metric("budget_total").name, "budget_total");
  for (const name of ["budget", "constructor", ""]) {
    assert.throws(() => metric(name), /^Error: Cannot find metric "/);
  }
});

Deno.test("TAKEN_NAMES are those that would meet a series of the catalogue", () => {
  const cases: Record<string, boolean> = {
    "budget_total": true,
    "budget_median": false,
    "temps_simulation_tour_seconds_count": true,
    "tradesim_exporter_series": true,
    "tradesim_exporter_scrape_duration_seconds_sum": true,
  };
  for (const [name, isTaken] of Object.entries(cases)) {
    assert.equal(TAKEN_NAMES.has(name), isTaken, name);
  }
});
