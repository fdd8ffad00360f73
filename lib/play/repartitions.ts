/** Breaks the numbers of a game down by continent and product type, for `repartitions`. @module */

import type { RestOfReport } from "../publish/mod.ts";
import { type Game, PRODUCT_TYPES } from "../simulation/mod.ts";

type Repartitions = NonNullable<RestOfReport["repartitions"]>;

const TYPES = PRODUCT_TYPES.length;

/** Units of a product that all firms hold. */
function heldOf(held: Readonly<Float64Array>, firms: number, product: number): number {
  const products = held.length / firms;
  let units = 0;
  for (let cell = product; cell < held.length; cell += products) units += held[cell]!;
  return units;
}

/** Adds numbers of a game up by continent, by product type, and by both. */
function createSums({ shares, world: { entreprises: firms } }: Game) {
  const continents = [...new Set(firms.map(({ continent }) => continent))];
  /** Index of each firm's continent. */
  const continentOf = firms.map(({ continent }) => continents.indexOf(continent));

  function byContinent(read: (firm: number) => number): { continent: string; valeur: number }[] {
    const sums = new Array<number>(continents.length).fill(0);
    continentOf.forEach((continent, firm) => sums[continent]! += read(firm));
    return sums.map((valeur, index) => ({ continent: continents[index]!, valeur }));
  }

  /** Numbers of firms and types, in a unit of so many to one. */
  function byBoth(values: Readonly<Float64Array>, unit = 1) {
    const sums = new Float64Array(continents.length * TYPES);
    continentOf.forEach((continent, firm) => {
      for (let type = 0; type < TYPES; type++) {
        sums[continent * TYPES + type]! += values[firm * TYPES + type]!;
      }
    });
    return Array.from(sums, (sum, part) => ({
      continent: continents[Math.floor(part / TYPES)]!,
      produit_type: PRODUCT_TYPES[part % TYPES]!,
      valeur: sum / unit,
    }));
  }

  function byType(read: (product: number) => number) {
    const sums = new Array<number>(TYPES).fill(0);
    shares.types.forEach((type, product) => sums[type]! += read(product));
    return sums.map((valeur, type) => ({ produit_type: PRODUCT_TYPES[type]!, valeur }));
  }

  return { byContinent, byBoth, byType };
}

/** Makes the function that breaks the numbers of a game down as they are now; amounts in euros. */
export function createRepartitions(game: Game): () => Repartitions {
  const { shares, world: { entreprises: firms } } = game;
  const { byContinent, byBoth, byType } = createSums(game);
  return () => {
    const { budgets, bought, failed, spent, volumes, delivered, units, held, active } = shares;
    const attempted = bought.map((count, part) => count + failed[part]!);
    return {
      budget_total: byContinent((firm) => budgets[firm]!).map(({ continent, valeur }) => ({
        continent,
        valeur: valeur / 100,
      })),
      entreprises_total: byContinent(() => 1),
      entreprises_solvables: byContinent((firm) => Number(budgets[firm]! > 0)),
      transactions_total: byBoth(attempted),
      transactions_reussies_total: byBoth(bought),
      transactions_echouees_total: byBoth(failed),
      transactions_montant_total: byBoth(spent, 100),
      transactions_unites_total: byBoth(volumes),
      livraisons_unites_total: Array.from(delivered, (valeur, type) => ({
        produit_type: PRODUCT_TYPES[type]!,
        valeur,
      })),
      stock_fournisseurs_unites: byType((product) => units[product]!),
      stock_entreprises_unites: byType((product) => heldOf(held, firms.length, product)),
      produits_epuises: byType((product) => Number(units[product] === 0)),
      produits_total: byType(() => 1),
      produits_actifs: byType((product) => active[product]!),
      produits_inactifs: byType((product) => 1 - active[product]!),
    };
  };
}
