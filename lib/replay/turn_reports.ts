/** Makes of the turns of a turn log what a game would have reported. @module */

import type { Reading, Report, TurnSeconds } from "../report/mod.ts";
import { DURATION, TIME, type Turns } from "../turnlog/mod.ts";
import { bucketOf, COLUMN_NAMES, MAX_COLUMN_LENGTH, noTurns } from "../turns/mod.ts";

/** The shortest time between two reports, in seconds, as of a publisher. */
const INTERVAL = 0.1;

const NOTHING = { problems: [], unknownKeys: 0 };
const NO_EVENTS: ReadonlyMap<string, number> = new Map();

/** Durations of all turns so far, turn by turn; undefined where those before are not known. */
function durationsOf(
  { first, before, columns }: Turns,
): ((row: number) => TurnSeconds) | undefined {
  const durations = columns.get(DURATION);
  if (durations === undefined || (before === undefined && first > 1)) return undefined;
  if (before !== undefined && !("counts" in before)) return undefined;
  const counts = before === undefined ? noTurns() : [...before.counts];
  let sum = before?.sum ?? 0;
  let counted = 0;
  return (row) => {
    for (; counted <= row; counted++) {
      const seconds = durations[counted]!;
      if (Number.isNaN(seconds)) continue;
      counts[bucketOf(seconds)]!++;
      sum += seconds;
    }
    return { counts: [...counts], sum };
  };
}

/** The reports of turn logs, with every turn. */
export class TurnReports {
  readonly #interval: number;
  #last: Report | undefined;

  /** @param speed How many recorded seconds pass in one. */
  constructor(speed: number) {
    this.#interval = INTERVAL * speed;
  }

  /** Reports of some turns, each at least a publisher's interval of the replay after the one before. */
  *of(turns: Turns): Generator<Reading, void> {
    const { columns, count, finished } = turns;
    const times = columns.get(TIME);
    const durations = durationsOf(turns);
    let from = 0;
    for (let row = 0; row < count; row++) {
      const isLast = row === count - 1;
      const passed = (times?.[row + 1] ?? Infinity) - (times?.[from] ?? 0);
      const isDue = !(passed < this.#interval) || row + 1 - from >= MAX_COLUMN_LENGTH;
      if (!isLast && !isDue) continue;
      yield this.#reading(turns, { from, row, isOver: finished && isLast }, durations?.(row));
      from = row + 1;
    }
    const last = this.#last;
    if (count > 0 || !finished || last?.session !== turns.session) return;
    yield reading({ ...last, order: last.order! + 1, finished });
  }

  #reading(
    turns: Turns,
    { from, row, isOver }: {
      readonly from: number;
      readonly row: number;
      readonly isOver: boolean;
    },
    turnSeconds: TurnSeconds | undefined,
  ): Reading {
    const { session, first, columns } = turns;
    const values = new Map<string, number>();
    for (const [name, column] of columns) {
      const value = column[row]!;
      if (name !== TIME && name !== DURATION && !Number.isNaN(value)) values.set(name, value);
    }
    const timestamp = columns.get(TIME)?.[row] ?? NaN;
    this.#last = {
      format: "natif",
      session,
      order: first + row,
      tick: undefined,
      turn: first + row,
      timestamp: Number.isNaN(timestamp) ? undefined : timestamp,
      finished: isOver,
      values,
      breakdowns: new Map(),
      turnSeconds,
      events: NO_EVENTS,
      eventCounts: NO_EVENTS,
      extra: new Map(),
    };
    const tours = Array.from({ length: row + 1 - from }, (_, index) => first + from + index);
    const known = COLUMN_NAMES.flatMap((name): [string, number[]][] => {
      const column = columns.get(name);
      return column === undefined ? [] : [[name, Array.from(column.subarray(from, row + 1))]];
    });
    return reading(this.#last, new Map([["tour", tours], ...known]));
  }
}

function reading(report: Report, columns: ReadonlyMap<string, readonly number[]> = new Map()) {
  const details = { tables: new Map(), columns, recentEvents: [], inventory: undefined };
  return { report, details, noticed: NOTHING };
}
