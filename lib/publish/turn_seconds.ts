/** Durations of a game's turns, as a report has them. @module */

import { bucketOf, noTurns } from "../turns/mod.ts";

/** Durations of all turns so far, as the native report has them. */
export class TurnSeconds {
  /** Turns per bucket, +Inf last; not cumulated. */
  readonly counts = noTurns();
  #milliseconds = 0;

  /** Sum of all turns, in seconds. */
  get sum(): number {
    return this.#milliseconds / 1000;
  }

  /** Adds so many turns of the same duration. */
  add(milliseconds: number, turns: number): void {
    this.#milliseconds += milliseconds * turns;
    this.counts[bucketOf(milliseconds / 1000)]! += turns;
  }
}
