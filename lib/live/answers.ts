/** Answers of the API: sessions, their history and current state; see docs/api.md. @module */

import { REPORTED_METRICS, type SessionState } from "../catalogue/mod.ts";
import type { History } from "../history/mod.ts";
import { type Model, quietState, type Session, stateOf, valueOf } from "../model/mod.ts";
import type { Inventory } from "../report/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import { TURN_SECONDS_BUCKETS } from "../turns/mod.ts";
import type { Sessions, State, Summary, Turns, TurnsMessage, Values } from "./api.ts";

/** Maximum number of sessions in an answer. */
const MAX_SESSIONS = 100;
/** Values of a column that make a piece of JSON. */
const PIECE_VALUES = 2048;
/** Collecting the exporter's own numbers takes a moment, and they change little. */
const OWN_INTERVAL_MS = 1000;

export interface AnswersOptions {
  readonly model: Model;
  readonly history: History;
  readonly telemetry: Telemetry;
  /** The last readings of the machine, by name of the metric. */
  readonly system: () => ReadonlyMap<string, number>;
  readonly version: string;
  /** When the exporter started, in seconds since 1970. */
  readonly started: number;
  readonly telemetryPath: string;
  /** What stands before a command's name on the command line of this program. */
  readonly command: string;
  /** The recorded game that is shown in place of games that are played. */
  readonly replay?: Sessions["exporter"]["replay"];
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

const REPORTED: ReadonlySet<string> = new Set(REPORTED_METRICS.map(({ name }) => name));

function firstReportOf({ firstTimestamp, arrival }: Session): number {
  return firstTimestamp ?? arrival;
}

/** Answers about sessions. Those about one session need one that is known. */
export class Answers {
  readonly #options: AnswersOptions;
  #own: Values = {};
  #ownAt = -Infinity;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  get version(): string {
    return this.#options.version;
  }

  get started(): number {
    return this.#options.started;
  }

  has(session: string): boolean {
    return this.#options.model.sessions.has(session);
  }

  /** The game that began last of those that are played or, when none is, of all. */
  newest(): string | undefined {
    let newest: Session | undefined;
    let isPlayed = false;
    for (const session of this.#options.model.sessions.values()) {
      const isRunning = this.stateOf(session) === "running";
      const isNewer = newest === undefined ||
        (isRunning === isPlayed ? firstReportOf(session) >= firstReportOf(newest) : isRunning);
      if (!isNewer) continue;
      newest = session;
      isPlayed = isRunning;
    }
    return newest?.id;
  }

