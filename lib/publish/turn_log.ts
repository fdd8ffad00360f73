/** Keeps the turns since the last report, in bounded number. @module */

import type { COLUMN_NAMES, MAX_COLUMN_LENGTH } from "../report/mod.ts";
import type { ColumnFormat, Line } from "./line.ts";
import { TurnSeconds } from "./turn_seconds.ts";

/**
 * Numbers that the simulation updates and the publisher reads in place after every turn. Money is
 * in whole cents; totals count since the session began.
 */
export interface TurnNumbers {
  /** Money that all firms together have, and that of the poorest and of the richest. */
  readonly budgetTotal: number;
  readonly budgetMin: number;
  readonly budgetMax: number;
  /** Purchases that succeeded, that failed, and the money spent on the former. */
  readonly reussies: number;
  readonly echouees: number;
  readonly montant: number;
  /** Products in the game, those that can be bought, and the sum of all base prices. */
  readonly produits: number;
  readonly produitsActifs: number;
  readonly prixTotal: number;
  readonly evenements: number;
}

// The report's names come as types only: its reader is nothing that a game should have to load.
type ColumnName = (typeof COLUMN_NAMES)[number];
export const MAX_TURNS: typeof MAX_COLUMN_LENGTH = 1000;
export const MIN_TURNS = 8;
/** As many as a line of a graph has points in 100 ms; a thousand would take 0.3 ms to write. */
export const USUAL_TURNS = 128;

const encoder = new TextEncoder();
const NO_SUFFIX = new Uint8Array();
const COUNT: ColumnFormat = { scale: 1, shift: 0, places: 0, suffix: NO_SUFFIX };
const CENTS: ColumnFormat = { scale: 1, shift: 0, places: 2, suffix: NO_SUFFIX };
const MILLISECONDS: ColumnFormat = { scale: 1, shift: 0, places: 3, suffix: NO_SUFFIX };
/** Milliseconds as whole nanoseconds. */
const NANOSECONDS: ColumnFormat = {
  scale: 1e6,
  shift: 0,
  places: 0,
  suffix: encoder.encode("e-9"),
};

/** The columns, in the order in which a row holds them, and how they are written. */
const COLUMNS: readonly (readonly [ColumnName, ColumnFormat])[] = [
  ["tour", COUNT],
  ["timestamp", MILLISECONDS],
  ["budget_total", CENTS],
  ["budget_min", CENTS],
  ["budget_max", CENTS],
  ["transactions_reussies_total", COUNT],
  ["transactions_echouees_total", COUNT],
  ["transactions_montant_total", CENTS],
  ["produits_actifs", COUNT],
  ["produits_prix_moyen", CENTS],
  ["duree_seconds", NANOSECONDS],
  ["evenements_total", COUNT],
];
const WIDTH = COLUMNS.length;
/** What comes before each column, and after the last one. */
const HEADS = COLUMNS.map(([name], first) =>
  encoder.encode(`${first === 0 ? "{" : "],"}"${name}":[`)
);
const END = encoder.encode("]}");
const TOUR = 0;
const TIME = 1;
const BUDGET = 2;
const DURATION = 10;

/** Rows of the open group, besides that of its last turn. */
const LOWEST = 0;
const HIGHEST = WIDTH;
const LONGEST = 2 * WIDTH;
const NOTED = [LOWEST, HIGHEST, LONGEST] as const;
/** Batches in a group. */
export const GROUP = 64;
/** Rows that a group may add. */
const GROUP_ROWS = 4;

/** Writes a turn into a row, but for its time and its duration. */
function writeRow(rows: Float64Array, at: number, tour: number, numbers: TurnNumbers): void {
  rows[at + TOUR] = tour;
  rows[at + BUDGET] = numbers.budgetTotal;
  rows[at + 3] = numbers.budgetMin;
  rows[at + 4] = numbers.budgetMax;
  rows[at + 5] = numbers.reussies;
  rows[at + 6] = numbers.echouees;
  rows[at + 7] = numbers.montant;
  rows[at + 8] = numbers.produitsActifs;
  rows[at + 9] = numbers.prixTotal / (numbers.produits || 1);
  rows[at + 11] = numbers.evenements;
}

