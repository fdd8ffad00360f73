/** Plays a game, turn by turn. @module */

import { type Effect, EVENT_TYPES, EVENTS, type EventType, type Stage } from "./events.ts";
import { generateWorld } from "./generate.ts";
import { Market } from "./market.ts";
import { Random } from "./random.ts";
import { RecentEvents } from "./recent_events.ts";
import { IDS_MAX, QUANTITE_ACHAT_MAX, QUANTITE_ACHAT_MIN, TICK_INTERVAL_EVENT } from "./rules.ts";
import { PRODUCT_TYPES, type World } from "./world.ts";

export interface GameOptions {
  /** An integer from 0 to 2⁵³ − 1. The same seed gives the same game. */
  readonly seed: number;
  /** The size of a new world. Default: 3 firms, 12 products, 5 suppliers. */
  readonly entreprises?: number | undefined;
  readonly produits?: number | undefined;
  readonly fournisseurs?: number | undefined;
  /** Whether to play by TradeSim's slips, see docs/simulation.md. Default: by its described rules. */
  readonly commeTradesim?: boolean | undefined;
  /**
   * A world to play instead of a new one. Where its `reprise` is of the same rules, the game goes on
   * as if it had never stopped and the seed is not used.
   */
  readonly world?: World | undefined;
}

/** All of it is about this game alone: a world that was played before begins again with zeros. */
export interface GameNumbers {
  /** Turns played. */
  tour: number;
  /** In cents, as all amounts. */
  budgetTotal: number;
  budgetMin: number;
  budgetMax: number;
  entreprises: number;
  /** Firms whose budget is above zero. */
  entreprisesSolvables: number;
  /** Purchases attempted: `reussies` and `echouees` together. */
  transactions: number;
  reussies: number;
  echouees: number;
  /** Spent on purchases. */
  montant: number;
  /** Units bought. */
  volume: number;
  /** What the firms were given by recharges. */
  recharges: number;
  /** Units that suppliers were given by events. */
  livraisons: number;
  fournisseurs: number;
  produits: number;
  produitsActifs: number;
  /** Sum of all base prices, inactive products included, as are the lowest and the highest. */
  prixTotal: number;
  prixMin: number;
  prixMax: number;
  /** Events that had an effect. As TradeSim counts: the log entries that they make. */
  evenements: number;
}

/** A purchase that was attempted. Firm, product and supplier are indices into the world's lists. */
export interface Purchase {
  readonly entreprise: number;
  readonly produit: number;
  readonly fournisseur: number;
  /** In cents per unit. */
  readonly prix: number;
  /** 0 when it failed, because the budget is less than the price. */
  readonly quantite: number;
}

/**
 * What firms have and did, and what there is to buy. Firms and products by index; parts of firms and
 * types of product at `firm * PRODUCT_TYPES.length + type`. Amounts are in cents.
 */
export interface Shares {
  readonly budgets: Readonly<Float64Array>;
  /** Purchases that succeeded, those that failed, and money spent. */
  readonly bought: Readonly<Float64Array>;
  readonly failed: Readonly<Float64Array>;
  readonly spent: Readonly<Float64Array>;
  /** Units bought. */
  readonly volumes: Readonly<Float64Array>;
  /** Units that events delivered to suppliers, by type of product. */
  readonly delivered: Readonly<Float64Array>;
  /** Units that each firm holds, at `firm * products + product`, and that all suppliers have. */
  readonly held: Readonly<Float64Array>;
  readonly units: Readonly<Float64Array>;
  /** Index of each product's type, and whether it can be bought: 1 or 0. */
  readonly types: Readonly<Uint8Array>;
  readonly active: Readonly<Uint8Array>;
}

export interface GameEvent extends Effect {
  readonly type: EventType;
  /** The turn in which it happens, from 1. */
  readonly tour: number;
}

export interface Game {
  /**
   * Plays one turn.
   *
   * @throws {GameOver} In the game as TradeSim plays it, where its ids end.
   */
  playTurn(): void;
  /** The seed; undefined if the game continues from a saved world, which needs none. */
  readonly seed: number | undefined;
  /** The numbers after the last turn: always the same object, changed in place. */
  readonly numbers: Readonly<GameNumbers>;
  /** The current world, built anew at every reading: not for every turn. */
  readonly world: World;
  /** The arrays behind the numbers: always the same, changed in place. */
  readonly shares: Shares;
  /** The turn of this game in which an event of each type last happened; 0 for never. */
  readonly lastEvents: Readonly<Record<EventType, number>>;
  /** The last events. */
  readonly recentEvents: Pick<RecentEvents, "count" | "last">;
  /** Called for every purchase that is attempted. */
  onPurchase?: ((purchase: Purchase) => void) | undefined;
  /** Called for every event that had an effect. */
  onEvent?: ((event: GameEvent) => void) | undefined;
}

