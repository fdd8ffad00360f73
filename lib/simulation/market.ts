/** The state of a game in flat arrays, and the operations that change it. @module */

import type { Random } from "./random.ts";
import { DUREE_BAISSE_INFLATION, DUREE_RETOUR_INFLATION, fallen, proportional } from "./rules.ts";
import { checkSize, PRODUCT_TYPES, type Reprise, type World } from "./world.ts";

/** Tick of the last inflation of a product that never had one. */
export const NEVER = -1;

/** No supplier. */
const NOBODY = -1;

/**
 * Firms, products and suppliers by index. A table's cell of a firm and a product is
 * `firm * products + product`, that of a supplier and a product `product * suppliers + supplier`.
 * Amounts are integer cents.
 */
export class Market {
  readonly firms: number;
  readonly products: number;
  readonly suppliers: number;
  readonly budgets: Float64Array;
  /** Units of each firm and product. */
  readonly held: Float64Array;
  /** What firms did so far, by firm and type of product: `firm * PRODUCT_TYPES.length + type`. */
  readonly bought: Float64Array;
  readonly failed: Float64Array;
  /** In cents. */
  readonly spent: Float64Array;
  /** Units bought, by firm and type as above, and units that events delivered, by type. */
  readonly volumes: Float64Array;
  readonly delivered: Float64Array;
  readonly active: Uint8Array;
  /** Index into the product types. */
  readonly types: Uint8Array;
  /** Today's base prices. */
  readonly base: Float64Array;
  /** The base prices at which suppliers ask their quotes. */
  readonly original: Float64Array;
  /** The price after the last inflation, and its tick. */
  readonly peak: Float64Array;
  readonly inflationTick: Float64Array;
  /** Units of each supplier and product. */
  readonly stock: Float64Array;
  /** Units of each product at all suppliers together. */
  readonly units: Float64Array;
  /** What a supplier asks at the original base price; 0 for no price. His price is in proportion. */
  readonly quote: Float64Array;
  /** The supplier with stock and the lowest price, the first of equals, and his price. */
  readonly cheapest: Int32Array;
  readonly cheapestPrice: Float64Array;
  /** The active products that some supplier sells, ascending: the first `forSaleCount` entries. */
  readonly forSale: Int32Array;
  forSaleCount = 0;
  /** Values that are read from numbers rather than from the arrays. */
  activeCount = 0;
  baseTotal = 0;
  /** Whether `forSale` must be rebuilt, and whether a base price has changed. */
  forSaleIsOld = true;
  baseIsNew = true;
  readonly #world: World;

  /** @throws {WorldError} When the world has no firm, product or supplier, or too many. */
  constructor(world: World, reprise: Reprise | undefined) {
    const { produits, fournisseurs, entreprises } = world;
    checkSize(entreprises.length, produits.length, fournisseurs.length);
    this.#world = world;
    const firms = this.firms = entreprises.length;
    const products = this.products = produits.length;
    const suppliers = this.suppliers = fournisseurs.length;
    this.budgets = Float64Array.from(entreprises, ({ budget }) => budget);
    this.held = new Float64Array(firms * products);
    entreprises.forEach(({ stocks }, firm) => this.held.set(stocks, firm * products));
    const shares = firms * PRODUCT_TYPES.length;
    this.bought = new Float64Array(shares);
    this.failed = new Float64Array(shares);
    this.spent = new Float64Array(shares);
    this.volumes = new Float64Array(shares);
    this.active = Uint8Array.from(produits, ({ actif }) => Number(actif));
    this.delivered = new Float64Array(PRODUCT_TYPES.length);
    this.types = Uint8Array.from(produits, ({ type }) => PRODUCT_TYPES.indexOf(type));
    this.base = Float64Array.from(produits, ({ prix }) => prix);
    const inflation = (product: number) => reprise?.inflations[product];
    this.original = this.base.map((prix, product) => inflation(product)?.prixOrigine ?? prix);
    this.peak = this.base.map((prix, product) => inflation(product)?.prixApres ?? prix);
    this.inflationTick = this.base.map((_, product) => inflation(product)?.tick ?? NEVER);
    this.stock = new Float64Array(suppliers * products);
    this.units = new Float64Array(products);
    this.quote = new Float64Array(suppliers * products);
    fournisseurs.forEach(({ stocks, prix }, supplier) => {
      const quotes = reprise?.prixOrigine[supplier] ?? prix;
      for (let product = 0; product < products; product++) {
        const cell = product * suppliers + supplier;
        this.stock[cell] = stocks[product]!;
        this.units[product]! += stocks[product]!;
        this.quote[cell] = quotes[product]!;
      }
    });
    this.cheapest = new Int32Array(products).fill(NOBODY);
    this.cheapestPrice = new Float64Array(products);
    this.forSale = new Int32Array(products);
    for (let product = 0; product < products; product++) {
      this.activeCount += this.active[product]!;
      this.baseTotal += this.base[product]!;
      this.findCheapest(product);
    }
  }