function copyRow(from: Float64Array, place: number, to: Float64Array, at: number): void {
  for (let column = 0; column < WIDTH; column++) to[at + column] = from[place + column]!;
}

/** Turns between two readings of the clock. Times are in milliseconds. */
export interface Batch {
  readonly turns: number;
  /** When its last turn ended. */
  readonly ended: number;
  /** How long its turns took: the last one, and each of the others. */
  readonly last: number;
  readonly others: number;
}

/** Rows that come between two thinnings, so that one costs a turn next to nothing. */
const STAGE = 64;
/** A bin keeps four turns at most, so the first width halves the number of turns. */
const FIRST_BIN = 8;

/**
 * The turns since the last report. They come in batches, of one turn or of many; batches of many turns
 * are put together in groups. A group keeps its turn with the lowest `budget_total`, with the highest
 * one and with the longest duration, each the first of its kind, and its last turn. A batch of a single
 * turn is a group of its own, or the end of one.
 *
 * Up to `maxTurns` are kept like this. When there are more, they fall into bins of 8 turns, and each
 * time that these become too many, of twice as many. A bin keeps the same four turns as a group does,
 * and bins of groups or of bins keep the same turns as bins of turns do.
 */
export class TurnLog {
  /** Durations of all turns so far. */
  readonly seconds = new TurnSeconds();
  /** Turns so far, those of the open batch left out. */
  tour = 0;
  /** A turn of the open batch with a budget below or above these is for `note()`. */
  lowest = -Infinity;
  highest = Infinity;
  /** The rows of the open group, a tour of 0 for none, and how many batches it has. */
  readonly #noted = new Float64Array(3 * WIDTH);
  #batches = 0;
  /** The last batch that ended. */
  #batch: Batch = { turns: 0, ended: 0, last: 0, others: 0 };
  readonly #maxTurns: number;
  readonly #stage: number;
  readonly #rows: Float64Array;
  #count = 0;
  /** At so many rows they have to be thinned before the next batch. */
  #limit: number;
  /** The turn before the first one since the last report: where bins are counted from. */
  #start = 0;
  /** Turns per bin. */
  #bin = 1;
  /** The first row of the last bin, which is still open. */
  #open = 0;

  /** @param maxTurns How many turns are kept at most; at least `MIN_TURNS`. */
  constructor(maxTurns: number) {
    this.#maxTurns = maxTurns;
    this.#limit = maxTurns;
    this.#stage = Math.min(STAGE, Math.max(GROUP_ROWS, maxTurns >> 2));
    this.#rows = new Float64Array(maxTurns * WIDTH);
    this.#noted[LONGEST + DURATION] = -1;
  }

  /** Turns that are kept; of the open group, one. */
  get count(): number {
    return this.#count + (this.#batches > 0 ? 1 : 0);
  }

