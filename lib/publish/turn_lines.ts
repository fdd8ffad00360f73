/** Writes turns as lines of a turn log; docs/history.md has the format. @module */

import { DURATION, TIME, TURNS_TYPE, TURNS_VERSION } from "../turnlog/format.ts";
import { TURN_SECONDS_BUCKETS } from "../turns/mod.ts";
import { Line } from "./line.ts";
import {
  BATCH,
  type Buffer,
  BUFFER_TURNS,
  type Filled,
  type Over,
  PRICES,
  PRODUCTS,
  ROW,
  ROW_COLUMNS,
} from "./turn_rows.ts";

/** Microseconds of a time and nanoseconds of a duration, of which the game's clock has milliseconds. */
const TIME_PLACES = 6;
const DURATION_PLACES = 9;
const LE = `,"temps_simulation_tour_seconds":{"le":[${TURN_SECONDS_BUCKETS.join()}],"counts":[`;

/** Makes the lines of one game. Each is valid until the next one is made. */
export class TurnLines {
  readonly #line = new Line();
  readonly #head: string;
  readonly #times = new Float64Array(BUFFER_TURNS);
  readonly #durations = new Float64Array(BUFFER_TURNS);
  readonly #column = new Float64Array(BUFFER_TURNS);

  constructor(session: string) {
    this.#head = `{"type":"${TURNS_TYPE}","version":${TURNS_VERSION},"session":${
      JSON.stringify(session)
    }`;
  }

  /** The line of a buffer. */
  line({ rows, batches }: Buffer, filled: Filled): Uint8Array {
    const { turns, first, counts, sum } = filled;
    const line = this.#line;
    this.#timeTurns(batches, filled);
    this.#begin(first, turns);
    line.text(LE);
    line.text(`${counts.join()}],"sum":`);
    line.number(sum);
    line.text(`},"colonnes":{"${TIME}":[${TIME_PLACES}`);
    line.differences(this.#times.subarray(0, turns));
    line.text(`],"${DURATION}":[${DURATION_PLACES}`);
    line.differences(this.#durations.subarray(0, turns));
    for (const [place, [name, places]] of ROW_COLUMNS.entries()) {
      line.text(`],"${name}":[${places}`);
      line.differences(
        place === PRICES ? this.#means(rows, turns) : this.#copy(rows, place, turns),
      );
    }
    line.text("]}}\n");
    return line.bytes();
  }

  /** The line that says that the game is over. */
  last({ turns }: Over): Uint8Array {
    this.#begin(turns + 1, 0);
    this.#line.text(',"fini":true}\n');
    return this.#line.bytes();
  }

  #begin(first: number, turns: number): void {
    this.#line.clear();
    this.#line.text(this.#head);
    this.#line.member("tour", first);
    this.#line.member("tours", turns);
  }

  #copy(rows: Float64Array, place: number, turns: number): Float64Array {
    const column = this.#column;
    for (let turn = 0, at = place; turn < turns; turn++, at += ROW) column[turn] = rows[at]!;
    return column.subarray(0, turns);
  }

  /** Mean prices in millionths of a euro. */
  #means(rows: Float64Array, turns: number): Float64Array {
    const column = this.#column;
    for (let turn = 0, at = 0; turn < turns; turn++, at += ROW) {
      column[turn] = Math.round(rows[at + PRICES]! * 1e4 / (rows[at + PRODUCTS]! || 1));
    }
    return column.subarray(0, turns);
  }

  /** Tells from the batches when each turn ended, in microseconds, and how long it took, in nanoseconds. */
  #timeTurns(batches: Float64Array, { batches: count, epoch }: Filled): void {
    let turn = 0;
    for (let at = 0; at < count * BATCH; at += BATCH) {
      const turns = batches[at]!;
      const ended = batches[at + 1]! + epoch;
      const last = batches[at + 2]!;
      const others = batches[at + 3]!;
      for (let later = turns - 1; later > 0; later--, turn++) {
        this.#times[turn] = Math.round((ended - last - (later - 1) * others) * 1e3);
        this.#durations[turn] = Math.round(others * 1e6);
      }
      this.#times[turn] = Math.round(ended * 1e3);
      this.#durations[turn++] = Math.round(last * 1e6);
    }
  }
}
