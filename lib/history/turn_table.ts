/** The turns of one session, in one block of memory that is thinned when it is full. @module */

import { COLUMN_NAMES } from "../report/mod.ts";
import { type ColumnName, FIRST_BIN, keepExtremes, keepingExtremes, WIDTH } from "./extremes.ts";

/** Turns that a new table has room for. */
export const FIRST_CAPACITY = 64;
/** Fewest turns that a selection can be asked for: one bin may keep ten, and a range may cut two. */
export const MIN_POINTS = 20;

const TIMESTAMP = COLUMN_NAMES.indexOf("timestamp");
/** Room that thinning makes at once, so that it costs a turn next to nothing. */
const MAX_STAGE = 1024;

/** Some turns, a number per turn and column; NaN where a value is not known. */
export interface Selection {
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Turns that there were to select from. */
  readonly turns: number;
  /** Columns of which anything is known, all equally long. */
  readonly columns: Readonly<Partial<Record<ColumnName, number[]>>>;
}

export const EMPTY: Selection = { from: undefined, to: undefined, turns: 0, columns: {} };

/** Turns in ascending order of their numbers. */
export class TurnTable {
  #rows = new Float64Array(FIRST_CAPACITY * WIDTH);
  #count = 0;
  /** Turns per bin; 1 while nothing was left out. */
  #bin = 1;
  /** The first row of the last bin, which is still open. */
  #open = 0;

  get count(): number {
    return this.#count;
  }

  /** Turns that there is room for. */
  get capacity(): number {
    return this.#rows.length / WIDTH;
  }

  get first(): number | undefined {
    return this.#count === 0 ? undefined : this.#rows[0]!;
  }

  get last(): number | undefined {
    return this.#count === 0 ? undefined : this.#rows[(this.#count - 1) * WIDTH]!;
  }

  /** Adds a turn that comes after all others. There must be room for it. */
  append(turn: Float64Array): void {
    this.#rows.set(turn, this.#count++ * WIDTH);
  }

  /** A copy of all turns, one behind the other. */
  rows(): Float64Array {
    return this.#rows.slice(0, this.#count * WIDTH);
  }

  /** Forgets the turns from this number on. */
  truncate(tour: number): void {
    this.#count = this.#indexOf(tour);
    this.#open = 0;
  }

  /** Changes how many turns there is room for; thins them when they are too many. */
  resize(capacity: number): void {
    if (this.#count >= capacity) this.#thinTo(capacity - stageOf(capacity));
    const rows = new Float64Array(capacity * WIDTH);
    rows.set(this.#rows.subarray(0, this.#count * WIDTH));
    this.#rows = rows;
  }

  /** Makes room by thinning. */
  fold(): void {
    this.#thinTo(this.capacity - stageOf(this.capacity));
  }

  /** The turns from number `from` on, thinned to at most `points`, which must be `MIN_POINTS` or more. */
  select(from: number, points: number): Selection {
    const steps = this.selecting(from, points);
    for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
  }

  /** The same in steps, between which turns may be added. */
  *selecting(from: number, points: number): Generator<void, Selection> {
    const start = this.#indexOf(from);
    const turns = this.#count - start;
    if (turns === 0) return EMPTY;
    const { last } = this;
    const rows = this.#rows.slice(start * WIDTH, this.#count * WIDTH);
    const first = rows[0];
    let kept = turns;
    for (let bin = FIRST_BIN; kept > points; bin *= 2) {
      // A bin keeps a turn at least, so that with these there would be too many.
      if (turns / bin <= points) kept = yield* keepingExtremes(rows, kept, bin);
    }
    const columns: Partial<Record<ColumnName, number[]>> = {};
    for (const [place, name] of COLUMN_NAMES.entries()) {
      yield;
      const column: number[] = [];
      let isKnown = false;
      for (let row = 0; row < kept; row++) {
        const value = rows[row * WIDTH + place]!;
        isKnown ||= !Number.isNaN(value);
        column.push(value);
      }
      if (isKnown) columns[name] = column;
    }
    return { from: first, to: last, turns, columns };
  }

  /** Turns per second over the last so many seconds of the turns' own time, if that can be said. */
  rate(seconds: number): number | undefined {
    const last = this.#count - 1;
    if (last < 1) return undefined;
    const timeOf = (row: number) => this.#rows[row * WIDTH + TIMESTAMP]!;
    const since = timeOf(last) - seconds;
    let low = 0;
    let high = last - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timeOf(middle) >= since) high = middle;
      else low = middle + 1;
    }
    const rate = (this.last! - this.#rows[low * WIDTH]!) / (timeOf(last) - timeOf(low));
    return Number.isFinite(rate) && rate > 0 ? rate : undefined;
  }

  /** When a turn ended, or the next one that is known; undefined where that is not known. */
  timeOf(tour: number): number | undefined {
    const row = this.#indexOf(tour);
    const time = row < this.#count ? this.#rows[row * WIDTH + TIMESTAMP]! : NaN;
    return Number.isNaN(time) ? undefined : time;
  }

  /** The first row of a turn with this number or a higher one. */
  #indexOf(tour: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle * WIDTH]! < tour) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #thinTo(limit: number): void {
    if (this.#bin > 1) this.#thin(this.#open);
    while (this.#count > limit) {
      this.#bin = this.#bin === 1 ? FIRST_BIN : this.#bin * 2;
      this.#thin(0);
    }
  }

  /** Thins the rows from `from` on, which is the first of its bin. */
  #thin(from: number): void {
    this.#count = keepExtremes(this.#rows, from, this.#count, this.#bin);
    const bin = Math.ceil(this.last! / this.#bin);
    this.#open = this.#indexOf((bin - 1) * this.#bin + 1);
  }
}

function stageOf(capacity: number): number {
  return Math.min(MAX_STAGE, capacity >> 2);
}
