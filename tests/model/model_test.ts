/** Tests of the model: what sessions come to together, and for how long. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { GAME_METRICS, INVARIANTS, metric } from "../../lib/catalogue/mod.ts";
import type { Family, Model, ModelOptions } from "../../lib/model/mod.ts";
import {
  type Breakdown,
  JsonReader,
  readReport,
  type Report,
  type TurnSeconds,
} from "../../lib/report/mod.ts";
import { ALL, NOTHING } from "../report/options.ts";
import { by, createModel, flatten, report, shown } from "./reports.ts";
import { TURN_SECONDS_BUCKETS } from "../../lib/turns/mod.ts";

function realReport(turn: "001" | "005", options = NOTHING): Report {
  const reader = new JsonReader(1 << 20);
  reader.push(Deno.readFileSync(new URL(`../testdata/tour-${turn}.json`, import.meta.url)));
  return readReport(reader.finish(), options).report;
}

const PHASE_1 = ["budget_total", "transactions_total", "produits_actifs", "tours_completes"];

Deno.test("families() shows phase 1 of the real payloads, with the turn durations of the game itself", () => {
  const model = createModel();
  model.take(realReport("001"), 1000);
  assert.deepEqual(shown(model, 1000, ...PHASE_1), {
    budget_total: 189946.47,
    transactions_total: 19,
    produits_actifs: 6,
    tours_completes: 1,
  });
  model.take(realReport("005"), 1001);
  assert.deepEqual(shown(model, 1001, ...PHASE_1), {
    budget_total: 189211.92,
    transactions_total: 33,
    produits_actifs: 13,
    tours_completes: 5,
  });
  const name = "temps_simulation_tour_seconds";
  const found = shown(model, 1001, `${name}_bucket`, `${name}_sum`, `${name}_count`);
  // Turn 1 took 2.9 ms, and the four after it 0.57 ms on average.
  assert.deepEqual(
    [0.0005, 0.001, 0.0025, 0.005, "10.0", "+Inf"].map((le) => found[`${name}_bucket{le="${le}"}`]),
    [0, 4, 4, 5, 5, 5],
  );
  assert.equal(found[`${name}_sum`], 0.005133628845214844);
  assert.equal(found[`${name}_count`], 5);
  const others = ["simulation_tour", "simulation_duree_seconds", "simulation_sessions"];
  assert.deepEqual(shown(model, 1001, ...others), {
    simulation_tour: 5,
    simulation_duree_seconds: 0.071,
    simulation_sessions: 1,
  });
  const interval = "simulation_tour_intervalle_seconds";
  assert.deepEqual(shown(model, 1001, `${interval}_sum`, `${interval}_count`), {
    [`${interval}_sum`]: 0.071,
    [`${interval}_count`]: 4,
  });
});

Deno.test("families() names the buckets as Prometheus does", () => {
  const { families } = createModel().families(0);
  const histogram = families.find((family) => family.metric.type === "histogram")!;
  const bounds = histogram.series.flatMap(({ suffix, labels }) =>
    suffix === "_bucket" ? [labels[0]![1]] : []
  );
  assert.deepEqual(bounds, [
    ...["1e-06", "2.5e-06", "5e-06", "1e-05", "2.5e-05", "5e-05"],
    ...["0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05"],
    ...["0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf"],
  ]);
  assert.deepEqual(bounds.slice(0, -1).map(Number), TURN_SECONDS_BUCKETS);
});

Deno.test("families() shows of an empty model the counters at 0, and no gauge of a game", () => {
  const found = Object.fromEntries(flatten(createModel().families(1000).families));
  const isTurnSeries = (series: string) => /^(temps_simulation|simulation_tour_inter)/.test(series);
  const violations = INVARIANTS.map((name) => [
    `simulation_invariant_violations_total{invariant="${name}"}`,
    0,
  ]);
  assert.deepEqual(
    Object.fromEntries(Object.entries(found).filter(([series]) => !isTurnSeries(series))),
    {
      "transactions_total": 0,
      "tours_completes": 0,
      "transactions_reussies_total": 0,
      "transactions_echouees_total": 0,
      "transactions_montant_total": 0,
      "transactions_unites_total": 0,
      "argent_entre_euros_total": 0,
      ...Object.fromEntries(violations),
      "evenements_total": 0,
      "simulation_sessions": 0,
      'simulation_etat{etat="running"}': 0,
      'simulation_etat{etat="finished"}': 0,
      'simulation_etat{etat="silent"}': 0,
      'simulation_etat{etat="ended"}': 0,
    },
  );
});

Deno.test("families() combines live sessions as the catalogue says", () => {
  const model = createModel();
  const values = {
    a: { budget_total: 30, entreprises_total: 3, budget_moyen: 10, budget_min: 5, budget_max: 20 },
    b: { budget_total: 50, entreprises_total: 1, budget_moyen: 50, budget_min: 6, budget_max: 50 },
  };
  model.take(
    report({
      session: "a",
      order: 7,
      timestamp: 100,
      values: { ...values.a, transactions_total: 4, produits_prix_moyen: 3 },
      events: new Map([["inflation", 9], ["reassort", 5]]),
    }),
    1000,
  );
  model.take(
    report({
      session: "a",
      order: 8,
      timestamp: 130,
      values: { ...values.a, transactions_total: 5 },
    }),
    1001,
  );
  model.take(
    report({
      session: "b",
      order: 2,
      timestamp: 200,
      values: { ...values.b, transactions_total: 6 },
      events: new Map([["inflation", 7]]),
    }),
    1002,
  );
  const expected: Record<string, number> = {
    budget_total: 80,
    entreprises_total: 4,
    budget_moyen: 20,
    budget_min: 5,
    budget_max: 50,
    transactions_total: 11,
    tours_completes: 10,
    simulation_tour: 2,
    simulation_duree_seconds: 30,
    simulation_sessions: 2,
    simulation_dernier_rapport_timestamp_seconds: 1002,
    'simulation_info{session="a",format="natif"}': 1,
    'simulation_info{session="b",format="natif"}': 1,
    'simulation_etat{etat="running"}': 2,
    'simulation_etat{etat="finished"}': 0,
    'simulation_etat{etat="silent"}': 0,
    'simulation_etat{etat="ended"}': 0,
    // The last report of the other session knows of no event any more.
    'evenement_dernier_timestamp_seconds{type="inflation"}': 7,
  };
  const found = flatten(model.families(1002).families);
  for (const [series, value] of Object.entries(expected)) {
    assert.equal(found.get(series), value, series);
  }
  for (const absent of ["produits_prix_moyen", "produits_total"]) {
    assert.equal(found.has(absent), false, absent);
  }
});

Deno.test("families() weighs means, also where weights are missing or zero", () => {
  const cases: Record<string, [[mean: number, weight: number | undefined][], number]> = {
    "one session": [[[10, 0]], 10],
    "weights": [[[10, 3], [50, 1]], 20],
    "a weight that is missing counts once": [[[10, 3], [50, undefined]], 20],
    "no weight at all": [[[10, undefined], [50, undefined]], 30],
    "zero weights: the newest": [[[10, 0], [50, 0]], 50],
  };
  for (const [name, [sessions, expected]] of Object.entries(cases)) {
    const model = createModel();
    sessions.forEach(([budget_moyen, weight], index) => {
      const values = weight === undefined ? { budget_moyen } : {
        budget_moyen,
        entreprises_total: weight,
      };
      model.take(report({ session: `s${index}`, values }), 1000);
    });
    assert.equal(shown(model, 1000, "budget_moyen").budget_moyen, expected, name);
  }
});

Deno.test("families() leaves out what adds up to more than any number", () => {
  const budgets = (parts: Record<string, number>) => ({
    values: { budget_total: 5, budget_moyen: 1.7e308 },
    breakdowns: { budget_total: [by("continent", parts)] },
  });
  const divided = createModel({ breakdowns: ["continent"] });
  divided.take(report(budgets({ Asie: 1.7e308, Europe: 1.6e308 })), 1000);
  assert.deepEqual(shown(divided, 1000, "budget_total"), {
    'budget_total{continent="Asie"}': 1.7e308,
    'budget_total{continent="Europe"}': 1.6e308,
  });
  const twice = [
    ...by("continent", { Asie: 1.7e308 }).parts,
    ...by("continent", { Asie: 1e308 }).parts,
  ];
  divided.take(
    report({
      order: 2,
      values: { budget_total: 5 },
      breakdowns: { budget_total: [{ labels: ["continent"], parts: twice }] },
    }),
    1000,
  );
  assert.deepEqual(shown(divided, 1000, "budget_total"), { budget_total: 5 });
  const whole = createModel();
  for (const session of ["a", "b"]) {
    whole.take(report({ session, values: { budget_total: 1.7e308, budget_max: 3 } }), 1000);
  }
  assert.deepEqual(shown(whole, 1000, "budget_total", "budget_max"), { budget_max: 3 });
});

Deno.test("families() shows the latest time of an event of each type over live sessions", () => {
  const model = createModel();
  const events = (entries: Record<string, number>) => new Map(Object.entries(entries));
  model.take(report({ session: "a", events: events({ inflation: 9, reassort: 5 }) }), 1000);
  model.take(report({ session: "b", events: events({ inflation: 7 }) }), 1000);
  assert.deepEqual(shown(model, 1000, "evenement_dernier_timestamp_seconds"), {
    'evenement_dernier_timestamp_seconds{type="inflation"}': 9,
    'evenement_dernier_timestamp_seconds{type="reassort"}': 5,
  });
});

Deno.test("take() lets finished and silent sessions make room for the one that reports", () => {
  interface Step {
    readonly session: string;
    readonly at: number;
    readonly finished?: boolean;
  }
  const cases: Record<string, [Step[], now: number, live: string[]]> = {
    "two that run": [[{ session: "a", at: 0 }, { session: "b", at: 9 }], 9, ["a", "b"]],
    "one that fell silent": [[{ session: "a", at: 0 }, { session: "b", at: 10 }], 10, ["b"]],
    "one that finished": [
      [{ session: "a", at: 0, finished: true }, { session: "b", at: 1 }],
      1,
      ["b"],
    ],
    "silent alone": [[{ session: "a", at: 0 }], 3599, ["a"]],
    "finished alone": [[{ session: "a", at: 0, finished: true }], 3599, ["a"]],
    "both silent, and nobody reports": [
      [{ session: "a", at: 0 }, { session: "b", at: 1 }],
      2000,
      ["a", "b"],
    ],
    "finished, then one more of the other": [
      [{ session: "a", at: 0 }, { session: "b", at: 1, finished: true }, { session: "a", at: 2 }],
      2,
      ["a"],
    ],
    "silent, then back": [
      [{ session: "a", at: 0 }, { session: "b", at: 20 }, { session: "a", at: 21 }],
      21,
      ["a", "b"],
    ],
    "one that goes on after its end": [
      [{ session: "a", at: 0, finished: true }, { session: "a", at: 1 }, { session: "b", at: 2 }],
      2,
      ["a", "b"],
    ],
    "stale": [[{ session: "a", at: 0 }], 3600, []],
    "one stale, one not": [[{ session: "a", at: 0 }, { session: "b", at: 5 }], 3600, ["b"]],
  };
  for (const [name, [steps, now, live]] of Object.entries(cases)) {
    const model = createModel();
    steps.forEach(({ session, at, finished = false }, index) => {
      model.take(report({ session, order: index, finished, values: { budget_total: 1 } }), at);
    });
    const info = live.map((session) => [`simulation_info{session="${session}",format="natif"}`, 1]);
    assert.deepEqual(
      shown(model, now, "simulation_info", "simulation_sessions", "budget_total"),
      {
        ...Object.fromEntries(info),
        simulation_sessions: live.length,
        ...live.length > 0 ? { budget_total: live.length } : {},
      },
      name,
    );
    assert.equal(model.liveSessions, live.length, name);
  }
});

Deno.test("families() leaves gauges out once all sessions are stale, and keeps the totals", () => {
  const model = createModel({ staleAfter: 60 });
  model.take(
    report({
      timestamp: 5,
      values: { budget_total: 7, budget_moyen: 7, produits_actifs: 0, transactions_total: 3 },
      events: new Map([["inflation", 5]]),
      extra: { autre: { type: "gauge", value: 1 }, total_volume: { type: "counter", value: 2 } },
    }),
    1000,
    new Map([["produit_prix", { labels: [["Acier"]], values: [1] }]]),
  );
  const names = () => model.families(1060).families.map((family) => family.metric.name);
  assert.ok(flatten(model.families(1059).families).has("produits_actifs"));
  const gauges = names().filter((name) =>
    ![...GAME_METRICS].some((entry) => entry.name === name && entry.type !== "gauge")
  );
  // A total outside the catalogue stays as well.
  assert.deepEqual(gauges, ["simulation_sessions", "simulation_etat", "total_volume"]);
  assert.deepEqual(shown(model, 1060, "transactions_total", "tours_completes", "total_volume"), {
    transactions_total: 3,
    tours_completes: 1,
    total_volume: 2,
  });
  model.take(report({ order: 2, values: { budget_total: 8, transactions_total: 4 } }), 2000);
  assert.deepEqual(shown(model, 2000, "budget_total", "transactions_total"), {
    budget_total: 8,
    transactions_total: 4,
  });
});

Deno.test("families() says until when they stay as they are", () => {
  const model = createModel({ staleAfter: 60 });
  assert.equal(model.families(1000).until, Infinity);
  model.take(report({ session: "a" }), 1000);
  assert.equal(model.families(1000).until, 1010, "falls silent");
  model.take(report({ session: "b", finished: true }), 1001);
  assert.equal(model.families(1002).until, 1010, "the other one falls silent");
  assert.equal(model.families(1010).until, 1060, "becomes stale");
  assert.equal(model.families(1060).until, 1061, "the other one becomes stale");
  assert.equal(model.families(1061).until, Infinity);
});

/** How many sessions are in each state: running, finished, silent, ended. */
function states(model: Model, now: number): number[] {
  const found = shown(model, now, "simulation_etat");
  return ["running", "finished", "silent", "ended"].map((state) =>
    found[`simulation_etat{etat="${state}"}`]!
  );
}

