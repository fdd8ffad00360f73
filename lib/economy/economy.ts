/** What a game's economy does over turns: prices, inflation, and how fast money moves. @module */

import * as z from "zod";

const NUMBER = z.number();

/** Base prices of the products that can be bought, in euros. */
export const PRICES = z.strictObject({
  names: z.array(z.string()).readonly(),
  values: z.array(NUMBER).readonly(),
}).readonly();
export type Prices = z.infer<typeof PRICES>;

/** What is compared over turns. */
const OBSERVATION = z.strictObject({
  turn: NUMBER,
  /** Euros spent since the session began, or since its reset. */
  spent: NUMBER,
  /** The price index, once there was a price. */
  index: NUMBER.optional(),
});

/** The past of an economy, as much as is needed. Plain data that is saved as it is. */
export const ECONOMY = z.strictObject({
  prices: PRICES.optional(),
  index: NUMBER.optional(),
  /** Euros that all firms have now. */
  supply: NUMBER.optional(),
  /** Of the last turns and the last one before them, oldest first. */
  observations: z.array(OBSERVATION),
});
export type Economy = z.infer<typeof ECONOMY>;

/** Turns over which inflation and velocity are measured. */
const WINDOW_TURNS = 10;
/** The price index of the first turn. */
export const BASE_INDEX = 100;

export function createEconomy(): Economy {
  return {
    prices: undefined,
    index: undefined,
    supply: undefined,
    // Nothing is spent before the first turn.
    observations: [{ turn: 0, spent: 0, index: undefined }],
  };
}

/** A turn as an economy sees it. */
export interface Turn {
  readonly turn: number | undefined;
  readonly spent: number | undefined;
  readonly supply: number | undefined;
  readonly prices: Prices | undefined;
}

/** Takes a later turn. */
export function observe(economy: Economy, { turn, spent, supply, prices }: Turn): void {
  if (prices !== undefined) {
    const { index: before = BASE_INDEX, prices: earlier = prices } = economy;
    const index = before * priceRelative(earlier, prices);
    // Prices may be beyond all that an index can follow, and before the first one there is none.
    const isKnown = economy.index !== undefined || prices.values.some((price) => price > 0);
    if (isKnown && Number.isFinite(index) && index > 0) economy.index = index;
    // The names seldom change, and are kept once.
    economy.prices = hasSameNames(economy.prices, prices)
      ? { names: economy.prices!.names, values: prices.values }
      : prices;
  }
  economy.supply = supply ?? economy.supply;
  if (turn === undefined) return;
  const { observations, index } = economy;
  const known = observations.at(-1)?.spent ?? 0;
  // A turn that comes again replaces what was known of it and of those after it.
  while ((observations.at(-1)?.turn ?? -1) >= turn) observations.pop();
  observations.push({ turn, spent: Math.max(spent ?? 0, known), index });
  while ((observations[1]?.turn ?? Infinity) <= turn - WINDOW_TURNS) observations.shift();
}

/** Totals begin again at 0 with the turn after this one. Prices stay as they are. */
export function restart(economy: Economy): void {
  const last = economy.observations.at(-1);
  economy.observations = [{ turn: last?.turn ?? 0, spent: 0, index: economy.index }];
}

function hasSameNames(before: Prices | undefined, after: Prices): boolean {
  return before !== undefined && before.names.length === after.names.length &&
    before.names.every((name, index) => name === after.names[index]);
}

/**
 * How prices have changed from one moment to another: Jevons' index, the geometric mean of the price
 * relatives of all products that could be bought at both. Each product has the same weight.
 *
 * P = (Π pᵢ / qᵢ)^(1/n)
 *
 * Source: IMF et al., "Consumer Price Index Manual: Concepts and Methods" (2020), chapter 8. It passes
 * the time reversal and the circularity test: prices that come back bring the index back.
 *
 * @returns 1 where no product can be compared.
 */
export function priceRelative(before: Prices, after: Prices): number {
  const known = hasSameNames(before, after)
    ? undefined
    : new Map(before.names.map((name, index) => [name, before.values[index]!]));
  let logarithms = 0;
  let products = 0;
  after.values.forEach((price, index) => {
    const earlier = known === undefined ? before.values[index]! : known.get(after.names[index]!);
    if (earlier === undefined || !(earlier > 0) || !(price > 0)) return;
    products++;
    // Most prices stay as they are.
    if (price !== earlier) logarithms += Math.log(price) - Math.log(earlier);
  });
  return products === 0 ? 1 : Math.exp(logarithms / products);
}

/**
 * The rise of the price index over the last ten turns, as a ratio: 0.05 is 5 %. Where the turn ten
 * turns ago was not reported, it is the rise since the last one before it, at the rate of ten turns;
 * in a game's first turns the rise since the first.
 */
export function inflation({ observations }: Economy): number | undefined {
  const last = observations.at(-1);
  const first = observations.find(({ index }) => index !== undefined);
  if (last?.index === undefined || first?.index === undefined || first === last) return undefined;
  const turns = last.turn - first.turn;
  const rise = Math.log(last.index / first.index) * Math.min(1, WINDOW_TURNS / turns);
  const ratio = Math.expm1(rise);
  return Number.isFinite(ratio) ? ratio : undefined;
}

/**
 * Velocity of money: how often the money that all firms have now is spent in a turn, as a mean over the
 * last ten turns or those since the last report before them.
 *
 * V = P·T / M, I. Fisher, "The Purchasing Power of Money" (1911), chapter II.
 *
 * @returns Undefined where there is no money.
 */
export function velocity({ observations, supply }: Economy): number | undefined {
  const last = observations.at(-1);
  const [first] = observations;
  if (last === undefined || first === undefined || supply === undefined) return undefined;
  const turns = last.turn - first.turn;
  const ratio = (last.spent - first.spent) / turns / supply;
  return turns > 0 && supply > 0 && Number.isFinite(ratio) ? ratio : undefined;
}
