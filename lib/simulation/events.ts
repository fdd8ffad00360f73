/** The five events: each draws its chances and changes the market. @module */

import { sample } from "./generate.ts";
import { type Market, NEVER } from "./market.ts";
import type { Draws } from "./random.ts";
import {
  CHANCE_INFLATION,
  CHANCE_INFLATION_PRODUIT,
  CHANCE_REASSORT,
  CHANCE_REASSORT_PRODUIT,
  CHANCE_RECHARGE_BUDGET,
  CHANCE_RECHARGE_ENTREPRISE,
  CHANCE_RECHARGE_STOCK_FOURNISSEUR,
  CHANCE_VARIATION,
  CHANCE_VARIATION_DISPONIBILITE,
  FACTEUR_PRIX_RANDOM_MAX,
  FACTEUR_PRIX_RANDOM_MIN,
  inflated,
  INFLATION_CHANCE,
  INFLATION_POURCENTAGE_MAX,
  INFLATION_POURCENTAGE_MIN,
  PART_VARIATION,
  penalised,
  PROBABILITE_RECHARGE_FOURNISSEUR,
  PROBABILITE_RECHARGE_PRODUIT,
  REASSORT_QUANTITE_MAX,
  REASSORT_QUANTITE_MIN,
  RECHARGE_BUDGET_MAX,
  RECHARGE_BUDGET_MIN,
  RECHARGE_FOURNISSEUR_INTERVAL,
  RECHARGE_QUANTITE_MAX,
  RECHARGE_QUANTITE_MIN,
  supplierPrice,
} from "./rules.ts";
import { PRODUCT_TYPES } from "./world.ts";

