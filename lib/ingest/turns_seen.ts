/** Counts the turns whose numbers arrived, and those that no report carried. @module */

import type { Report } from "../report/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { SourceName } from "./sources.ts";

/** A number of turns; others are a sender's mistake, and nothing can be counted up to them. */
function isTurn(turn: number | undefined): turn is number {
  return Number.isSafeInteger(turn) && turn! >= 0;
}

/** How many turns from `from` + 1 to `to` a report carries: those of its column `tour`, and its own. */
function carried(from: number, to: number, turn: number, tours: readonly number[]): number {
  let count = 0;
  let last = from;
  for (const tour of tours) {
    if (!(tour > last && tour <= to && isTurn(tour))) continue;
    last = tour;
    count++;
  }
  return turn > last && turn <= to ? count + 1 : count;
}

/** The first turn that a report carries, itself or in its column `tour`. */
function firstOf(turn: number, tours: readonly number[]): number {
  return Math.min(turn, tours.find(isTurn) ?? turn);
}

/** The turns before the first report of a session, which a file may still hold. */
interface Earlier {
  readonly source: SourceName;
  /** How many they are: turn 1 to this one. */
  readonly turns: number;
  seen: number;
  /** The last one that was found. */
  last: number;
}

/**
 * Every turn from 1 to the last one of a session is either seen or missed, once. A turn is seen when a
 * report carries its own numbers, as the turn that it is of or in its column `tour`. All others are
 * missed, be it because the report was lost, because the publisher thinned its columns, or because the
 * exporter came late: totals and durations have them nevertheless.
 *
 * A session whose turn goes back is played anew from there, so those turns count again, from the first
 * one that the report carries. Nothing is known of a report without a turn, and nothing counted.
 */
export class TurnsSeen {
  readonly #telemetry: Telemetry;
  readonly #earlier = new Map<string, Earlier>();

  constructor(telemetry: Telemetry, sources: readonly SourceName[]) {
    this.#telemetry = telemetry;
    // Both series are there from the start, so that their first increase is seen.
    for (const source of sources) {
      telemetry.count("tradesim_exporter_turns_seen_total", { source }, 0);
      telemetry.count("tradesim_exporter_turns_missed_total", { source }, 0);
    }
  }

  /**
   * Counts the turns of a report that was taken.
   *
   * @param last The turn of the session's last report; undefined when this is the first one.
   * @param tours Its column `tour`.
   * @param mayCome Whether a file that is still to be read may hold the turns before the first report.
   */
  take(
    { session, turn }: Report,
    tours: readonly number[],
    { source, last, mayCome }: {
      readonly source: SourceName;
      readonly last: number | undefined;
      readonly mayCome: boolean;
    },
  ): void {
    if (!isTurn(turn)) return;
    const first = firstOf(turn, tours);
    let from = last ?? 0;
    // After a turn that is none, too, counting begins anew.
    if (!isTurn(from) || turn < from) from = Math.max(first - 1, 0);
    if (last === undefined && mayCome && first > 1) {
      from = first - 1;
      this.#earlier.set(session, { source, turns: from, seen: 0, last: 0 });
    }
    const seen = carried(from, turn, turn, tours);
    this.#count(source, seen, turn - from - seen);
  }

  /** Takes a report of the past of a followed file. */
  takeEarlier({ session, turn }: Report, tours: readonly number[]): void {
    const earlier = this.#earlier.get(session);
    if (earlier === undefined || !isTurn(turn)) return;
    const until = Math.min(turn, earlier.turns);
    if (until <= earlier.last) return;
    earlier.seen += carried(earlier.last, until, turn, tours);
    earlier.last = until;
  }

  /** Nothing more can come of the past: what was not found there is missed. */
  endEarlier(): void {
    for (const { source, turns, seen } of this.#earlier.values()) {
      this.#count(source, seen, turns - seen);
    }
    this.#earlier.clear();
  }

  #count(source: SourceName, seen: number, missed: number): void {
    const telemetry = this.#telemetry;
    if (seen > 0) telemetry.count("tradesim_exporter_turns_seen_total", { source }, seen);
    if (missed > 0) telemetry.count("tradesim_exporter_turns_missed_total", { source }, missed);
  }
}
