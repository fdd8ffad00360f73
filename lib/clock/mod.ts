/** The time by which ages are computed. Setting the wall clock makes nothing older or younger. @module */

/** If the wall clock differs from the expected time by more than this, it was set; in seconds. */
const SMALLEST_STEP = 1;

export interface ClockOptions {
  /**
   * Called when the wall clock was set, with the seconds by which it is ahead of before. Whoever keeps
   * times of the past moves them by as much, so that ages stay what they are.
   */
  readonly onStep: (seconds: number) => void;
  /** The wall clock, in seconds since 1970. Default: the system's. */
  readonly wall?: () => number;
  /** A monotonic clock, in seconds. Default: that of the process. */
  readonly monotonic?: () => number;
}

/**
 * Makes a clock that goes on by itself, and takes over the wall clock only when that was set. A
 * machine that sleeps or boots without a clock is such a step too.
 *
 * @returns The time in seconds since 1970.
 */
export function createClock(options: ClockOptions): () => number {
  const {
    onStep,
    wall = () => Date.now() / 1000,
    monotonic = () => performance.now() / 1000,
  } = options;
  let offset = wall() - monotonic();
  return () => {
    const elapsed = monotonic();
    const step = wall() - (elapsed + offset);
    if (Math.abs(step) > SMALLEST_STEP) {
      offset += step;
      onStep(step);
    }
    return elapsed + offset;
  };
}
