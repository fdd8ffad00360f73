/** The times of a stream: samples of one series must come in order, each at a millisecond of its own. @module */

/** How far ahead of its own time, and of its arrival, a turn may be put. Receivers refuse ten minutes. */
const MOST_AHEAD_MS = 300_000;

/**
 * Gives turns their times. One that is not later than the one before it comes a millisecond after that;
 * a game of a thousand turns a second thus has its own times, and of a faster one a burst is spread.
 *
 * When this machine's clock is set back by more than a turn may be put ahead, times begin anew: until the
 * clock has caught up, no turn could be sent.
 */
export class StreamClock {
  /** Time of the last turn. */
  last: number;
  /** When it arrived, or the earliest that it may have. */
  #arrival: number;

  constructor(last = -Infinity) {
    this.last = last;
    this.#arrival = last - 2 * MOST_AHEAD_MS;
  }

  /**
   * Takes the next time.
   *
   * @param own When the turn was, and when it arrived, in milliseconds since 1970.
   * @returns Undefined when there is no free millisecond near.
   */
  take(own: number, arrival: number): number | undefined {
    if (arrival < this.#arrival - MOST_AHEAD_MS) this.last = -Infinity;
    this.#arrival = arrival;
    // A clock that is far ahead would be refused, and all turns after it with it.
    const wanted = Math.round(own <= arrival + MOST_AHEAD_MS ? own : arrival);
    const time = Math.max(wanted, this.last + 1);
    if (time > Math.max(wanted, arrival) + MOST_AHEAD_MS) return undefined;
    this.last = time;
    return time;
  }
}