Deno.test("families() counts sessions by state", () => {
  const model = createModel();
  model.take(report({ session: "a" }), 1000);
  model.take(report({ session: "b" }), 1005);
  model.take(report({ session: "b", order: 2, finished: true }), 1006);
  assert.deepEqual(states(model, 1006), [1, 1, 0, 0]);
  assert.deepEqual(states(model, 1010), [0, 1, 1, 0]);
});

Deno.test("families() counts a killed game although another one reports, until it is stale", () => {
  const model = createModel({ staleAfter: 60 });
  model.take(report({ session: "killed", values: { budget_total: 5 } }), 1000);
  for (let order = 1; order < 80; order++) {
    model.take(report({ session: "b", order, values: { budget_total: 7 } }), 1000 + order);
  }
  assert.deepEqual(states(model, 1030), [1, 0, 1, 0]);
  assert.equal(shown(model, 1030, "budget_total")["budget_total"], 7);
  assert.deepEqual(states(model, 1059), [1, 0, 1, 0]);
  assert.equal(model.families(1059).until, 1060);
  assert.deepEqual(states(model, 1060), [1, 0, 0, 0]);
});

Deno.test("families() cannot tell an end of TradeSim's from a kill, and never calls it silent", () => {
  const model = createModel();
  model.take(report({ session: "a", format: "tradesim" }), 1000);
  assert.deepEqual(states(model, 1009), [1, 0, 0, 0]);
  assert.deepEqual(states(model, 1010), [0, 0, 0, 1]);
  model.take(report({ session: "b", format: "tradesim" }), 1020);
  assert.deepEqual(states(model, 1020), [1, 0, 0, 0]);
});