  /** What a supplier asks today, 0 when he has no price. */
  price(product: number, supplier: number): number {
    const quote = this.quote[product * this.suppliers + supplier]!;
    return quote === 0 ? 0 : proportional(quote, this.base[product]!, this.original[product]!);
  }

  /** To be called when a product's prices have changed, or a supplier has run out or got some. */
  findCheapest(product: number): void {
    const { stock, quote, suppliers } = this;
    const base = this.base[product]!;
    const original = this.original[product]!;
    const first = product * suppliers;
    let cheapest = NOBODY;
    let lowest = Infinity;
    // Most products are sold out at most times.
    const end = this.units[product]! === 0 ? 0 : suppliers;
    for (let supplier = 0; supplier < end; supplier++) {
      const cell = first + supplier;
      if (stock[cell]! === 0 || quote[cell]! === 0) continue;
      const price = proportional(quote[cell]!, base, original);
      if (price < lowest) {
        lowest = price;
        cheapest = supplier;
      }
    }
    if ((cheapest === NOBODY) !== (this.cheapest[product]! === NOBODY)) this.forSaleIsOld = true;
    this.cheapest[product] = cheapest;
    this.cheapestPrice[product] = lowest;
  }

  /**
   * Called when the cheapest supplier of a product has run out. Returns whether nobody else sells it; then
   * it is not for sale any more.
   *
   * @param index Its place in `forSale`.
   */
  runOut(product: number, index: number): boolean {
    this.findCheapest(product);
    if (this.cheapest[product]! !== NOBODY) return false;
    this.forSale.copyWithin(index, index + 1, this.forSaleCount--);
    return true;
  }

  listForSale(): void {
    let count = 0;
    for (let product = 0; product < this.products; product++) {
      if (this.active[product]! === 1 && this.cheapest[product]! !== NOBODY) {
        this.forSale[count++] = product;
      }
    }
    this.forSaleCount = count;
    this.forSaleIsOld = false;
  }

  setActive(product: number, isActive: boolean): void {
    this.active[product] = isActive ? 1 : 0;
    this.activeCount += isActive ? 1 : -1;
    this.forSaleIsOld = true;
  }

  /** Changes a base price, and with it the suppliers' prices, which stay in proportion. */
  setBase(product: number, price: number): void {
    this.baseTotal += price - this.base[product]!;
    this.base[product] = price;
    this.baseIsNew = true;
    this.findCheapest(product);
  }

  addStock(product: number, supplier: number, units: number): void {
    this.delivered[this.types[product]!]! += units;
    this.stock[product * this.suppliers + supplier]! += units;
    this.units[product]! += units;
    this.findCheapest(product);
  }

  /** Lets the prices fall whose last inflation was 31 to 45 ticks ago. */
  lowerPrices(tick: number): void {
    for (let product = 0; product < this.products; product++) {
      const step = tick - this.inflationTick[product]! - DUREE_RETOUR_INFLATION;
      if (step < 1 || step > DUREE_BAISSE_INFLATION || this.inflationTick[product] === NEVER) {
        continue;
      }
      const price = fallen(this.peak[product]!, this.original[product]!, step);
      if (price !== this.base[product]!) this.setBase(product, price);
    }
  }

  /** The current world, built anew at every call. */
  snapshot(commeTradesim: boolean, tick: number, random: Random): World {
    const { products, suppliers } = this;
    const byProduct = (value: (product: number) => number) =>
      Array.from({ length: products }, (_, product) => value(product));
    return {
      ...this.#world,
      produits: this.#world.produits.map((produit, product) => ({
        ...produit,
        prix: this.base[product]!,
        actif: this.active[product] === 1,
      })),
      fournisseurs: this.#world.fournisseurs.map((fournisseur, supplier) => ({
        ...fournisseur,
        stocks: byProduct((product) => this.stock[product * suppliers + supplier]!),
        prix: byProduct((product) => this.price(product, supplier)),
      })),
      entreprises: this.#world.entreprises.map((entreprise, firm) => ({
        ...entreprise,
        budget: this.budgets[firm]!,
        stocks: Array.from(this.held.subarray(firm * products, (firm + 1) * products)),
      })),
      reprise: {
        commeTradesim,
        tick,
        alea: random.state,
        inflations: Array.from(this.inflationTick, (last, product) =>
          last === NEVER ? null : {
            tick: last,
            prixOrigine: this.original[product]!,
            prixApres: this.peak[product]!,
          }),
        prixOrigine: this.#world.fournisseurs.map((_, supplier) =>
          byProduct((product) => this.quote[product * suppliers + supplier]!)
        ),
      },
    };
  }
}
