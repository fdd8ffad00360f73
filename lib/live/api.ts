/** What the API answers and sends, for the exporter and its page; docs/api.md describes it. @module */

import type { SessionState } from "../catalogue/mod.ts";
import type { PastEvent } from "../history/mod.ts";
import type { Inventory } from "../report/mod.ts";
import type { ColumnName } from "../turns/mod.ts";

/** Numbers by metric name. */
export type Values = Readonly<Record<string, number>>;

export interface Summary {
  readonly session: string;
  readonly format: "natif" | "tradesim";
  readonly state: SessionState;
  /** Null before the game has told of one. */
  readonly turn: number | null;
  readonly turns_per_second: number | null;
  /** Seconds since 1970. */
  readonly first_report: number;
  readonly last_report: number;
  /** When the last report came, by the exporter's clock; the two before are by the game's. */
  readonly last_arrival: number;
  readonly from: number | null;
  readonly points: number;
  readonly values: Values;
  /** Invariants of the game that were broken; docs/economy.md explains them. */
  readonly violations: readonly {
    readonly invariant: string;
    /** How many reports broke it. */
    readonly count: number;
    /** The first and the last turn in which that was seen. */
    readonly first_turn: number | null;
    readonly last_turn: number | null;
    /** What was wrong the last time. */
    readonly cause: string;
  }[];
}

export interface Sessions {
  readonly exporter: {
    readonly version: string;
    /** Seconds since 1970. */
    readonly started: number;
    readonly now: number;
    readonly telemetryPath: string;
    /** What stands before a command's name on the exporter's command line. */
    readonly command: string;
    /** Absent unless a recorded game is shown: its file, and how many times as fast as it was played. */
    readonly replay?: { readonly file: string; readonly speed: number } | undefined;
  };
  readonly sessions: readonly Summary[];
}

/** One number or null per turn, by column; all of the same length. JSON has null for NaN. */
export type Columns = Readonly<Partial<Record<ColumnName, readonly (number | null)[]>>>;

/** New turns. */
export interface TurnsMessage {
  readonly session: string;
  readonly columns: Columns;
  readonly events: readonly PastEvent[];
}

/** A part of a session's history. */
export interface Turns extends TurnsMessage {
  readonly from: number | null;
  readonly to: number | null;
  readonly turns: number;
}

export interface TurnSeconds {
  readonly le: readonly number[];
  /** Turns per bucket, not cumulated; the last one is beyond all bounds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface State {
  readonly summary: Summary;
  readonly turn_seconds: TurnSeconds | null;
  readonly detail?: Inventory | null;
  readonly exporter: Values;
  readonly system: Values;
}

export interface Hello {
  readonly version: string;
  readonly started: number;
  /** How often turns before the known ones have come. */
  readonly past: number;
  readonly session: string | null;
}

export type { Inventory, PastEvent };