Deno.test("families() gives a slow game three of its usual intervals", () => {
  const model = createModel();
  for (const order of [1, 2, 3]) {
    model.take(report({ order, timestamp: 1000 + order * 20 }), 1000 + order * 20);
  }
  assert.deepEqual(states(model, 1119), [1, 0, 0, 0]);
  assert.equal(model.families(1119).until, 1120);
  assert.deepEqual(states(model, 1120), [0, 0, 1, 0]);
});

Deno.test("families() shows each session's state where sessions are told apart", () => {
  const model = createModel({ bySession: true });
  assert.equal(shown(model, 1000, "simulation_etat")['simulation_etat{etat="running"}'], 0);
  model.take(report({ session: "a" }), 1000);
  model.take(report({ session: "b" }), 1015);
  const found = shown(model, 1015, "simulation_etat");
  assert.deepEqual(Object.keys(found).length, 8);
  assert.equal(found['simulation_etat{etat="silent",session="a"}'], 1);
  assert.equal(found['simulation_etat{etat="running",session="a"}'], 0);
  assert.equal(found['simulation_etat{etat="running",session="b"}'], 1);
});

Deno.test("families() lets a silent game go by itself when another began after its last report", () => {
  const model = createModel();
  const play = (session: string, from: number, reports: number) => {
    for (let turn = 0; turn < reports; turn++) {
      const time = from + turn;
      model.take(
        report({ session, order: turn + 1, timestamp: time, values: { budget_total: 100 } }),
        time,
      );
    }
  };
  play("first", 1000, 3);
  play("second", 1004, 3);
  // Both are shown as long as the first one may still go on.
  assert.equal(shown(model, 1007, "budget_total")["budget_total"], 200);
  assert.equal(model.families(1007).until, 1012);
  assert.equal(shown(model, 1012, "budget_total")["budget_total"], 100);
  // The second has no successor: it stays.
  assert.equal(shown(model, 1100, "budget_total")["budget_total"], 100);
});

