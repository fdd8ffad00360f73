/** Keeps the turns since the last report, in bounded number. @module */

import {
  COLUMN_NAMES,
  type ColumnName,
  extremesOf,
  INDEX_OF,
  TurnTable,
  WIDTH,
} from "../turns/mod.ts";
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

/** How each column is written. */
const FORMATS: Readonly<Record<ColumnName, ColumnFormat>> = {
  tour: COUNT,
  timestamp: MILLISECONDS,
  budget_total: CENTS,
  budget_min: CENTS,
  budget_max: CENTS,
  transactions_reussies_total: COUNT,
  transactions_echouees_total: COUNT,
  transactions_montant_total: CENTS,
  produits_actifs: COUNT,
  produits_prix_moyen: CENTS,
  duree_seconds: NANOSECONDS,
  evenements_total: COUNT,
};
/** What comes before each column, and after the last one. */
const HEADS = COLUMN_NAMES.map((name, index) =>
  encoder.encode(`${index === 0 ? "{" : "],"}"${name}":[`)
);
const END = encoder.encode("]}");
/** What bins and groups keep, besides their last turn. */
const EXTREMES = extremesOf({
  lowest: ["budget_total"],
  highest: ["budget_total", "duree_seconds"],
});

/** Batches in a group. */
export const GROUP = 64;
/** Rows that a group may add. */
const GROUP_ROWS = 4;

/** Writes a turn into a row, but for its time and its duration. */
function writeRow(row: Float64Array, tour: number, numbers: TurnNumbers): void {
  row[INDEX_OF.tour] = tour;
  row[INDEX_OF.budget_total] = numbers.budgetTotal;
  row[INDEX_OF.budget_min] = numbers.budgetMin;
  row[INDEX_OF.budget_max] = numbers.budgetMax;
  row[INDEX_OF.transactions_reussies_total] = numbers.reussies;
  row[INDEX_OF.transactions_echouees_total] = numbers.echouees;
  row[INDEX_OF.transactions_montant_total] = numbers.montant;
  row[INDEX_OF.produits_actifs] = numbers.produitsActifs;
  row[INDEX_OF.produits_prix_moyen] = numbers.prixTotal / (numbers.produits || 1);
  row[INDEX_OF.evenements_total] = numbers.evenements;
}

function createRow(): Float64Array {
  return new Float64Array(WIDTH);
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
export class RecentTurns {
  /** Durations of all turns so far. */
  readonly seconds = new TurnSeconds();
  /** Turns so far, those of the open batch left out. */
  tour = 0;
  /** A turn of the open batch with a budget below or above these is for `note()`. */
  lowest = -Infinity;
  highest = Infinity;
  /** The rows of the open group, a tour of 0 for none, and how many batches it has. */
  readonly #lowest = createRow();
  readonly #highest = createRow();
  readonly #longest = createRow();
  readonly #noted = [this.#lowest, this.#highest, this.#longest];
  #batches = 0;
  /** The last batch that ended. */
  #batch: Batch = { turns: 0, ended: 0, last: 0, others: 0 };
  readonly #maxTurns: number;
  readonly #stage: number;
  readonly #table: TurnTable;
  /** Its last turn. */
  readonly #last = createRow();
  /** At so many rows they have to be thinned before the next batch. */
  #limit: number;

  /** @param maxTurns How many turns are kept at most; at least `MIN_TURNS`. */
  constructor(maxTurns: number) {
    this.#maxTurns = maxTurns;
    this.#limit = maxTurns;
    this.#stage = Math.min(STAGE, Math.max(GROUP_ROWS, maxTurns >> 2));
    this.#table = new TurnTable(maxTurns, EXTREMES);
    this.#longest[INDEX_OF.duree_seconds] = -1;
  }

  /** Turns that are kept; of the open group, one. */
  get count(): number {
    return this.#table.count + (this.#batches > 0 ? 1 : 0);
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
      writeRow(this.#lowest, tour, numbers);
    }
    if (budget > this.highest) {
      this.highest = budget;
      writeRow(this.#highest, tour, numbers);
    }
  }

  /** Ends the open batch, with the numbers after its last turn. */
  close(batch: Batch, numbers: TurnNumbers): void {
    const before = this.tour;
    this.tour += batch.turns;
    this.seconds.add(batch.last, 1);
    if (batch.turns > 1) this.seconds.add(batch.others, batch.turns - 1);
    if (this.#lowest[INDEX_OF.tour]! > before) this.#setTime(this.#lowest, batch);
    if (this.#highest[INDEX_OF.tour]! > before) this.#setTime(this.#highest, batch);
    if (!(batch.last <= this.#longest[INDEX_OF.duree_seconds]!)) {
      writeRow(this.#longest, this.tour, numbers);
      this.#setTime(this.#longest, batch);
    }
    this.#batch = batch;
    this.#batches++;
    if (batch.turns === 1 || this.#batches === GROUP) this.end(numbers);
  }

  /** Ends the open group, if there is one. Needed before `write()`. */
  end(numbers: TurnNumbers): void {
    if (this.#batches === 0) return;
    const isSingle = this.#batches === 1 && this.#batch.turns === 1;
    if (this.#table.count + (isSingle ? 1 : GROUP_ROWS) > this.#limit) this.#fold();
    for (let tour = 0, next: Float64Array | undefined;; tour = next[INDEX_OF.tour]!) {
      next = undefined;
      for (const row of this.#noted) {
        const own = row[INDEX_OF.tour]!;
        if (own <= tour || own >= this.tour) continue;
        if (next === undefined || own < next[INDEX_OF.tour]!) next = row;
      }
      if (next === undefined) break;
      this.#table.append(next);
    }
    writeRow(this.#last, this.tour, numbers);
    this.#setTime(this.#last, this.#batch);
    this.#table.append(this.#last);
    this.#batches = 0;
    this.lowest = Infinity;
    this.highest = -Infinity;
    for (const row of this.#noted) row[INDEX_OF.tour] = 0;
    this.#longest[INDEX_OF.duree_seconds] = -1;
  }

  /** Writes when a turn of a batch that has just ended did so, and how long it took. */
  #setTime(row: Float64Array, { ended, last, others }: Batch): void {
    const later = this.tour - row[INDEX_OF.tour]!;
    row[INDEX_OF.timestamp] = later === 0 ? ended : ended - last - (later - 1) * others;
    row[INDEX_OF.duree_seconds] = later === 0 ? last : others;
  }

  /**
   * Writes the kept turns as the value of `colonnes`.
   *
   * @param epoch What a time has to be increased by to count from 1970, in milliseconds.
   */
  write(line: Line, epoch: number): void {
    COLUMN_NAMES.forEach((name, index) => {
      const format = FORMATS[name];
      line.raw(HEADS[index]!);
      line.numbers(
        this.#table.column(name),
        format === MILLISECONDS ? { ...format, shift: epoch } : format,
      );
    });
    line.raw(END);
  }

  /** Forgets the kept turns. */
  clear(): void {
    this.#table.clear(this.tour);
    this.#limit = this.#maxTurns;
  }

  #fold(): void {
    this.#table.fold(this.#maxTurns - this.#stage);
    this.#limit = this.#table.count + this.#stage;
  }
}
