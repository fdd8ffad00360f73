/** Says when the reports of a recording are due, and which time a recorded time becomes. @module */

/** The longest pause within a game, in seconds: nobody waits for a game that was left alone overnight. */
const MAX_PAUSE = 10;
/** A slow game may pause for so many of its usual pauses; for the exporter it falls silent then. */
const USUAL_PAUSES = 3;
/** The longest pause between two games: for the exporter a game is over after 10 seconds of silence. */
const MAX_BREAK = 11;
/** The same after a game that has said that it is over. */
const MAX_BREAK_AFTER_END = 2;
/** Seconds from one report to the next, where one of them has no time. */
const UNKNOWN_GAP = 1;
/** By so many seconds a replay may lag behind its own clock; then the clock is set. */
const MAX_LAG = 1;

/** What stands between a report and the one before it. */
export type Between = "turns" | "games" | "games, the first of which had ended";

const LONGEST = {
  "games": MAX_BREAK,
  "games, the first of which had ended": MAX_BREAK_AFTER_END,
} as const;

/** The clock of a replay. All times are in seconds since 1970. */
export class Pace {
  readonly #speed: number;
  readonly #now: () => number;
  /** When the last report was recorded. */
  #recorded: number | undefined;
  #due = -Infinity;
  /** Pauses within games so far, and their sum in seconds of the replay. */
  #pauses = 0;
  #paused = 0;

  /** @param speed How many recorded seconds pass in one. */
  constructor(speed: number, now: () => number) {
    this.#speed = speed;
    this.#now = now;
  }

  /**
   * When the next report is due.
   *
   * @param recorded When it was recorded; undefined where it does not say.
   */
  next(recorded: number | undefined, between: Between): number {
    const last = this.#recorded;
    const time = recorded ?? (last ?? 0) + UNKNOWN_GAP;
    const gap = last === undefined ? 0 : time - last;
    this.#recorded = time;
    const now = this.#now();
    const due = this.#due + this.#waitFor(gap, between);
    // The first report is due at once, and a replay that is too slow goes on from where it is.
    this.#due = due < now - MAX_LAG ? now : due;
    return this.#due;
  }

  #waitFor(gap: number, between: Between): number {
    if (between === "turns") return this.#pauseOf(gap / this.#speed);
    // Of games that were not recorded one after the other nobody knows how long the break was.
    return Math.min(gap < 0 ? Infinity : gap, LONGEST[between]);
  }

  #pauseOf(seconds: number): number {
    const usual = this.#paused / Math.max(this.#pauses, 1);
    const pause = Math.min(Math.max(seconds, 0), Math.max(MAX_PAUSE, USUAL_PAUSES * usual));
    this.#pauses++;
    this.#paused += pause;
    return pause;
  }

  /** When the last report was due. */
  get due(): number {
    return this.#due;
  }

  /** What a recorded time becomes, seen from the last report. */
  timeOf(recorded: number): number {
    return this.#due + (recorded - (this.#recorded ?? recorded)) / this.#speed;
  }
}