Deno.test("families() keeps games that were played at once, when both fall silent", () => {
  const model = createModel();
  for (const time of [1000, 1001]) {
    for (const session of ["a", "b"]) {
      const order = time - 999;
      model.take(report({ session, order, timestamp: time, values: { budget_total: 1 } }), time);
    }
  }
  assert.equal(shown(model, 1100, "budget_total")["budget_total"], 2);
});

Deno.test("families() shows the detail and what adds up to it of one moment", () => {
  const model = createModel();
  const detail = (budget: number) =>
    new Map([["entreprise_budget", { labels: [["A"]], values: [budget] }]]);
  const take = (order: number, time: number, budget: number, withDetail: boolean) =>
    model.take(
      report({
        order,
        values: { budget_total: budget, transactions_total: order },
      }),
      time,
      withDetail ? detail(budget) : undefined,
    );
  const seen = (now: number) => {
    const all = shown(model, now, "budget_total", "entreprise_budget", "transactions_total");
    return [
      all["budget_total"],
      all['entreprise_budget{entreprise="A"}'],
      all["transactions_total"],
    ];
  };
  take(1, 1000, 50, true);
  take(2, 1000.5, 40, false);
  assert.deepEqual(seen(1001), [50, 50, 2], "counters go on");
  take(3, 1001, 30, true);
  assert.deepEqual(seen(1001), [30, 30, 3]);
  take(4, 1004, 20, false);
  assert.deepEqual(seen(1004), [20, 30, 4], "a detail that is told seldom holds nothing back");
});

Deno.test("families() keeps the newest of games whose reports all have one time", () => {
  const model = createModel();
  for (const session of ["a", "b"]) {
    for (const order of [1, 2]) {
      model.take(
        report({ session, order, timestamp: 1000, values: { budget_total: order } }),
        1000,
      );
    }
  }
  assert.equal(shown(model, 1009, "budget_total")["budget_total"], 4);
  assert.deepEqual(shown(model, 1010, "budget_total", "simulation_sessions"), {
    budget_total: 2,
    simulation_sessions: 1,
  });
});

Deno.test("settle() counts a game's silence from its last report, not from when its file was read", () => {
  const model = createModel({ staleAfter: 60 });
  const now = 90_000;
  const played = { yesterday: 3600, recently: now - 40, newest: now };
  for (const [session, timestamp] of Object.entries(played)) {
    model.take(report({ session, timestamp, finished: session === "newest" }), now);
  }
  model.settle(0);
  assert.deepEqual(states(model, now), [0, 1, 1, 0]);
  assert.equal(model.families(now).until, now + 20);
  assert.deepEqual(states(model, now + 20), [0, 1, 0, 0]);
});

Deno.test("shift() leaves all ages as they are when the clock is set", () => {
  const model = createModel({ staleAfter: 60 });
  model.take(report({ session: "a", values: { budget_total: 1 } }), 1000);
  model.shift(-500);
  assert.deepEqual(states(model, 509), [1, 0, 0, 0]);
  assert.deepEqual(states(model, 510), [0, 0, 1, 0]);
  const name = "simulation_dernier_rapport_timestamp_seconds";
  assert.equal(shown(model, 510, name)[name], 500);
});

Deno.test("restore() lets nothing have arrived later than now", () => {
  const before = createModel({ staleAfter: 60 });
  before.take(report({ session: "a", values: { budget_total: 1 } }), 2000);
  const model = createModel({ staleAfter: 60 });
  model.restore(before.state(), 1000);
  assert.deepEqual(states(model, 1009), [1, 0, 0, 0]);
  assert.deepEqual(states(model, 1010), [0, 0, 1, 0]);
});

Deno.test("version changes with what is taken, and not with what is repeated or late", () => {
  const model = createModel();
  const first = report({ order: 5 });
  const take = (next: Report) => {
    const before = model.version;
    return [model.take(next, 1000).outcome, model.version !== before];
  };
  assert.deepEqual(take(first), ["taken", true]);
  assert.deepEqual(take(first), ["repeat", false]);
  assert.deepEqual(take(report({ order: 4 })), ["late", false]);
  assert.deepEqual(take(report({ order: 6 })), ["taken", true]);
});

