/** The history of every session: its turns and events, in bounded memory. @module */

import { metric } from "../catalogue/mod.ts";
import {
  type Details,
  type Inventory,
  judge,
  type Mark,
  marked,
  type RecentEvent,
  type Report,
  type Verdict,
} from "../report/mod.ts";
import { COLUMN_NAMES, EMPTY, INDEX_OF, type Selection, WIDTH } from "../turns/mod.ts";
import { bounded } from "./inventory.ts";
import { appendLogged, complete, type LoggedTurns } from "./logged.ts";
import { secondsPerTurn, type Timed } from "./seconds_per_turn.ts";
import { type Holder, TablePool } from "./table_pool.ts";

/** An event in the history of a session. */
export interface PastEvent extends Omit<RecentEvent, "tour"> {
  /** Null if only its time is known. */
  readonly tour: number | null;
  /** In seconds since 1970. */
  readonly timestamp: number;
}

export interface HistoryOptions {
  /** Maximum number of turns of a session; 0 keeps neither turns nor events. */
  readonly maxTurns: number;
  /** Maximum memory for the turns of all sessions, in bytes. Default: 32 MiB. */
  readonly maxBytes?: number;
  /** Maximum number of sessions; the one whose last report is oldest is dropped. Default: no limit. */
  readonly maxSessions?: number;
}

/** Type of the event when TradeSim starts again within a session. */
export const RESET = "remise_a_zero";
/** Minimum of `maxTurns`, unless it is 0. */
const FEWEST_TURNS = 100;

const MAX_BYTES = 32 * 1024 * 1024;
const BYTES_PER_TURN = WIDTH * Float64Array.BYTES_PER_ELEMENT;
/** Maximum number of events of a session, and of all. */
const MAX_EVENTS = 1000;
const MAX_ALL_EVENTS = 20_000;
/** Seconds between two readings of the inventory: the page shows it as tables, which people read. */
const INVENTORY_INTERVAL = 1;
/** Maximum size of all inventories, in characters of JSON. */
const MAX_ALL_INVENTORIES = 2 * 1024 * 1024;
/** Turns per second are computed over this time. */
const RATE_SECONDS = 10;

/** Columns that are also metrics of a report. */
const VALUES = COLUMN_NAMES.flatMap((name, index) =>
  name === "tour" || name === "timestamp" || name === "duree_seconds" ? [] : [{ name, index }]
);

/** The history of a session. */
interface Past extends Timed, Holder {
  mark: Mark;
  values: ReadonlyMap<string, number>;
  events: PastEvent[];
  /** Number of events so far, including those that were dropped. */
  noted: number;
  eventTimes: ReadonlyMap<string, number>;
  inventory: { readonly value: Inventory; readonly size: number; readonly at: number } | undefined;
}

export class History {
  readonly #options: HistoryOptions;
  readonly #maxTurns: number;
  /** The session with the newest report comes last. */
  readonly #pasts = new Map<string, Past>();
  readonly #maxSessions: number;
  readonly #tables: TablePool;
  #events = 0;
  /** Characters of all inventories. */
  #inventories = 0;
  /** The inventory of the last report, if it was too early to read it. */
  #unread:
    | { readonly past: Past; readonly read: () => Inventory; readonly arrival: number }
    | undefined;
  readonly #row = new Float64Array(WIDTH);

  constructor(options: HistoryOptions) {
    const { maxTurns, maxBytes = MAX_BYTES, maxSessions = Infinity } = options;
    this.#options = options;
    this.#maxSessions = maxSessions;
    this.#maxTurns = maxTurns === 0 ? 0 : Math.max(maxTurns, FEWEST_TURNS);
    this.#tables = new TablePool(this.#maxTurns, Math.floor(maxBytes / BYTES_PER_TURN));
  }

  /**
   * Adds a report, unless it is a repeat or late.
   *
   * @param arrival When it arrived, in seconds since 1970.
   * @param verdict How it was judged. Default: judged by what the history knows.
   * @returns Whether it is the first report of its session.
   */
  take(report: Report, details: Details, arrival: number, verdict?: Verdict): boolean {
    const { session, turn } = report;
    const known = this.#pasts.get(session);
    const past = known ?? createPast();
    const { outcome, isReset, events } = verdict ??
      judge(
        past.mark,
        report,
        (name) => metric(name).type === "counter" ? past.values.get(name) : undefined,
      );
    if (outcome !== "taken") return false;
    this.#pasts.set(session, past);
    this.#touch(session);
    if (this.#pasts.size > this.#maxSessions) {
      const [quietest] = this.#pasts.keys();
      this.forget(quietest!);
    }
    past.values = report.values;
    past.mark = marked(past.mark, report);
    if (turn !== undefined && this.#maxTurns > 0) {
      this.#takeTurns(past, report, details, turn);
      const { timestamp = arrival } = report;
      if (isReset) this.#note(past, { tour: turn, timestamp, type: RESET });
      this.#takeEvents(past, report, details, turn, timestamp);
      for (const event of events) this.#note(past, { ...event, timestamp });
    }
    this.#takeInventory(past, details, report.finished, arrival);
    return known === undefined;
  }

