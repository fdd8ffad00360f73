/** Tests of the naming of events, on the numbers of a real game of 400 turns. @module */

import assert from "node:assert/strict";
import { History } from "../../lib/history/mod.ts";
import { createSession, takeReport } from "../../lib/model/session.ts";
import { eventsBetween, type RecentEvent, type Report } from "../../lib/report/mod.ts";
import { take } from "../history/turns.ts";
import { type Flat, NOTHING, readFlat } from "./options.ts";

const TYPES = [
  "inflation",
  "recharge_budget",
  "reassort",
  "variation_disponibilite",
  "recharge_stock_fournisseur",
];

/** One turn: the numbers that TradeSim sent, and its true events as [type, total]. */
type Turn = [
  tick: number,
  budget: number,
  spent: number,
  meanStock: number,
  suppliers: number,
  sold: number,
  entries: [inflation: number, availability: number, unknown: number],
  budgets: number[],
  stocks: [product: number, units: number][][],
  events: [type: number, total: number | null][],
];

const TURNS: readonly Turn[] = JSON.parse(
  Deno.readTextFileSync(new URL("../testdata/tradesim_events.json", import.meta.url)),
);
const START = Date.UTC(2026, 0, 1) / 1000;

function reportOf([tick, budget, spent, mean, suppliers, sold, entries, budgets, stocks]: Turn) {
  const named = ["inflation", "variation_disponibilite", "inconnu"]
    .map((type, index) => [type, entries[index]!] as const).filter(([, count]) => count > 0);
  return readFlat({
    type: "metrics",
    session_id: "réelle",
    tick,
    tour_actuel: tick + 1,
    timestamp: new Date((START + tick) * 1000).toISOString(),
    budget_total_entreprises: budget,
    total_montant: spent,
    fournisseurs_stock_moyen: mean,
    fournisseurs_total: suppliers,
    total_volume: sold,
    evenements_par_type: Object.fromEntries(named),
    entreprises_individuales: budgets.map((own, index) => ({
      nom: `E${index}`,
      continent: "Europe",
      budget: own,
    })),
    fournisseurs_individuales: stocks.map((own, index) => ({
      nom: `F${index}`,
      continent: "Europe",
      stocks_produits: own.map(([product, stock]) => ({ nom_produit: `P${product}`, stock })),
    })),
  }, NOTHING);
}

const REPORTS = TURNS.map(reportOf);

function between(before: Report | undefined, after: Flat): RecentEvent[] | undefined {
  return eventsBetween(before ?? {}, after, after.turn!);
}

function trueTypes(turn: Turn): string[] {
  return turn[9].map(([type]) => TYPES[type]!).sort();
}

Deno.test("eventsBetween() names exactly the events of 98 % of a real game's turns, with amounts", () => {
  let right = 0;
  let amounts = 0;
  TURNS.forEach((turn, index) => {
    const events = between(REPORTS[index - 1], REPORTS[index]!) ?? [];
    const types = events.map(({ type }) => type).sort();
    if (types.join() === trueTypes(turn).join()) right++;
    for (const { type, total } of events) {
      if (total === undefined) continue;
      const told = turn[9].find(([own]) => TYPES[own] === type)?.[1];
      assert.ok(
        told == null || Math.abs(told - total) < 0.02,
        `turn ${index + 1}: ${type} ${total}`,
      );
      amounts++;
    }
  });
  assert.ok(right >= 0.98 * TURNS.length, `${right} of ${TURNS.length}`);
  const all = TURNS.flatMap((turn) => turn[9]).filter(([, total]) => total !== null).length;
  assert.ok(amounts >= 0.95 * all, `${amounts} of ${all} amounts`);
});

Deno.test("eventsBetween() names nothing across a missed turn, a repetition or a reset", () => {
  assert.equal(between(undefined, REPORTS[5]!), undefined);
  assert.equal(between(REPORTS[3], REPORTS[5]!), undefined);
  assert.equal(between(REPORTS[5], REPORTS[5]!), undefined);
  assert.equal(between(REPORTS[9], REPORTS[0]!), undefined);
});

Deno.test("History names a real game's events, and says inconnu where a turn was missed", () => {
  const history = new History({ maxTurns: 1000 });
  const missed = TURNS.findIndex((turn, index) =>
    index > 50 && turn[6][2] > TURNS[index - 1]![6][2] &&
    TURNS[index - 1]![6][2] === TURNS[index - 2]![6][2]
  );
  REPORTS.forEach((report, index) => {
    if (index !== missed - 1) take(history, report, START + index);
  });
  const events = history.events("réelle", 0);
  const unknown = events.filter(({ type, tour }) => type === "inconnu" && tour !== 1);
  assert.deepEqual(unknown.map(({ tour }) => tour), [missed + 1]);
  assert.deepEqual(
    new Set(events.filter(({ tour }) => tour !== 1 && tour !== missed + 1).map(({ type }) => type)),
    new Set(TYPES),
  );
});

Deno.test("takeReport() keeps when an event of each type last happened in a real game", () => {
  const session = createSession("réelle");
  REPORTS.forEach((report, index) => takeReport(session, report, START + index, []));
  for (const [index, type] of TYPES.entries()) {
    const last = TURNS.findLast((turn) => turn[9].some(([own]) => own === index))!;
    assert.equal(session.events.get(type), START + last[0], type);
  }
});