Deno.test("take() evicts the quietest session beyond the limit, and keeps its totals", () => {
  const evicted: string[] = [];
  const model = createModel({ maxSessions: 2, onEvicted: (session) => evicted.push(session) });
  const play = (session: string, order: number, total: number) =>
    model.take(
      report({
        session,
        order,
        timestamp: 100 + order,
        values: { transactions_total: total, budget_total: 1 },
        turnSeconds: { turns: order, sum: order },
      }),
      1000,
    );
  play("a", 1, 10);
  play("b", 1, 20);
  play("a", 3, 30);
  const names = [
    "transactions_total",
    "tours_completes",
    "budget_total",
    "simulation_sessions",
    "temps_simulation_tour_seconds_sum",
    "temps_simulation_tour_seconds_count",
    "simulation_tour_intervalle_seconds_count",
  ];
  const expected = {
    transactions_total: 50,
    tours_completes: 4,
    budget_total: 2,
    simulation_sessions: 2,
    temps_simulation_tour_seconds_sum: 4,
    temps_simulation_tour_seconds_count: 4,
    simulation_tour_intervalle_seconds_count: 2,
  };
  assert.deepEqual(shown(model, 1000, ...names), expected);
  play("c", 0, 0);
  assert.deepEqual(evicted, ["b"], "b has been quiet for longest");
  assert.deepEqual(shown(model, 1000, ...names), expected);
  play("b", 3, 26);
  assert.deepEqual(evicted, ["b", "a"]);
  assert.deepEqual(shown(model, 1000, "transactions_total", "tours_completes"), {
    transactions_total: 56,
    tours_completes: 6,
  }, "b goes on where it stopped");
  assert.equal(play("a", 3, 30).outcome, "repeat");
});

Deno.test("families() calls what evicted sessions counted autres", () => {
  const model = createModel({ maxSessions: 1, bySession: true, breakdowns: ["continent"] });
  for (const session of ["a", "b"]) {
    model.take(
      report({
        session,
        values: { transactions_reussies_total: 5, transactions_total: 7 },
        breakdowns: { transactions_reussies_total: [by("continent", { Asie: 3 })] },
      }),
      1000,
    );
  }
  assert.deepEqual(shown(model, 1000, "transactions_reussies_total", "transactions_total"), {
    'transactions_reussies_total{continent="Asie",session="autres"}': 3,
    'transactions_reussies_total{continent="Asie",session="b"}': 3,
    'transactions_reussies_total{continent="inconnu",session="autres"}': 2,
    'transactions_reussies_total{continent="inconnu",session="b"}': 2,
    'transactions_total{session="autres"}': 7,
    'transactions_total{session="b"}': 7,
  });
});

Deno.test("families() tells a session called autres from what evicted sessions counted", () => {
  const model = createModel({ maxSessions: 2, bySession: true });
  for (const session of ["a", "autres #2", "autres"]) {
    model.take(report({ session, values: { transactions_total: 7 } }), 1000);
  }
  const { families } = model.families(1000);
  for (const { metric, series } of families) {
    const keys = series.map((one) => JSON.stringify(one));
    assert.equal(new Set(keys).size, keys.length, metric.name);
  }
  assert.deepEqual(shown(model, 1000, "transactions_total"), {
    'transactions_total{session="autres"}': 7,
    'transactions_total{session="autres #2"}': 7,
    'transactions_total{session="autres #2 #2"}': 7,
  });
});

Deno.test("families() replaces a plain series by labelled ones where a report has the parts", () => {
  const cases: Record<string, [Partial<ModelOptions>, string, Record<string, number>]> = {
    "no label": [{}, "budget_total", { budget_total: 189211.92 }],
    "continent": [{ breakdowns: ["continent"] }, "entreprises_total", {
      'entreprises_total{continent="Amérique du Sud"}': 1,
      'entreprises_total{continent="Asie"}': 3,
      'entreprises_total{continent="Europe"}': 2,
    }],
    "continent, for what has none": [{ breakdowns: ["continent"] }, "produits_total", {
      produits_total: 48,
    }],
    "type": [{ breakdowns: ["produit_type"] }, "transactions_reussies_total", {
      'transactions_reussies_total{produit_type="consommable"}': 7,
      'transactions_reussies_total{produit_type="matiere_premiere"}': 8,
      'transactions_reussies_total{produit_type="produit_fini"}': 18,
    }],
    "both, the first named wins": [
      { breakdowns: ["produit_type", "continent"] },
      "transactions_reussies_total",
      {
        'transactions_reussies_total{produit_type="consommable"}': 7,
        'transactions_reussies_total{produit_type="matiere_premiere"}': 8,
        'transactions_reussies_total{produit_type="produit_fini"}': 18,
      },
    ],
    "session": [{ bySession: true }, "budget_total", {
      'budget_total{session="20261122_102849"}': 189211.92,
    }],
    "session, of a counter": [{ bySession: true }, "tours_completes", {
      'tours_completes{session="20261122_102849"}': 5,
    }],
    "continent and session": [{ breakdowns: ["continent"], bySession: true }, "entreprises_total", {
      'entreprises_total{continent="Amérique du Sud",session="20261122_102849"}': 1,
      'entreprises_total{continent="Asie",session="20261122_102849"}': 3,
      'entreprises_total{continent="Europe",session="20261122_102849"}': 2,
    }],
  };
  for (const [name, [options, metricName, expected]] of Object.entries(cases)) {
    const model = createModel(options);
    model.take(realReport("005", ALL), 1000);
    assert.deepEqual(shown(model, 1000, metricName), expected, name);
  }
});

