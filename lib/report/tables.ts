/** Makes the detail tables of everything that there is in a game. @module */

import type { DetailTable, DetailTables } from "./report.ts";

interface Holder {
  readonly name: string;
  readonly stocks: readonly { readonly name: string; readonly units: number }[];
}

export interface ListedFirm extends Holder {
  readonly budget: number;
  readonly opening?: number | undefined;
}

export interface ListedSupplier extends Holder {
  /** In the order of the products; null where he has none. */
  readonly prices?: readonly (number | null)[] | undefined;
}

export interface ListedProduct {
  readonly name: string;
  readonly price: number;
  readonly active?: boolean | undefined;
}

/** What an input lists. Money is in euros. */
export interface Listing {
  readonly firms: readonly ListedFirm[];
  readonly suppliers: readonly ListedSupplier[];
  readonly products: readonly ListedProduct[];
}

type Row = readonly [labels: readonly string[], value: number];

function table(rows: readonly Row[]): DetailTable {
  return { labels: rows.map(([labels]) => labels), values: rows.map(([, value]) => value) };
}

function stockTable(holders: readonly Holder[]): DetailTable {
  return table(
    holders.flatMap(({ name, stocks }) =>
      stocks.map((stock): Row => [[name, stock.name], stock.units])
    ),
  );
}

/** The rank of each firm by its budget; those that have the same share the better one. */
function ranks(firms: readonly ListedFirm[]): Row[] {
  const ascending = Float64Array.from(firms, ({ budget }) => budget).sort();
  const better = new Map<number, number>();
  ascending.forEach((budget, index) => better.set(budget, firms.length - 1 - index));
  return firms.map(({ name, budget }) => [[name], better.get(budget)! + 1]);
}

/** A firm's profit in euros; budgets may be further apart than numbers reach. */
function profit({ name, budget, opening }: ListedFirm): Row[] {
  const cents = opening === undefined ? NaN : Math.round((budget - opening) * 100);
  return Number.isFinite(cents) ? [[[name], cents / 100]] : [];
}

function priceTable({ suppliers, products }: Listing): DetailTable {
  return table(
    suppliers.flatMap(({ name, prices = [] }) =>
      prices.slice(0, products.length).flatMap((price, index): Row[] =>
        price === null ? [] : [[[name, products[index]!.name], price]]
      )
    ),
  );
}

/** The tables of the catalogue's detail metrics; what an input does not list has none. */
export function tablesOf(listing: Listing): DetailTables {
  const { firms, suppliers, products } = listing;
  const active = products.flatMap(({ name, active }): Row[] =>
    active === undefined ? [] : [[[name], Number(active)]]
  );
  const tables: [string, DetailTable][] = [
    ["entreprise_budget", table(firms.map(({ name, budget }) => [[name], budget]))],
    ["entreprise_benefice", table(firms.flatMap(profit))],
    ["entreprise_rang", table(ranks(firms))],
    ["produit_prix", table(products.map(({ name, price }) => [[name], price]))],
    ["produit_actif", table(active)],
    ["entreprise_stock", stockTable(firms)],
    ["fournisseur_stock", stockTable(suppliers)],
    ["fournisseur_prix", priceTable(listing)],
  ];
  const optional = ["entreprise_benefice", "produit_actif", "fournisseur_prix"];
  return new Map(
    tables.filter(([name, { values }]) => values.length > 0 || !optional.includes(name)),
  );
}
