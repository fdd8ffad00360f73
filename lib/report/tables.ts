/** Makes the detail tables of everything that there is in a game. @module */

import type { DetailTable, DetailTables } from "./report.ts";

interface Holder {
  readonly name: string;
  readonly stocks: readonly { readonly name: string; readonly units: number }[];
}

interface Things {
  readonly firms: readonly (Holder & { readonly budget: number })[];
  readonly suppliers: readonly Holder[];
  readonly products: readonly { readonly name: string; readonly price: number }[];
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

export function tablesOf({ firms, suppliers, products }: Things): DetailTables {
  return new Map([
    ["entreprise_budget", table(firms.map(({ name, budget }) => [[name], budget]))],
    ["produit_prix", table(products.map(({ name, price }) => [[name], price]))],
    ["entreprise_stock", stockTable(firms)],
    ["fournisseur_stock", stockTable(suppliers)],
  ]);
}