/** The game cannot go on. The turn that raised it was broken off and does not count. */
export class GameOver extends Error {
  override name = "GameOver";
}

function idsEnded(things: string): string {
  return `Cannot play on: as in TradeSim, a game has ids for ${IDS_MAX} ${things}, expected no more`;
}

class FlatGame implements Game {
  readonly seed: number | undefined;
  readonly numbers: GameNumbers;
  readonly lastEvents = Object.fromEntries(EVENT_TYPES.map((type) => [type, 0])) as Record<
    EventType,
    number
  >;
  readonly recentEvents = new RecentEvents();
  onPurchase: ((purchase: Purchase) => void) | undefined = undefined;
  onEvent: ((event: GameEvent) => void) | undefined = undefined;
  readonly #market: Market;
  readonly #random: Random;
  readonly #commeTradesim: boolean;
  readonly #idsMax: number;
  #tick: number;

  constructor(
    market: Market,
    random: Random,
    { seed, tick, commeTradesim }: Pick<Game, "seed"> & Pick<Stage, "tick" | "commeTradesim">,
  ) {
    this.seed = seed;
    this.#market = market;
    this.#random = random;
    this.#tick = tick;
    this.#commeTradesim = commeTradesim;
    this.#idsMax = commeTradesim ? IDS_MAX : Infinity;
    this.numbers = {
      tour: 0,
      budgetTotal: market.budgets.reduce((sum, budget) => sum + budget, 0),
      budgetMin: 0,
      budgetMax: 0,
      entreprises: market.firms,
      entreprisesSolvables: 0,
      transactions: 0,
      reussies: 0,
      echouees: 0,
      montant: 0,
      volume: 0,
      recharges: 0,
      livraisons: 0,
      fournisseurs: market.suppliers,
      produits: market.products,
      produitsActifs: 0,
      prixTotal: 0,
      prixMin: 0,
      prixMax: 0,
      evenements: 0,
    };
    this.#readBudgets();
    this.#readProducts();
  }

  get world(): World {
    return this.#market.snapshot(this.#commeTradesim, this.#tick, this.#random);
  }

  get shares(): Shares {
    return this.#market;
  }

  playTurn(): void {
    const { numbers } = this;
    const market = this.#market;
    if (numbers.tour >= this.#idsMax) throw new GameOver(idsEnded("turns"));
    const budgetsBefore = numbers.budgetTotal;
    const rechargesBefore = numbers.recharges;
    if (market.forSaleIsOld) market.listForSale();
    if (market.forSaleCount > 0) this.#buy();
    if (!this.#commeTradesim) market.lowerPrices(this.#tick);
    if (this.#tick % TICK_INTERVAL_EVENT === 0) this.#tryEvents();
    if (numbers.budgetTotal !== budgetsBefore || numbers.recharges !== rechargesBefore) {
      this.#readBudgets();
    }
    this.#readProducts();
    this.#tick++;
    numbers.tour++;
  }

  /** Every firm tries to buy every product that is for sale, at the lowest price. */
  #buy(): void {
    const { numbers, onPurchase } = this;
    const market = this.#market;
    const random = this.#random;
    const { budgets, held, stock, units, forSale, cheapest, cheapestPrice } = market;
    const { firms, products, suppliers, types, bought, failed, spent, volumes } = market;
    let attemptsLeft = this.#idsMax - numbers.transactions;
    let count = market.forSaleCount;
    let failures = 0, money = 0, volume = 0, attempts = 0;
    for (let firm = 0; firm < firms && count > 0 && attemptsLeft >= 0; firm++) {
      const row = firm * products;
      const share = firm * PRODUCT_TYPES.length;
      let budget = budgets[firm]!;
      for (let index = 0; index < count && attemptsLeft-- > 0;) {
        attempts++;
        const product = forSale[index++]!;
        const supplier = cheapest[product]!;
        const price = cheapestPrice[product]!;
        const cell = product * suppliers + supplier;
        let quantity = random.between(QUANTITE_ACHAT_MIN, QUANTITE_ACHAT_MAX);
        if (quantity * price > budget) quantity = Math.floor(budget / price);
        const left = stock[cell]!;
        if (quantity > left) quantity = left;
        onPurchase?.({
          entreprise: firm,
          produit: product,
          fournisseur: supplier,
          prix: price,
          quantite: quantity,
        });
        const part = share + types[product]!;
        if (quantity === 0) {
          failures++;
          failed[part]!++;
          continue;
        }
        bought[part]!++;
        volumes[part]! += quantity;
        spent[part]! += quantity * price;
        budget -= quantity * price;
        money += quantity * price;
        volume += quantity;
        held[row + product]! += quantity;
        stock[cell] = left - quantity;
        units[product]! -= quantity;
        if (quantity === left && market.runOut(product, index - 1)) {
          index--;
          count--;
        }
      }
      budgets[firm] = budget;
    }
    this.#countPurchases(attempts, failures, money, volume);
    // Then one more was to be bought.
    if (attemptsLeft < 0) this.#end();
  }

  #countPurchases(attempts: number, failures: number, money: number, volume: number): void {
    const { numbers } = this;
    numbers.reussies += attempts - failures;
    numbers.echouees += failures;
    numbers.transactions += attempts;
    numbers.montant += money;
    numbers.volume += volume;
    numbers.budgetTotal -= money;
  }

  /** Ends the game for want of ids for purchases. */
  #end(): never {
    this.#readBudgets();
    throw new GameOver(idsEnded("purchases"));
  }

