/** The numbers and formulas of TradeSim's rules; amounts are integer cents. @module */

// The names are those of TradeSim's own settings, where it has one. Chances are in percent.

/** Events are tried on every second tick, the first being tick 0. */
export const TICK_INTERVAL_EVENT = 2;

export const QUANTITE_ACHAT_MIN = 1;
export const QUANTITE_ACHAT_MAX = 40;

export const BUDGET_ENTREPRISE_MIN = 18_000_00;
export const BUDGET_ENTREPRISE_MAX = 35_000_00;
export const PRIX_PRODUIT_MIN = 5_00;
export const PRIX_PRODUIT_MAX = 50_00;
export const TYPES_PRODUITS_PREFERES_MAX = 2;
export const PRODUITS_PAR_FOURNISSEUR_MIN = 3;
export const PRODUITS_PAR_FOURNISSEUR_MAX = 8;
export const STOCK_PRODUIT_MIN = 10;
export const STOCK_PRODUIT_MAX = 200;
/** In ten-thousandths. */
export const FACTEUR_PRIX_RANDOM_MIN = 9500;
export const FACTEUR_PRIX_RANDOM_MAX = 10_500;

export const CHANCE_INFLATION = 40;
/** A second draw that the event itself makes. */
export const INFLATION_CHANCE = 50;
/** One product is the target, else a whole type. */
export const CHANCE_INFLATION_PRODUIT = 50;
/** In hundredths of a percent, as all of inflation. */
export const INFLATION_POURCENTAGE_MIN = 30_00;
export const INFLATION_POURCENTAGE_MAX = 60_00;
const PENALITE_INFLATION_PRODUIT_EXISTANT = 15_00;
const INFLATION_POURCENTAGE_PENALISE_MIN = 5_00;
/** In ticks. */
const DUREE_PENALITE_INFLATION = 50;
export const DUREE_RETOUR_INFLATION = 30;
export const DUREE_BAISSE_INFLATION = 15;
/** In percent above the original price. */
const POURCENTAGE_FINAL_INFLATION = 10;

export const CHANCE_RECHARGE_BUDGET = 50;
export const CHANCE_RECHARGE_ENTREPRISE = 70;
/** In whole euros. */
export const RECHARGE_BUDGET_MIN = 4000;
export const RECHARGE_BUDGET_MAX = 8000;

export const CHANCE_REASSORT = 50;
export const CHANCE_REASSORT_PRODUIT = 30;
export const REASSORT_QUANTITE_MIN = 10;
export const REASSORT_QUANTITE_MAX = 50;

export const CHANCE_VARIATION_DISPONIBILITE = 30;
/** A second draw that the event itself makes. */
export const CHANCE_VARIATION = 50;
/** One product in five changes, and at least one. */
export const PART_VARIATION = 5;

export const CHANCE_RECHARGE_STOCK_FOURNISSEUR = 40;
/** In ticks. */
export const RECHARGE_FOURNISSEUR_INTERVAL = 20;
export const PROBABILITE_RECHARGE_FOURNISSEUR = 40;
export const PROBABILITE_RECHARGE_PRODUIT = 60;
export const RECHARGE_QUANTITE_MIN = 10;
export const RECHARGE_QUANTITE_MAX = 50;

/**
 * No price rises above a thousand million euros. TradeSim knows no limit, but its prices can grow
 * without end, and amounts are exact only up to 2⁵³.
 */
export const PRIX_MAX = 100_000_000_000;

/** In the game as TradeSim plays it, the id after this many purchases or turns cannot be made. */
export const IDS_MAX = 100_000;

/**
 * `numerator / denominator` to the nearest integer, halves up. Single operations of IEEE 754
 * doubles, so that every machine rounds alike.
 */
export function rounded(numerator: number, denominator: number): number {
  return Math.floor(numerator / denominator + 0.5);
}

function price(numerator: number, denominator: number): number {
  return Math.min(PRIX_MAX, Math.max(1, rounded(numerator, denominator)));
}

/**
 * What a supplier asks for a product: less by a thousandth of the base price for each unit of stock
 * above 50 (more for each below), times a factor in ten-thousandths. Stock of 1050 and more would
 * make it free; a cent is the least.
 */
export function supplierPrice(base: number, stock: number, factor: number): number {
  return price(base * (1050 - stock) * factor, 10_000_000);
}

/** A price after inflation by so many hundredths of a percent. */
export function inflated(before: number, hundredths: number): number {
  return price(before * (10_000 + hundredths), 10_000);
}

/** The share that is left of an inflation when the product's last one was `ticks` ago. */
export function penalised(hundredths: number, ticks: number): number {
  return ticks > DUREE_PENALITE_INFLATION ? hundredths : Math.max(
    hundredths - PENALITE_INFLATION_PRODUIT_EXISTANT,
    INFLATION_POURCENTAGE_PENALISE_MIN,
  );
}

/**
 * A price on its way back, `step` ticks of 15 after it began to fall from `peak`: linear, down to
 * the original price and 10 %.
 */
export function fallen(peak: number, original: number, step: number): number {
  const target = Math.min(peak, price(original * (100 + POURCENTAGE_FINAL_INFLATION), 100));
  return price(
    peak * (DUREE_BAISSE_INFLATION - step) + target * step,
    DUREE_BAISSE_INFLATION,
  );
}

/** A supplier's price when the base price is `base`, and was `original` when he asked `quote`. */
export function proportional(quote: number, base: number, original: number): number {
  return base === original ? quote : price(quote * base, original);
}
