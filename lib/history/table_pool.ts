/** Gives the turn tables of all sessions their share of a fixed memory. @module */

import { FIRST_CAPACITY, TurnTable } from "../turns/mod.ts";

/** The owner of a table. It has none before its first turn, or after others needed the memory. */
export interface Holder {
  table: TurnTable | undefined;
}

function isLarge(table: TurnTable): boolean {
  return table.capacity > FIRST_CAPACITY;
}

export class TablePool {
  /** Maximum number of turns of a table, and of all. */
  readonly #maxTurns: number;
  readonly #maxCapacity: number;
  /** Owners with a table; the one that was touched last comes last. */
  readonly #holders = new Set<Holder>();
  /** Sum of the capacities of all tables, in turns. */
  #capacity = 0;
  /** How many tables have a larger capacity than a new one. */
  #large = 0;

  constructor(maxTurns: number, maxCapacity: number) {
    this.#maxTurns = maxTurns;
    this.#maxCapacity = maxCapacity;
  }

  append(holder: Holder, row: Float64Array): void {
    if (holder.table === undefined) {
      holder.table = this.#createTable();
      this.#holders.add(holder);
    }
    const { table } = holder;
    while (table.count === table.capacity) this.#makeRoom(table);
    table.append(row);
  }

  touch(holder: Holder): void {
    if (this.#holders.delete(holder)) this.#holders.add(holder);
  }

  drop(holder: Holder): void {
    if (holder.table === undefined) return;
    this.#capacity -= holder.table.capacity;
    this.#large -= Number(isLarge(holder.table));
    this.#holders.delete(holder);
    holder.table = undefined;
  }

  #createTable(): TurnTable {
    while (this.#capacity + FIRST_CAPACITY > this.#maxCapacity) {
      const [quietest] = this.#holders;
      if (this.#large > 0) this.#halve(this.#largest()!);
      else if (quietest !== undefined) this.drop(quietest);
      else break;
    }
    this.#capacity += FIRST_CAPACITY;
    return new TurnTable();
  }

  /** Enlarges a full table, or thins it if it has its share. */
  #makeRoom(table: TurnTable): void {
    const { capacity } = table;
    const wanted = Math.min(2 * capacity, this.#maxTurns);
    if (wanted === capacity) table.fold();
    else if (this.#capacity + wanted - capacity <= this.#maxCapacity) this.#resize(table, wanted);
    else {
      const largest = this.#largest()!;
      if (largest.capacity > capacity) this.#halve(largest);
      else table.fold();
    }
  }

  #largest(): TurnTable | undefined {
    let largest: TurnTable | undefined;
    for (const { table } of this.#holders) {
      if (table !== undefined && table.capacity > (largest?.capacity ?? 0)) largest = table;
    }
    return largest;
  }

  #halve(table: TurnTable): void {
    this.#resize(table, Math.max(FIRST_CAPACITY, table.capacity >> 1));
  }

  #resize(table: TurnTable, capacity: number): void {
    this.#capacity += capacity - table.capacity;
    this.#large -= Number(isLarge(table));
    table.resize(capacity);
    this.#large += Number(isLarge(table));
  }
}
