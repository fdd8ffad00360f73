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
import { COLUMN_NAMES, EMPTY, PLACE, type Selection, WIDTH } from "../turns/mod.ts";
import { bounded } from "./inventory.ts";
import { secondsPerTurn, type Timed } from "./seconds_per_turn.ts";
import { type Holder, TablePool } from "./table_pool.ts";

/** An event of a session's past. */
export interface PastEvent extends Omit<RecentEvent, "tour"> {
  /** Null where only its time is known. */
  readonly tour: number | null;
  /** In seconds since 1970. */
  readonly timestamp: number;
}

export interface HistoryOptions {
  /** Most turns of one session; 0 keeps none, of events neither. */
  readonly maxTurns: number;
  /** Most memory for the turns of all sessions. Default: 32 MiB. */
  readonly maxBytes?: number;
  /** Most sessions; the one that reported longest ago is forgotten. Default: no limit. */
  readonly maxSessions?: number;
}

/** Type of the event in which TradeSim begins again within a session. */
export const RESET = "remise_a_zero";
/** Fewest turns that are kept of a session, if any are. */
const FEWEST_TURNS = 100;

const MAX_BYTES = 32 * 1024 * 1024;
const BYTES_PER_TURN = WIDTH * Float64Array.BYTES_PER_ELEMENT;
/** Events of one session, and of all. */
const MAX_EVENTS = 1000;
const MAX_ALL_EVENTS = 20_000;
/** What is shown of the inventory is for tables, which nobody reads faster. */
const INVENTORY_INTERVAL = 1;
/** Characters of all inventories that are kept, as JSON. */
const MAX_ALL_INVENTORIES = 2 * 1024 * 1024;
/** Turns per second are those of the last so many seconds. */
const RATE_SECONDS = 10;

/** Columns that are also metrics of a report. */
const VALUES = COLUMN_NAMES.flatMap((name, place) =>
  name === "tour" || name === "timestamp" || name === "duree_seconds" ? [] : [{ name, place }]
);

/** What is known of a session besides its last report. */
interface Past extends Timed, Holder {
  mark: Mark;
  values: ReadonlyMap<string, number>;
  events: PastEvent[];
  /** How many events were ever noted. */
  noted: number;
  eventTimes: ReadonlyMap<string, number>;
  inventory: { readonly value: Inventory; readonly size: number; readonly at: number } | undefined;
}

export class History {
  readonly #options: HistoryOptions;
  readonly #maxTurns: number;
  /** The one that reported last comes last. */
  readonly #pasts = new Map<string, Past>();
  readonly #maxSessions: number;
  readonly #tables: TablePool;
  #events = 0;
  /** Characters of all inventories. */
  #inventories = 0;
  /** The inventory of the last report, where it was too soon to read it. */
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
   * Takes a report, unless it is known or late.
   *
   * @param arrival When it came, in seconds since 1970.
   * @param verdict What is known of it. Default: what the history itself knows.
   * @returns Whether it is the first one of its session.
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

  /** Forgets all sessions but some. */
  keepOnly(isKept: (session: string) => boolean): void {
    for (const session of [...this.#pasts.keys()]) if (!isKept(session)) this.forget(session);
  }

  /** One with the same bounds and nothing in it. */
  emptied(): History {
    return new History(this.#options);
  }

  /**
   * Puts before the turns and events of each session those that another history has of it, so far as
   * they are older, and takes over the sessions that are not known. In steps, between which reports may
   * be taken; the other history must not be used afterwards.
   *
   * @returns How many turns have come.
   */
  *prepending(earlier: History): Generator<void, number> {
    const known = [...this.#pasts.keys()];
    let turns = 0;
    for (const [session, before] of earlier.#pasts) {
      earlier.inventory(session); // Which reads it, if that was put off.
      turns += this.#prepend(session, before);
      yield;
    }
    for (const session of known) this.#touch(session);
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

  /** Takes over what is known of a session, but for its turns and events. */
  #adopt(session: string, before: Past): Past {
    const past = { ...before, table: undefined, events: [], noted: 0 };
    this.#pasts.set(session, past);
    this.#inventories += past.inventory?.size ?? 0;
    return past;
  }

  /** Makes a session the one that reported last. */
  #touch(session: string): void {
    const past = this.#pasts.get(session);
    if (past === undefined) return;
    this.#pasts.delete(session);
    this.#pasts.set(session, past);
    this.#tables.touch(past);
  }

  /** Values by metric, as the session last told them. */
  values(session: string): ReadonlyMap<string, number> {
    return this.#pasts.get(session)?.values ?? new Map();
  }

  /** How many turns are kept, and the first and the last of them. */
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

  /** The kept events of turns from number `from` on, and those whose turn is not known. */
  events(session: string, from: number): readonly PastEvent[] {
    const events = this.#pasts.get(session)?.events ?? [];
    return events.filter(({ tour }) => tour === null || tour >= from);
  }

  /** How many events of a session were ever noted. */
  noted(session: string): number {
    return this.#pasts.get(session)?.noted ?? 0;
  }

  /** The events that were noted after the first `known` ones, as far as they are kept. */
  eventsAfter(session: string, known: number): readonly PastEvent[] {
    const { events = [], noted = 0 } = this.#pasts.get(session) ?? {};
    const fresh = Math.min(events.length, noted - known);
    return fresh > 0 ? events.slice(-fresh) : [];
  }

  /** By the turns' own times, of the last ten seconds of them. */
  turnsPerSecond(session: string): number | undefined {
    return this.#pasts.get(session)?.table?.rate(RATE_SECONDS);
  }

  /** Everything that there is in the game, as last told: the same object until it is told anew. */
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
      // A report tells of no turn after its own.
      if (!(tour > last && tour <= turn)) return;
      COLUMN_NAMES.forEach((name, place) => row[place] = columns.get(name)?.[index] ?? NaN);
      this.#tables.append(past, row);
      last = tour;
    });
    const seconds = secondsPerTurn(past, report);
    if (turn <= last) return;
    row[PLACE.tour] = turn;
    row[PLACE.timestamp] = timestamp ?? NaN;
    row[PLACE.duree_seconds] = seconds;
    for (const { name, place } of VALUES) row[place] = values.get(name) ?? NaN;
    this.#tables.append(past, row);
  }

  /** A native game whose turn goes back while its reports go on is played anew from there. */
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

  /** Forgets the older half of a session's events. */
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
