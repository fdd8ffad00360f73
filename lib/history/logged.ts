/** Puts the turns of turn logs among those of reports. @module */

import type { Turns } from "../turnlog/mod.ts";
import { COLUMN_NAMES, INDEX_OF, type TurnTable } from "../turns/mod.ts";
import type { Holder, TablePool } from "./table_pool.ts";

/** Consecutive turns of a turn log. */
export type LoggedTurns = Pick<Turns, "session" | "first" | "count" | "columns">;

/** Appends the turns that come after those of a table. `row` is used meanwhile. */
export function appendLogged(
  tables: TablePool,
  holder: Holder,
  { first, count, columns }: LoggedTurns,
  row: Float64Array,
): void {
  const values = COLUMN_NAMES.map((name) => columns.get(name));
  for (let turn = Math.max(0, (holder.table?.last ?? 0) + 1 - first); turn < count; turn++) {
    values.forEach((column, index) => row[index] = column?.[turn] ?? NaN);
    row[INDEX_OF.tour] = first + turn;
    tables.append(holder, row);
  }
}

/**
 * Adds to a table the turns of `every` that it lacks, up to its last one. Of a turn that both have that
 * of `every` stays.
 *
 * @returns How many more turns there are; with a full table fewer are possible.
 */
export function complete(
  tables: TablePool,
  holder: Holder,
  every: TurnTable,
  row: Float64Array,
): number {
  const { table } = holder;
  if (table?.last === undefined) return 0;
  every.truncate(table.last + 1);
  const own = table.column("tour");
  const logged = every.column("tour");
  tables.drop(holder);
  for (let a = 0, b = 0; a < own.length || b < logged.length;) {
    const isLogged = b < logged.length && !(own[a]! < logged[b]!);
    if (isLogged && own[a] === logged[b]) a++;
    tables.append(holder, isLogged ? every.read(b++, row) : table.read(a++, row));
  }
  return holder.table!.count - own.length;
}
