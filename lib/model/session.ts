/** A session: one game as of its last report, and the ledger of its totals. @module */

import * as z from "zod";
import {
  type BreakdownLabel,
  metric,
  REPORTED_METRICS,
  type SessionState,
} from "../catalogue/mod.ts";
import { createEconomy, ECONOMY, observe, restart } from "../economy/mod.ts";
import {
  type Breakdown,
  DETAIL_TABLES,
  type DetailTable,
  type DetailTables,
  EVENT_CLUES,
  judge,
  MAX_PARTS,
  NUMBERS,
  REPORT,
  type Report,
  type Verdict,
} from "../report/mod.ts";
import {
  addReport,
  closePart,
  countViolation,
  createLedger,
  LEDGER,
  type Parts,
} from "./ledger.ts";

const OPTIONAL = z.number().optional();

/** A session that has not reported for so long, in seconds, has fallen silent; at the earliest. */
export const SILENT_AFTER = 10;
/** A slow one may be quiet for so many of its usual intervals between reports. */
const USUAL_INTERVALS = 3;

/** When an invariant was broken first and last, and how the last time. */
const BREACH = z.strictObject({ first: OPTIONAL, last: OPTIONAL, cause: z.string() }).readonly();

/** Plain data that is saved as it is. Times are in seconds since 1970. */
export const SESSION = z.strictObject({
  id: z.string(),
  format: REPORT.unwrap().shape.format,
  order: OPTIONAL,
  tick: OPTIONAL,
  turn: OPTIONAL,
  /** Time of the first and of the last report, by the sender's clock. */
  firstTimestamp: OPTIONAL,
  lastTimestamp: OPTIONAL,
  /** When the last report arrived, by the exporter's clock. */
  arrival: z.number(),
  /** Arrival number of the last report: the newest session has the highest. */
  sequence: z.number(),
  finished: z.boolean(),
  /** Whether its gauges are shown. */
  live: z.boolean(),
  gauges: NUMBERS,
  /** Parts of gauges, by name. */
  parts: z.map(z.string(), NUMBERS).readonly(),
  extra: NUMBERS,
  events: NUMBERS,
  /** What the events of the next turn are named by. */
  eventClues: EVENT_CLUES.optional(),
  eventCounts: NUMBERS.optional(),
  economy: ECONOMY,
  /** What the invariants of the next report are judged by. */
  balance: NUMBERS,
  /** Invariants that were broken; the ledger has how often. */
  breaches: z.map(z.string(), BREACH),
  detail: DETAIL_TABLES,
  /** When the detail arrived; gauges and parts are those of the same report while it is fresh. */
  detailArrival: OPTIONAL,
  ledger: LEDGER,
});
export type Session = z.infer<typeof SESSION>;

/** A detail that is older than this, in seconds, holds no gauge back: its sender tells it seldom. */
const DETAIL_FRESH = 3;

export function createSession(id: string): Session {
  return {
    id,
    format: "natif",
    order: undefined,
    tick: undefined,
    turn: undefined,
    firstTimestamp: undefined,
    lastTimestamp: undefined,
    arrival: 0,
    sequence: 0,
    finished: false,
    live: false,
    gauges: new Map(),
    parts: new Map(),
    extra: new Map(),
    events: new Map(),
    eventClues: undefined,
    eventCounts: undefined,
    economy: createEconomy(),
    balance: new Map(),
    breaches: new Map(),
    detail: new Map(),
    detailArrival: undefined,
    ledger: createLedger(),
  };
}

/** When a session that does not report again falls silent, in seconds since 1970: by its own rhythm. */
export function silentAt(session: Session): number {
  const { arrival, order = 0, firstTimestamp, lastTimestamp } = session;
  const seconds = (lastTimestamp ?? 0) - (firstTimestamp ?? lastTimestamp ?? 0);
  // Reports are numbered from 1; of a game that was seen from the middle on the mean is too short.
  const usual = order > 1 && seconds > 0 ? seconds / (order - 1) : 0;
  return arrival + Math.max(SILENT_AFTER, USUAL_INTERVALS * usual);
}

