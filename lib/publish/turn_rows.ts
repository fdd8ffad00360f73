/** Turns on their way from the simulation's thread to that which writes the turn log. @module */

import type { TurnNumbers } from "./recent_turns.ts";

/** A buffer is handed over when it has so many turns; a batch may add more. */
export const FULL_TURNS = 4096;
/** Turns that a buffer has room for. */
export const BUFFER_TURNS = FULL_TURNS + 1024;

/** The columns of a turn's row, and their decimal places: money is in cents. */
export const ROW_COLUMNS = [
  ["budget_total", 2],
  ["budget_min", 2],
  ["budget_max", 2],
  ["transactions_reussies_total", 0],
  ["transactions_echouees_total", 0],
  ["transactions_montant_total", 2],
  ["produits_total", 0],
  ["produits_actifs", 0],
  // The sum of all prices, of which the log has the mean.
  ["produits_prix_moyen", 6],
  ["evenements_total", 0],
] as const;
/** Numbers of a turn. */
export const ROW = ROW_COLUMNS.length;
export const PRICES = ROW_COLUMNS.findIndex(([name]) => name === "produits_prix_moyen");
export const PRODUCTS = ROW_COLUMNS.findIndex(([name]) => name === "produits_total");

/** Numbers of a batch: how many turns, when the last one ended, how long it took, and the others. */
export const BATCH = 4;

/** Writes a turn into a buffer, in the order of `ROW_COLUMNS`. */
export function writeRow(rows: Float64Array, at: number, numbers: TurnNumbers): void {
  rows[at] = numbers.budgetTotal;
  rows[at + 1] = numbers.budgetMin;
  rows[at + 2] = numbers.budgetMax;
  rows[at + 3] = numbers.reussies;
  rows[at + 4] = numbers.echouees;
  rows[at + 5] = numbers.montant;
  rows[at + 6] = numbers.produits;
  rows[at + 7] = numbers.produitsActifs;
  rows[at + 8] = numbers.prixTotal;
  rows[at + 9] = numbers.evenements;
}

/** One buffer: turns, and the batches that they were played in. Both threads see it. */
export interface Buffer {
  readonly rows: Float64Array<SharedArrayBuffer>;
  readonly batches: Float64Array<SharedArrayBuffer>;
}

export function createBuffer(): Buffer {
  const shared = (length: number) =>
    new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
  return { rows: shared(BUFFER_TURNS * ROW), batches: shared(BUFFER_TURNS * BATCH) };
}

/** The first message to the writing thread. */
export interface Setup {
  readonly path: string;
  readonly session: string;
  readonly maxBytes: number | undefined;
  readonly keep: number;
  readonly buffers: readonly Buffer[];
  /** For each buffer 1 while it is handed over; behind them, how many were written so far. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

/** A further message: a buffer to write. */
export interface Filled {
  readonly buffer: number;
  readonly turns: number;
  readonly batches: number;
  /** Number of its first turn. */
  readonly first: number;
  /** What a time has to be increased by to count from 1970, in milliseconds. */
  readonly epoch: number;
  /** Durations of all turns before: per bucket, and their sum in seconds. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** The last message: the game has ended after so many turns. */
export interface Over {
  readonly turns: number;
}

/** What comes back: a problem, or that all is written. */
export type Answer = { readonly problem: string } | { readonly ended: true };
