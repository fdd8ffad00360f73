/** Makes the samples of each turn that reports tell of, and hands them to the queue. @module */

import { limitSeries } from "../exposition/mod.ts";
import { type Family, type Model, type Series, stateOf } from "../model/mod.ts";
import type { Details, Report } from "../report/mod.ts";
import { COLUMN_NAMES } from "../turns/mod.ts";
import type { Layout } from "./layout.ts";
import { Layouts, type Turn } from "./layouts.ts";
import type { StreamState } from "./queue.ts";
import { StreamClock } from "./stream.ts";

/** Why samples never come into the queue. */
export type LossReason = "crowded" | "too_large" | "failed";

export interface TurnFeedOptions {
  readonly model: Pick<Model, "turnFamilies" | "sessions" | "live">;
  /** Whether each session has series of its own, and so times of its own. */
  readonly bySession: boolean;
  readonly maxSeries: number;
  /** Whether series are ended when nobody reports them any more. */
  readonly staleMarkers: boolean;
  /** Since when counters of all sessions count, in milliseconds since 1970; 0 = unknown. */
  readonly start: number;
  /** Where streams of an earlier process stood. */
  readonly streams: ReadonlyMap<string, StreamState>;
  /** Puts a turn into the queue; says whether there was room. May throw. */
  readonly add: (layout: Layout, time: number, values: readonly number[] | undefined) => boolean;
  readonly onLost: (reason: LossReason, samples: number, error?: unknown) => void;
}

/** Series whose times must grow together: those of a session, or all. */
interface Stream {
  readonly clock: StreamClock;
  /** Since when its counters count. */
  start: number;
  /** Whole turns, turns between two reports, and what was before the first one. */
  readonly whole: Layouts;
  readonly between: Layouts;
  readonly before: Layouts;
  /** Whether its series were ended. */
  isEnded: boolean;
}

/** What is known of a session before the model takes its report. */
interface Before {
  readonly report: Report;
  /** Turns that it had; undefined for one that begins. */
  readonly turn: number | undefined;
  /** What counters were at before it began, where that is seen. */
  readonly counters: readonly Family[] | undefined;
}

/** The end of all series of a layout. */
interface End {
  readonly layout: Layout;
  readonly values: undefined;
}

/** A zero that was never reported is put so long before the first turn. */
const BEFORE_MS = 1;

function isCounted({ metric: { type } }: Family): boolean {
  return type !== "gauge";
}

/** Counters as they are now, with the values that they had before: one that was not there was at 0. */
function asBefore(now: readonly Family[], before: readonly Family[]): Family[] {
  const keyOf = (name: string, { suffix, labels }: Series) =>
    JSON.stringify([name, suffix, labels]);
  const known = new Map(
    before.flatMap(({ metric: { name }, series, values }) =>
      series.map((one, index) => [keyOf(name, one), values[index]!] as const)
    ),
  );
  return now.map((family) => ({
    ...family,
    values: family.series.map((one) => known.get(keyOf(family.metric.name, one)) ?? 0),
  }));
}

/** Turns before the report's own one that its columns tell of: their rows. */
function turnsBetween(report: Report, { columns }: Details, known: number | undefined): number[] {
  const { turn = -1 } = report;
  const rows: number[] = [];
  let last = known ?? -1;
  columns.get("tour")?.forEach((tour, row) => {
    if (tour <= last || tour >= turn) return;
    rows.push(row);
    last = tour;
  });
  return rows;
}

export class TurnFeed {
  readonly #options: TurnFeedOptions;
  readonly #streams = new Map<string, Stream>();
  #before: Before | undefined;

  constructor(options: TurnFeedOptions) {
    this.#options = options;
  }

  /** Looks at a report, under the name of its own game, before the model takes it. */
  before(report: Report): void {
    const { model, bySession } = this.#options;
    const session = model.sessions.get(report.session);
    const isNew = session === undefined;
    const { arrival = 0 } = session ?? {};
    const counters = isNew && !bySession
      ? model.turnFamilies(report.session, arrival).filter(isCounted)
      : undefined;
    this.#before = { report, turn: session?.turn, counters };
  }

  /**
   * Takes a report that the model has taken.
   *
   * @param arrival When it came, in seconds since 1970.
   */
  taken(report: Report, details: Details, arrival: number): void {
    const before = this.#before?.report === report ? this.#before : undefined;
    const { model } = this.#options;
    const families = this.#limited(model.turnFamilies(report.session, arrival));
    const rows = turnsBetween(report, details, before?.turn);
    const times = details.columns.get("timestamp");
    const own = report.timestamp ?? arrival;
    const first = times?.[rows[0] ?? -1] ?? own;
    const firstTurn = details.columns.get("tour")?.[rows[0] ?? -1] ?? report.turn ?? Infinity;
    const isFromTheStart = before !== undefined && before.turn === undefined && firstTurn <= 1;
    const stream = this.#streamOf(report.session, isFromTheStart ? first * 1000 : undefined);
    stream.isEnded = false;
    if (before?.turn === undefined) {
      this.#addBefore(stream, families, before, first, isFromTheStart);
    }
    for (const row of rows) {
      const turn = this.#turnBetween(stream, families, report, details, row);
      this.#add(stream, turn, times?.[row] ?? own, arrival);
    }
    const last = stream.whole.last;
    const turn = stream.whole.turnOf(families, stream.start);
    this.#add(stream, turn, own, arrival);
    if (last !== undefined && last !== turn.layout) this.#endMissing(stream, last, turn.layout);
    if (report.finished) this.endQuiet(arrival, report.session);
  }

