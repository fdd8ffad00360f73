/** Tests that no report, however it contradicts itself, breaks what is known of a game's economy. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { INVARIANTS, REPORTED_METRICS } from "../../lib/catalogue/mod.ts";
import type { Model, ModelOptions } from "../../lib/model/mod.ts";
import { readEntry, readState, toText } from "../../lib/model/saved.ts";
import { type Reading, readReport, type Verdict } from "../../lib/report/mod.ts";
import { ALL } from "../report/options.ts";
import { createModel, flatten } from "./reports.ts";

/** Numbers that a sender may write, and what is none. */
const odd = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 30 }) },
  fc.integer({ min: -3000, max: 3000 }).map((cents) => cents / 100),
  fc.constantFrom(0, -0, 5e-324, 1e-300, 1e21, 1e308, -1e308, 1.7e308, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(null, "7", [], {}, true),
);
const name = fc.constantFrom("a", "b", "c", "", "a");
const listed = (keys: Record<string, fc.Arbitrary<unknown>>) =>
  fc.array(fc.record(keys, { requiredKeys: [] }), { maxLength: 4 });

/** Each key is there or not. */
const some = (keys: Record<string, fc.Arbitrary<unknown>>) => fc.record(keys, { requiredKeys: [] });

const numbers = some(Object.fromEntries(REPORTED_METRICS.map(({ name }) => [name, odd])));
const detail = fc.record({
  produits: listed({ nom: name, prix: odd, actif: fc.boolean() }),
  entreprises: listed({ nom: name, budget: odd, budget_initial: odd, achats: odd }),
  fournisseurs: listed({ nom: name, prix: fc.array(odd, { maxLength: 5 }) }),
});

/** What a native report says of itself beside its place, sound enough to be taken. */
const native = fc.tuple(numbers, fc.option(detail)).map(([numbers, detail]) => ({
  type: "tradesim.report",
  version: 1,
  ...numbers,
  ...(detail === null ? {} : { detail }),
}));

const tradesim = some({
  budget_total: odd,
  budget_total_entreprises: odd,
  budget_variation_totale: odd,
  budget_gains_totaux: odd,
  total_montant: odd,
  total_volume: odd,
  fournisseurs_total: odd,
  fournisseurs_stock_moyen: odd,
  entreprises_total: odd,
  entreprises_stock_moyen: odd,
  produits_total: odd,
  produits_disponibilite: odd,
  transactions_total: odd,
  transactions_reussies: odd,
  transactions_echouees: odd,
  transactions_par_entreprise: fc.dictionary(name, odd, { maxKeys: 3 }),
  entreprises_individuales: listed({
    nom: name,
    continent: name,
    budget: odd,
    budget_initial: odd,
    stocks_produits: listed({ nom_produit: name, stock: odd }),
  }),
  produits_individuales: listed({ nom: name, type: name, prix: odd }),
});

