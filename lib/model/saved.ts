/** What is saved, as text: the state of the model, and reports. @module */

import * as z from "zod";
import { BREAKDOWN_LABELS, REPORTED_METRICS, TURN_SECONDS_BUCKETS } from "../catalogue/mod.ts";
import type { Report } from "../report/mod.ts";
import type { FilePosition } from "../source/mod.ts";
import { addAll } from "./exact.ts";
import type { ModelState } from "./model.ts";

/** What a process leaves to the next one. `positions` are those of the followed files. */
export interface SavedState {
  readonly model: ModelState;
  readonly positions: readonly FilePosition[];
  /** Reports that came after the saving, oldest first, with their arrival. Taking one twice is harmless. */
  readonly journal: readonly { readonly report: Report; readonly arrival: number }[];
}

const MAP_KEY = "$map";

/** Maps are saved as lists of entries under a key of their own. */
export function toText(value: unknown): string {
  return JSON.stringify(value, (key, item) => {
    if (item instanceof Map) return { [MAP_KEY]: [...item] };
    // As null it could not be read again, and neither could all the rest.
    if (typeof item === "number" && !Number.isFinite(item)) throw new Error(`"${key}" is ${item}`);
    return item;
  });
}

function fromText(text: string): unknown {
  return JSON.parse(
    text,
    (_key, item) => Array.isArray(item?.[MAP_KEY]) ? new Map(item[MAP_KEY]) : item,
  );
}

const number = z.number();
const optional = z.number().optional();
/** An exact sum; the version before this one had one number. */
const exact = z.union([z.array(number), number.transform((sum) => sum === 0 ? [] : [sum])]);
const total = z.object({ closed: exact, current: number });
/** A part; the version before this one had what was counted, and what reports had last said. */
const share = z.union([
  total,
  z.object({ counted: number, seen: number }).transform(({ counted, seen }) => {
    const closed: number[] = [];
    addAll(closed, [counted, -seen]);
    return { closed, current: seen };
  }),
]);
/** Of all games together they may be beyond the integers that are exact. */
const counts = z.array(z.number().nonnegative()).length(TURN_SECONDS_BUCKETS.length + 1);
const moment = z.object({ time: number, turn: number }).optional();
const numbers = z.map(z.string(), number);
const tables = z.map(
  z.string(),
  z.object({ labels: z.array(z.array(z.string())), values: z.array(number) })
    .refine(({ labels, values }) => labels.length === values.length),
);
const ledger = z.object({
  turns: number,
  turnsSeen: number,
  totals: z.map(z.string(), total),
  shares: z.map(z.string(), z.map(z.string(), share)),
  turnCounts: counts,
  turnCountsSeen: counts,
  turnSum: total,
  turnsTimed: number,
  interval: z.object({ seconds: exact, turns: number, first: moment, last: moment }),
});
const eventClues = z.object({
  tick: number,
  entries: numbers,
  budget: number,
  spent: number,
  stock: number,
  sold: number,
  budgets: z.array(number),
  suppliers: z.array(numbers),
}).optional();
const session = z.object({
  id: z.string(),
  format: z.enum(["natif", "tradesim"]),
  order: optional,
  tick: optional,
  turn: optional,
  firstTimestamp: optional,
  lastTimestamp: optional,
  arrival: number,
  place: number,
  finished: z.boolean(),
  live: z.boolean(),
  gauges: numbers,
  parts: z.map(z.string(), numbers),
  extra: numbers,
  events: numbers,
  eventClues,
  detail: tables,
  detailArrival: optional,
  ledger,
});
const stateShape = z.object({
  breakdowns: z.array(z.enum(BREAKDOWN_LABELS)),
  evicted: ledger,
  sessions: z.array(session),
  retired: z.array(session),
  // The version before this one had none.
  games: z.array(z.tuple([
    z.string(),
    z.array(z.object({
      name: z.string(),
      begun: number,
      last: number,
      order: number,
      isMixed: z.boolean(),
    })),
  ])).default([]),
  positions: z.array(
    z.object({ path: z.string(), dev: number, ino: number, offset: number, head: z.string() }),
  ),
});

/** A journal's line: the report as it was noted. */
const entryShape = z.object({
  report: z.object({
    format: z.enum(["natif", "tradesim"]),
    session: z.string(),
    order: optional,
    tick: optional,
    turn: optional,
    timestamp: optional,
    finished: z.boolean(),
    values: numbers,
    breakdowns: z.map(
      z.string(),
      z.array(z.object({
        labels: z.array(z.enum(BREAKDOWN_LABELS)),
        parts: z.array(
          z.object({
            labels: z.partialRecord(z.enum(BREAKDOWN_LABELS), z.string()),
            value: number,
          }),
        ),
      })),
    ),
    turnSeconds: z.union([
      z.object({ counts, sum: number }),
      z.object({ turns: number, sum: number }),
    ]).optional(),
    events: numbers,
    eventClues,
    detail: tables,
    extra: z.map(z.string(), z.object({ type: z.enum(["counter", "gauge"]), value: number })),
    columns: z.map(z.string(), z.array(number)),
    problems: z.array(z.never()),
    unknownKeys: number,
  }),
  arrival: number,
});
const REPORTED_NAMES = new Set(REPORTED_METRICS.map(({ name }) => name));

/**
 * Reads a state's line.
 *
 * @throws {Error} When it is none.
 */
export function readState(text: string): Pick<SavedState, "model" | "positions"> {
  const { positions, ...model } = stateShape.parse(fromText(text));
  // Optional keys come back as undefined, as the program writes them.
  return { model: model as unknown as ModelState, positions };
}

/** Reads the line of a report that came after a state; undefined when it is none. */
export function readEntry(text: string): SavedState["journal"][number] | undefined {
  try {
    const { report, arrival } = entryShape.parse(fromText(text));
    // A metric that another version knew would be a bug here.
    const values = new Map([...report.values].filter(([name]) => REPORTED_NAMES.has(name)));
    const rest = { recentEvents: [], eventCounts: new Map(), inventory: undefined };
    return { report: { ...report, ...rest, values } as Report, arrival };
  } catch {
    return undefined; // Reports are absolute: the next one makes up for it.
  }
}