  stateOf(session: Session): SessionState {
    // A game that made room for another one is over, whatever the clock says.
    if (!session.live && !session.finished) return quietState(session);
    return stateOf(session, this.#options.now());
  }

  sessions(): Sessions {
    const { version, started, telemetryPath, command, replay, now } = this.#options;
    return {
      exporter: { version, started, now: now(), telemetryPath, command, ...replay && { replay } },
      sessions: this.summaries(),
    };
  }

  /** Of the games that began last, the newest first. */
  summaries(): readonly Summary[] {
    return this.#newestFirst().slice(0, MAX_SESSIONS).map((session) => this.#summary(session));
  }

  /** Changes when a session begins, ends, falls silent or is forgotten. */
  signature(): string {
    const { live, sessions } = this.#options.model;
    // One that is not shown stays as it is until it is forgotten, which another one's begin causes.
    const states = live.map((session) => `${session.id}\0${this.stateOf(session)}`);
    return [sessions.size, ...states.sort()].join("\0");
  }

  /** Changes with every report that is taken. */
  get revision(): number {
    return this.#options.model.version;
  }

  /** A part of a session's past, `Turns` as JSON, in pieces none of which takes long to make. */
  *turns(session: string, from: number, points: number): Generator<string, void> {
    const { history } = this.#options;
    const selecting = history.selecting(session, from, points);
    let step = selecting.next();
    for (; !step.done; step = selecting.next()) yield "";
    const selection = step.value;
    const head: Omit<Turns, "columns" | "events"> = {
      session,
      from: selection.from ?? null,
      to: selection.to ?? null,
      turns: selection.turns,
    };
    yield `${JSON.stringify(head).slice(0, -1)},"columns":{`;
    let comma = "";
    for (const [name, column] of Object.entries(selection.columns)) {
      yield `${comma}${JSON.stringify(name)}:[`;
      comma = ",";
      for (let at = 0; at < column.length; at += PIECE_VALUES) {
        const piece = JSON.stringify(column.slice(at, at + PIECE_VALUES)).slice(1, -1);
        yield at === 0 ? piece : `,${piece}`;
      }
      yield "]";
    }
    yield `},"events":${JSON.stringify(history.events(session, from))}}`;
  }

  state(session: string): State {
    const known = this.#options.model.sessions.get(session)!;
    const { turnCounts, turnSum } = known.ledger;
    return {
      summary: this.#summary(known),
      turn_seconds: turnCounts.every((count) => count === 0)
        ? null
        : { le: TURN_SECONDS_BUCKETS, counts: turnCounts, sum: valueOf(turnSum) },
      exporter: this.#own,
      system: Object.fromEntries(this.#options.system()),
    };
  }

  /** Brings the exporter's own numbers up to date, when they are old. */
  async readOwn(): Promise<void> {
    const time = performance.now();
    if (time - this.#ownAt < OWN_INTERVAL_MS) return;
    this.#ownAt = time;
    this.#own = Object.fromEntries(await this.#options.telemetry.values());
  }

  inventory(session: string): Inventory | undefined {
    return this.#options.history.inventory(session);
  }

  /** The last turn that is kept of a session; -1 when there is none. */
  lastTurn(session: string): number {
    return this.#options.history.extent(session).to ?? -1;
  }

  /** How many events of a session were ever noted. */
  noted(session: string): number {
    return this.#options.history.noted(session);
  }

  /** The turns after `turn`, thinned, and the last of the events after the first `noted`. */
  news(
    session: string,
    { turn, noted }: { readonly turn: number; readonly noted: number },
    most: { readonly points: number; readonly events: number },
  ): TurnsMessage {
    const { history } = this.#options;
    const { columns } = history.turns(session, turn + 1, most.points);
    const events = history.eventsAfter(session, noted).slice(-most.events);
    return { session, columns, events };
  }

  #newestFirst(): Session[] {
    return [...this.#options.model.sessions.values()]
      .sort((a, b) => firstReportOf(b) - firstReportOf(a) || b.sequence - a.sequence);
  }

  #summary(session: Session): Summary {
    const { history } = this.#options;
    const { points, from } = history.extent(session.id);
    const state = this.stateOf(session);
    return {
      session: session.id,
      format: session.format,
      state,
      turn: session.turn ?? null,
      turns_per_second: state === "running" ? history.turnsPerSecond(session.id) ?? null : null,
      first_report: firstReportOf(session),
      last_report: session.lastTimestamp ?? session.arrival,
      last_arrival: session.arrival,
      from: from ?? null,
      points,
      values: { ...lastValues(session), ...Object.fromEntries(history.values(session.id)) },
      violations: violationsOf(session),
    };
  }
}

function violationsOf({ breaches, ledger }: Session): Summary["violations"] {
  return Array.from(breaches, ([invariant, { first, last, cause }]) => ({
    invariant,
    count: ledger.violations.get(invariant) ?? 0,
    first_turn: first ?? null,
    last_turn: last ?? null,
    cause,
  }));
}

/** What the model knows of the values that a session last told: all that there is after a restart. */
function lastValues({ gauges, ledger }: Session): Record<string, number> {
  const values = Object.fromEntries(gauges);
  for (const [name, { current }] of ledger.totals) {
    if (REPORTED.has(name)) values[name] = current;
  }
  return values;
}