  /** Begins a batch. A turn that is its own group need not be noted. */
  open(turns: number): void {
    if (this.#batches > 0) return;
    this.lowest = turns > 1 ? Infinity : -Infinity;
    this.highest = -this.lowest;
  }

  /** Keeps a turn of the open batch whose budget is the lowest or the highest so far. */
  note(tour: number, numbers: TurnNumbers): void {
    const budget = numbers.budgetTotal;
    if (budget < this.lowest) {
      this.lowest = budget;
      writeRow(this.#noted, LOWEST, tour, numbers);
    }
    if (budget > this.highest) {
      this.highest = budget;
      writeRow(this.#noted, HIGHEST, tour, numbers);
    }
  }

  /** Ends the open batch, with the numbers after its last turn. */
  close(batch: Batch, numbers: TurnNumbers): void {
    const noted = this.#noted;
    const before = this.tour;
    this.tour += batch.turns;
    this.seconds.add(batch.last, 1);
    if (batch.turns > 1) this.seconds.add(batch.others, batch.turns - 1);
    if (noted[LOWEST]! > before) this.#setTime(noted, LOWEST, batch);
    if (noted[HIGHEST]! > before) this.#setTime(noted, HIGHEST, batch);
    if (!(batch.last <= noted[LONGEST + DURATION]!)) {
      writeRow(noted, LONGEST, this.tour, numbers);
      this.#setTime(noted, LONGEST, batch);
    }
    this.#batch = batch;
    this.#batches++;
    if (batch.turns === 1 || this.#batches === GROUP) this.end(numbers);
  }

  /** Ends the open group, if there is one. Needed before `write()`. */
  end(numbers: TurnNumbers): void {
    if (this.#batches === 0) return;
    const isSingle = this.#batches === 1 && this.#batch.turns === 1;
    if (this.#count + (isSingle ? 1 : GROUP_ROWS) > this.#limit) this.#fold();
    const noted = this.#noted;
    for (let tour = 0, next: number | undefined;; tour = noted[next]!) {
      next = undefined;
      for (const row of NOTED) {
        if (noted[row]! <= tour || noted[row]! >= this.tour) continue;
        if (next === undefined || noted[row]! < noted[next]!) next = row;
      }
      if (next === undefined) break;
      copyRow(noted, next, this.#rows, this.#count++ * WIDTH);
    }
    const at = this.#count++ * WIDTH;
    writeRow(this.#rows, at, this.tour, numbers);
    this.#setTime(this.#rows, at, this.#batch);
    this.#batches = 0;
    this.lowest = Infinity;
    this.highest = -Infinity;
    for (const row of NOTED) noted[row] = 0;
    noted[LONGEST + DURATION] = -1;
  }

  /** Writes when a turn of a batch that has just ended did so, and how long it took. */
  #setTime(rows: Float64Array, at: number, { ended, last, others }: Batch): void {
    const later = this.tour - rows[at]!;
    rows[at + TIME] = later === 0 ? ended : ended - last - (later - 1) * others;
    rows[at + DURATION] = later === 0 ? last : others;
  }

  /**
   * Writes the kept turns as the value of `colonnes`.
   *
   * @param epoch What a time has to be increased by to count from 1970, in milliseconds.
   */
  write(line: Line, epoch: number): void {
    const end = this.#count * WIDTH;
    COLUMNS.forEach(([, format], first) => {
      line.raw(HEADS[first]!);
      line.numbers(
        this.#rows,
        { first, stride: WIDTH, end },
        format === MILLISECONDS ? { ...format, shift: epoch } : format,
      );
    });
    line.raw(END);
  }

  /** Forgets the kept turns. */
  clear(): void {
    this.#start = this.tour;
    this.#count = 0;
    this.#limit = this.#maxTurns;
    this.#bin = 1;
    this.#open = 0;
  }

  #fold(): void {
    if (this.#bin > 1) this.#thin(this.#open);
    while (this.#count > this.#maxTurns - this.#stage) {
      this.#bin = this.#bin === 1 ? FIRST_BIN : this.#bin * 2;
      this.#thin(0);
    }
    this.#limit = this.#count + this.#stage;
  }

  /** Thins the rows from `from` on, which is the first of its bin. */
  #thin(from: number): void {
    const rows = this.#rows;
    const count = this.#count;
    let kept = from;
    for (let first = from, next = first; first < count; first = next) {
      const bin = Math.ceil((rows[first * WIDTH + TOUR]! - this.#start) / this.#bin);
      const last = this.#start + bin * this.#bin;
      let lowest = first;
      let highest = first;
      let longest = first;
      for (next = first + 1; next < count && rows[next * WIDTH + TOUR]! <= last; next++) {
        const budget = rows[next * WIDTH + BUDGET]!;
        if (budget < rows[lowest * WIDTH + BUDGET]!) lowest = next;
        if (budget > rows[highest * WIDTH + BUDGET]!) highest = next;
        if (rows[next * WIDTH + DURATION]! > rows[longest * WIDTH + DURATION]!) longest = next;
      }
      this.#open = kept;
      for (let row = first; row < next; row++) {
        if (row === lowest || row === highest || row === longest || row === next - 1) {
          this.#move(row, kept++);
        }
      }
    }
    this.#count = kept;
  }

  #move(row: number, to: number): void {
    if (row !== to) copyRow(this.#rows, row * WIDTH, this.#rows, to * WIDTH);
  }
}
