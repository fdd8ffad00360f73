/** Keeps the inventory of a game within bounds. @module */

import type { Inventory } from "../report/mod.ts";

/** Maximum size of an inventory, in characters of JSON. */
const MAX_INVENTORY = 64 * 1024;

/** An inventory with its size. If it is too large, its stocks are dropped, and then a part of its items. */
export function bounded(whole: Inventory): { value: Inventory; size: number } {
  const withoutStocks = <Holder extends { readonly stocks: readonly number[] }>(
    holders: readonly Holder[],
  ) => holders.map((holder) => ({ ...holder, stocks: [] }));
  let value = whole;
  let size = sizeOf(value);
  if (size <= MAX_INVENTORY) return { value, size };
  value = {
    ...value,
    entreprises: withoutStocks(value.entreprises),
    fournisseurs: withoutStocks(value.fournisseurs),
  };
  for (size = sizeOf(value); size > MAX_INVENTORY; size = sizeOf(value)) {
    const { produits, entreprises, fournisseurs } = value;
    const share = 0.9 * MAX_INVENTORY / size;
    const first = <Item>(items: readonly Item[]) =>
      items.slice(0, Math.floor(items.length * share));
    value = {
      produits: first(produits),
      entreprises: first(entreprises),
      fournisseurs: first(fournisseurs),
    };
  }
  return { value, size };
}

function sizeOf(inventory: Inventory): number {
  return JSON.stringify(inventory).length;
}
