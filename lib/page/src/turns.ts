/** The turns of a game as the page keeps them: columns of numbers, a bounded number of rows. @module */

/** Rows that are kept at most. */
const MAX_ROWS = 20_000;
/** A bin keeps four rows at most, so the first width halves the number of rows. */
const FIRST_BIN = 8;

type Numbers = Readonly<Record<string, readonly (number | null)[]>>;

/**
 * Turns in the order in which they were played. When they become too many they fall into bins of 8
 * turns, then of 16 and so on. A bin keeps its turns with the lowest and the highest
 * `budget_total`, the one that took longest, and its last one.
 */
export class Turns {
  /** Turns with a row. */
  length = 0;
  /** Grows with every change. */
  version = 0;
  readonly #maxRows: number;
  readonly #columns = new Map<string, Float64Array>();
  #capacity = 1024;
  #bin = 1;

  constructor(maxRows = MAX_ROWS) {
    this.#maxRows = maxRows;
    this.#columns.set("tour", new Float64Array(this.#capacity));
  }

  /** The first and the last turn that are kept; 0 without any. */
  get first(): number {
    return this.#columns.get("tour")![0]!;
  }
  get last(): number {
    return this.length === 0 ? 0 : this.#columns.get("tour")![this.length - 1]!;
  }

  /**
   * The rows `from` to `to` of a column, `to` excluded, without a copy. Unknown values are NaN.
   * Undefined where no turn has the column.
   */
  column(name: string, from = 0, to = this.length): Float64Array | undefined {
    return this.#columns.get(name)?.subarray(from, to);
  }

  /**
   * Adds rows. Those that are known from their first turn on go: they are told once more, or the
   * game was set back and goes on from there.
   */
  append(columns: Numbers): void {
    const tours = columns.tour ?? [];
    const first = tours[0] ?? Infinity;
    if (this.length > 0 && first <= this.last) {
      this.length = rowAt(this.column("tour")!, first);
      this.version++;
    }
    for (let row = 0; row < tours.length; row++) {
      if (this.length === this.#maxRows) this.#fold();
      if (this.length === this.#capacity) this.#grow();
      for (const [name, values] of Object.entries(columns)) {
        const value = values[row] ?? NaN;
        let column = this.#columns.get(name);
        if (column === undefined) {
          if (Number.isNaN(value)) continue;
          column = new Float64Array(this.#capacity).fill(NaN);
          this.#columns.set(name, column);
        }
        column[this.length] = value;
      }
      for (const [name, column] of this.#columns) {
        if (!(name in columns)) column[this.length] = NaN;
      }
      this.length++;
      this.version++;
    }
  }

  clear(): void {
    this.length = 0;
    this.#bin = 1;
    this.version++;
  }

  #grow(): void {
    this.#capacity = Math.min(this.#capacity * 2, this.#maxRows);
    for (const [name, column] of this.#columns) {
      const grown = new Float64Array(this.#capacity).fill(NaN);
      grown.set(column);
      this.#columns.set(name, grown);
    }
  }

  #fold(): void {
    if (this.#bin > 1) this.#thin();
    while (this.length > this.#maxRows / 2) {
      this.#bin = this.#bin === 1 ? FIRST_BIN : this.#bin * 2;
      this.#thin();
    }
  }

  #thin(): void {
    const tours = this.#columns.get("tour")!;
    const budgets = this.#columns.get("budget_total") ?? tours;
    const durations = this.#columns.get("duree_seconds") ?? tours;
    const binOf = (row: number) => Math.ceil(tours[row]! / this.#bin);
    let kept = 0;
    for (let first = 0, next = 0; first < this.length; first = next) {
      const bin = binOf(first);
      let lowest = first;
      let highest = first;
      let longest = first;
      for (next = first + 1; next < this.length && binOf(next) === bin; next++) {
        if (isAbove(-budgets[next]!, -budgets[lowest]!)) lowest = next;
        if (isAbove(budgets[next]!, budgets[highest]!)) highest = next;
        if (isAbove(durations[next]!, durations[longest]!)) longest = next;
      }
      for (let row = first; row < next; row++) {
        if (row !== lowest && row !== highest && row !== longest && row !== next - 1) continue;
        for (const column of this.#columns.values()) column[kept] = column[row]!;
        kept++;
      }
    }
    this.length = kept;
  }
}

/** Whether a value is above a known one; any is above one that is not known. */
function isAbove(value: number, known: number): boolean {
  return value > known || (Number.isNaN(known) && !Number.isNaN(value));
}

/** The first row whose value is at least `value`, in an ascending column; its length if there is none. */
export function rowAt(column: ArrayLike<number>, value: number): number {
  return firstRow(column, (each) => each >= value);
}

/** The first row whose value is above `value`, in an ascending column; its length if there is none. */
export function rowAfter(column: ArrayLike<number>, value: number): number {
  return firstRow(column, (each) => each > value);
}

function firstRow(column: ArrayLike<number>, isReached: (value: number) => boolean): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (!isReached(column[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