/** In the order in which they are tried. */
export const EVENT_TYPES = [
  "inflation",
  "recharge_budget",
  "reassort",
  "variation_disponibilite",
  "recharge_stock_fournisseur",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What an event did. */
export interface Effect {
  /** Firms (recharge_budget), suppliers (recharge_stock_fournisseur) or else products concerned. */
  readonly nombre: number;
  /**
   * What it added: cents of base prices (inflation) or of budgets, units of stock; for
   * variation_disponibilite, how many more products are active.
   */
  readonly total: number;
  /** Entries that TradeSim would write into its log. */
  readonly entrees: number;
}

/** What an event works on. */
export interface Stage {
  readonly market: Market;
  readonly random: Draws;
  /** The tick of this turn. */
  readonly tick: number;
  readonly commeTradesim: boolean;
}

function productsThatAre(market: Market, isActive: boolean): number[] {
  const products: number[] = [];
  for (let product = 0; product < market.products; product++) {
    if ((market.active[product] === 1) === isActive) products.push(product);
  }
  return products;
}

/** Draws a product's price after inflation, and notes the inflation. */
function drawRaisedPrice({ market, random, tick }: Stage, product: number): number {
  const drawn = random.between(INFLATION_POURCENTAGE_MIN, INFLATION_POURCENTAGE_MAX);
  const last = market.inflationTick[product]!;
  const rise = last === NEVER ? drawn : penalised(drawn, tick - last);
  const price = inflated(market.base[product]!, rise);
  market.peak[product] = price;
  market.inflationTick[product] = tick;
  return price;
}

/**
 * Raises the base price once for each supplier that has the product in stock, each rise on top of
 * the last and punished for it, and gives the supplier that very price.
 *
 * @returns Whether a supplier had it.
 */
function raisePerSupplier(stage: Stage, product: number): boolean {
  const { market } = stage;
  let isRaised = false;
  for (let supplier = 0; supplier < market.suppliers; supplier++) {
    const cell = product * market.suppliers + supplier;
    if (market.stock[cell] === 0) continue;
    const price = drawRaisedPrice(stage, product);
    market.quote[cell] = price;
    market.original[product] = price;
    market.setBase(product, price);
    isRaised = true;
  }
  return isRaised;
}

function inflation(stage: Stage): Effect | undefined {
  const { market, random, commeTradesim } = stage;
  if (!random.chance(INFLATION_CHANCE)) return undefined;
  let targets = productsThatAre(market, true);
  if (targets.length === 0) return undefined;
  if (random.chance(CHANCE_INFLATION_PRODUIT)) {
    targets = [targets[random.below(targets.length)]!];
  } else {
    const type = random.below(PRODUCT_TYPES.length);
    targets = targets.filter((product) => market.types[product] === type);
  }
  const before = market.baseTotal;
  if (commeTradesim) {
    targets = targets.filter((product) => raisePerSupplier(stage, product));
  } else {
    for (const product of targets) market.setBase(product, drawRaisedPrice(stage, product));
  }
  if (targets.length === 0) return undefined;
  return { nombre: targets.length, total: market.baseTotal - before, entrees: 1 };
}

function rechargeBudget({ market, random }: Stage): Effect | undefined {
  let nombre = 0;
  let total = 0;
  for (let firm = 0; firm < market.firms; firm++) {
    if (!random.chance(CHANCE_RECHARGE_ENTREPRISE)) continue;
    const amount = random.between(RECHARGE_BUDGET_MIN, RECHARGE_BUDGET_MAX) * 100;
    market.budgets[firm]! += amount;
    nombre++;
    total += amount;
  }
  return nombre === 0 ? undefined : { nombre, total, entrees: nombre + 1 };
}

function reassort({ market, random, commeTradesim }: Stage): Effect | undefined {
  let nombre = 0;
  let total = 0;
  for (let product = 0; product < market.products; product++) {
    if (market.active[product] === 0 || !random.chance(CHANCE_REASSORT_PRODUIT)) continue;
    const units = random.between(REASSORT_QUANTITE_MIN, REASSORT_QUANTITE_MAX);
    const supplier = random.below(market.suppliers);
    const cell = product * market.suppliers + supplier;
    if (market.quote[cell] === 0 && !commeTradesim) {
      const factor = random.between(FACTEUR_PRIX_RANDOM_MIN, FACTEUR_PRIX_RANDOM_MAX);
      // The stock is what he will have: he may hold units that never had a price.
      const stock = market.stock[cell]! + units;
      market.quote[cell] = supplierPrice(market.original[product]!, stock, factor);
    }
    market.addStock(product, supplier, units);
    nombre++;
    total += units;
  }
  return nombre === 0 ? undefined : { nombre, total, entrees: 1 };
}

function variationDisponibilite({ market, random, commeTradesim }: Stage): Effect | undefined {
  if (!random.chance(CHANCE_VARIATION)) return undefined;
  const before = market.activeCount;
  let nombre = 0;
  const change = (candidates: readonly number[], isActive: boolean) => {
    if (candidates.length === 0) return;
    const count = Math.max(1, Math.floor(candidates.length / PART_VARIATION));
    for (const index of sample(random, candidates.length, count)) {
      market.setActive(candidates[index]!, isActive);
      nombre++;
    }
  };
  const inactive = productsThatAre(market, false);
  change(productsThatAre(market, true), false);
  change(commeTradesim ? productsThatAre(market, false) : inactive, true);
  return { nombre, total: market.activeCount - before, entrees: 1 };
}

function rechargeStockFournisseur({ market, random, tick }: Stage): Effect | undefined {
  if (tick % RECHARGE_FOURNISSEUR_INTERVAL !== 0) return undefined;
  let nombre = 0;
  let total = 0;
  for (let supplier = 0; supplier < market.suppliers; supplier++) {
    if (!random.chance(PROBABILITE_RECHARGE_FOURNISSEUR)) continue;
    const before = total;
    for (let product = 0; product < market.products; product++) {
      if (market.active[product] === 0) continue;
      if (market.stock[product * market.suppliers + supplier] === 0) continue;
      if (!random.chance(PROBABILITE_RECHARGE_PRODUIT)) continue;
      const units = random.between(RECHARGE_QUANTITE_MIN, RECHARGE_QUANTITE_MAX);
      market.addStock(product, supplier, units);
      total += units;
    }
    if (total > before) nombre++;
  }
  return nombre === 0 ? undefined : { nombre, total, entrees: nombre + 1 };
}

/** Every event with the draw that comes before it, in percent, in the order in which they are tried. */
export const EVENTS: readonly {
  readonly type: EventType;
  readonly chance: number;
  readonly apply: (stage: Stage) => Effect | undefined;
}[] = [
  { type: "inflation", chance: CHANCE_INFLATION, apply: inflation },
  { type: "recharge_budget", chance: CHANCE_RECHARGE_BUDGET, apply: rechargeBudget },
  { type: "reassort", chance: CHANCE_REASSORT, apply: reassort },
  {
    type: "variation_disponibilite",
    chance: CHANCE_VARIATION_DISPONIBILITE,
    apply: variationDisponibilite,
  },
  {
    type: "recharge_stock_fournisseur",
    chance: CHANCE_RECHARGE_STOCK_FOURNISSEUR,
    apply: rechargeStockFournisseur,
  },
];
