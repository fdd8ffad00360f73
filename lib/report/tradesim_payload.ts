/** Reads values out of TradeSim's payload, and notes what cannot be used. @module */

import type { TradesimPayload } from "../catalogue/mod.ts";
import {
  isLabelValue,
  isObject,
  isTime,
  type JsonObject,
  type KeyProblem,
  MAX_TOTAL,
} from "./report.ts";
import { TRADESIM_KEYS, type TradesimKey } from "./tradesim_keys.ts";

/** Why a known key's value cannot be used, if so. */
function problemOf({ json, kind, key }: TradesimKey, value: unknown): KeyProblem | undefined {
  switch (json) {
    case "number": {
      if (typeof value !== "number") return "type";
      if (!Number.isFinite(value)) return "not_finite";
      if (kind === "identity" && !Number.isSafeInteger(value)) return "range";
      const grows = kind === "identity" || kind === "total";
      return grows && (value < 0 || value > MAX_TOTAL) ? "range" : undefined;
    }
    case "string":
      if (typeof value !== "string") return "type";
      return key === "timestamp" && !isTime(Date.parse(value) / 1000) ? "range" : undefined;
    case "array":
      return Array.isArray(value) ? undefined : "type";
    case "object":
      // The reader leaves null in the place of what it skipped.
      return isObject(value) || (key === "stocks_historiques" && value === null)
        ? undefined
        : "type";
  }
}

interface Stock {
  readonly name: string;
  readonly units: number;
}

export interface Firm {
  readonly name: string;
  readonly continent: string;
  readonly budget: number;
  readonly opening?: number | undefined;
  readonly stocks: readonly Stock[];
}

interface Product {
  readonly name: string;
  readonly type: string;
  readonly price: number;
}

/** Reads values out of one payload and notes what cannot be used, each key once. */
export class Payload implements TradesimPayload {
  readonly problems = new Map<string, KeyProblem>();
  /** Keys that nobody knows. */
  readonly unknownKeys: string[] = [];
  readonly firms: readonly Firm[];
  readonly suppliers: readonly Firm[];
  readonly products: readonly Product[];
  readonly budgets: readonly number[];
  readonly prices: readonly number[];
  readonly #payload: JsonObject;

  constructor(payload: JsonObject, withStocks: boolean, withSuppliers = withStocks) {
    this.#payload = payload;
    for (const key of Object.keys(payload)) {
      const known = TRADESIM_KEYS.get(key);
      const problem = known && problemOf(known, payload[key]);
      if (problem !== undefined) this.problems.set(key, problem);
      else if (known === undefined) this.unknownKeys.push(key);
    }
    this.firms = this.#firms("entreprises_individuales", true, withStocks);
    this.suppliers = withSuppliers ? this.#firms("fournisseurs_individuales", false, true) : [];
    this.products = this.#items("produits_individuales", (item, problem) => {
      const name = label(item.nom, problem);
      const price = finite(item.prix, problem);
      if (name === undefined || price === undefined) return undefined;
      return { name, price, type: label(item.type, problem) ?? "" };
    });
    this.budgets = this.firms.map(({ budget }) => budget);
    this.prices = this.products.map(({ price }) => price);
  }

  get purchases(): readonly number[] {
    return this.counts("transactions_par_entreprise").map(([, count]) => count);
  }

  number(key: string): number | undefined {
    return this.#usable(key) ? this.#payload[key] as number : undefined;
  }

  text(key: string): string | undefined {
    return this.#usable(key) ? this.#payload[key] as string : undefined;
  }

  /** The finite, non-negative numbers of a flat object, by key. */
  counts(key: string): [string, number][] {
    if (!this.#usable(key)) return [];
    return Object.entries(this.#payload[key] as JsonObject).filter(
      (entry): entry is [string, number] => {
        const good = typeof entry[1] === "number" && entry[1] >= 0 && entry[1] <= MAX_TOTAL;
        if (!good) this.problems.set(key, "type");
        return good;
      },
    );
  }

  /** Only a known key was checked, so that no other may be read. */
  #usable(key: string): boolean {
    return Object.hasOwn(this.#payload, key) && TRADESIM_KEYS.has(key) && !this.problems.has(key);
  }

  /** The readable items of an array; a problem with some is noted, and the rest is used. */
  #items<Item>(
    key: string,
    read: (item: JsonObject, problem: (problem: KeyProblem) => void) => Item | undefined,
  ): Item[] {
    if (!this.#usable(key)) return [];
    const items: Item[] = [];
    const problem = (found: KeyProblem) => {
      this.problems.set(key, found);
    };
    for (const raw of this.#payload[key] as readonly unknown[]) {
      if (!isObject(raw)) {
        problem("type");
        continue;
      }
      const item = read(raw, problem);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  #firms(key: string, withBudget: boolean, withStocks: boolean): Firm[] {
    return this.#items(key, (item, problem) => {
      const name = label(item.nom, problem);
      const budget = withBudget ? finite(item.budget, problem) : 0;
      if (name === undefined || budget === undefined) return undefined;
      const continent = label(item.continent, problem) ?? "";
      const opening = Number.isFinite(item.budget_initial)
        ? item.budget_initial as number
        : undefined;
      return { name, budget, opening, continent, stocks: withStocks ? stocks(item, problem) : [] };
    });
  }
}

function label(value: unknown, problem: (problem: KeyProblem) => void): string | undefined {
  if (typeof value === "string" && isLabelValue(value)) return value;
  problem(typeof value === "string" && value !== "" ? "too_long" : "type");
  return undefined;
}

function finite(value: unknown, problem: (problem: KeyProblem) => void): number | undefined {
  if (Number.isFinite(value)) return value as number;
  problem(typeof value === "number" ? "not_finite" : "type");
  return undefined;
}

function stocks(item: JsonObject, problem: (problem: KeyProblem) => void): Stock[] {
  if (!Array.isArray(item.stocks_produits)) {
    problem("type");
    return [];
  }
  const found: Stock[] = [];
  for (const raw of item.stocks_produits as readonly unknown[]) {
    if (!isObject(raw)) {
      problem("type");
      continue;
    }
    const name = label(raw.nom_produit, problem);
    const units = finite(raw.stock, problem);
    if (name !== undefined && units !== undefined) found.push({ name, units });
  }
  return found;
}
