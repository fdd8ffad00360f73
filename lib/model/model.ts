/** The model: all sessions that the exporter knows, and what they come to together. @module */

import * as z from "zod";
import { BREAKDOWN_LABELS } from "../catalogue/mod.ts";
import type { DetailTables, Outcome, Report, Verdict, WebReport } from "../report/mod.ts";
import { familiesOf, sessionFamilies, type View } from "./families.ts";
import type { Family } from "./family.ts";
import { absorb, countRests, createLedger, LEDGER, type Ledger, remnantOf } from "./ledger.ts";
import { Games, type GamesOptions, SAVED_GAMES } from "./games.ts";
import {
  createSession,
  isSuccessor,
  SESSION,
  type Session,
  SILENT_AFTER,
  silentAt,
  stateOf,
  stopShowing,
  takeReport,
} from "./session.ts";
import { Web, WEB_STATE } from "./web.ts";

export interface ModelOptions extends Pick<View, "breakdowns" | "bySession" | "allKeys"> {
  /** Whether detail is shown. */
  readonly detail: boolean;
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
  /** Absent where no web process has reported. */
  web: WEB_STATE.optional(),
}).readonly();
export type ModelState = z.infer<typeof MODEL_STATE>;

/** How many sessions that had to make room are remembered for each that is shown. */
export const RETIRED_PER_SESSION = 4;

export class Model {
  readonly #options: ModelOptions;
  /** Which reports are of one game: what {@linkcode take} takes has been named by it. */
  readonly games: Games;
  readonly #sessions = new Map<string, Session>();
  /** Sessions that had to make room, oldest first. Their ledgers are remnants: they count nothing. */
  readonly #retired = new Map<string, Session>();
  #live: Session[] = [];
  #evicted = createLedger();
  readonly #web = new Web();
  #sequence = 0;
  #version = 0;
  readonly #detailSeries: View["detailSeries"] = new WeakMap();
  #evictions = 0;
  #settled: { readonly of: string; readonly ledger: Ledger } | undefined;

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
  take(report: Report, arrival: number, tables?: DetailTables): Verdict {
    let session = this.#sessions.get(report.session);
    const isNew = session === undefined;
    session ??= this.#retired.get(report.session) ?? createSession(report.session);
    const verdict = takeReport(session, report, arrival, this.#options.breakdowns, tables);
    if (verdict.outcome !== "taken") return verdict;
    session.sequence = ++this.#sequence;
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
    return verdict;
  }

  /** Takes a report of a web process, which is no session of a game. */
  takeWeb(report: WebReport, arrival: number): Outcome {
    const outcome = this.#web.take(report, arrival);
    if (outcome === "taken") this.#version++;
    return outcome;
  }

  /** The sessions that are shown now, the newest last; not to be changed. */
  get live(): readonly Readonly<Session>[] {
    return this.#live;
  }

  /** The sessions that are remembered, not to be changed. */
  get sessions(): ReadonlyMap<string, Readonly<Session>> {
    return this.#sessions;
  }

  /** The turn of a session's last report that told one, even when the session had to make room. */
  turnOf(session: string): number | undefined {
    return (this.#sessions.get(session) ?? this.#retired.get(session))?.turn;
  }

  /** How many reports were taken. */
  get reports(): number {
    return this.#sequence;
  }

  /**
   * Stops showing sessions that were over when the newest one reported, by the reports' own times.
   * Where the past was read in one go these tell what arrivals cannot: that the games in one file
   * were played one after the other.
   *
   * @param before How many reports had been taken before that reading.
   */
  settle(before: number): void {
    const read = this.#live.filter((session) => session.sequence > before);
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
      web: this.#web.state(),
    };
  }

  /**
   * Goes on from a saved state, which must not be used elsewhere.
   *
   * @param now The time in seconds since 1970. What was saved by a clock that was ahead arrived now.
   */
  restore(state: ModelState, now = Infinity): void {
    const { breakdowns, evicted, sessions, retired, games, web } = state;
    this.games.restore(games);
    if (web !== undefined) this.#web.restore(web, now);
    const { detail, allKeys } = this.#options;
    const hasSameLabels = breakdowns.join() === this.#options.breakdowns.join();
    this.#evicted = evicted;
    for (const session of retired) this.#retired.set(session.id, session);
    for (const session of sessions) {
      session.arrival = Math.min(session.arrival, now);
      this.#sessions.set(session.id, session);
      this.#sequence = Math.max(this.#sequence, session.sequence);
      // What was asked for then and is not now would never change again.
      if (!hasSameLabels) session.parts = new Map();
      if (!detail) session.detail = new Map();
      if (!allKeys) session.extra = new Map();
    }
    this.#live = sessions.filter((session) => session.live).sort((a, b) => a.sequence - b.sequence);
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
    const families = familiesOf({
      ...this.#options,
      live: this.#live,
      sessions: [...this.#sessions.values()],
      evicted: this.#evicted,
      detailSeries: this.#detailSeries,
      now,
    });
    const web = this.#web.families(now);
    return { families: [...families, ...web.families], until: Math.min(until, web.until) };
  }

  /**
   * The families as a report of a session has left them: all or, where sessions are told apart, those
   * of this one.
   */
  turnFamilies(id: string, now: number): Family[] {
    const view = { ...this.#options, detailSeries: this.#detailSeries, now };
    const session = this.#sessions.get(id);
    if (this.#options.bySession) {
      const own = session === undefined ? [] : [session];
      return sessionFamilies({ ...view, live: own, sessions: own, evicted: createLedger() });
    }
    const sessions = [...this.#sessions.values()];
    const evicted = this.#settledLedger();
    return familiesOf({ ...view, live: this.#live, sessions, counted: this.#live, evicted });
  }

  /** What all sessions have counted that are not live: a thousand need not be added up at every turn. */
  #settledLedger(): Ledger {
    const live = this.#live.map(({ id }) => id).sort();
    const of = [this.#evictions, this.#sessions.size, ...live].join("\0");
    if (this.#settled?.of !== of) {
      const ledger = createLedger();
      absorb(ledger, this.#evicted);
      for (const session of this.#sessions.values()) {
        if (!session.live) absorb(ledger, session.ledger);
      }
      this.#settled = { of, ledger };
    }
    return this.#settled.ledger;
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
    this.#web.shift(seconds);
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
      if (session !== newest && (!quietest || session.sequence < quietest.sequence)) {
        quietest = session;
      }
    }
    if (quietest === undefined) return false;
    this.#sessions.delete(quietest.id);
    this.#live = this.#live.filter((session) => session !== quietest);
    absorb(this.#evicted, quietest.ledger);
    this.#evictions++;
    this.#retire(quietest);
    this.#options.onEvicted?.(quietest.id);
    return true;
  }

  /**
   * Keeps of a session only what it takes to go on counting where it stopped, should it report
   * again: else all that it did would count twice. The number of such sessions is bounded too.
   */
  #retire(session: Session): void {
    const { id, format, order, tick, turn, arrival, balance } = session;
    const left = { ...createSession(id), format, order, tick, turn, arrival, balance };
    // Prices are the only part of the economy that takes room.
    const economy = { ...session.economy, prices: undefined };
    this.#retired.set(id, { ...left, economy, ledger: remnantOf(session.ledger) });
    for (const oldest of this.#retired.keys()) {
      if (this.#retired.size <= RETIRED_PER_SESSION * this.#options.maxSessions) break;
      this.#retired.delete(oldest);
    }
  }
}