Deno.test("families() calls the part of a gauge that no part accounts for inconnu, but not cents", () => {
  const cases: Record<string, [total: number, Record<string, number>]> = {
    "all accounted for": [10, { 'budget_total{continent="Asie"}': 10 }],
    "cents": [10.01, { 'budget_total{continent="Asie"}': 10 }],
    "more": [12, {
      'budget_total{continent="Asie"}': 10,
      'budget_total{continent="inconnu"}': 2,
    }],
    "less": [7, { 'budget_total{continent="Asie"}': 10, 'budget_total{continent="inconnu"}': -3 }],
  };
  for (const [name, [total, expected]] of Object.entries(cases)) {
    const model = createModel({ breakdowns: ["continent"] });
    const breakdowns = { budget_total: [by("continent", { Asie: 10 })] };
    model.take(report({ values: { budget_total: total }, breakdowns }), 1000);
    assert.deepEqual(shown(model, 1000, "budget_total"), expected, name);
  }
});

const DETAIL = (budget: number, ...firms: string[]) =>
  new Map([
    ["entreprise_budget", { labels: firms.map((firm) => [firm]), values: firms.map(() => budget) }],
  ]);

Deno.test("families() shows the detail of the newest session, or of each where they are told apart", () => {
  for (const bySession of [false, true]) {
    const model = createModel({ bySession });
    model.take(report({ session: "a" }), 1000, DETAIL(1, "A", "B"));
    model.take(report({ session: "b" }), 1001, DETAIL(2, "A"));
    const expected = bySession
      ? {
        'entreprise_budget{entreprise="A",session="a"}': 1,
        'entreprise_budget{entreprise="B",session="a"}': 1,
        'entreprise_budget{entreprise="A",session="b"}': 2,
      }
      : { 'entreprise_budget{entreprise="A"}': 2 };
    assert.deepEqual(shown(model, 1001, "entreprise_budget"), expected);
  }
});

Deno.test("families() keeps the last detail where a report has none, and its series while they are the same", () => {
  const model = createModel();
  const family = () =>
    model.families(1000).families.find(({ metric: { name } }) => name === "entreprise_budget")!;
  model.take(report({ order: 1 }), 1000, DETAIL(1, "A", "B"));
  const first = family();
  model.take(report({ order: 2 }), 1000);
  assert.deepEqual(family().values, [1, 1]);
  model.take(report({ order: 3 }), 1000, DETAIL(3, "A", "B"));
  assert.equal(family().series, first.series);
  assert.deepEqual(family().values, [3, 3]);
  model.take(report({ order: 4 }), 1000, DETAIL(4, "A", "C"));
  assert.notEqual(family().series, first.series);
  assert.deepEqual(shown(model, 1000, "entreprise_budget"), {
    'entreprise_budget{entreprise="A"}': 4,
    'entreprise_budget{entreprise="C"}': 4,
  });
});

Deno.test("families() tells two firms of one name apart", () => {
  const model = createModel();
  for (const order of [1, 2]) {
    model.take(report({ order }), 1000, DETAIL(order, "A", "B", "A", "A"));
    assert.deepEqual(shown(model, 1000, "entreprise_budget"), {
      'entreprise_budget{entreprise="A"}': order,
      'entreprise_budget{entreprise="B"}': order,
      'entreprise_budget{entreprise="A #2"}': order,
      'entreprise_budget{entreprise="A #3"}': order,
    });
  }
});

Deno.test("families() shows other numbers: gauges of the newest session, totals over all", () => {
  const extra = (gauge: number, total: number) => ({
    stabilite_prix: { type: "gauge" as const, value: gauge },
    total_volume: { type: "counter" as const, value: total },
  });
  for (const bySession of [false, true]) {
    const model = createModel({ bySession });
    model.take(report({ session: "a", extra: extra(1, 10) }), 1000);
    model.take(report({ session: "b", extra: extra(2, 20) }), 1000);
    const found = shown(model, 1000, "stabilite_prix", "total_volume");
    assert.deepEqual(
      found,
      bySession
        ? {
          'stabilite_prix{session="a"}': 1,
          'stabilite_prix{session="b"}': 2,
          'total_volume{session="a"}': 10,
          'total_volume{session="b"}': 20,
        }
        : { stabilite_prix: 2, total_volume: 30 },
    );
    const { families } = model.families(1000);
    const types = families.filter((family) => family.metric.group === "extra")
      .map(({ metric: { name, type } }) => [name, type]);
    assert.deepEqual(types, [["stabilite_prix", "gauge"], ["total_volume", "counter"]]);
  }
});

Deno.test("families() shows what TradeSim never sends only once a report has it", () => {
  const model = createModel();
  const name = "simulation_publication_seconds_total";
  model.take(realReport("001"), 1000);
  assert.deepEqual(shown(model, 1000, name), {});
  model.take(report({ session: "n", values: { [name]: 0.5 } }), 1000);
  assert.deepEqual(shown(model, 1000, name), { [name]: 0.5 });
});

// Random reports, which contradict themselves and each other, against what must hold all the same.

const COUNTERS = ["transactions_total", "transactions_reussies_total", "evenements_total"];
const GAUGES = ["budget_total", "entreprises_total"];

