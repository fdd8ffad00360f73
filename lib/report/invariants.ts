/** What must hold in every game, judged by a report beside the one before it; see docs/economy.md. @module */

import { type Invariant, metric } from "../catalogue/mod.ts";
import type { Balance, Mark, Report } from "./report.ts";

/** An invariant that a report breaks, and how, for people. */
export interface Violation {
  readonly invariant: Invariant;
  readonly cause: string;
}

/**
 * Differences of money count from a cent and a billionth of the amounts on: budgets are rounded to cents,
 * and some games add them up as floats.
 */
export function moneyTolerance(...amounts: readonly number[]): number {
  return 0.011 + 1e-9 * amounts.reduce((sum, amount) => sum + Math.abs(amount), 0);
}

/** The most by which TradeSim's own rules let a base price rise in a turn. */
const MOST_RISE = 0.6;

/** Adds up what is known; undefined where one of them is not, and where it is beyond all numbers. */
function sum(...terms: readonly (number | undefined)[]): number | undefined {
  let total = 0;
  for (const term of terms) {
    if (term === undefined) return undefined;
    total += term;
  }
  return Number.isFinite(total) ? total : undefined;
}

function negative(value: number | undefined): number | undefined {
  return value === undefined ? undefined : -value;
}

/** How far off each invariant is that can be read from one report: 0 where it holds. */
export function balanceOf({ values, prices, listedBudgets, claims }: Report): Balance {
  const of = (name: string) => values.get(name);
  const supply = of("budget_total");
  const entered = of("argent_entre_euros_total");
  const bought = of("transactions_unites_total");
  const held = of("stock_entreprises_unites");
  const offered = of("stock_fournisseurs_unites");
  const lowest = of("produits_prix_min") ?? 1;
  const badPrices = prices?.values.filter((price) => !(price > 0)).length ?? 0;
  return {
    argent: sum(
      supply,
      of("transactions_montant_total"),
      negative(of("argent_initial_euros")),
      negative(entered),
    ),
    budgets: sum(listedBudgets, negative(supply)),
    entreprises: sum(held, negative(bought)),
    fournisseurs: sum(offered, bought, -(of("livraisons_unites_total") ?? 0)),
    prix: Math.max(badPrices, lowest > 0 ? 0 : 1),
    transactions: sum(
      of("transactions_total"),
      negative(of("transactions_reussies_total")),
      negative(of("transactions_echouees_total")),
    ),
    gains: sum(entered, negative(claims?.get("budget_gains_totaux"))),
  };
}

/** What is known after a report: what it does not tell stays as it was. */
export function balanceAfter(before: Balance | undefined, now: Balance): Balance {
  if (before === undefined) return now;
  return {
    argent: now.argent ?? before.argent,
    budgets: now.budgets ?? before.budgets,
    entreprises: now.entreprises ?? before.entreprises,
    fournisseurs: now.fournisseurs ?? before.fournisseurs,
    prix: now.prix ?? before.prix,
    transactions: now.transactions ?? before.transactions,
    gains: now.gains ?? before.gains,
  };
}

function euros(amount: number): string {
  return `${amount.toFixed(2)} €`;
}

function signed(amount: number): string {
  return `${amount > 0 ? "+" : ""}${amount}`;
}

/**
 * The invariants that a report breaks anew: those that are further off than after the report before it,
 * so that one slip counts once and not in every later report.
 *
 * @param balance That of the report.
 * @param isReset Whether the totals of the session have begun again at 0.
 * @param total The highest value of a total since then, by name; undefined where unknown.
 */
