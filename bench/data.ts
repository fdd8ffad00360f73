/** Inputs that the benchmarks share: payloads as large as TradeSim's, and reports of many series. @module */

import { NATIVE_TYPE, NATIVE_VERSION } from "../lib/report/mod.ts";
import { type GameOptions, payloadAt } from "../tests/harness/tradesim.ts";
import { COLUMN_NAMES } from "../lib/turns/mod.ts";
import recorded from "../tests/testdata/tour-005.json" with { type: "json" };

/** Turns of history in a payload of 0.18, 0.78 and 3.4 MB; the last is near TradeSim's largest. */
export const HISTORY_TURNS = [1, 5, 25] as const;

function escapeCharacter(character: string): string {
  return "\\u" + character.charCodeAt(0).toString(16).padStart(4, "0");
}

/** JSON as Python's `json.dumps` spaces and escapes it. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([key, item]) =>
      `${pythonJson(key)}: ${pythonJson(item)}`
    );
    return `{${members.join(", ")}}`;
  }
  return JSON.stringify(value).replace(/[^ -~]/g, escapeCharacter);
}

/** The recorded `stocks_historiques`, cut or grown to so many turns in all of its four lists. */
function historyOf(turns: number): unknown {
  const { entreprises, fournisseurs, evolution } = recorded.stocks_historiques;
  const oneTurn = { entreprises, fournisseurs };
  const grown = (key: keyof typeof oneTurn) => {
    const first = oneTurn[key].filter(({ tour }) => tour === 0);
    return Array.from(
      { length: turns },
      (_, tour) =>
        first.map((record, index) => ({ ...record, tour, stock: (index * 7 + tour) % 150 })),
    ).flat();
  };
  const periods = [5, 10, 15, 20].filter((period) => period <= turns);
  const evolutions = (records: readonly { periode: string }[]) =>
    periods.flatMap((period) =>
      records.map((record) => ({ ...record, periode: `${period}_tours` }))
    );
  return {
    entreprises: grown("entreprises"),
    fournisseurs: grown("fournisseurs"),
    evolution: {
      entreprises: evolutions(evolution.entreprises),
      fournisseurs: evolutions(evolution.fournisseurs),
    },
  };
}

/** Makes payloads of one size, each one turn's report of a game. */
export function createPayloads(
  historyTurns: number,
): (game: GameOptions, turn: number) => Uint8Array<ArrayBuffer> {
  const history = pythonJson(historyOf(historyTurns));
  const encoder = new TextEncoder();
  return (game, turn) => {
    const { stocks_historiques: _, ...payload } = payloadAt(game, turn);
    return encoder.encode(
      `${pythonJson(payload).slice(0, -1)}, "stocks_historiques": ${history}}`,
    );
  };
}

const FIRMS = 60;
const SUPPLIERS = 20;
const PRODUCTS = 120;

const FIRM_NAMES = ["Société Générale d'Électricité", "Café de l'Œuvre", "Bâtiments & Forêts"];
const SUPPLIER_NAMES = ["Île-de-France Négoce", "Fonderie Müller-Lefèvre"];
const PRODUCT_NAMES = [
  "Antioxydant",
  "Pièce détachée",
  "Crème brûlée",
  'Maïs "doré"',
  "Bœuf séché",
];

function nameOf(names: readonly string[], index: number): string {
  return `${names[index % names.length]} ${index + 1}`;
}

/** A native report whose `--detail` comes to 9 780 series; every number differs from turn to turn. */
export function manySeriesReport(session: string, turn: number): Record<string, unknown> {
  const stocks = (holder: number) =>
    Array.from({ length: PRODUCTS }, (_, product) => (holder * 31 + product * 7 + turn) % 1000);
  return {
    type: NATIVE_TYPE,
    version: NATIVE_VERSION,
    session,
    rapport: turn,
    tour: turn,
    timestamp: 1_795_000_000 + turn,
    budget_total: 1_000_000 + turn,
    budget_moyen: 20_000 + turn / 10,
    budget_min: turn / 4,
    budget_max: 30_000 + turn,
    entreprises_total: FIRMS,
    transactions_reussies_total: turn * 4,
    transactions_total: turn * 5,
    transactions_montant_total: turn * 10.25,
    produits_total: PRODUCTS,
    produits_actifs: turn % PRODUCTS,
    detail: {
      produits: Array.from({ length: PRODUCTS }, (_, product) => ({
        nom: nameOf(PRODUCT_NAMES, product),
        prix: Math.round((5 + product * 0.37 + turn * 0.01) * 100) / 100,
      })),
      entreprises: Array.from({ length: FIRMS }, (_, firm) => ({
        nom: nameOf(FIRM_NAMES, firm),
        budget: 18_000 + firm * 11.5 + turn,
        stocks: stocks(firm),
      })),
      fournisseurs: Array.from({ length: SUPPLIERS }, (_, supplier) => ({
        nom: nameOf(SUPPLIER_NAMES, supplier),
        stocks: stocks(FIRMS + supplier),
      })),
    },
  };
}

/** A native report that tells of the `turns` turns up to `last`, with all columns and some events. */
export function nativeReport(session: string, last: number, turns: number): Uint8Array {
  const tour = Array.from({ length: turns }, (_, index) => last - turns + 1 + index);
  const amounts = tour.map((turn) => (turn * 7919 % 10_000_019) / 100);
  return new TextEncoder().encode(JSON.stringify({
    type: NATIVE_TYPE,
    version: NATIVE_VERSION,
    session,
    rapport: last,
    tour: last,
    timestamp: 1_795_000_000 + last / 1000,
    budget_total: amounts.at(-1),
    evenements_recents: tour.slice(-20).map((turn) => ({ tour: turn, type: "inflation" })),
    colonnes: { ...Object.fromEntries(COLUMN_NAMES.map((name) => [name, amounts])), tour },
  }));
}
