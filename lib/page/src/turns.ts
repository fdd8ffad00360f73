/** The turns of a game on the page: columns of numbers with a bounded number of rows. @module */

import { COLUMN_NAMES, type ColumnName, WIDTH } from "../../turns/columns.ts";
import { TurnTable } from "../../turns/turn_table.ts";

/** Maximum number of rows. */
const MAX_ROWS = 20_000;

/** Turns in the order in which they were played, thinned if there are too many. */
export class Turns {
  /** Grows with every change. */
  version = 0;
  readonly #maxRows: number;
  readonly #table = new TurnTable();
  readonly #row = new Float64Array(WIDTH);
  /** The columns with data. */
  readonly #known = new Set<string>(["tour"]);

  constructor(maxRows = MAX_ROWS) {
    this.#maxRows = maxRows;
  }

  /** Number of rows. */
  get length(): number {
    return this.#table.count;
  }

  /** The first and the last turn that are kept; 0 without any. */
  get first(): number {
    return this.#table.first ?? 0;
  }
  get last(): number {
    return this.#table.last ?? 0;
  }

  /**
   * The rows `from` to `to` of a column, `to` excluded, without a copy. Unknown values are NaN.
   * Undefined where no turn has the column.
   */
  column(name: ColumnName, from = 0, to = this.length): Float64Array | undefined {
    return this.#known.has(name) ? this.#table.column(name, from, to) : undefined;
  }

  /**
   * Adds rows. Known rows from their first turn on are dropped: they are sent again, or the game was set back
   * and continues from there.
   */
  append(columns: Readonly<Partial<Record<ColumnName, readonly (number | null)[]>>>): void {
    const table = this.#table;
    const tours = columns.tour ?? [];
    if ((tours[0] ?? Infinity) <= this.last) {
      table.truncate(tours[0]!);
      this.version++;
    }
    for (const name of COLUMN_NAMES) if (columns[name] !== undefined) this.#known.add(name);
    for (let row = 0; row < tours.length; row++) {
      if (table.count === table.capacity) this.#makeRoom();
      COLUMN_NAMES.forEach((name, index) => this.#row[index] = columns[name]?.[row] ?? NaN);
      table.append(this.#row);
      this.version++;
    }
  }

  clear(): void {
    this.#table.clear();
    this.version++;
  }

  #makeRoom(): void {
    const { capacity } = this.#table;
    if (capacity < this.#maxRows) this.#table.resize(Math.min(2 * capacity, this.#maxRows));
    else this.#table.fold();
  }
}
