/** Judges a report beside what is known of its session: its order, resets, and what happened since. @module */

import { compare, type TotalOf, type Violation } from "./invariants.ts";
import type { Mark, RecentEvent, Report } from "./report.ts";
import { eventsBetween } from "./tradesim_events.ts";

/** What became of a report: it was new, it was known, or a newer one was known. */
export type Outcome = "taken" | "repeat" | "late";

export interface Verdict {
  readonly outcome: Outcome;
  /** Whether a new part of the session begins, in which totals count from 0 again. */
  readonly isReset: boolean;
  /** Events since the last report, as numbers of TradeSim show them. */
  readonly events: readonly RecentEvent[];
  /** The invariants of a game that the report breaks anew. */
  readonly violations: readonly Violation[];
  /** What the invariants of the next report are judged beside; undefined of one that was not taken. */
  readonly balance: Mark["balance"];
}

/** Judges a report beside what is known of its session. */
export function judge(mark: Mark, report: Report, total: TotalOf): Verdict {
  if (report.order !== undefined && mark.order !== undefined && report.order <= mark.order) {
    const outcome = report.order === mark.order ? "repeat" : "late";
    return { outcome, isReset: false, events: [], violations: [], balance: undefined };
  }
  const isReset = begins(mark, report, total);
  const { violations, balance } = compare(mark, report, isReset, total);
  const events = eventsSince(mark, report, isReset);
  return { outcome: "taken", isReset, events, violations, balance };
}

/** What is known once a report was taken. */
export function marked(mark: Mark, { order, tick, eventCounts, eventClues }: Report): Mark {
  return { order: order ?? mark.order, tick: tick ?? mark.tick, eventCounts, eventClues };
}

/**
 * The tick counts since the reset and the order does not: the tick goes back while the order goes on.
 * Where reports were lost the tick may have caught up; then it lags behind by more than before, and
 * totals have fallen.
 */
function begins(
  mark: Mark,
  { order, tick, values }: Report,
  total: TotalOf,
): boolean {
  if (tick === undefined || mark.tick === undefined) return false;
  if (tick <= mark.tick) return true;
  if (order === undefined || mark.order === undefined) return false;
  return order - tick > mark.order - mark.tick &&
    values.entries().some(([name, value]) => value < (total(name) ?? -Infinity));
}

/** Where reports are missing between two only the types that the sender names are known. */
function eventsSince(mark: Mark, report: Report, isReset: boolean): readonly RecentEvent[] {
  const { tick, turn = 0, eventCounts } = report;
  const named = eventsBetween(mark, report, turn);
  if (named !== undefined) return named;
  // Who comes late to a game does not know which of its events are new.
  const isFirst = isReset || (tick ?? turn - 1) <= 0;
  const known = isFirst ? new Map<string, number>() : mark.eventCounts;
  if (known === undefined) return [];
  return Array.from(eventCounts).filter(([type, count]) => count > (known.get(type) ?? 0))
    .map(([type]) => ({ tour: turn, type }));
}