const part = fc.record({
  continent: fc.constantFrom("Asie", "Europe", ""),
  produit_type: fc.constantFrom("fini", "brut", ""),
  value: fc.nat(60),
});
const breakdown = fc.record({
  labels: fc.constantFrom<Breakdown["labels"][]>(
    ["continent"],
    ["produit_type"],
    ["continent", "produit_type"],
    [],
  ),
  parts: fc.array(part, { minLength: 1, maxLength: 4 }),
}).map(({ labels, parts }): Breakdown => ({
  labels,
  parts: parts.map((one) => ({
    labels: Object.fromEntries(labels.map((label) => [label, one[label]])),
    value: one.value,
  })),
}));
const turnSeconds: fc.Arbitrary<TurnSeconds> = fc.oneof(
  fc.record({ turns: fc.nat(20), sum: fc.nat(50) }),
  fc.record({
    counts: fc.array(fc.nat(9), {
      minLength: TURN_SECONDS_BUCKETS.length + 1,
      maxLength: TURN_SECONDS_BUCKETS.length + 1,
    }),
    sum: fc.nat(50),
  }),
);
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.option(arbitrary, { nil: undefined, freq: 5 });

const anyReport = fc.record({
  session: fc.constantFrom("a", "b", "c"),
  order: maybe(fc.nat(15)),
  tick: maybe(fc.nat(8)),
  turn: maybe(fc.nat(20)),
  timestamp: maybe(fc.nat(1000)),
  finished: fc.boolean(),
  values: fc.dictionary(fc.constantFrom(...COUNTERS, ...GAUGES), fc.nat(100)),
  breakdowns: fc.dictionary(
    fc.constantFrom("transactions_total", "transactions_reussies_total", ...GAUGES),
    fc.array(breakdown, { minLength: 1, maxLength: 3 }),
  ),
  extra: fc.dictionary(
    fc.constant("total_volume"),
    fc.record({ type: fc.constant("counter" as const), value: fc.nat(100) }),
  ),
  turnSeconds: maybe(turnSeconds),
}).map(report);

const anyGame = fc.array(fc.record({ report: anyReport, wait: fc.constantFrom(0, 1, 9, 4000) }), {
  maxLength: 25,
});

const anyLabels: fc.Arbitrary<Pick<ModelOptions, "breakdowns" | "bySession">> = fc.record({
  breakdowns: fc.constantFrom<ModelOptions["breakdowns"][]>(
    [],
    ["continent"],
    ["produit_type"],
    ["continent", "produit_type"],
    ["produit_type", "continent"],
  ),
  bySession: fc.boolean(),
});

/** Sums over the labels that `--labels` adds, of all that adds up. */
function sums(families: readonly Family[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { metric: entry, series, values } of families) {
    if (entry.type === "gauge" && entry.combine !== "sum") continue;
    series.forEach(({ suffix, labels }, index) => {
      const le = labels.find(([name]) => name === "le")?.[1] ?? "";
      const key = `${entry.name}${suffix} ${le}`;
      found.set(key, (found.get(key) ?? 0) + values[index]!);
    });
  }
  return found;
}

