/** Keeps the turns since the last report, a bounded number of them. @module */

import type { COLUMN_NAMES, MAX_COLUMN_LENGTH } from "../report/mod.ts";
import type { ColumnFormat, Line } from "./line.ts";
import { TurnSeconds } from "./turn_seconds.ts";

/**
 * What the simulation keeps up to date and the publisher reads in place after every turn. Money is
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

const COUNT: ColumnFormat = { scale: 1, shift: 0, places: 0, suffix: "" };
const CENTS: ColumnFormat = { scale: 1, shift: 0, places: 2, suffix: "" };
const MILLISECONDS: ColumnFormat = { scale: 1, shift: 0, places: 3, suffix: "" };
/** Milliseconds as whole nanoseconds. */
const NANOSECONDS: ColumnFormat = { scale: 1e6, shift: 0, places: 0, suffix: "e-9" };

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
const TOUR = 0;
const TIME = 1;
const BUDGET = 2;
const DURATION = 10;

/** The rows of a batch's turns that are kept besides its last one. */
const LOWEST = 0;
const HIGHEST = WIDTH;

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

/** Turns between two looks at the clock. Times are in milliseconds. */
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
/** Rows that a batch of many turns may add. */
const BATCH_ROWS = 3;
/** A bin keeps four turns at most, so the first width halves the number of turns. */
const FIRST_BIN = 8;

/**
 * The turns since the last report. They come in batches, of one turn or of many. A batch keeps its
 * turn with the lowest `budget_total`, with the highest one, each the first of its kind, and its last
 * turn, which stands for the longest one.
 *
 * Up to `maxTurns` are kept like this. When there are more, they fall into bins of 8 turns, and each
 * time that these become too many, of twice as many. A bin keeps its turn with the lowest
 * `budget_total`, with the highest one and with the longest duration, each the first of its kind, and
 * its last turn. Bins of bins keep the same turns as bins of turns do.
 */
export class TurnLog {
  /** Durations of all turns so far. */
  readonly seconds = new TurnSeconds();
  /** Turns so far, those of the open batch left out. */
  tour = 0;
  /** A turn of the open batch with a budget below or above these is for `note()`. */
  lowest = -Infinity;
  highest = Infinity;
  readonly #maxTurns: number;
  readonly #stage: number;
  readonly #rows: Float64Array;
  readonly #noted = new Float64Array(2 * WIDTH);
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
    this.#stage = Math.min(STAGE, Math.max(BATCH_ROWS, maxTurns >> 2));
    this.#rows = new Float64Array(maxTurns * WIDTH);
  }

  /** Turns that are kept. */
  get count(): number {
    return this.#count;
  }

  /** Begins a batch. Of a single turn nothing needs to be noted: it is the last one. */
  open(turns: number): void {
    this.lowest = turns > 1 ? Infinity : -Infinity;
    this.highest = -this.lowest;
    this.#noted[LOWEST] = 0;
    this.#noted[HIGHEST] = 0;
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
    const { turns, ended, last, others } = batch;
    this.tour += turns;
    this.seconds.add(last, 1);
    if (this.#count + (turns > 1 ? BATCH_ROWS : 1) > this.#limit) this.#fold();
    if (turns > 1) {
      this.seconds.add(others, turns - 1);
      const isLowestFirst = this.#noted[LOWEST]! < this.#noted[HIGHEST]!;
      this.#addNoted(isLowestFirst ? LOWEST : HIGHEST, batch);
      this.#addNoted(isLowestFirst ? HIGHEST : LOWEST, batch);
    }
    const at = this.#count++ * WIDTH;
    writeRow(this.#rows, at, this.tour, numbers);
    this.#rows[at + TIME] = ended;
    this.#rows[at + DURATION] = last;
    this.open(1);
  }

  /** Adds a noted turn, unless there is none, it is the row before it or the batch's last turn. */
  #addNoted(noted: number, { ended, last, others }: Batch): void {
    const tour = this.#noted[noted]!;
    const isThere = this.#count > 0 && this.#rows[(this.#count - 1) * WIDTH] === tour;
    if (tour === 0 || tour === this.tour || isThere) return;
    const at = this.#count++ * WIDTH;
    copyRow(this.#noted, noted, this.#rows, at);
    this.#rows[at + TIME] = ended - last - (this.tour - 1 - tour) * others;
    this.#rows[at + DURATION] = others;
  }

  /**
   * Writes the kept turns as the value of `colonnes`.
   *
   * @param epoch What a time has to be increased by to count from 1970, in milliseconds.
   */
  write(line: Line, epoch: number): void {
    const end = this.#count * WIDTH;
    COLUMNS.forEach(([name, format], first) => {
      line.text(`${first === 0 ? "{" : "],"}"${name}":[`);
      line.numbers(
        this.#rows,
        { first, stride: WIDTH, end },
        format === MILLISECONDS ? { ...format, shift: epoch } : format,
      );
    });
    line.text("]}");
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