  /** Forgets a session that the model has forgotten. */
  forget(session: string): void {
    if (this.#options.bySession) this.#streams.delete(session);
  }

  /**
   * Ends the series of streams whose games are over: nobody will report them.
   *
   * @param now In seconds since 1970.
   * @param only The stream's session. Default: all streams.
   */
  endQuiet(now: number, only?: string): void {
    const { model, bySession, staleMarkers } = this.#options;
    if (!staleMarkers) return;
    for (const [key, stream] of this.#streams) {
      if (stream.isEnded || (bySession && only !== undefined && key !== only)) continue;
      const sessions = bySession ? [model.sessions.get(key)] : model.live;
      const isOver = sessions.every((one) => one === undefined || stateOf(one, now) !== "running");
      const layout = stream.whole.last;
      if (!isOver || layout === undefined) continue;
      stream.isEnded = true;
      this.#add(stream, { layout, values: undefined }, now, now);
    }
  }

  #limited(families: readonly Family[]): readonly Family[] {
    return limitSeries(families, this.#options.maxSeries).shown;
  }

  /** @param begun When its first turn was, in milliseconds since 1970, if that is seen. */
  #streamOf(session: string, begun: number | undefined): Stream {
    const { bySession, start, streams } = this.#options;
    const key = bySession ? session : "";
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const known = streams.get(key);
      const own = begun === undefined ? 0 : Math.round(begun) - 2 * BEFORE_MS;
      stream = {
        clock: new StreamClock(known?.last),
        start: bySession ? known?.start ?? own : start,
        whole: new Layouts(key),
        between: new Layouts(key),
        before: new Layouts(key),
        isEnded: false,
      };
      this.#streams.set(key, stream);
    }
    return stream;
  }

  /** Adds where counters stood before the first turn of a game, so that its first increase is seen. */
  #addBefore(
    stream: Stream,
    families: readonly Family[],
    before: Before | undefined,
    first: number,
    isFromTheStart: boolean,
  ): void {
    const own = Math.round(first * 1000) - BEFORE_MS;
    // There is a sample of that moment or a later one.
    if (own <= stream.clock.last) return;
    const known = before?.counters ?? (isFromTheStart ? [] : undefined);
    if (known === undefined) return;
    const counters = asBefore(families.filter(isCounted), known);
    if (counters.length === 0) return;
    // A start is before all that counted since.
    if (stream.start >= own) stream.start = own - BEFORE_MS;
    const turn = stream.before.turnOf(this.#limited(counters), stream.start);
    this.#add(stream, turn, own / 1000, own / 1000);
  }

  /** A turn between two reports: what its columns tell, so far as that is what a series shows. */
  #turnBetween(
    stream: Stream,
    families: readonly Family[],
    report: Report,
    { columns }: Details,
    row: number,
  ): Turn {
    const { model, bySession } = this.#options;
    const isAlone = bySession || model.live.length === 1;
    const tour = columns.get("tour")![row]!;
    /** By metric, what was told then, and what the report tells. */
    const told = new Map<string, readonly [then: number, now: number]>();
    for (const name of COLUMN_NAMES) {
      const then = columns.get(name)?.[row];
      const now = report.values.get(name);
      if (then !== undefined && now !== undefined) told.set(name, [then, now]);
    }
    for (const name of ["tours_completes", "simulation_tour"]) {
      told.set(name, [tour, report.turn ?? tour]);
    }
    const own = families.flatMap((family): Family[] => {
      const [then, now] = told.get(family.metric.name) ?? [];
      if (then === undefined || now === undefined || family.series.length !== 1) return [];
      if (!isCounted(family)) return isAlone ? [{ ...family, values: [then] }] : [];
      // What other games have counted did not change between the two.
      const value = family.values[0]!;
      return [{ ...family, values: [value === now ? then : value - (now - then)] }];
    });
    return stream.between.turnOf(own, stream.start);
  }

  /** Ends the series that a turn does not have any more. */
  #endMissing(stream: Stream, last: Layout, next: Layout): void {
    if (!this.#options.staleMarkers) return;
    const kept = new Set(next.series.map(({ labels }) => JSON.stringify(labels)));
    const series = last.series.filter(({ labels }) => !kept.has(JSON.stringify(labels)));
    if (series.length === 0) return;
    // They have nothing of that time yet.
    this.#addAt({ layout: { ...last, series }, values: undefined }, stream.clock.last);
  }

  /** @param own When it was, and when it arrived, in seconds since 1970. */
  #add(stream: Stream, turn: Turn | End, own: number, arrival: number): void {
    const samples = turn.layout.series.length;
    if (samples === 0) return;
    const time = stream.clock.take(own * 1000, arrival * 1000);
    if (time === undefined) this.#options.onLost("crowded", samples);
    else this.#addAt(turn, time);
  }

  /** @param time In milliseconds since 1970. */
  #addAt({ layout, values }: Turn | End, time: number): void {
    const { add, onLost } = this.#options;
    const samples = layout.series.length;
    try {
      if (!add(layout, time, values)) onLost("too_large", samples);
    } catch (error) {
      onLost("failed", samples, error);
    }
  }
}
