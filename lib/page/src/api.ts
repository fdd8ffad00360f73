/** What the exporter's API answers, as docs/api.md describes it. @module */

/** Numbers by metric name. */
export type Values = Readonly<Record<string, number>>;

export interface Summary {
  readonly session: string;
  readonly format: "natif" | "tradesim";
  readonly state: "running" | "finished" | "silent" | "ended";
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
  };
  readonly sessions: readonly Summary[];
}

/** One number or null per turn, by column; all of the same length. */
export type Columns = Readonly<Record<string, readonly (number | null)[]>>;

export interface GameEvent {
  readonly tour: number | null;
  /** Seconds since 1970. */
  readonly timestamp: number;
  readonly type: string;
  /** How many products, firms or suppliers it concerned. */
  readonly nombre?: number;
  /** What it added, in euros, units or products. */
  readonly total?: number;
}

/** New turns, and those of a history. */
export interface TurnsMessage {
  readonly session: string;
  readonly columns: Columns;
  readonly events: readonly GameEvent[];
}

export interface Detail {
  readonly produits: readonly { readonly nom: string; readonly prix: number }[];
  readonly entreprises: readonly {
    readonly nom: string;
    readonly budget: number;
    readonly stocks?: readonly number[];
  }[];
  readonly fournisseurs: readonly { readonly nom: string; readonly stocks?: readonly number[] }[];
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
  readonly detail?: Detail | null;
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

/** More are thinned by the exporter. */
const POINTS = 20_000;

/** Asks for an answer; undefined when the exporter does not know the session. */
async function ask<T>(path: string): Promise<T | undefined> {
  const response = await fetch(path, { headers: { accept: "application/json" } });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`Cannot ask for ${path}: status ${response.status}`);
  return await response.json();
}

export function askSessions(): Promise<Sessions | undefined> {
  return ask("./api/sessions");
}

/** @param from The first turn that is wanted. */
export function askHistory(session: string, from: number): Promise<TurnsMessage | undefined> {
  const query = new URLSearchParams({ session, from: String(from), points: String(POINTS) });
  return ask(`./api/history?${query}`);
}

export function askState(session: string): Promise<State | undefined> {
  return ask(`./api/state?${new URLSearchParams({ session })}`);
}
