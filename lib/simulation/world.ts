/** A world: firms, products and suppliers with their prices, as plain values. @module */

import { UserError } from "../error/mod.ts";
import type { RandomState } from "./random.ts";

export const PRODUCT_TYPES = ["matiere_premiere", "consommable", "produit_fini"] as const;
export type ProductType = (typeof PRODUCT_TYPES)[number];

/** What TradeSim notes for a firm; it buys the cheapest in any case. */
export const STRATEGIES = ["moins_cher", "par_type"] as const;

/** Amounts are integer cents, stocks are units. Lists by product are in the order of `produits`. */
export interface World {
  /** When TradeSim made it. Kept as it was read. */
  readonly dateCreation?: string;
  readonly produits: readonly Produit[];
  readonly fournisseurs: readonly Fournisseur[];
  readonly entreprises: readonly Entreprise[];
  /** What a game needs to go on as if it had never stopped. Absent in worlds that TradeSim saved. */
  readonly reprise?: Reprise;
}

export interface Produit {
  /** Unique among products, like the id of a firm among firms and of a supplier among suppliers. */
  readonly id: number;
  readonly nom: string;
  /** The base price. */
  readonly prix: number;
  /** Whether it can be bought now. */
  readonly actif: boolean;
  readonly type: ProductType;
}

export interface Fournisseur {
  readonly id: number;
  readonly nom: string;
  readonly pays: string;
  readonly continent: string;
  /** Units of each product. */
  readonly stocks: readonly number[];
  /** Its price of each product; 0 if it has no price, so that nobody can buy there. */
  readonly prix: readonly number[];
}

export interface Entreprise {
  readonly id: number;
  readonly nom: string;
  readonly pays: string;
  readonly continent: string;
  readonly budget: number;
  readonly budgetInitial: number;
  readonly typesPreferes: readonly ProductType[];
  readonly strategie: string;
  /** Units of each product. */
  readonly stocks: readonly number[];
}

/** What a game remembers beside its world. Only a game of the same rules can take it up. */
export interface Reprise {
  readonly commeTradesim: boolean;
  /** Turns played since the world was made. */
  readonly tick: number;
  readonly alea: RandomState;
  /** By product; null where its price was never raised. */
  readonly inflations: readonly (Inflation | null)[];
  /** By supplier, what it asks for each product at the product's original price; 0 for no price. */
  readonly prixOrigine: readonly (readonly number[])[];
}

/** The last rise of a product's price. */
export interface Inflation {
  readonly tick: number;
  /** The price to which it returns, before the 10 % that stay. */
  readonly prixOrigine: number;
  readonly prixApres: number;
}

/** A world that cannot be read or played. The message is for its author. */
export class WorldError extends UserError {}

/** Firms, products or suppliers at most. */
export const MAX_COUNT = 1_000_000;

/** Stocks are kept for every firm and product, and every supplier and product: at most so many. */
export const MAX_CELLS = 2 ** 25;

/**
 * Refuses a world that would not fit into memory or that lacks a side of the market.
 *
 * @throws {WorldError}
 */
export function checkSize(entreprises: number, produits: number, fournisseurs: number): void {
  for (const [name, count] of Object.entries({ entreprises, produits, fournisseurs })) {
    if (!Number.isInteger(count) || count < 1 || count > MAX_COUNT) {
      throw new WorldError(
        `Cannot make the world: it has ${count} ${name}, expected 1 to ${MAX_COUNT}`,
      );
    }
  }
  const cells = Math.max(entreprises, fournisseurs) * produits;
  if (cells > MAX_CELLS) {
    throw new WorldError(
      `Cannot make the world: it has ${cells} stocks of firms or suppliers, expected at most ${MAX_CELLS}`,
    );
  }
}
