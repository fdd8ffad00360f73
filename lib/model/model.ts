/** The model: all sessions that the exporter knows, and what they come to together. @module */

import * as z from "zod";
import {
  BREAKDOWN_LABELS,
  type BreakdownLabel,
  type Combine,
  GAME_METRICS,
  type Metric,
  TURN_SECONDS_BUCKETS,
} from "../catalogue/mod.ts";
import { type DetailTables, type Report, TRADESIM_KEYS } from "../report/mod.ts";
import { type Family, plainFamily, type Series } from "./family.ts";
import { nearest } from "./exact.ts";
import {
  absorb,
  amountsOf,
  countRests,
  createLedger,
  intervalOf,
  LEDGER,
  type Ledger,
  type Parts,
  remnantOf,
  UNKNOWN_PART,
} from "./ledger.ts";
import { Games, type GamesOptions, SAVED_GAMES } from "./games.ts";
import {
  createSession,
  isSuccessor,
  type Outcome,
  SESSION,
  type Session,
  SILENT_AFTER,
  silentAt,
  splitPartKey,
  stateOf,
  STATES,
  stopShowing,
  takeReport,
} from "./session.ts";

export interface ModelOptions {
  /** Labels from the reports that are in use, the preferred one first. */
  readonly breakdowns: readonly BreakdownLabel[];
  /** Whether each session has series of its own. */
  readonly bySession: boolean;
  /** Whether detail, and numbers outside the catalogue, are shown. */
  readonly detail: boolean;
  readonly allKeys: boolean;
  /** How many sessions are remembered. */
  readonly maxSessions: number;
  /** After so many seconds without a report the last session's gauges go too. */
  readonly staleAfter: number;
  /** Called when a session is forgotten because there are too many. */
  readonly onEvicted?: (session: string) => void;
  /** What to call when one session id is of several games. */
  readonly onGames?: Pick<GamesOptions, "onSecond" | "onMixed">;
}

/** All that is needed to go on counting where another process stopped. Plain data and maps. */
export const MODEL_STATE = z.strictObject({
  /** The labels that parts are kept by. */
  breakdowns: z.array(z.enum(BREAKDOWN_LABELS)).readonly(),
  evicted: LEDGER,
  sessions: z.array(SESSION).readonly(),
  retired: z.array(SESSION).readonly(),
  games: SAVED_GAMES,
}).readonly();
export type ModelState = z.infer<typeof MODEL_STATE>;

/** Value of a label for what no part of a report accounts for. */
const UNKNOWN_LABEL = "inconnu";
/** Value of the session label for what sessions counted that are no longer remembered. */
const EVICTED_LABEL = "autres";
/** Stands for them among the sessions' ids; no session has an empty one. */
const EVICTED = "";

