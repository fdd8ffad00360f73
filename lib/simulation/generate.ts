/** Generates new worlds. @module */

import { FIRM_NAMES, PRODUCT_NAMES, SUPPLIER_NAMES } from "./names.ts";
import type { Draws } from "./random.ts";
import {
  BUDGET_ENTREPRISE_MAX,
  BUDGET_ENTREPRISE_MIN,
  FACTEUR_PRIX_RANDOM_MAX,
  FACTEUR_PRIX_RANDOM_MIN,
  PRIX_PRODUIT_MAX,
  PRIX_PRODUIT_MIN,
  PRODUITS_PAR_FOURNISSEUR_MAX,
  PRODUITS_PAR_FOURNISSEUR_MIN,
  STOCK_PRODUIT_MAX,
  STOCK_PRODUIT_MIN,
  supplierPrice,
  TYPES_PRODUITS_PREFERES_MAX,
} from "./rules.ts";
import { checkSize, PRODUCT_TYPES, STRATEGIES, type World } from "./world.ts";

export interface WorldSize {
  readonly entreprises: number;
  readonly produits: number;
  readonly fournisseurs: number;
}

/** Draws `count` of the integers below `size` without putting any back, in the order drawn. */
export function sample(random: Draws, size: number, count: number): number[] {
  const left = Array.from({ length: size }, (_, index) => index);
  for (let index = 0; index < count; index++) {
    const other = index + random.below(size - index);
    [left[index], left[other]] = [left[other]!, left[index]!];
  }
  return left.slice(0, count);
}

/** Draws entries of a pool without putting any back; beyond its size they come again, numbered. */
function draw<Entry extends { readonly nom: string }>(
  random: Draws,
  pool: readonly Entry[],
  count: number,
): Entry[] {
  const order = sample(random, pool.length, Math.min(count, pool.length));
  return Array.from({ length: count }, (_, index) => {
    const entry = pool[order[index % order.length]!]!;
    const round = Math.floor(index / order.length);
    return round === 0 ? entry : { ...entry, nom: `${entry.nom} ${round + 1}` };
  });
}

/**
 * Makes a world of a size as TradeSim does: products, suppliers with their prices, firms, each with
 * its draws in that order. Of 12 products 8 to 12 are active, of others as large a part, the first
 * ones. Whatever the size, a supplier has 3 to 8 products.
 *
 * @param twoBudgets Whether budget and initial budget are two draws, as in TradeSim.
 * @throws {WorldError} When the size is none, or too large.
 */
export function generateWorld(
  random: Draws,
  { entreprises, produits, fournisseurs }: WorldSize,
  twoBudgets: boolean,
): World {
  checkSize(entreprises, produits, fournisseurs);
  const prices = draw(random, PRODUCT_NAMES, produits).map((entry) => ({
    ...entry,
    prix: random.between(PRIX_PRODUIT_MIN, PRIX_PRODUIT_MAX),
  }));
  const active = random.between(Math.ceil(produits * 2 / 3), produits);
  const budget = () => random.between(BUDGET_ENTREPRISE_MIN, BUDGET_ENTREPRISE_MAX);
  return {
    produits: prices.map(({ nom, type, prix }, index) => ({
      id: index + 1,
      nom,
      prix,
      actif: index < active,
      type,
    })),
    fournisseurs: draw(random, SUPPLIER_NAMES, fournisseurs).map(({ nom, pays, continent }, id) => {
      const stocks = new Array<number>(produits).fill(0);
      const prix = new Array<number>(produits).fill(0);
      const count = Math.min(
        produits,
        random.between(PRODUITS_PAR_FOURNISSEUR_MIN, PRODUITS_PAR_FOURNISSEUR_MAX),
      );
      for (const product of sample(random, produits, count)) {
        const stock = random.between(STOCK_PRODUIT_MIN, STOCK_PRODUIT_MAX);
        const factor = random.between(FACTEUR_PRIX_RANDOM_MIN, FACTEUR_PRIX_RANDOM_MAX);
        stocks[product] = stock;
        prix[product] = supplierPrice(prices[product]!.prix, stock, factor);
      }
      return { id: id + 1, nom, pays, continent, stocks, prix };
    }),
    entreprises: draw(random, FIRM_NAMES, entreprises).map(({ nom, pays, continent }, id) => {
      const budgetInitial = budget();
      return {
        id: id + 1,
        nom,
        pays,
        continent,
        budget: twoBudgets ? budget() : budgetInitial,
        budgetInitial,
        typesPreferes: sample(
          random,
          PRODUCT_TYPES.length,
          random.between(1, TYPES_PRODUITS_PREFERES_MAX),
        ).map((type) => PRODUCT_TYPES[type]!),
        strategie: STRATEGIES[random.below(STRATEGIES.length)]!,
        stocks: new Array<number>(produits).fill(0),
      };
    }),
  };
}
