/** Tests of what must hold in every game. @module */

import assert from "node:assert/strict";
import { JsonReader, judge, type Mark, readReport, type Report } from "../../lib/report/mod.ts";

const SOUND = {
  budget_total: 900,
  argent_initial_euros: 1000,
  argent_entre_euros_total: 50,
  transactions_montant_total: 150,
  transactions_total: 9,
  transactions_reussies_total: 7,
  transactions_echouees_total: 2,
  transactions_unites_total: 30,
  livraisons_unites_total: 20,
  stock_entreprises_unites: 35,
  stock_fournisseurs_unites: 400,
  produits_prix_min: 2,
};

type Numbers = Record<string, unknown>;

function native(numbers: Numbers, rapport = 1): Report {
  return readReport({
    type: "tradesim.report",
    version: 1,
    session: "s",
    rapport,
    tour: rapport,
    ...numbers,
  }).report;
}

function tradesim(numbers: Numbers, turn = 1): Report {
  return readReport({ session_id: "s", tick: turn - 1, tour_actuel: turn, ...numbers }).report;
}

/** The invariants that the last of some reports breaks, with the causes. */
function brokenBy(...reports: readonly Report[]): Record<string, string> {
  let mark: Mark = {};
  const totals = new Map<string, number>();
  let broken: Record<string, string> = {};
  for (const report of reports) {
    const { violations, balance, isReset } = judge(mark, report, (name) => totals.get(name));
    if (isReset) totals.clear();
    broken = Object.fromEntries(violations.map(({ invariant, cause }) => [invariant, cause]));
    const { order, tick, prices } = report;
    mark = { order, tick, balance, prices: prices ?? mark.prices };
    for (const [name, value] of report.values) {
      if (name.endsWith("_total") && name !== "budget_total") {
        totals.set(name, Math.max(value, totals.get(name) ?? 0));
      }
    }
  }
  return broken;
}

Deno.test("judge() finds nothing wrong with a sound report, or one that tells little", () => {
  assert.deepEqual(brokenBy(native(SOUND)), {});
  assert.deepEqual(brokenBy(native({})), {});
  assert.deepEqual(brokenBy(tradesim({})), {});
  const later = {
    ...SOUND,
    transactions_unites_total: 36,
    stock_entreprises_unites: 41,
    livraisons_unites_total: 24,
    stock_fournisseurs_unites: 398,
  };
  assert.deepEqual(brokenBy(native(SOUND), native(later, 2)), {});
});

Deno.test("judge() names what a native report breaks, and how", () => {
  const cases: [name: string, changes: Numbers, expected: Record<string, string>][] = [
    ["money that came from nowhere", { budget_total: 903 }, {
      argent: "budgets are 3.00 € off what came in and was spent",
    }],
    ["a cent is rounding", { budget_total: 900.01 }, {}],
    ["two cents are not", { budget_total: 900.02 }, {
      argent: "budgets are 0.02 € off what came in and was spent",
    }],
    ["goods that nobody bought", { stock_entreprises_unites: 37 }, {
      marchandises: "firms have +2 units that they did not buy",
    }],
    ["goods that vanished", { stock_fournisseurs_unites: 399 }, {
      marchandises: "suppliers have -1 units beside sales and deliveries",
    }],
    ["a price of nothing", { produits_prix_min: 0 }, { prix: "a price is not above 0" }],
    ["a purchase that neither succeeded nor failed", { transactions_total: 10 }, {
      transactions: "+1 purchases neither succeeded nor failed",
    }],
    ["a total that fell", { livraisons_unites_total: 19, stock_fournisseurs_unites: 399 }, {
      totaux: "livraisons_unites_total fell from 20 to 19",
    }],
  ];
  for (const [name, changes, expected] of cases) {
    const slipped = { ...SOUND, ...changes };
    assert.deepEqual(brokenBy(native(SOUND), native(slipped, 2)), expected, name);
    // It broke once, and does not break again in each later report.
    const again = brokenBy(native(SOUND), native(slipped, 2), native(slipped, 3));
    assert.deepEqual(again, {}, `${name}, again`);
    // Neither does it where a report between them tells nothing.
    const silent = brokenBy(native(SOUND), native(slipped, 2), native({}, 3), native(slipped, 4));
    assert.deepEqual(silent, {}, `${name}, after a report that tells nothing`);
  }
});

/** The invariants that each of some native reports breaks. */
function eachBreaks(...numbers: readonly Numbers[]): string[][] {
  const reports = numbers.map((one, place) => native(one, place + 1));
  return reports.map((_, place) => Object.keys(brokenBy(...reports.slice(0, place + 1))));
}

