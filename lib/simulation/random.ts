/** Random numbers of a game from its seed, the same on every machine. @module */

/** The generator's whole state: four integers from 0 to 2³² − 1. */
export type RandomState = readonly [number, number, number, number];

/** Rounds that mix a seed into the state before the first draw. */
const MIXING_ROUNDS = 12;

/**
 * sfc32, Chris Doty-Humphrey's small fast chaotic generator, seeded as in his PractRand: only
 * additions, shifts and exclusive ors of 32-bit integers.
 */
export class Random {
  /** A typed array, because its integers are changed in place where fields would be allocated. */
  readonly #state: Int32Array;

  private constructor(a: number, b: number, c: number, counter: number) {
    this.#state = Int32Array.of(a, b, c, counter);
  }

  /**
   * Begins a sequence; different seeds give different ones.
   *
   * @throws {RangeError} When the seed is no integer from 0 to 2⁵³ − 1.
   */
  static fromSeed(seed: number): Random {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError(
        `Cannot use the seed ${seed}: expected an integer from 0 to ${Number.MAX_SAFE_INTEGER}`,
      );
    }
    const random = new Random(0, seed % 2 ** 32, Math.floor(seed / 2 ** 32), 1);
    for (let round = 0; round < MIXING_ROUNDS; round++) random.next();
    return random;
  }

  /** Continues where {@linkcode Random.state} was read. */
  static fromState([a, b, c, counter]: RandomState): Random {
    return new Random(a, b, c, counter);
  }

  get state(): RandomState {
    const [a = 0, b = 0, c = 0, counter = 0] = this.#state;
    return [a >>> 0, b >>> 0, c >>> 0, counter >>> 0];
  }

  /** An integer from 0 to 2³² − 1. */
  next(): number {
    const state = this.#state;
    const b = state[1]!;
    const c = state[2]!;
    const counter = state[3]!;
    const drawn = (state[0]! + b + counter) | 0;
    state[3] = counter + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + drawn;
    return drawn >>> 0;
  }

  /**
   * An integer from 0 to `count` − 1, for a count up to 2²¹, where the product below is exact. No
   * value is likelier than another by more than one part in 2000, at the counts of the game's
   * purchases by one in 10⁸.
   */
  below(count: number): number {
    return Math.floor(this.next() * count / 2 ** 32);
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True in so many cases of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

/** What the rules need of a generator. */
export type Draws = Pick<Random, "below" | "between" | "chance">;
