/** Made-up turns and reports of them, for tests. @module */

import type { History } from "../../lib/history/mod.ts";
import type { Details, Report } from "../../lib/report/mod.ts";
import { report } from "../model/reports.ts";
import { COLUMN_NAMES } from "../../lib/turns/mod.ts";

export type Turn = Readonly<Partial<Record<(typeof COLUMN_NAMES)[number], number>>>;

/** A turn as a table takes it: what is not given is not known. */
export function rowOf(turn: Turn): Float64Array {
  return Float64Array.from(COLUMN_NAMES, (name) => turn[name] ?? NaN);
}

/** Turns whose numbers go up and down without a pattern, the same ones every time. */
export function wildTurns(count: number): Required<Turn>[] {
  let state = 12345;
  const random = () => (state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
  return Array.from({ length: count }, (_, index) => {
    const values = COLUMN_NAMES.map((name) => [name, Math.floor(random() * 1e6)]);
    return { ...Object.fromEntries(values), tour: index + 1, timestamp: 1000 + index / 4 };
  });
}

/** A report with what is beside it. */
export type Told = Report & Details;

type Changes = Parameters<typeof report>[0] & Partial<Details>;

/** A native report that says nothing but its place, and what is put into it. */
export function told({ tables, columns, recentEvents, inventory, ...changes }: Changes): Told {
  return {
    ...report(changes),
    tables: tables ?? new Map(),
    columns: columns ?? new Map(),
    recentEvents: recentEvents ?? [],
    inventory,
  };
}

/** Takes a report as the program does. */
export function take(history: History, told: Told, arrival: number): boolean {
  return history.take(told, told, arrival);
}

/** A native report of these turns, of which the last is its own. */
export function reportOf(turns: readonly Turn[], changes: Partial<Told> = {}): Told {
  const names = COLUMN_NAMES.filter((name) => turns.some((turn) => turn[name] !== undefined));
  const turn = turns.at(-1)?.tour ?? 0;
  return {
    ...told({ order: turn, turn }),
    columns: new Map(names.map((name) => [name, turns.map((turn) => turn[name] ?? 0)])),
    ...changes,
  };
}