Deno.test("judge() counts each fall of a total, and none that stays low or rises again", () => {
  const bought = (transactions_unites_total: number) => ({ transactions_unites_total });
  const falls = [50, 50, 20, 20, 30, 25, 60, 59].map(bought);
  const fallen = ["totaux"];
  assert.deepEqual(eachBreaks(...falls), [[], [], fallen, [], [], fallen, [], fallen]);
  const spent = (transactions_montant_total: number) => ({ transactions_montant_total });
  // Half a cent at a time: what is within the tolerance adds up.
  assert.deepEqual(eachBreaks(spent(9), spent(8.995), spent(8.99), spent(8.985), spent(8.98)), [
    ...[[], [], [], fallen, []],
  ]);
});

Deno.test("judge() finds money that leaks a cent at a time", () => {
  const budgets = [900, 899.99, 899.98, 899.97, 899.96, 900];
  const found = eachBreaks(...budgets.map((budget_total) => ({ ...SOUND, budget_total })));
  assert.deepEqual(found, [[], [], ["argent"], [], ["argent"], []]);
});

Deno.test("judge() takes goods of which there are parts or billions for what they are", () => {
  const goods = (transactions_unites_total: number, stock_entreprises_unites: number) => ({
    ...{ transactions_unites_total, stock_entreprises_unites },
  });
  // 0.1 + 0.2 is not 0.3 to a computer.
  assert.deepEqual(eachBreaks(goods(0, 0.1), goods(0.2, 0.3), goods(0.3, 0.4)), [[], [], []]);
  assert.deepEqual(eachBreaks(goods(1e8, 1e8), goods(1e8, 1e8 + 1)), [[], ["marchandises"]]);
  assert.deepEqual(eachBreaks(goods(0, 1e308), goods(0, -1e308), goods(0, 1e308)), [
    ...[[], ["marchandises"], ["marchandises"]],
  ]);
});

Deno.test("judge() judges stocks of suppliers by what is told of deliveries", () => {
  const goods = (stock: number, bought: number, delivered?: number) => ({
    stock_fournisseurs_unites: stock,
    transactions_unites_total: bought,
    ...(delivered === undefined ? {} : { livraisons_unites_total: delivered }),
  });
  const cases: [string, readonly Numbers[], string[][]][] = [
    ["told now and then", [goods(100, 0, 0), goods(115, 5), goods(115, 5, 20), goods(115, 5)], [
      ...[[], [], [], []],
    ]],
    ["told late", [goods(100, 0), goods(90, 10), goods(110, 10, 20), goods(105, 15, 20)], [
      ...[[], [], [], []],
    ]],
    ["lost while it is not told", [goods(100, 0, 0), goods(99, 0), goods(99, 0)], [
      ...[[], ["marchandises"], []],
    ]],
    ["too many", [goods(100, 0, 0), goods(101, 0, 0)], [[], ["marchandises"]]],
  ];
  for (const [name, reports, expected] of cases) {
    assert.deepEqual(eachBreaks(...reports), expected, name);
  }
});

Deno.test("judge() adds up the budgets of all firms that are listed", () => {
  const detail = (...budgets: number[]) => ({
    detail: {
      produits: [{ nom: "p", prix: 1, actif: true }],
      entreprises: budgets.map((budget, place) => ({ nom: `e${place}`, budget })),
      fournisseurs: [],
    },
  });
  assert.deepEqual(brokenBy(native({ ...SOUND, ...detail(400, 500) })), {});
  assert.deepEqual(brokenBy(native({ ...SOUND, ...detail(400, 400) })), {
    argent: "the firms' budgets are -100.00 € off their total",
  });
  // Reports without detail say nothing about it, and what was wrong before is not wrong anew.
  assert.deepEqual(brokenBy(native({ ...SOUND, ...detail(400, 500) }), native(SOUND, 2)), {});
  const wrong = { ...SOUND, ...detail(400, 400) };
  assert.deepEqual(brokenBy(native(wrong), native(SOUND, 2), native(wrong, 3)), {});
});

Deno.test("judge() looks at the price of each product that can be bought", () => {
  const detail = (actif: boolean) => ({
    detail: {
      produits: [{ nom: "p", prix: 0, actif }, { nom: "q", prix: -1, actif }],
      entreprises: [],
      fournisseurs: [],
    },
  });
  assert.deepEqual(brokenBy(native(detail(true))), { prix: "2 prices are not above 0" });
  assert.deepEqual(brokenBy(native(detail(false))), {});
  // Most reports have no detail: in those that have one the same prices are nothing new.
  const [with_, without] = [{ ...detail(true), produits_prix_min: -1 }, { produits_prix_min: -1 }];
  assert.deepEqual(eachBreaks(without, with_, without, with_, detail(false), {}), [
    ...[["prix"], ["prix"], [], [], [], []],
  ]);
});

const TRADESIM = {
  budget_total: 1000,
  budget_total_entreprises: 1000,
  budget_variation_totale: 0,
  budget_gains_totaux: 0,
  total_montant: 0,
  total_volume: 0,
  fournisseurs_total: 2,
  fournisseurs_stock_moyen: 50,
};