/** What an unfinished session is that does not report any more. */
export function quietState({ format }: Session): SessionState {
  return format === "tradesim" ? "ended" : "silent";
}

export function stateOf(session: Session, now: number): SessionState {
  if (session.finished) return "finished";
  return now < silentAt(session) ? "running" : quietState(session);
}

/** Whether a session began after the last report of another, by their own clocks. */
export function isSuccessor({ firstTimestamp }: Session, { lastTimestamp }: Session): boolean {
  return firstTimestamp !== undefined && lastTimestamp !== undefined &&
    firstTimestamp >= lastTimestamp;
}

/** Keeps of a session that is not shown any more only what it takes to go on counting. */
export function stopShowing(session: Session): void {
  session.live = false;
  session.gauges = new Map();
  session.parts = new Map();
  session.extra = new Map();
  session.events = new Map();
  session.detail = new Map();
  session.detailArrival = undefined;
}

/**
 * The parts of a value by the labels in use. Of several breakdowns the one with most of these
 * labels serves, at a draw the one that has the label named first.
 */
function partsOf(
  breakdowns: readonly Breakdown[],
  labels: readonly BreakdownLabel[],
): Parts | undefined {
  const rank = ({ labels: own }: Breakdown) =>
    labels.reduce((sum, label, index) => own.includes(label) ? sum + 100 - index : sum, 0);
  const best = breakdowns.reduce<Breakdown | undefined>(
    (found, next) => rank(next) > (found ? rank(found) : 0) ? next : found,
    undefined,
  );
  if (best === undefined) return undefined;
  const parts = new Map<string, number>();
  for (const part of best.parts) {
    const key = partKey(labels.map((label) => part.labels[label] ?? ""));
    parts.set(key, (parts.get(key) ?? 0) + part.value);
  }
  // Each is finite, but those of one name may add up to more than any number.
  return parts.values().every(Number.isFinite) ? parts : undefined;
}

const SEPARATOR = "\u0000";

/** Joins the values of the labels in use; all empty is the part that nothing accounts for. */
function partKey(values: readonly string[]): string {
  return values.every((value) => value === "") ? "" : values.join(SEPARATOR);
}

export function splitPartKey(key: string): readonly string[] {
  return key.split(SEPARATOR);
}

/**
 * Takes a report into its session, and says what became of it. Only a new one changes anything.
 *
 * @param tables What the report's detail is, where there is any.
 */
export function takeReport(
  session: Session,
  report: Report,
  arrival: number,
  labels: readonly BreakdownLabel[],
  tables: DetailTables = new Map(),
): Verdict {
  const { ledger } = session;
  const { order, tick, eventCounts, eventClues, balance, economy } = session;
  const verdict = judge(
    { order, tick, eventCounts, eventClues, balance, prices: economy.prices },
    report,
    (name) => ledger.totals.get(name)?.current,
  );
  if (verdict.outcome !== "taken") return verdict;
  if (verdict.isReset) {
    closePart(ledger);
    restart(economy);
  }
  const parts = new Map<string, Parts>();
  for (const [name, breakdowns] of report.breakdowns) {
    const found = partsOf(breakdowns, labels);
    if (found !== undefined) parts.set(name, found);
  }
  addReport(ledger, report, parts);

  noteViolations(session, report, verdict);
  observe(economy, {
    turn: report.turn,
    spent: report.values.get("transactions_montant_total"),
    supply: report.values.get("budget_total"),
    prices: report.prices,
  });

  session.format = report.format;
  session.order = report.order ?? session.order;
  session.tick = report.tick ?? session.tick;
  session.eventCounts = report.eventCounts;
  session.eventClues = report.eventClues;
  session.turn = report.turn ?? session.turn;
  session.firstTimestamp ??= report.timestamp;
  session.lastTimestamp = report.timestamp ?? session.lastTimestamp;
  session.arrival = arrival;
  session.finished = report.finished;
  session.events = eventTimes(session.events, report, verdict, arrival);
  // A sender may leave the detail out of some reports; then the last one stands, and with it what adds
  // up to it: one scrape shows one moment.
  if (tables.size > 0) {
    session.detail = keepLayouts(session.detail, tables);
    session.detailArrival = arrival;
  } else if (arrival - (session.detailArrival ?? -Infinity) < DETAIL_FRESH && !report.finished) {
    return verdict;
  }
  session.gauges = gaugesOf(session, report);
  session.parts = parts;
  session.extra = new Map(
    [...report.extra].flatMap(([name, { type, value }]) => type === "gauge" ? [[name, value]] : []),
  );
  return verdict;
}