export function violationsOf(
  mark: Mark,
  report: Report,
  balance: Balance,
  isReset: boolean,
  total: (name: string) => number | undefined,
): readonly Violation[] {
  const found: Violation[] = [];
  const { values } = report;
  const before = isReset ? undefined : mark.balance;
  const add = (invariant: Invariant, cause: string) => found.push({ invariant, cause });
  const isOff = (key: keyof Balance, tolerance: number) => {
    const off = balance[key] ?? 0;
    return Math.abs(off) > tolerance && Math.abs(off - (before?.[key] ?? 0)) > tolerance;
  };
  const tolerance = moneyTolerance(
    values.get("budget_total") ?? 0,
    values.get("transactions_montant_total") ?? 0,
  );
  if (isOff("argent", tolerance)) {
    add("argent", `budgets are ${euros(balance.argent!)} off what came in and was spent`);
  }
  if (isOff("budgets", tolerance)) {
    add("argent", `the firms' budgets are ${euros(balance.budgets!)} off their total`);
  }
  addGoods(report, balance, before, add);
  if (isOff("prix", 0)) {
    add(
      "prix",
      balance.prix === 1 ? "a price is not above 0" : `${balance.prix} prices are not above 0`,
    );
  }
  if (isOff("transactions", 0)) {
    add(
      "transactions",
      `${signed(balance.transactions!)} purchases neither succeeded nor failed`,
    );
  }
  if (!isReset) addFallen(report, total, tolerance, add);
  if (report.format === "tradesim") addSlips(mark, report, balance, before, add);
  return found;
}

type Add = (invariant: Invariant, cause: string) => void;

/** Firms gain what they buy, suppliers lose it and gain what is delivered to them. */
function addGoods(
  { values }: Report,
  { entreprises, fournisseurs }: Balance,
  before: Balance | undefined,
  add: Add,
): void {
  const gained = sum(entreprises, negative(before?.entreprises)) ?? 0;
  if (gained !== 0) add("marchandises", `firms have ${signed(gained)} units that they did not buy`);
  const appeared = sum(fournisseurs, negative(before?.fournisseurs)) ?? 0;
  // Where deliveries are not told suppliers may have got any number of units.
  const isTold = values.has("livraisons_unites_total");
  if (isTold ? appeared !== 0 : appeared < 0) {
    add("marchandises", `suppliers have ${signed(appeared)} units beside sales and deliveries`);
  }
}

function addFallen(
  { values, format }: Report,
  total: (name: string) => number | undefined,
  tolerance: number,
  add: Add,
): void {
  const fallen: string[] = [];
  for (const [name, value] of values) {
    const highest = total(name);
    if (highest === undefined || value >= highest) continue;
    const isMoney = metric(name).unit === "euros";
    if (highest - value <= (isMoney ? tolerance : 0)) continue;
    // In TradeSim's payload this is the difference of budgets and purchases: it falls when money vanishes.
    if (format === "tradesim" && name === "argent_entre_euros_total") {
      add("argent", `${euros(highest - value)} have vanished from the budgets`);
    } else fallen.push(`${name} fell from ${highest} to ${value}`);
  }
  if (fallen.length > 0) add("totaux", fallen.join("; "));
}

/** Slips that TradeSim is known for. They are counted, and alarm nobody. */
function addSlips(
  { prices: known, tick: lastTick }: Mark,
  { values, claims, prices, tick }: Report,
  { gains = 0 }: Balance,
  before: Balance | undefined,
  add: Add,
): void {
  if (Math.abs(gains - (before?.gains ?? 0)) > moneyTolerance(gains)) {
    add(
      "tradesim_gains",
      `${euros(gains)} came into the game and are no gain in "budget_gains_totaux"`,
    );
  }
  const claimed = claims?.get("budget_total");
  const supply = values.get("budget_total");
  if (claimed !== undefined && supply !== undefined && Math.abs(claimed - supply) > 0.011) {
    add("tradesim_valeur_figee", `"budget_total" says ${euros(claimed)}, it is ${euros(supply)}`);
  }
  if (known === undefined || prices === undefined || tick !== (lastTick ?? NaN) + 1) return;
  const risen = prices.names.filter((name, index) =>
    known.names[index] === name &&
    prices.values[index]! > known.values[index]! * (1 + MOST_RISE) + 0.01
  );
  if (risen.length > 0) {
    add("tradesim_inflation", `${risen.length} prices rose by more than 60 % in a turn`);
  }
}