/** A report of one of three games: late, repeated, or after some that were lost; with its turn and tick. */
const step = fc.record({
  session: fc.constantFrom("jeu", "jeu", "natif", "autres"),
  order: fc.integer({ min: -2, max: 3 }),
  turn: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, fc.nat(40)),
  tick: fc.integer({ min: -3, max: 2 }),
  said: fc.record({ native, tradesim }),
  isRestarted: fc.boolean(),
  isSaved: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer Item> ? Item : never;

const BEGIN = 1_795_000_000;

/** Reads the reports of a list of steps as they arrive. */
function readings(steps: readonly Step[]): Reading[] {
  const places = new Map<string, { order: number; tick: number }>();
  return steps.map(({ session, order, turn, tick, said }, place) => {
    const known = places.get(session) ?? { order: 0, tick: 0 };
    places.set(session, known);
    known.order = Math.max(0, known.order + order);
    known.tick = Math.max(0, known.tick + tick);
    const report = session === "natif"
      ? { ...said.native, session, rapport: known.order, tour: turn ?? known.order }
      : { ...said.tradesim, session_id: session, tick: known.tick, tour_actuel: known.order };
    const timestamp = new Date((BEGIN + place) * 1000).toISOString();
    return readReport(JSON.parse(JSON.stringify({ ...report, timestamp })), ALL);
  });
}

/** A model that another process saved, with what its write-ahead log has. */
function restarted(options: Partial<ModelOptions>, saved: string, writeAhead: readonly string[]) {
  const model = createModel(options);
  model.restore(readState(saved).model);
  for (const text of writeAhead) {
    const entry = readEntry(text);
    assert.ok(entry !== undefined && "report" in entry, text);
    model.take(model.games.named(entry.report), entry.arrival);
  }
  return model;
}

/** Plays readings; what became of each, and what is counted after it. */
function played(options: Partial<ModelOptions>, steps: readonly Step[], withRestarts: boolean) {
  let model = createModel(options);
  const save = () => toText({ ...model.state(), positions: [] });
  let saved = save();
  let writeAhead: string[] = [];
  const read = readings(steps);
  return steps.map(({ isSaved, isRestarted }, place) => {
    const { report, details } = read[place]!;
    const arrival = BEGIN + place;
    const verdict = model.take(model.games.named(report), arrival, details.tables);
    if (verdict.outcome === "taken") writeAhead.push(toText({ report, arrival }));
    const shown = shownBy(model, arrival);
    if (isSaved) {
      saved = save();
      writeAhead = [];
    }
    if (withRestarts && isRestarted) model = restarted(options, saved, writeAhead);
    return { verdict, ...shown, model };
  });
}

function shownBy(model: Model, now: number) {
  const { families } = model.families(now);
  for (const [series, value] of flatten(families)) {
    assert.ok(Number.isFinite(value), `${series} is ${value}`);
  }
  return {
    counted: flatten(families.filter(({ metric: { type } }) => type === "counter")),
    economy: flatten(families.filter(({ metric }) => /vitesse|indice|inflation/.test(metric.name))),
  };
}

const judged = ({ outcome, isReset, violations }: Verdict) => ({ outcome, isReset, violations });

Deno.test("take() lets no report break the economy, and a restart changes no judgement", () => {
  const ways: Partial<ModelOptions>[] = [{}, { bySession: true }, { maxSessions: 1 }];
  for (const options of ways) {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const whole = played(options, steps, false);
        const interrupted = played(options, steps, true);
        const highest = new Map<string, number>();
        whole.forEach(({ verdict, counted, economy, model }, place) => {
          const other = interrupted[place]!;
          assert.deepEqual(judged(other.verdict), judged(verdict), `report ${place}`);
          assert.deepEqual(other.counted, counted, `report ${place}`);
          assert.deepEqual(other.economy, economy, `report ${place}`);
          for (const [series, value] of counted) {
            assert.ok(value >= (highest.get(series) ?? 0), `${series} fell to ${value}`);
            highest.set(series, value);
          }
          for (const session of model.sessions.values()) {
            assert.ok(session.economy.observations.length <= 12);
            assert.ok(session.balance.size <= 10 + REPORTED_METRICS.length);
            assert.ok(session.breaches.size <= INVARIANTS.length);
          }
        });
      }),
      { numRuns: 100 },
    );
  }
});

Deno.test("take() counts a slip once, also of a game that had to make room for another at each report", () => {
  const model = createModel({ maxSessions: 1 });
  const values = { budget_total: 900, argent_initial_euros: 1000, argent_entre_euros_total: 0 };
  for (let rapport = 1; rapport <= 20; rapport++) {
    for (const session of ["a", "b"]) {
      const { report } = readReport({
        ...{ type: "tradesim.report", version: 1, session, rapport, tour: rapport },
        ...{ ...values, transactions_montant_total: 0, produits_prix_min: 0 },
      });
      model.take(report, 1000 + rapport);
    }
  }
  const shown = flatten(model.families(1020).families);
  const count = (invariant: string) =>
    shown.get(`simulation_invariant_violations_total{invariant="${invariant}"}`);
  assert.deepEqual([count("argent"), count("prix")], [2, 2]);
});

Deno.test("take() lets the index go on of a game that had to make room for another", () => {
  const model = createModel({ maxSessions: 1 });
  const price = (session: string, rapport: number, prix: number) => {
    const { report } = readReport({
      ...{ type: "tradesim.report", version: 1, session, rapport, tour: rapport },
      detail: { produits: [{ nom: "p", prix }], entreprises: [], fournisseurs: [] },
    });
    model.take(report, 1000 + rapport);
    return flatten(model.families(1000 + rapport).families).get("produits_prix_indice");
  };
  price("a", 1, 10);
  assert.equal(Math.round(price("a", 2, 15)!), 150);
  assert.equal(price("b", 3, 7), 100);
  assert.equal(Math.round(price("a", 4, 15)!), 150);
  assert.equal(Math.round(price("a", 5, 30)!), 300);
});

Deno.test("take() shows no inequality where the last detail has none, and that of before where a report has no detail", () => {
  const model = createModel();
  const gini = (rapport: number, ...budgets: readonly number[]) => {
    const entreprises = budgets.map((budget, place) => ({ nom: `e${place}`, budget }));
    const detail = { produits: [], entreprises, fournisseurs: [] };
    const { report } = readReport({
      ...{ type: "tradesim.report", version: 1, session: "a", rapport, tour: rapport },
      ...(budgets.length === 0 ? {} : { detail }),
    });
    model.take(report, 1000 + rapport);
    return flatten(model.families(1000 + rapport).families).get("budget_gini_ratio");
  };
  assert.deepEqual([gini(1, 0, 0, 3, 3, 0, 3), gini(2), gini(3, -1, 3), gini(4), gini(5, 2, 2)], [
    ...[0.5, 0.5, undefined, undefined, 0],
  ]);
});