/** What a native report without detail does not tell is as it was. */
const FROM_DETAIL = REPORTED_METRICS.filter(({ detail }) => detail !== undefined)
  .map(({ name }) => name);

function gaugesOf({ gauges }: Session, { format, values, prices }: Report): Session["gauges"] {
  const own = new Map<string, number>();
  for (const [name, value] of values) if (metric(name).type === "gauge") own.set(name, value);
  if (format === "tradesim" || prices !== undefined) return own;
  for (const name of FROM_DETAIL) {
    const known = gauges.get(name);
    if (known !== undefined && !own.has(name)) own.set(name, known);
  }
  return own;
}

function noteViolations(
  session: Session,
  { turn }: Report,
  { violations, balance }: Verdict,
): void {
  session.balance = balance!;
  for (const invariant of new Set(violations.map((violation) => violation.invariant))) {
    countViolation(session.ledger, invariant);
    const causes = violations.filter((violation) => violation.invariant === invariant);
    session.breaches.set(invariant, {
      first: session.breaches.get(invariant)?.first ?? turn,
      last: turn,
      cause: causes.map(({ cause }) => cause).join("; "),
    });
  }
}

/** When an event of a type last happened, as the sender says it or as its numbers show. */
function eventTimes(
  known: Session["events"],
  { format, events, timestamp }: Report,
  verdict: Verdict,
  arrival: number,
): Session["events"] {
  if (format === "natif") return events;
  if (verdict.events.length === 0) return known;
  const times = new Map(known);
  for (const { type } of verdict.events) {
    if (times.has(type) || times.size < MAX_PARTS) times.set(type, timestamp ?? arrival);
  }
  return times;
}

function isSameLayout(a: DetailTable, b: DetailTable): boolean {
  return a.labels.length === b.labels.length &&
    a.labels.every((row, index) =>
      row.every((value, column) => value === b.labels[index]![column])
    );
}

/**
 * Replaces tables, but keeps the label rows of those whose layout has not changed: what is made
 * from the rows can then be found again by their identity.
 */
function keepLayouts(before: DetailTables, after: DetailTables): DetailTables {
  return new Map(
    Array.from(after, ([name, table]) => {
      const known = before.get(name);
      const labels = known !== undefined && isSameLayout(known, table)
        ? known.labels
        : withoutDuplicates(table.labels);
      return [name, { labels, values: table.values }];
    }),
  );
}

/** Two things of one name would be one series twice, which no scraper takes: the second is told apart. */
function withoutDuplicates(rows: DetailTable["labels"]): DetailTable["labels"] {
  /** The last number given to a name. */
  const numbers = new Map<string, number>();
  const taken = new Set<string>();
  return rows.map((row) => {
    const key = partKey(row);
    let number = numbers.get(key) ?? 1;
    let own = row;
    while (taken.has(partKey(own))) own = [...row.slice(0, -1), `${row.at(-1)} #${++number}`];
    numbers.set(key, number);
    taken.add(partKey(own));
    return own;
  });
}