  #tryEvents(): void {
    const { numbers } = this;
    const stage: Stage = {
      market: this.#market,
      random: this.#random,
      tick: this.#tick,
      commeTradesim: this.#commeTradesim,
    };
    for (let index = 0; index < EVENTS.length; index++) {
      const { type, chance, apply } = EVENTS[index]!;
      if (!this.#random.chance(chance)) continue;
      const effect = apply(stage);
      if (effect === undefined) continue;
      const tour = numbers.tour + 1;
      this.lastEvents[type] = tour;
      this.recentEvents.add(index, tour, effect.nombre, effect.total);
      numbers.evenements += this.#commeTradesim ? effect.entrees : 1;
      if (type === "recharge_budget") {
        numbers.recharges += effect.total;
        numbers.budgetTotal += effect.total;
      } else if (type === "reassort" || type === "recharge_stock_fournisseur") {
        numbers.livraisons += effect.total;
      }
      this.onEvent?.({ type, tour, ...effect });
    }
  }

  #readBudgets(): void {
    const { numbers } = this;
    const { budgets } = this.#market;
    let min = Infinity;
    let max = 0;
    let solvent = 0;
    for (let firm = 0; firm < budgets.length; firm++) {
      const budget = budgets[firm]!;
      if (budget < min) min = budget;
      if (budget > max) max = budget;
      if (budget > 0) solvent++;
    }
    numbers.budgetMin = min;
    numbers.budgetMax = max;
    numbers.entreprisesSolvables = solvent;
  }

  #readProducts(): void {
    const { numbers } = this;
    const market = this.#market;
    numbers.produitsActifs = market.activeCount;
    if (!market.baseIsNew) return;
    market.baseIsNew = false;
    const { base } = market;
    let min = Infinity;
    let max = 0;
    for (let product = 0; product < base.length; product++) {
      const price = base[product]!;
      if (price < min) min = price;
      if (price > max) max = price;
    }
    numbers.prixTotal = market.baseTotal;
    numbers.prixMin = min;
    numbers.prixMax = max;
  }
}

/** TradeSim begins with the initial budgets and ignores the current ones of a world. */
function withInitialBudgets(world: World): World {
  return {
    ...world,
    entreprises: world.entreprises.map((entreprise) => ({
      ...entreprise,
      budget: entreprise.budgetInitial,
    })),
  };
}

/**
 * Begins or continues a game.
 *
 * @throws {RangeError} When the seed is no integer from 0 to 2⁵³ − 1.
 * @throws {WorldError} When the world has no firm, product or supplier, or too many.
 */
export function createGame(options: GameOptions): Game {
  const { commeTradesim = false } = options;
  const saved = options.world?.reprise;
  const reprise = saved?.commeTradesim === commeTradesim ? saved : undefined;
  const random = reprise ? Random.fromState(reprise.alea) : Random.fromSeed(options.seed);
  const { entreprises = 3, produits = 12, fournisseurs = 5 } = options;
  const world = options.world ??
    generateWorld(random, { entreprises, produits, fournisseurs }, commeTradesim);
  const isFresh = reprise === undefined;
  const market = new Market(
    commeTradesim && isFresh ? withInitialBudgets(world) : world,
    reprise,
  );
  return new FlatGame(market, random, {
    seed: isFresh ? options.seed : undefined,
    tick: reprise?.tick ?? 0,
    commeTradesim,
  });
}
