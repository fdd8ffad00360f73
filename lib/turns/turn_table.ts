/** The turns of one session, in one block of memory that is thinned when it is full. @module */

import { COLUMN_NAMES, type ColumnName, INDEX_OF, WIDTH } from "./columns.ts";
import { type Binned, EXTREMES, type Extremes, keepExtremes, keepingExtremes } from "./extremes.ts";
import { rowAt } from "./row_at.ts";

/** Turns that a new table has room for. */
export const FIRST_CAPACITY = 64;
/** Fewest turns that a selection can be asked for: one bin may keep ten, and a range may cut two. */
export const MIN_POINTS = 20;

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
  readonly #extremes: Extremes;
  #capacity: number;
  /** Its columns, one behind the other. */
  #block: Float64Array;
  #columns: readonly Float64Array[];
  #count = 0;
  /** The turn before the first bin. */
  #origin = 0;
  /** Turns per bin; 1 while nothing was left out. */
  #bin = 1;
  /** The first row of the last bin, which is still open. */
  #open = 0;

  /** @param extremes What thinning keeps. */
  constructor(capacity = FIRST_CAPACITY, extremes = EXTREMES) {
    this.#extremes = extremes;
    this.#capacity = capacity;
    this.#block = new Float64Array(capacity * WIDTH);
    this.#columns = columnsOf(this.#block);
  }

  get count(): number {
    return this.#count;
  }

  /** Turns that there is room for. */
  get capacity(): number {
    return this.#capacity;
  }

  get first(): number | undefined {
    return this.#count === 0 ? undefined : this.#columns[INDEX_OF.tour]![0]!;
  }

  get last(): number | undefined {
    return this.#count === 0 ? undefined : this.#columns[INDEX_OF.tour]![this.#count - 1]!;
  }

  /** The rows `from` to `to` of a column, `to` excluded, without a copy. Unknown values are NaN. */
  column(name: ColumnName, from = 0, to = this.#count): Float64Array {
    return this.#columns[INDEX_OF[name]]!.subarray(from, to);
  }

  /** Adds a turn that comes after all others. There must be room for it. */
  append(turn: Float64Array): void {
    const block = this.#block;
    for (let index = 0, at = this.#count++; index < WIDTH; index++, at += this.#capacity) {
      block[at] = turn[index]!;
    }
  }

  /** Copies a row into `turn`. */
  read(row: number, turn: Float64Array): Float64Array {
    for (let index = 0; index < WIDTH; index++) turn[index] = this.#columns[index]![row]!;
    return turn;
  }

  /** Forgets the turns from this number on. */
  truncate(tour: number): void {
    this.#count = this.#indexOf(tour);
    this.#open = 0;
  }

  /** Forgets all turns. Bins are those after turn `origin` then. */
  clear(origin = 0): void {
    this.#origin = origin;
    this.#count = 0;
    this.#bin = 1;
    this.#open = 0;
  }

  /** Changes how many turns there is room for; thins them when they are too many. */
  resize(capacity: number): void {
    if (this.#count >= capacity) this.fold(capacity - stageOf(capacity));
    const block = new Float64Array(capacity * WIDTH);
    const columns = columnsOf(block);
    columns.forEach((column, index) => column.set(this.#columns[index]!.subarray(0, this.#count)));
    this.#capacity = capacity;
    this.#block = block;
    this.#columns = columns;
  }

  /** Makes room by thinning. At most `limit` turns are left. */
  fold(limit = this.#capacity - stageOf(this.#capacity)): void {
    if (this.#bin > 1) this.#thin(this.#open);
    while (this.#count > limit) {
      this.#bin = this.#bin === 1 ? this.#extremes.firstBin : this.#bin * 2;
      this.#thin(0);
    }
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
    const copy = this.#binned(this.#columns.map((column) => column.slice(start, start + turns)));
    const [tours] = copy.columns;
    const ends = { from: tours![0]!, to: tours![turns - 1]! };
    let kept = turns;
    for (let bin = this.#extremes.firstBin; kept > points; bin *= 2) {
      // A bin keeps a turn at least, so that with these there would be too many.
      if (turns / bin <= points) kept = yield* keepingExtremes(copy, bin, 0, kept);
    }
    const columns: Partial<Record<ColumnName, number[]>> = {};
    for (const [index, name] of COLUMN_NAMES.entries()) {
      yield;
      const values = copy.columns[index]!;
      const column: number[] = [];
      for (let row = 0; row < kept; row++) column.push(values[row]!);
      if (!column.every(Number.isNaN)) columns[name] = column;
    }
    return { ...ends, turns, columns };
  }

  /** Turns per second over the last so many seconds of the turns' own time, if that can be said. */
  rate(seconds: number): number | undefined {
    const last = this.#count - 1;
    if (last < 1) return undefined;
    const tours = this.column("tour");
    const times = this.column("timestamp");
    const first = Math.min(rowAt(times, times[last]! - seconds), last - 1);
    const rate = (tours[last]! - tours[first]!) / (times[last]! - times[first]!);
    return Number.isFinite(rate) && rate > 0 ? rate : undefined;
  }

  /** When a turn ended, or the next one that is known; undefined where that is not known. */
  timeOf(tour: number): number | undefined {
    const time = this.column("timestamp")[this.#indexOf(tour)] ?? NaN;
    return Number.isNaN(time) ? undefined : time;
  }

  /** The first row of a turn with this number or a higher one. */
  #indexOf(tour: number): number {
    return rowAt(this.column("tour"), tour);
  }

  #binned(columns = this.#columns): Binned {
    return { columns, extremes: this.#extremes, origin: this.#origin };
  }

  /** Thins the rows from `from` on, which is the first of its bin. */
  #thin(from: number): void {
    const bin = this.#bin;
    this.#count = keepExtremes(this.#binned(), bin, from, this.#count);
    const last = Math.ceil((this.last! - this.#origin) / bin);
    this.#open = this.#indexOf(this.#origin + (last - 1) * bin + 1);
  }
}

function columnsOf(block: Float64Array): readonly Float64Array[] {
  const length = block.length / WIDTH;
  return COLUMN_NAMES.map((_, index) => block.subarray(index * length, (index + 1) * length));
}

function stageOf(capacity: number): number {
  return Math.min(MAX_STAGE, capacity >> 2);
}