  forget(session: string): void {
    const past = this.#pasts.get(session);
    if (past === undefined) return;
    this.#pasts.delete(session);
    this.#tables.drop(past);
    this.#events -= past.events.length;
    this.#dropInventory(past);
    if (this.#unread?.past === past) this.#unread = undefined;
  }

  /** Drops all sessions but some. */
  keepOnly(isKept: (session: string) => boolean): void {
    for (const session of [...this.#pasts.keys()]) if (!isKept(session)) this.forget(session);
  }

  /** An empty history with the same limits. */
  emptied(): History {
    return new History(this.#options);
  }

  /**
   * Prepends the older turns and events of another history to each session, and takes over sessions that
   * are unknown here. Works in steps, between which reports may be added; the other history must not be
   * used afterwards.
   *
   * @returns How many turns were added.
   */
  *prepending(earlier: History): Generator<void, number> {
    const known = [...this.#pasts.keys()];
    let turns = 0;
    for (const [session, before] of earlier.#pasts) {
      earlier.inventory(session); // This reads it, if that was deferred.
      turns += this.#prepend(session, before);
      yield;
    }
    for (const session of known) this.#touch(session);
    return turns;
  }

  /** Takes turns of a turn log into a history that takes no reports, for {@linkcode completing}. */
  takeLogged(turns: LoggedTurns): void {
    if (this.#maxTurns === 0) return;
    const past = this.#pasts.get(turns.session) ?? createPast();
    this.#pasts.set(turns.session, past);
    appendLogged(this.#tables, past, turns, this.#row);
  }

  /**
   * Gives sessions the turns that another history has of turn logs, where reports have left some out, up
   * to the last turn that a report told. Works in steps, between which reports may be added; the other
   * history must not be used afterwards.
   *
   * @returns How many more turns there are.
   */
  *completing(logged: History): Generator<void, number> {
    let turns = 0;
    for (const [session, { table: every }] of logged.#pasts) {
      const past = this.#pasts.get(session);
      if (past !== undefined && every !== undefined) {
        turns += complete(this.#tables, past, every, this.#row);
      }
      yield;
    }
    return turns;
  }

  #prepend(session: string, before: Past): number {
    const past = this.#pasts.get(session) ?? this.#adopt(session, before);
    const { table } = past;
    const first = table?.first ?? Infinity;
    before.table?.truncate(first);
    this.#tables.drop(past);
    for (const part of [before.table, table]) {
      for (let row = 0; row < (part?.count ?? 0); row++) {
        this.#tables.append(past, part!.read(row, this.#row));
      }
    }
    const firstTime = past.events[0]?.timestamp ?? Infinity;
    const older = before.events.filter(({ tour, timestamp }) =>
      tour === null ? timestamp < firstTime : tour < first
    );
    const room = Math.min(MAX_EVENTS - past.events.length, MAX_ALL_EVENTS - this.#events);
    const kept = room > 0 ? older.slice(-room) : [];
    past.events.unshift(...kept);
    this.#events += kept.length;
    return before.table?.count ?? 0;
  }

  /** Takes over a session without its turns and events. */
  #adopt(session: string, before: Past): Past {
    const past = { ...before, table: undefined, events: [], noted: 0 };
    this.#pasts.set(session, past);
    this.#inventories += past.inventory?.size ?? 0;
    return past;
  }

  /** Moves a session to the end, as the one with the newest report. */
  #touch(session: string): void {
    const past = this.#pasts.get(session);
    if (past === undefined) return;
    this.#pasts.delete(session);
    this.#pasts.set(session, past);
    this.#tables.touch(past);
  }

  /** Values of the last report of a session, by metric. */
  values(session: string): ReadonlyMap<string, number> {
    return this.#pasts.get(session)?.values ?? new Map();
  }

  /** How many turns are kept, and the numbers of the first and the last. */
  extent(session: string): { points: number; from: number | undefined; to: number | undefined } {
    const table = this.#pasts.get(session)?.table;
    return { points: table?.count ?? 0, from: table?.first, to: table?.last };
  }

  /** The turns from number `from` on, thinned to at most `points`, which is 20 or more. */
  turns(session: string, from: number, points: number): Selection {
    return this.#pasts.get(session)?.table?.select(from, points) ?? EMPTY;
  }

  /** The same in steps, between which reports may be taken. */
  *selecting(session: string, from: number, points: number): Generator<void, Selection> {
    const table = this.#pasts.get(session)?.table;
    return table === undefined ? EMPTY : yield* table.selecting(from, points);
  }

  /** The kept events from turn `from` on, and those whose turn is unknown. */
  events(session: string, from: number): readonly PastEvent[] {
    const events = this.#pasts.get(session)?.events ?? [];
    return events.filter(({ tour }) => tour === null || tour >= from);
  }

  /** Number of events of a session so far, including those that were dropped. */
  noted(session: string): number {
    return this.#pasts.get(session)?.noted ?? 0;
  }

  /** The events after the first `known` ones, as far as they are kept. */
  eventsAfter(session: string, known: number): readonly PastEvent[] {
    const { events = [], noted = 0 } = this.#pasts.get(session) ?? {};
    const fresh = Math.min(events.length, noted - known);
    return fresh > 0 ? events.slice(-fresh) : [];
  }

  /** Turns per second over the last ten seconds, by the timestamps of the turns. */
  turnsPerSecond(session: string): number | undefined {
    return this.#pasts.get(session)?.table?.rate(RATE_SECONDS);
  }

  /** The inventory of the last report that has one: the same object until the next. */
  inventory(session: string): Inventory | undefined {
    const past = this.#pasts.get(session);
    if (past !== undefined && this.#unread?.past === past) this.#readInventory();
    return past?.inventory?.value;
  }

  #takeTurns(past: Past, report: Report, { columns }: Details, turn: number): void {
    const { values, timestamp } = report;
    const tours = columns.get("tour") ?? [];
    if (turn < (past.table?.last ?? 0)) this.#setBack(past, Math.min(turn, tours[0] ?? turn));
    const row = this.#row;
    let last = past.table?.last ?? -1;
    tours.forEach((tour, index) => {
      // A report has no turn after its own.
      if (!(tour > last && tour <= turn)) return;
      COLUMN_NAMES.forEach((name, column) => row[column] = columns.get(name)?.[index] ?? NaN);
      this.#tables.append(past, row);
      last = tour;
    });
    const seconds = secondsPerTurn(past, report);
    if (turn <= last) return;
    row[INDEX_OF.tour] = turn;
    row[INDEX_OF.timestamp] = timestamp ?? NaN;
    row[INDEX_OF.duree_seconds] = seconds;
    for (const { name, index } of VALUES) row[index] = values.get(name) ?? NaN;
    this.#tables.append(past, row);
  }

  /** If the turn of a native game goes back while its reports go on, the game is played again from there. */
  #setBack(past: Past, turn: number): void {
    past.table?.truncate(turn);
    const events = past.events.filter(({ tour }) => tour === null || tour < turn);
    this.#events -= past.events.length - events.length;
    past.events = events;
  }

  #takeEvents(
    past: Past,
    { events }: Report,
    { recentEvents }: Details,
    turn: number,
    timestamp: number,
  ): void {
    for (const event of recentEvents) {
      if (event.tour > turn) continue;
      this.#note(past, { ...event, timestamp: past.table?.timeOf(event.tour) ?? timestamp });
    }
    if (recentEvents.length === 0) {
      for (const [type, time] of events) {
        const isNew = time > (past.eventTimes.get(type) ?? -Infinity);
        if (isNew) this.#note(past, { tour: null, timestamp: time, type });
      }
    }
    if (events.size > 0) past.eventTimes = events;
  }

  #note(past: Past, event: PastEvent): void {
    past.events.push(event);
    past.noted++;
    this.#events++;
    if (past.events.length > MAX_EVENTS) this.#dropEvents(past);
    if (this.#events <= MAX_ALL_EVENTS) return;
    let most = past;
    for (const other of this.#pasts.values()) {
      if (other.events.length > most.events.length) most = other;
    }
    this.#dropEvents(most);
  }

  /** Drops the older half of the events of a session. */
  #dropEvents(past: Past): void {
    this.#events -= past.events.splice(0, Math.ceil(past.events.length / 2)).length;
  }

  #takeInventory(
    past: Past,
    { inventory: read }: Details,
    finished: boolean,
    arrival: number,
  ): void {
    if (read === undefined) return;
    if (this.#unread !== undefined && this.#unread.past !== past) this.#readInventory();
    this.#unread = { past, read, arrival };
    const at = past.inventory?.at ?? -Infinity;
    if (finished || arrival - at >= INVENTORY_INTERVAL) this.#readInventory();
  }

  #readInventory(): void {
    const { past, read, arrival } = this.#unread!;
    this.#unread = undefined;
    const { value, size } = bounded(read());
    this.#dropInventory(past);
    past.inventory = { value, size, at: arrival };
    this.#inventories += size;
    for (const other of this.#pasts.values()) {
      if (this.#inventories <= MAX_ALL_INVENTORIES) break;
      if (other !== past) this.#dropInventory(other);
    }
  }

  #dropInventory(past: Past): void {
    this.#inventories -= past.inventory?.size ?? 0;
    past.inventory = undefined;
  }
}

function createPast(): Past {
  return {
    table: undefined,
    mark: {},
    values: new Map(),
    timed: undefined,
    events: [],
    noted: 0,
    eventTimes: new Map(),
    inventory: undefined,
  };
}
