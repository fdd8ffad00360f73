/** Turns TradeSim's payload, as its simulation posts and logs it, into a report. @module */

import { REPORTED_METRICS, type TradesimPayload } from "../catalogue/mod.ts";
import {
  type Breakdown,
  type Details,
  type ExtraValue,
  finiteSum,
  type Inventory,
  isExtra,
  isLabelValue,
  isObject,
  isTime,
  type JsonObject,
  type KeyProblem,
  MAX_PARTS,
  MAX_PRICES,
  MAX_TOTAL,
  NO_SESSION,
  type Part,
  type Reading,
  type ReadOptions,
  Refused,
  type Report,
  type TurnSeconds,
} from "./report.ts";
import { wholeOf } from "./json_reader.ts";
import { tablesOf } from "./tables.ts";
import { eventClues, needsSuppliers } from "./tradesim_events.ts";
import { TRADESIM_KEYS, type TradesimKey, useOf } from "./tradesim_keys.ts";

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

interface Firm {
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

const FROM_TRADESIM = REPORTED_METRICS.flatMap(({ name, tradesim }) =>
  tradesim === undefined ? [] : [{ name, tradesim }]
);

/** Reads values out of one payload and notes what cannot be used, each key once. */
class Payload implements TradesimPayload {
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

/** Adds the values that share a label. What has no name of its own is left to the reader of the parts. */
function breakdown(
  name: "continent" | "produit_type",
  entries: Iterable<readonly [string, number]>,
): readonly Breakdown[] {
  const sums = new Map<string, number>();
  for (const [value, amount] of entries) {
    if (!isLabelValue(value) || (sums.size === MAX_PARTS && !sums.has(value))) continue;
    sums.set(value, (sums.get(value) ?? 0) + amount);
  }
  // Each is finite, but their sum may not be; it could not be saved.
  if (sums.size === 0 || !sums.values().every(Number.isFinite)) return [];
  const parts = Array.from(
    sums,
    ([value, sum]): Part => ({ labels: { [name]: value }, value: sum }),
  );
  return [{ labels: [name], parts }];
}

/** Every breakdown that the payload allows, by metric. */
function breakdowns(payload: Payload): ReadonlyMap<string, readonly Breakdown[]> {
  const { firms, products } = payload;
  const continents = new Map(firms.map((firm) => [firm.name, firm.continent]));
  const types = new Map(products.map((product) => [product.name, product.type]));
  const bought = (key: string, of: ReadonlyMap<string, string>) =>
    payload.counts(key).map(([name, count]) => [of.get(name) ?? "", count] as const);
  return new Map([
    [
      "budget_total",
      breakdown("continent", firms.map((firm) => [firm.continent, firm.budget])),
    ],
    ["entreprises_total", breakdown("continent", payload.counts("entreprises_par_continent"))],
    [
      "entreprises_solvables",
      breakdown("continent", firms.map((firm) => [firm.continent, firm.budget > 0 ? 1 : 0])),
    ],
    ["transactions_reussies_total", [
      ...breakdown("continent", bought("transactions_par_entreprise", continents)),
      ...breakdown("produit_type", bought("transactions_par_produit", types)),
    ]],
    ["produits_total", breakdown("produit_type", payload.counts("produits_par_type"))],
  ]);
}

/** All of a payload. Stocks that turn out to be no JSON are left out. */
function withStocks(raw: JsonObject): Payload {
  try {
    return new Payload(wholeOf(raw) as JsonObject, true);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return new Payload(raw, true);
  }
}

/** Everything that the payload lists; a stock of a product that it does not list is left out. */
function inventoryOf({ firms, suppliers, products }: Payload): Inventory {
  const places = new Map(products.map(({ name }, place) => [name, place]));
  const unitsOf = ({ stocks }: Firm) => {
    const units = new Array<number>(products.length).fill(0);
    for (const stock of stocks) {
      const place = places.get(stock.name);
      if (place !== undefined) units[place]! += stock.units;
    }
    return units;
  };
  return {
    produits: products.map(({ name, price }) => ({ nom: name, prix: price })),
    entreprises: firms.map((firm) => ({
      nom: firm.name,
      budget: firm.budget,
      stocks: unitsOf(firm),
    })),
    fournisseurs: suppliers.map((firm) => ({ nom: firm.name, stocks: unitsOf(firm) })),
  };
}

/** Keys that TradeSim is known to fill wrongly, beside which others are judged. */
const CLAIMS = ["budget_total", "budget_gains_totaux"];

/** What a payload tells of the whole game. It does not say which products can be bought. */
function economyOf(payload: Payload): Pick<Report, "prices" | "listedBudgets" | "claims"> {
  const { firms, products, budgets, prices } = payload;
  const claims = CLAIMS.flatMap((key): [string, number][] => {
    const value = payload.number(key);
    return value === undefined ? [] : [[key, value]];
  });
  return {
    prices: products.length === 0 ? undefined : {
      names: products.slice(0, MAX_PRICES).map(({ name }) => name),
      values: prices.slice(0, MAX_PRICES),
    },
    listedBudgets: firms.length === 0 ? undefined : finiteSum(budgets),
    claims: new Map(claims),
  };
}

function turnSeconds(payload: Payload): TurnSeconds | undefined {
  const turns = payload.number("total_mesures");
  const sum = payload.number("total_temps");
  if (turns === undefined || sum === undefined || !Number.isInteger(turns)) return undefined;
  return { turns, sum };
}

/** The keys that nothing else uses, for `--all-keys`; and how many nobody knows. */
function extraOf(
  raw: JsonObject,
  payload: Payload,
  { allKeys = false }: ReadOptions,
): { extra: ReadonlyMap<string, ExtraValue>; unknownKeys: number } {
  const extra = new Map<string, ExtraValue>();
  const { unknownKeys } = payload;
  if (!allKeys) return { extra, unknownKeys: unknownKeys.length };
  for (const known of TRADESIM_KEYS.values()) {
    const value = useOf(known) === "all-keys" ? payload.number(known.key) : undefined;
    const type = known.kind === "total" ? "counter" : "gauge";
    if (value !== undefined) extra.set(known.key, { type, value });
  }
  const unusable = unknownKeys.filter((key) => {
    const value = raw[key];
    if (!isExtra(key, value)) return true;
    extra.set(key, { type: "gauge", value });
    return false;
  });
  return { extra, unknownKeys: unusable.length };
}

/**
 * Reads one payload of TradeSim.
 *
 * Its ticks count from 0 and are sent before the counters move, so the turn that a payload tells
 * of is `tour_actuel`, or the tick and one. Keys that TradeSim freezes at turn 1 serve only where
 * it sends no live one.
 *
 * @throws {Refused} When the session's name cannot become a label.
 */
export function readTradesim(raw: JsonObject, options: ReadOptions): Reading {
  const isRestockNear = Number.isInteger(raw.tick) && needsSuppliers(raw.tick as number);
  const { detail = false } = options;
  const hasStocks = detail || isRestockNear;
  const payload = new Payload(hasStocks ? wholeOf(raw) as JsonObject : raw, detail, hasStocks);
  const session = payload.text("session_id") || NO_SESSION;
  if (!isLabelValue(session)) {
    throw new Refused(
      "session",
      `Cannot take the report: "session_id" cannot be a label, expected at most 128 bytes of text`,
    );
  }
  const tick = payload.number("tick") ?? payload.number("tick_actuel") ??
    payload.number("tours_completes");
  const turn = payload.number("tour_actuel") ?? (tick === undefined ? undefined : tick + 1);
  const timestamp = payload.text("timestamp");

  const values = new Map<string, number>();
  for (const { name, tradesim } of FROM_TRADESIM) {
    // The first key that is there, even if it cannot be used: what is behind it may be frozen.
    const value = "keys" in tradesim
      ? payload.number(tradesim.keys.find((key) => Object.hasOwn(raw, key)) ?? "")
      : tradesim.read(payload);
    // What is computed, as a difference, may be beyond all numbers.
    if (value !== undefined && Number.isFinite(value)) values.set(name, value);
  }
  const eventCounts = new Map(
    payload.counts("evenements_par_type").filter(([type]) => isLabelValue(type))
      .slice(0, MAX_PARTS),
  );
  const { extra, unknownKeys } = extraOf(raw, payload, options);
  const report: Report = {
    format: "tradesim",
    session,
    order: turn,
    tick,
    turn,
    timestamp: timestamp === undefined ? undefined : Date.parse(timestamp) / 1000,
    finished: false,
    values,
    breakdowns: options.breakdowns ? breakdowns(payload) : new Map(),
    turnSeconds: turnSeconds(payload),
    events: new Map(),
    eventCounts,
    eventClues: eventClues(payload, tick),
    ...economyOf(payload),
    extra,
  };
  const details: Details = {
    tables: detail ? tablesOf(payload) : new Map(),
    columns: new Map(),
    recentEvents: [],
    inventory: payload.firms.length > 0 || payload.products.length > 0
      ? () => inventoryOf(withStocks(raw))
      : undefined,
  };
  // Last, because reading is what finds the problems.
  const problems = Array.from(payload.problems, ([key, problem]) => ({ key, problem }));
  return { report, details, noticed: { problems, unknownKeys } };
}