/** The label of a session. One that is called as the forgotten ones are is told apart, whatever others are called. */
function labelOf(id: string): string {
  return /^autres( #2)*$/.test(id) ? `${id} #2` : id;
}

/** How many sessions that had to make room are remembered for each that is shown. */
export const RETIRED_PER_SESSION = 4;

type Labels = Series["labels"];

/** Collects the series of one family; values of the same labels are added. */
class Collector {
  readonly #values = new Map<string, { labels: Labels; amounts: number[] }>();

  add(labels: Labels, ...amounts: readonly number[]): void {
    const key = labels.map(([name, text]) => `${name}=${text}`).join("\u0000");
    const found = this.#values.get(key);
    if (found === undefined) this.#values.set(key, { labels, amounts: [...amounts] });
    else found.amounts.push(...amounts);
  }

  /** The family, its series in the order of their labels; undefined when there is none. */
  family(metric: Metric): Family | undefined {
    const sorted = [...this.#values].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([, { labels, amounts }]) => ({ labels, value: nearest(amounts) }))
      // Numbers that a game may have can add up to more than there are numbers for.
      .filter(({ value }) => Number.isFinite(value));
    if (sorted.length === 0) return undefined;
    return {
      metric,
      series: sorted.map(({ labels }) => ({ suffix: "", labels })),
      values: sorted.map(({ value }) => value),
    };
  }
}

/** An upper bound as Go writes it, so that Prometheus 2 and 3 store the same label. */
function boundLabel(bound: number): string {
  if (bound === Infinity) return "+Inf";
  if (bound >= 1e-4) return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
  return bound.toExponential().replace(/e-(\d)$/, "e-0$1");
}

const BUCKET_SERIES = [...TURN_SECONDS_BUCKETS, Infinity].map((
  bound,
): readonly [string, string] => [
  "le",
  boundLabel(bound),
]);

/** Seconds since 1970 are exact to a fraction of a microsecond; what is below that is noise. */
function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

function cumulated(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => sum += count);
}

export class Model {
  readonly #options: ModelOptions;
  /** Which reports are of one game: what {@linkcode take} takes has been named by it. */
  readonly games: Games;
  readonly #sessions = new Map<string, Session>();
  /** Sessions that had to make room, oldest first. Their ledgers are remnants: they count nothing. */
  readonly #retired = new Map<string, Session>();
  #live: Session[] = [];
  #evicted = createLedger();
  #place = 0;
  #version = 0;
  /** Series of detail tables, found by the identity of their rows. */
  readonly #detailSeries = new WeakMap<object, readonly Series[]>();

  constructor(options: ModelOptions) {
    this.#options = options;
    const { onGames, maxSessions } = options;
    this.games = new Games({ ...onGames, max: (1 + RETIRED_PER_SESSION) * maxSessions });
  }

  /** Changes whenever a report has changed something. */
  get version(): number {
    return this.#version;
  }

  /** How many sessions are shown now. */
  get liveSessions(): number {
    return this.#live.length;
  }

  /**
   * Takes a report that arrived at `arrival`, in seconds since 1970. Sessions that have finished
   * or fallen silent make room for the one that reports.
   *
   * @param tables What the report's detail is, where there is any.
   */
  take(report: Report, arrival: number, tables?: DetailTables): Outcome {
    let session = this.#sessions.get(report.session);
    const isNew = session === undefined;
    session ??= this.#retired.get(report.session) ?? createSession(report.session);
    const outcome = takeReport(session, report, arrival, this.#options.breakdowns, tables);
    if (outcome !== "taken") return outcome;
    session.place = ++this.#place;
    if (isNew) {
      this.#retired.delete(session.id);
      this.#sessions.set(session.id, session);
      this.#evictSurplus(session);
    }
    session.live = true;
    for (const other of this.#live) {
      if (other !== session && stateOf(other, arrival) !== "running") stopShowing(other);
    }
    this.#live = this.#live.filter((other) => other.live && other !== session);
    this.#live.push(session);
    this.#version++;
    return "taken";
  }

  /** The sessions that are shown now, the newest last; not to be changed. */
  get live(): readonly Readonly<Session>[] {
    return this.#live;
  }

  /** The sessions that are remembered, not to be changed. */
  get sessions(): ReadonlyMap<string, Readonly<Session>> {
    return this.#sessions;
  }

  /** How many reports were taken. */
  get reports(): number {
    return this.#place;
  }

  /**
   * Stops showing sessions that were over when the newest one reported, by the reports' own times.
   * Where the past was read in one go these tell what arrivals cannot: that the games in one file
   * were played one after the other.
   *
   * @param before How many reports had been taken before that reading.
   */
  settle(before: number): void {
    const read = this.#live.filter((session) => session.place > before);
    const newest = read.reduce(
      (time, { lastTimestamp = -Infinity }) => Math.max(time, lastTimestamp),
      -Infinity,
    );
    for (const session of read) {
      const age = newest - (session.lastTimestamp ?? newest);
      if (age < SILENT_AFTER) continue;
      stopShowing(session);
      // It has said nothing since then: a game that was killed long ago is nobody's alarm.
      session.arrival -= age;
    }
    this.#live = this.#live.filter((session) => session.live);
    this.#version++;
  }

  /** What a later process needs; the ledgers are this model's own, so serialise it at once. */
  state(): ModelState {
    return {
      breakdowns: this.#options.breakdowns,
      evicted: this.#evicted,
      sessions: [...this.#sessions.values()],
      retired: [...this.#retired.values()],
      games: this.games.state(),
    };
  }

  /**
   * Goes on from a saved state, which must not be used elsewhere.
   *
   * @param now The time in seconds since 1970. What was saved by a clock that was ahead arrived now.
   */
  restore({ breakdowns, evicted, sessions, retired, games }: ModelState, now = Infinity): void {
    this.games.restore(games);
    const { detail, allKeys } = this.#options;
    const hasSameLabels = breakdowns.join() === this.#options.breakdowns.join();
    this.#evicted = evicted;
    for (const session of retired) this.#retired.set(session.id, session);
    for (const session of sessions) {
      session.arrival = Math.min(session.arrival, now);
      this.#sessions.set(session.id, session);
      this.#place = Math.max(this.#place, session.place);
      // What was asked for then and is not now would never change again.
      if (!hasSameLabels) session.parts = new Map();
      if (!detail) session.detail = new Map();
      if (!allKeys) session.extra = new Map();
    }
    this.#live = sessions.filter((session) => session.live).sort((a, b) => a.place - b.place);
    if (!hasSameLabels) {
      for (const { ledger } of [...sessions, ...retired]) ledger.shares.clear();
      evicted.shares.clear();
    }
    for (const { ledger } of [...sessions, ...retired, { ledger: evicted }]) countRests(ledger);
    this.#evictSurplus();
    this.#version++;
  }

  /**
   * All families as they are at `now`, in seconds since 1970, and until when they stay so if no
   * report comes.
   */
  families(now: number): { families: Family[]; until: number } {
    this.#letGo(now);
    let until = Infinity;
    for (const session of this.#sessions.values()) {
      const state = stateOf(session, now);
      if (state === "running") until = Math.min(until, silentAt(session));
      const stale = session.arrival + this.#options.staleAfter;
      if (stale > now && (session.live || state === "silent")) until = Math.min(until, stale);
    }
    const families = [
      ...GAME_METRICS.map((entry) => this.#family(entry, now)),
      ...this.#options.allKeys ? this.#extraFamilies() : [],
    ].filter((family) => family !== undefined);
    return { families, until };
  }

  /** Stops showing what is stale, and what has fallen silent and has a successor. */
  #letGo(now: number): void {
    for (const session of this.#live) {
      const isStale = now - session.arrival >= this.#options.staleAfter;
      const isOver = stateOf(session, now) !== "running" &&
        // Of games whose reports all have one time each follows the others: one must stay.
        this.#live.some((other) => other !== session && other.live && isSuccessor(other, session));
      if (isStale || isOver) stopShowing(session);
    }
    this.#live = this.#live.filter((session) => session.live);
  }

  /** Moves all arrivals by so many seconds, because the clock they were taken from was set by as much. */
  shift(seconds: number): void {
    for (const session of [...this.#sessions.values(), ...this.#retired.values()]) {
      session.arrival += seconds;
      if (session.detailArrival !== undefined) session.detailArrival += seconds;
    }
    this.#version++;
  }

  /** Forgets sessions as long as there are too many, but never the newest one. */
  #evictSurplus(newest?: Session): void {
    while (this.#sessions.size > this.#options.maxSessions && this.#evict(newest));
  }

  /** Forgets the session that has been quiet for longest, if it is not the newest; its totals stay. */
  #evict(newest: Session | undefined): boolean {
    let quietest: Session | undefined;
    for (const session of this.#sessions.values()) {
      if (session !== newest && (!quietest || session.place < quietest.place)) quietest = session;
    }
    if (quietest === undefined) return false;
    this.#sessions.delete(quietest.id);
    this.#live = this.#live.filter((session) => session !== quietest);
    absorb(this.#evicted, quietest.ledger);
    this.#retire(quietest);
    this.#options.onEvicted?.(quietest.id);
    return true;
  }

  /**
   * Keeps of a session only what it takes to go on counting where it stopped, should it report
   * again: else all that it did would count twice. The number of such sessions is bounded too.
   */
  #retire({ id, format, order, tick, turn, arrival, ledger }: Session): void {
    const left = { ...createSession(id), format, order, tick, turn, arrival };
    this.#retired.set(id, { ...left, ledger: remnantOf(ledger) });
    for (const oldest of this.#retired.keys()) {
      if (this.#retired.size <= RETIRED_PER_SESSION * this.#options.maxSessions) break;
      this.#retired.delete(oldest);
    }
  }

  #family(entry: Metric, now: number): Family | undefined {
    if (entry.group === "detail") return this.#detailFamily(entry);
    switch (entry.name) {
      case "tours_completes":
        return this.#counter(entry, (ledger) => [ledger.turns]);
      case "temps_simulation_tour_seconds":
        return this.#turnSeconds(entry);
      case "simulation_tour_intervalle_seconds":
        return this.#turnInterval(entry);
      case "simulation_tour":
        return this.#gauge(entry, (session) => session.turn);
      case "simulation_duree_seconds":
        return this.#gauge(
          entry,
          ({ firstTimestamp, lastTimestamp }) =>
            firstTimestamp === undefined || lastTimestamp === undefined
              ? undefined
              : toMicroseconds(Math.max(0, lastTimestamp - firstTimestamp)),
        );
      case "simulation_dernier_rapport_timestamp_seconds":
        return this.#gauge(entry, (session) => session.arrival);
      case "simulation_sessions":
        return plainFamily(entry, this.#live.length);
      case "simulation_etat":
        return this.#states(entry, now);
      case "simulation_info":
        return this.#info(entry);
      case "evenement_dernier_timestamp_seconds":
        return this.#events(entry);
    }
    if (entry.type === "gauge") {
      return this.#gauge(entry, (session) => session.gauges.get(entry.name));
    }
    return this.#counter(
      entry,
      (ledger) => {
        const total = ledger.totals.get(entry.name);
        return total && amountsOf(total);
      },
    );
  }

  /** Every ledger with the value of its session label. */
  #ledgers(): [string, Ledger][] {
    const ledgers = Array.from(
      this.#sessions.values(),
      ({ id, ledger }): [string, Ledger] => [id, ledger],
    );
    ledgers.push([EVICTED, this.#evicted]);
    return ledgers;
  }

  #sessionLabel(id: string): Labels {
    return this.#options.bySession
      ? [["session", id === EVICTED ? EVICTED_LABEL : labelOf(id)]]
      : [];
  }

  /** The labels of a part; what has no name is said to be unknown. */
  #partLabels(key: string, entry: Metric): Labels {
    const inUse = this.#options.breakdowns;
    if (key === UNKNOWN_PART) {
      const label = inUse.find((label) => entry.breakdowns?.includes(label));
      return label === undefined ? [] : [[label, UNKNOWN_LABEL]];
    }
    const values = splitPartKey(key);
    return inUse.flatMap((label, index) => values[index] ? [[label, values[index]] as const] : []);
  }

  /**
   * A counter over all sessions that there ever were. It is there from the start, at 0, so that
   * its first increase is seen; only what TradeSim never sends waits for a report that has it.
   */
  #counter(
    entry: Metric,
    read: (ledger: Ledger) => readonly number[] | undefined,
  ): Family | undefined {
    const ledgers = this.#ledgers();
    const hasParts = ledgers.some(([, ledger]) => ledger.shares.has(entry.name));
    const collector = new Collector();
    const total: number[] = [];
    let isKnown = false;
    for (const [id, ledger] of ledgers) {
      const amounts = read(ledger);
      if (amounts === undefined || (ledger === this.#evicted && nearest(amounts) === 0)) continue;
      isKnown = true;
      total.push(...amounts);
      const own = this.#sessionLabel(id);
      const shares = ledger.shares.get(entry.name);
      if (shares !== undefined) {
        for (const [key, share] of shares) {
          collector.add([...this.#partLabels(key, entry), ...own], ...amountsOf(share));
        }
      } else if (!hasParts) collector.add(own, ...amounts);
      else if (nearest(amounts) > 0) {
        collector.add([...this.#partLabels(UNKNOWN_PART, entry), ...own], ...amounts);
      }
    }
    if (isKnown && (hasParts || this.#options.bySession)) return collector.family(entry);
    const fromTheStart = entry.tradesim !== undefined || entry.origin !== undefined;
    return isKnown || fromTheStart ? plainFamily(entry, nearest(total)) : undefined;
  }

  /** A gauge over the live sessions, combined as the catalogue says. */
  #gauge(entry: Metric, read: (session: Session) => number | undefined): Family | undefined {
    const found = this.#live.flatMap((session) => {
      const value = read(session);
      return value === undefined ? [] : [{ session, value }];
    });
    if (found.length === 0) return undefined;
    const hasParts = entry.combine === "sum" &&
      found.some(({ session }) => session.parts.has(entry.name));
    if (!hasParts && !this.#options.bySession) {
      const value = combine(entry.combine, found);
      return Number.isFinite(value) ? plainFamily(entry, value) : undefined;
    }
    const collector = new Collector();
    for (const { session, value } of found) {
      const own = this.#sessionLabel(session.id);
      if (!hasParts) {
        collector.add(own, value);
        continue;
      }
      for (const [key, part] of withRest(session.parts.get(entry.name), value)) {
        collector.add([...this.#partLabels(key, entry), ...own], part);
      }
    }
    return collector.family(entry);
  }

  /** Histograms and summaries: per session or over all, a fixed list of series each. */
  #perLedger(
    entry: Metric,
    series: (labels: Labels) => readonly Series[],
    read: (ledgers: readonly Ledger[]) => readonly number[],
  ): Family {
    const ledgers = this.#ledgers();
    if (!this.#options.bySession) {
      return { metric: entry, series: series([]), values: read(ledgers.map(([, own]) => own)) };
    }
    const known = ledgers.map(([id, ledger]) => ({ id, ledger, values: read([ledger]) }))
      .filter(({ ledger, values }) =>
        ledger !== this.#evicted || values.some((value) => value > 0)
      );
    return {
      metric: entry,
      series: known.flatMap(({ id }) => series(this.#sessionLabel(id))),
      values: known.flatMap(({ values }) => values),
    };
  }

  #turnSeconds(entry: Metric): Family {
    return this.#perLedger(
      entry,
      (labels) => [
        ...BUCKET_SERIES.map((bound) => ({ suffix: "_bucket", labels: [...labels, bound] })),
        { suffix: "_sum", labels },
        { suffix: "_count", labels },
      ],
      (ledgers) => {
        const counts = BUCKET_SERIES.map((_, place) =>
          ledgers.reduce((sum, { turnCounts }) => sum + turnCounts[place]!, 0)
        );
        const buckets = cumulated(counts);
        const seconds = nearest(ledgers.flatMap(({ turnSum }) => amountsOf(turnSum)));
        return [...buckets, seconds, buckets.at(-1)!];
      },
    );
  }

  #turnInterval(entry: Metric): Family {
    return this.#perLedger(
      entry,
      (labels) => [{ suffix: "_sum", labels }, { suffix: "_count", labels }],
      (ledgers) => {
        const intervals = ledgers.map(intervalOf);
        return [
          toMicroseconds(nearest(intervals.flatMap(({ seconds }) => seconds))),
          intervals.reduce((sum, { turns }) => sum + turns, 0),
        ];
      },
    );
  }

  /** Sessions by state: those that are shown, and all that would be missed. */
  #states(entry: Metric, now: number): Family {
    const counted = Array.from(this.#sessions.values(), (session) => ({
      session,
      state: stateOf(session, now),
    })).filter(({ session, state }) =>
      session.live || (state === "silent" && now - session.arrival < this.#options.staleAfter)
    );
    const count = (found: typeof counted) =>
      STATES.map((state) => found.filter((one) => one.state === state).length);
    if (!this.#options.bySession || counted.length === 0) {
      return { metric: entry, series: STATE_SERIES, values: count(counted) };
    }
    return {
      metric: entry,
      series: counted.flatMap(({ session }) =>
        STATE_SERIES.map(({ suffix, labels }) => ({
          suffix,
          labels: [...labels, ...this.#sessionLabel(session.id)],
        }))
      ),
      values: counted.flatMap((one) => count([one])),
    };
  }

  #info(entry: Metric): Family | undefined {
    const collector = new Collector();
    for (const { id, format } of this.#live) {
      collector.add([["session", id], ["format", format]], 1);
    }
    return collector.family(entry);
  }

  #events(entry: Metric): Family | undefined {
    const newest = new Map<string, number>();
    for (const { events } of this.#live) {
      for (const [type, time] of events) newest.set(type, Math.max(time, newest.get(type) ?? 0));
    }
    const collector = new Collector();
    for (const [type, time] of newest) collector.add([["type", type]], time);
    return collector.family(entry);
  }

  /** Tables of the newest session or, where sessions are told apart, of every live one. */
  #detailFamily(entry: Metric): Family | undefined {
    const withTable = this.#live.filter((session) => session.detail.has(entry.name));
    const shown = this.#options.bySession ? withTable : withTable.slice(-1);
    if (shown.length === 0) return undefined;
    const tables = shown.map((session) => {
      const { labels, values } = session.detail.get(entry.name)!;
      let series = this.#detailSeries.get(labels);
      if (series === undefined) {
        const own = this.#sessionLabel(session.id);
        series = labels.map((row) => ({
          suffix: "",
          labels: [...row.map((value, place) => [entry.labels![place]!, value] as const), ...own],
        }));
        this.#detailSeries.set(labels, series);
      }
      return { series, values };
    });
    if (tables.length === 1) return { metric: entry, ...tables[0]! };
    return {
      metric: entry,
      series: tables.flatMap(({ series }) => series),
      values: tables.flatMap(({ values }) => values),
    };
  }

  /** What `--all-keys` adds: gauges of the newest session, and totals over all. */
  #extraFamilies(): (Family | undefined)[] {
    const gauges = new Map<string, Collector>();
    for (const session of this.#options.bySession ? this.#live : this.#live.slice(-1)) {
      for (const [name, value] of session.extra) {
        let collector = gauges.get(name);
        if (collector === undefined) gauges.set(name, collector = new Collector());
        collector.add(this.#sessionLabel(session.id), value);
      }
    }
    const counters = new Set(
      this.#ledgers().flatMap(([, ledger]) => [...ledger.totals.keys()]).filter((name) =>
        !REPORTED.has(name)
      ),
    );
    return [
      ...Array.from(gauges, ([name, collector]) => collector.family(extraMetric(name, "gauge"))),
      ...Array.from(counters, (name) =>
        this.#counter(extraMetric(name, "counter"), (ledger) => {
          const total = ledger.totals.get(name);
          return total && amountsOf(total);
        })),
    ];
  }
}

