/** Recordings for tests of replaying. @module */

import { gzipSync } from "node:zlib";

export const BEGUN = 1_790_000_000;

/** A native report; its time is `seconds` after the game began. */
export function native(
  { session = "s", tour, seconds, ...more }: {
    readonly session?: string;
    readonly tour: number;
    readonly seconds: number;
    readonly [key: string]: unknown;
  },
) {
  return {
    type: "tradesim.report",
    version: 1,
    session,
    rapport: tour,
    tour,
    timestamp: BEGUN + seconds,
    budget_total: 1000 + tour,
    ...more,
  };
}

/** What TradeSim sends after a turn. */
export function tradesim(turn: number, seconds: number, session = "20260101_000000") {
  return {
    type: "metrics",
    session_id: session,
    timestamp: new Date((BEGUN + seconds) * 1000).toISOString(),
    tick: turn - 1,
    tour_actuel: turn,
    budget_total_entreprises: 1000 + turn,
  };
}

/** Values as the lines of a file. */
export function linesOf(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

export function gzipped(text: string): Uint8Array {
  return gzipSync(text);
}
