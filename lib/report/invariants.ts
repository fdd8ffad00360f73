/** What must hold in every game, judged by a report beside the one before it; see docs/economy.md. @module */

import { type Invariant, metric } from "../catalogue/mod.ts";
import { euros } from "../text/mod.ts";
import type { Mark, Report } from "./report.ts";

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

/** The same of numbers of things: they are exact, but for those that are no whole numbers or beyond all. */
function countTolerance(...counts: readonly (number | undefined)[]): number {
  return 1e-9 * counts.reduce<number>((sum, count = 0) => sum + Math.abs(count), 0);
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

function signed(amount: number): string {
  return `${amount > 0 ? "+" : ""}${amount}`;
}

/** The highest value of a total since the last reset, by name; undefined where unknown. */
export type TotalOf = (name: string) => number | undefined;

/**
 * Compares a report with what is known of its session, so that one slip counts once and not in every
 * later report. What a report does not tell is not compared, and stays known.
 */
class Comparison {
  readonly violations: Violation[] = [];
  /**
   * What the next report is compared with, by name: how far off something was when that was last counted,
   * where it is off; the sum that must stay as it is; and what fell below its highest value.
   */
  readonly balance: Map<string, number>;

  constructor(before: Mark["balance"]) {
    this.balance = new Map(before);
  }

  add(invariant: Invariant, cause: string): void {
    this.violations.push({ invariant, cause });
  }

  /** What must be 0. Being off counts once, and again when it is off by another amount. */
  zero(
    [key, off]: readonly [key: string, off: number | undefined],
    tolerance: number,
    invariant: Invariant,
    cause: (off: number) => string,
  ): void {
    if (off === undefined) return;
    // Small steps add up: each is compared with what was counted last.
    const isMoved = Math.abs(off - (this.balance.get(key) ?? 0)) > tolerance;
    if (Math.abs(off) <= tolerance) this.balance.delete(key);
    else if (isMoved) {
      this.balance.set(key, off);
      this.add(invariant, cause(off));
    }
  }

  /** What must stay as it is: by how much it has changed, if it has. */
  change(key: string, sum: number | undefined, tolerance: number): number {
    if (sum === undefined) return 0;
    const before = this.balance.get(key) ?? sum;
    if (Math.abs(sum - before) <= tolerance && this.balance.has(key)) return 0;
    this.balance.set(key, sum);
    return sum - before;
  }

  /** Keeps a number that is usually 0, and gives the one before it. */
  count(key: string, count: number | undefined): number {
    const before = this.balance.get(key) ?? 0;
    if (count === 0) this.balance.delete(key);
    else if (count !== undefined) this.balance.set(key, count);
    return before;
  }
}

/**
 * The invariants that a report breaks anew, and what the next one is compared with.
 *
 * @param isReset Whether the totals of the session have begun again at 0.
 */
export function compare(
  mark: Mark,
  report: Report,
  isReset: boolean,
  total: TotalOf,
): Pick<Comparison, "violations" | "balance"> {
  const comparison = new Comparison(isReset ? undefined : mark.balance);
  const tolerance = moneyTolerance(
    report.values.get("budget_total") ?? 0,
    report.values.get("transactions_montant_total") ?? 0,
  );
  compareMoney(comparison, report, tolerance);
  compareGoods(comparison, report);
  comparePrices(comparison, report);
  comparePurchases(comparison, report);
  if (!isReset) compareTotals(comparison, report, tolerance, total);
  if (report.format === "tradesim") compareSlips(comparison, mark, report);
  return comparison;
}

function compareMoney(
  comparison: Comparison,
  { values, listedBudgets }: Report,
  tolerance: number,
): void {
  const supply = values.get("budget_total");
  const off = sum(
    supply,
    values.get("transactions_montant_total"),
    negative(values.get("argent_initial_euros")),
    negative(values.get("argent_entre_euros_total")),
  );
  comparison.zero(
    ["argent", off],
    tolerance,
    "argent",
    (off) => `budgets are ${euros(off)} off what came in and was spent`,
  );
  comparison.zero(
    ["budgets", sum(listedBudgets, negative(supply))],
    tolerance,
    "argent",
    (off) => `the firms' budgets are ${euros(off)} off their total`,
  );
}

/** Firms gain what they buy, suppliers lose it and gain what is delivered to them. */
function compareGoods(comparison: Comparison, { values }: Report): void {
  const bought = values.get("transactions_unites_total");
  const held = values.get("stock_entreprises_unites");
  const offered = values.get("stock_fournisseurs_unites");
  const delivered = values.get("livraisons_unites_total");
  const gained = comparison.change(
    "entreprises",
    sum(held, negative(bought)),
    countTolerance(held, bought),
  );
  if (gained !== 0) {
    comparison.add("marchandises", `firms have ${signed(gained)} units that they did not buy`);
  }
  const tolerance = countTolerance(offered, bought, delivered);
  const supplied = sum(offered, bought);
  const appeared = comparison.change("fournisseurs", sum(supplied, negative(delivered)), tolerance);
  // Where deliveries are not told suppliers may have got any number of units.
  const lost = Math.min(0, comparison.change("fournis", supplied, tolerance));
  const beside = delivered === undefined ? lost : appeared;
  if (beside !== 0) {
    comparison.add(
      "marchandises",
      `suppliers have ${signed(beside)} units beside sales and deliveries`,
    );
  }
}

function comparePrices(comparison: Comparison, { values, prices }: Report): void {
  const lowest = values.get("produits_prix_min");
  const listed = prices?.values.filter((price) => !(price > 0)).length;
  const isLow = lowest === undefined ? undefined : Number(!(lowest > 0));
  const before = Math.max(comparison.count("prix", listed), comparison.count("prix_min", isLow));
  const { balance } = comparison;
  const bad = Math.max(balance.get("prix") ?? 0, balance.get("prix_min") ?? 0);
  if (bad > before) {
    comparison.add(
      "prix",
      bad === 1 ? "a price is not above 0" : `${bad} prices are not above 0`,
    );
  }
}

function comparePurchases(comparison: Comparison, { values }: Report): void {
  const attempted = values.get("transactions_total");
  comparison.zero(
    [
      "transactions",
      sum(
        attempted,
        negative(values.get("transactions_reussies_total")),
        negative(values.get("transactions_echouees_total")),
      ),
    ],
    countTolerance(attempted),
    "transactions",
    (off) => `${signed(off)} purchases neither succeeded nor failed`,
  );
}

/** No total falls. One that stays below its highest value, or rises to it again, does not fall anew. */
function compareTotals(
  comparison: Comparison,
  { values, format }: Report,
  moneyTolerance: number,
  total: TotalOf,
): void {
  const { balance } = comparison;
  const fallen: string[] = [];
  for (const [name, value] of values) {
    const highest = total(name) ?? 0;
    if (value >= highest) {
      balance.delete(name);
      continue;
    }
    const { type, unit } = metric(name);
    if (type !== "counter") continue;
    const last = balance.get(name) ?? highest;
    const isFallen = last - value > (unit === "euros" ? moneyTolerance : 0);
    if (isFallen || value > last) balance.set(name, value);
    if (!isFallen) continue;
    // In TradeSim's payload this is the difference of budgets and purchases: it falls when money vanishes.
    if (format === "tradesim" && name === "argent_entre_euros_total") {
      comparison.add("argent", `${euros(last - value)} have vanished from the budgets`);
    } else fallen.push(`${name} fell from ${last} to ${value}`);
  }
  if (fallen.length > 0) comparison.add("totaux", fallen.join("; "));
}

/** Slips that TradeSim is known for. They are counted, and alarm nobody. */
function compareSlips(
  comparison: Comparison,
  { prices: known, tick: lastTick }: Mark,
  { values, claims, prices, tick }: Report,
): void {
  const entered = values.get("argent_entre_euros_total");
  comparison.zero(
    ["gains", sum(entered, negative(claims?.get("budget_gains_totaux")))],
    moneyTolerance(entered ?? 0),
    "tradesim_gains",
    (off) => `${euros(off)} came into the game and are no gain in "budget_gains_totaux"`,
  );
  const claimed = claims?.get("budget_total");
  const supply = values.get("budget_total");
  if (claimed !== undefined && supply !== undefined) {
    const isFrozen = Math.abs(claimed - supply) > moneyTolerance(supply);
    const wasFrozen = comparison.count("valeur_figee", Number(isFrozen)) > 0;
    if (isFrozen && !wasFrozen) {
      comparison.add(
        "tradesim_valeur_figee",
        `"budget_total" says ${euros(claimed)}, it is ${euros(supply)}`,
      );
    }
  }
  if (known === undefined || prices === undefined || tick !== (lastTick ?? NaN) + 1) return;
  const risen = prices.names.filter((name, index) =>
    known.names[index] === name &&
    prices.values[index]! > known.values[index]! * (1 + MOST_RISE) + 0.01
  );
  if (risen.length === 0) return;
  const subject = risen.length === 1 ? "a price" : `${risen.length} prices`;
  comparison.add("tradesim_inflation", `${subject} rose by more than 60 % in a turn`);
}