Deno.test("families() splits by any labels what it shows without them, whatever is reported", () => {
  fc.assert(
    fc.property(anyGame, anyLabels, fc.integer({ min: 1, max: 3 }), (game, labels, maxSessions) => {
      const plain = createModel({ maxSessions });
      const labelled = createModel({ ...labels, maxSessions });
      let now = 1000;
      for (const { report: next, wait } of game) {
        now += wait;
        assert.deepEqual(labelled.take(next, now), plain.take(next, now));
        const found = sums(labelled.families(now).families);
        for (const [series, value] of sums(plain.families(now).families)) {
          assert.ok(Math.abs((found.get(series) ?? 0) - value) < 1e-6, series);
          found.delete(series);
        }
        assert.deepEqual([...found.keys()], []);
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("families() never lets a counter fall, whatever is reported", () => {
  fc.assert(
    fc.property(anyGame, anyLabels, fc.integer({ min: 1, max: 4 }), (game, labels, maxSessions) => {
      // A session that had to make room and comes back begins its own series anew.
      const isWhole = maxSessions >= 3 || !labels.bySession;
      const model = createModel({ ...labels, maxSessions });
      const counters = (now: number) =>
        model.families(now).families.filter((family) => family.metric.type !== "gauge");
      let before = flatten(counters(1000));
      let sumsBefore = sums(counters(1000));
      let now = 1000;
      for (const { report: next, wait } of game) {
        now += wait;
        const { outcome } = model.take(next, now);
        const after = flatten(counters(now));
        const sumsAfter = sums(counters(now));
        for (const [series, value] of isWhole ? before : []) {
          if (after.has(series)) assert.ok(after.get(series)! >= value - 1e-9, series);
        }
        if (outcome !== "taken") assert.deepEqual(after, before);
        for (const [series, value] of sumsBefore) {
          // A counter at 0 may go with its session.
          assert.ok((sumsAfter.get(series) ?? 0) >= value - 1e-9, series);
        }
        if (next.order !== undefined) {
          const repeated = model.take({ ...next, finished: !next.finished }, now).outcome;
          assert.notEqual(repeated, "taken");
          assert.deepEqual(flatten(counters(now)), after);
        }
        before = after;
        sumsBefore = sumsAfter;
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("families() shows cumulative buckets whose last is the count, whatever is reported", () => {
  fc.assert(fc.property(anyGame, (game) => {
    const model = createModel();
    for (const { report: next } of game) model.take(next, 1000);
    const name = "temps_simulation_tour_seconds";
    const buckets = Object.values(shown(model, 1000, `${name}_bucket`));
    assert.deepEqual(buckets, buckets.toSorted((a, b) => a - b));
    assert.equal(buckets.at(-1), shown(model, 1000, `${name}_count`)[`${name}_count`]);
  }));
});

Deno.test("restore() goes on where another model stopped", () => {
  const model = createModel({ maxSessions: 2 });
  for (const session of ["a", "b", "c"]) {
    model.take(
      report({ session, order: 4, values: { transactions_total: 5, budget_total: 1 } }),
      1000,
    );
  }
  const next = createModel({ maxSessions: 2 });
  const version = next.version;
  next.restore(structuredClone(model.state()));
  assert.notEqual(next.version, version);
  assert.deepEqual(next.families(1000), model.families(1000));
  for (const restored of [model, next]) {
    assert.equal(restored.take(report({ session: "c", order: 4 }), 1000).outcome, "repeat");
    assert.equal(restored.take(report({ session: "a", order: 4 }), 1000).outcome, "repeat");
    restored.take(report({ session: "d", order: 1, values: { transactions_total: 2 } }), 1001);
  }
  assert.deepEqual(next.families(1001), model.families(1001));
  assert.equal(shown(next, 1001, "transactions_total").transactions_total, 17);
});

Deno.test("families() gives entries of the catalogue, in its order", () => {
  const model = createModel();
  model.take(realReport("005"), 1000);
  const names = model.families(1000).families.map((family) => family.metric.name);
  assert.deepEqual(
    names,
    GAME_METRICS.map(({ name }) => name).filter((name) => names.includes(name)),
  );
  for (const { metric: entry, series, values } of model.families(1000).families) {
    assert.equal(metric(entry.name), entry);
    assert.equal(series.length, values.length, entry.name);
  }
});

/** The value of each series of a model. */
function seriesOf(model: Model, now: number): Map<string, number> {
  return flatten(model.families(now).families);
}

Deno.test("settle() stops showing games that were over when the newest one was played, of those just read", () => {
  const model = createModel();
  const play = (session: string, timestamp: number) =>
    model.take(report({ session, order: 1, timestamp, values: { budget_total: 1 } }), 1000);
  play("posted before", 10);
  const before = model.reports;
  play("morning", 100);
  play("noon", 200);
  play("beside it", 195);
  assert.equal(model.liveSessions, 4);
  model.settle(before);
  assert.deepEqual(
    [...seriesOf(model, 1000).keys()].filter((series) => series.startsWith("simulation_info")),
    ["posted before", "noon", "beside it"].map((session) =>
      `simulation_info{session="${session}",format="natif"}`
    ).sort(),
  );
});

/** A model that goes on where another stopped, asked for other things. */
function continued(model: Model, options: Partial<ModelOptions>): Model {
  const next = createModel(options);
  next.restore(structuredClone(model.state()));
  return next;
}

Deno.test("restore() calls parts inconnu that were kept by other labels, and divides what comes after", () => {
  const model = createModel({ breakdowns: ["continent"] });
  const value = (order: number, total: number, parts: Record<string, number>) =>
    report({
      session: "s",
      order,
      values: { transactions_reussies_total: total },
      breakdowns: { transactions_reussies_total: [by("produit_type", parts)] },
    });
  model.take(
    report({
      session: "s",
      order: 1,
      values: { transactions_reussies_total: 10 },
      breakdowns: { transactions_reussies_total: [by("continent", { Europe: 10 })] },
    }),
    1000,
  );
  const next = continued(model, { breakdowns: ["produit_type"] });
  next.take(value(2, 12, { consommable: 4, produit_fini: 8 }), 1001);
  next.take(value(3, 15, { consommable: 6, produit_fini: 9 }), 1002);
  const series = [...seriesOf(next, 1002)].filter(([name]) =>
    name.startsWith("transactions_reussies_total")
  );
  assert.deepEqual(Object.fromEntries(series), {
    'transactions_reussies_total{produit_type="consommable"}': 2,
    'transactions_reussies_total{produit_type="inconnu"}': 12,
    'transactions_reussies_total{produit_type="produit_fini"}': 1,
  });
});

Deno.test("restore() drops detail and other numbers that are not asked for any more", () => {
  const model = createModel();
  model.take(
    report({
      session: "s",
      order: 1,
      extra: {
        stabilite_prix: { type: "gauge", value: 1 },
        total_volume: { type: "counter", value: 2 },
      },
    }),
    1000,
    new Map([["entreprise_budget", { labels: [["A"]], values: [1] }]]),
  );
  const names = (of: Model) =>
    [...seriesOf(of, 1000).keys()].filter((name) =>
      /^(entreprise_budget|stabilite|total_v)/.test(name)
    );
  assert.equal(names(continued(model, {})).length, 3);
  assert.deepEqual(names(continued(model, { detail: false, allKeys: false })), []);
});

Deno.test("restore() forgets sessions beyond the limit of today, and keeps their totals", () => {
  const model = createModel();
  for (let order = 1; order <= 5; order++) {
    model.take(report({ session: `s${order}`, order, turn: 2 }), 1000 + order);
  }
  const next = continued(model, { maxSessions: 2 });
  assert.deepEqual(next.state().sessions.map(({ id }) => id), ["s4", "s5"]);
  assert.equal(seriesOf(next, 1005).get("tours_completes"), 10);
});

Deno.test("take() keeps of a session that makes room nothing but what it takes to count on", () => {
  const model = createModel();
  model.take(report({ session: "a", order: 1, finished: true, values: { budget_total: 1 } }), 1000);
  model.take(report({ session: "b", order: 1 }), 1001);
  const [first] = model.state().sessions;
  assert.deepEqual([first!.id, first!.live, first!.gauges.size], ["a", false, 0]);
});
