/** Names the events of a TradeSim turn. TradeSim's payload itself names only two of five types. @module */

import { moneyTolerance } from "./invariants.ts";
import type { EventClues, Mark, RecentEvent, Report } from "./report.ts";

/** Entries of the types that TradeSim leaves without a name. */
const UNKNOWN = "inconnu";

/** Every so many ticks suppliers may also be restocked product by product. */
const RESTOCK_INTERVAL = 20;

/** Whether the stocks of single suppliers tell more than their sum: before or after such a tick. */
export function needsSuppliers(tick: number): boolean {
  return tick % RESTOCK_INTERVAL === 0 || (tick + 1) % RESTOCK_INTERVAL === 0;
}

interface Payload {
  readonly budgets: readonly number[];
  readonly suppliers: readonly {
    readonly stocks: readonly { readonly name: string; readonly units: number }[];
  }[];
  number(key: string): number | undefined;
}

/** Undefined unless the payload has all that is needed to name its events. */
export function eventClues(
  payload: Payload,
  tick: number | undefined,
): EventClues | undefined {
  const budget = payload.number("budget_total_entreprises");
  const spent = payload.number("total_montant");
  const mean = payload.number("fournisseurs_stock_moyen");
  const suppliers = payload.number("fournisseurs_total");
  const sold = payload.number("total_volume");
  if (
    tick === undefined || budget === undefined || spent === undefined || mean === undefined ||
    suppliers === undefined || sold === undefined
  ) return undefined;
  // Each is finite, but their product may not be; it could not be saved.
  const stock = Math.round(mean * suppliers);
  if (!Number.isFinite(stock)) return undefined;
  const stocksOf = needsSuppliers(tick) ? payload.suppliers : [];
  return {
    tick,
    budget,
    spent,
    stock,
    sold,
    budgets: payload.budgets,
    suppliers: stocksOf.map(({ stocks }) =>
      new Map(stocks.map(({ name, units }) => [name, units]))
    ),
  };
}

function hasBoth(before: EventClues, after: EventClues, entries: number): boolean {
  const isKnown = after.suppliers.length > 0 && after.suppliers.length === before.suppliers.length;
  if (!isKnown) return false;
  let restocked = 0;
  let isNew = false;
  after.suppliers.forEach((stocks, index) => {
    const known = before.suppliers[index]!;
    let gained = false;
    for (const [product, units] of stocks) {
      const had = known.get(product) ?? 0;
      if (units <= had) continue;
      gained = true;
      // Only a `reassort` brings what a supplier did not have.
      if (had === 0) isNew = true;
    }
    if (gained) restocked++;
  });
  // A supplier that was restocked has an entry, beside the summary; sales may hide a gain, never add one.
  return isNew || restocked < entries - 1;
}

/** The types of restock, by the number of entries that remain for them. */
function restocks(before: EventClues, after: EventClues, entries: number): string[] {
  if (after.tick % RESTOCK_INTERVAL !== 0 || entries === 1) return ["reassort"];
  // One per supplier and a summary, or the same and the single entry of a `reassort`.
  const isBoth = entries >= 3 && hasBoth(before, after, entries);
  return isBoth ? ["reassort", "recharge_stock_fournisseur"] : ["recharge_stock_fournisseur"];
}

/**
 * The events of the turn between two payloads, by their differences: money that firms have beside
 * what they spent, and units that suppliers have beside what they sold, came from events.
 *
 * @returns Undefined where the payloads are not of two turns in a row.
 */
export function eventsBetween(
  { eventClues: before, eventCounts: known }: Mark,
  { eventClues: after, eventCounts }: Pick<Report, "eventClues" | "eventCounts">,
  tour: number,
): RecentEvent[] | undefined {
  if (before === undefined || after === undefined) return undefined;
  if (after.tick !== before.tick + 1) return undefined;
  const events: RecentEvent[] = [];
  let unknown = 0;
  for (const [type, entries] of eventCounts) {
    const added = entries - (known?.get(type) ?? 0);
    if (added <= 0) continue;
    if (type === UNKNOWN) unknown = added;
    else events.push({ tour, type });
  }
  if (unknown === 0) return events;

  const money = after.budget - before.budget + after.spent - before.spent;
  const tolerance = moneyTolerance(after.budget, after.spent);
  const units = Math.round(after.stock - before.stock + after.sold - before.sold);
  let left = unknown;
  if (money > tolerance) {
    events.push({ tour, type: "recharge_budget", total: Math.round(money * 100) / 100 });
    const firms = after.budgets.filter((budget, index) => budget > before.budgets[index]!).length;
    left -= firms + 1;
  }
  if (units > 0) {
    const types = restocks(before, after, left);
    // What each of two restocks brought cannot be told.
    for (const type of types) {
      events.push(types.length === 1 ? { tour, type, total: units } : { tour, type });
    }
  }
  if (money <= tolerance && units <= 0) events.push({ tour, type: UNKNOWN });
  return events;
}