const REPORTED = new Set(GAME_METRICS.map(({ name }) => name));

const STATE_SERIES: readonly Series[] = STATES.map((state) => ({
  suffix: "",
  labels: [["etat", state]],
}));

function extraMetric(name: string, type: "counter" | "gauge"): Metric {
  const help = TRADESIM_KEYS.get(name)?.help ?? "Sent by the simulation under this key.";
  return { name, type, help, unit: "", group: "extra" };
}

/** The parts of a gauge, and what they do not account for; the game rounds its sums to cents. */
function withRest(parts: Parts | undefined, value: number): [string, number][] {
  const known = [...parts ?? []];
  const rest = nearest([value, ...known.map(([, part]) => -part)]);
  if (Math.abs(rest) > 0.01) known.push([UNKNOWN_PART, rest]);
  return known;
}

function combine(
  how: Combine | undefined,
  found: readonly { session: Session; value: number }[],
): number {
  const values = found.map(({ value }) => value);
  switch (how) {
    case "sum":
      return values.reduce((sum, value) => sum + value, 0);
    case "min":
      return values.reduce((a, b) => Math.min(a, b));
    case "max":
      return values.reduce((a, b) => Math.max(a, b));
    case "newest":
    case undefined:
      return values.at(-1)!;
    default: {
      if (found.length === 1) return values[0]!;
      const weights = found.map(({ session }) => session.gauges.get(how.mean) ?? 1);
      const weight = weights.reduce((sum, next) => sum + next, 0);
      const sum = values.reduce((total, value, index) => total + value * weights[index]!, 0);
      return weight === 0 ? values.at(-1)! : sum / weight;
    }
  }
}