Deno.test("judge() knows TradeSim's slips, which are none of the game's", () => {
  const recharged = {
    ...TRADESIM,
    budget_total_entreprises: 1500,
    budget_variation_totale: 500,
  };
  const cases: [string, Numbers, Record<string, string>][] = [
    ["sound", TRADESIM, {}],
    ["a recharge that is no gain", recharged, {
      tradesim_gains: '500.00 € came into the game and are no gain in "budget_gains_totaux"',
      tradesim_valeur_figee: '"budget_total" says 1000.00 €, it is 1500.00 €',
    }],
    ["money that vanished", {
      ...TRADESIM,
      budget_total: 900,
      budget_total_entreprises: 900,
      budget_variation_totale: -100,
    }, {
      argent: "100.00 € have vanished from the budgets",
      tradesim_gains: '-100.00 € came into the game and are no gain in "budget_gains_totaux"',
    }],
    ["a delivery, which TradeSim does not tell", {
      ...TRADESIM,
      fournisseurs_stock_moyen: 70,
    }, {}],
    ["goods that vanished", { ...TRADESIM, fournisseurs_stock_moyen: 49 }, {
      marchandises: "suppliers have -2 units beside sales and deliveries",
    }],
  ];
  for (const [name, payload, expected] of cases) {
    assert.deepEqual(brokenBy(tradesim(TRADESIM), tradesim(payload, 2)), expected, name);
  }
});

Deno.test("judge() counts a slip of TradeSim's once, and again when it grows", () => {
  const later = { ...TRADESIM, budget_total_entreprises: 1500, budget_variation_totale: 500 };
  const { budget_gains_totaux: _, ...untold } = later;
  const twice = { ...TRADESIM, budget_total_entreprises: 1900, budget_variation_totale: 900 };
  const reports = [TRADESIM, later, later, untold, later, twice]
    .map((payload, place) => tradesim(payload, place + 1));
  const found = reports.map((_, place) => Object.keys(brokenBy(...reports.slice(0, place + 1))));
  assert.deepEqual(found, [
    ...[[], ["tradesim_gains", "tradesim_valeur_figee"], [], [], [], ["tradesim_gains"]],
  ]);
});

Deno.test("judge() finds money that vanished in the first turn of TradeSim's", () => {
  const lost = {
    ...TRADESIM,
    budget_total: 900,
    budget_total_entreprises: 900,
    budget_variation_totale: -100,
    budget_gains_totaux: undefined,
  };
  const expected = { argent: "100.00 € have vanished from the budgets" };
  assert.deepEqual(brokenBy(tradesim(lost)), expected);
  assert.deepEqual(brokenBy(tradesim(lost), tradesim(lost, 2)), {});
});

Deno.test("judge() counts prices that an inflation of TradeSim raised more than once", () => {
  const prices = (...values: number[]) => ({
    produits_individuales: values.map((prix, place) => ({ nom: `p${place}`, type: "t", prix })),
  });
  const before = tradesim(prices(10, 10, 10));
  assert.deepEqual(brokenBy(before, tradesim(prices(16, 10, 5), 2)), {});
  assert.deepEqual(brokenBy(before, tradesim(prices(16.02, 30, 5), 2)), {
    tradesim_inflation: "2 prices rose by more than 60 % in a turn",
  });
  assert.deepEqual(brokenBy(before, tradesim(prices(16.02, 10, 5), 2)), {
    tradesim_inflation: "a price rose by more than 60 % in a turn",
  });
  // Over turns that were not reported there may have been several inflations.
  assert.deepEqual(brokenBy(before, tradesim(prices(30, 30, 30), 5)), {});
});

Deno.test("judge() begins anew after a reset", () => {
  const played = {
    ...TRADESIM,
    total_montant: 300,
    total_volume: 30,
    budget_total_entreprises: 700,
    budget_variation_totale: -300,
    budget_total: 700,
    fournisseurs_stock_moyen: 35,
  };
  const reset = { ...TRADESIM, fournisseurs_stock_moyen: 35, tick: 0, tour_actuel: 6 };
  assert.deepEqual(brokenBy(tradesim(TRADESIM), tradesim(played, 5), tradesim(reset, 6)), {});
});

Deno.test("judge() names with their turn what does not close in a recorded game of TradeSim", () => {
  const recorded = (turn: string) => {
    const reader = new JsonReader(1 << 20);
    reader.push(Deno.readFileSync(new URL(`../testdata/tour-${turn}.json`, import.meta.url)));
    return readReport(reader.finish()).report;
  };
  const [first, fifth] = [recorded("001"), recorded("005")];
  assert.deepEqual([first.turn, brokenBy(first)], [1, {
    tradesim_gains: '25959.00 € came into the game and are no gain in "budget_gains_totaux"',
  }]);
  assert.deepEqual([fifth.turn, brokenBy(first, fifth)], [5, {
    tradesim_valeur_figee: '"budget_total" says 189946.47 €, it is 189211.92 €',
  }]);
});
