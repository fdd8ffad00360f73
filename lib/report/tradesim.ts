/** Turns TradeSim's payload, as its simulation posts and logs it, into a report. @module */

import { REPORTED_METRICS } from "../catalogue/mod.ts";
import {
  type Breakdown,
  type Details,
  type ExtraValue,
  finiteSum,
  type Inventory,
  isExtra,
  isLabelValue,
  type JsonObject,
  MAX_PARTS,
  MAX_PRICES,
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
import { TRADESIM_KEYS, useOf } from "./tradesim_keys.ts";
import { type Firm, Payload } from "./tradesim_payload.ts";

const FROM_TRADESIM = REPORTED_METRICS.flatMap(({ name, tradesim }) =>
  tradesim === undefined ? [] : [{ name, tradesim }]
);

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
