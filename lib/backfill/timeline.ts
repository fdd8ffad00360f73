/** When turns are shown: at their own times or at even distances, and from when on. @module */

/** From when on a game is shown: when it was played, such that it ends now, or from a time on. */
export type Anchor = "real" | "now" | { readonly ms: number };

/** How far a turn may be moved for the sake of the one before it, in milliseconds. */
export const MOST_SHIFT_MS = 1000;

/** What has to be known of a game before its times are. Own times in seconds since 1970, if known. */
export interface Span {
  readonly firstTurn: number;
  readonly lastTurn: number;
  readonly begun: number | undefined;
  readonly ended: number | undefined;
}

export interface TimelineOptions {
  readonly anchor: Anchor;
  /** Seconds from turn to turn; undefined for the turns' own times. */
  readonly turnSeconds: number | undefined;
  /** The time in milliseconds since 1970. */
  readonly now: number;
}

/** When the turns of one game are shown. */
export interface Timeline {
  /** Whether nothing was moved, so that times among the values stay as they are. */
  readonly isReal: boolean;
  /** When a turn is shown, in whole milliseconds; NaN where its own time is needed and not known. */
  at(turn: number | undefined, seconds: number | undefined): number;
}

/** A game's own time in whole milliseconds. */
export function ownTime(seconds: number | undefined): number {
  return seconds === undefined ? NaN : Math.round(seconds * 1000);
}

export function createTimeline(
  { firstTurn, lastTurn, begun, ended }: Span,
  { anchor, turnSeconds, now }: TimelineOptions,
): Timeline {
  if (turnSeconds !== undefined) {
    // Games that are anchored to one time lie over each other turn by turn, wherever their logs begin.
    const [turnAt, ms] = anchor === "real"
      ? [firstTurn, ownTime(begun)]
      : anchor === "now"
      ? [lastTurn, now]
      : [1, anchor.ms];
    const step = turnSeconds * 1000;
    return {
      isReal: false,
      at: (turn) => turn === undefined ? NaN : Math.round(ms + (turn - turnAt) * step),
    };
  }
  const shift = anchor === "real"
    ? 0
    : anchor === "now"
    ? now - ownTime(ended)
    : anchor.ms - ownTime(begun);
  return { isReal: shift === 0, at: (_, seconds) => ownTime(seconds) + shift };
}

/**
 * Keeps the samples of one series a millisecond apart at least, and in their order: a store takes no
 * two of one moment.
 */
export class Apart {
  #last = -Infinity;
  /** By how much a time was moved at most, in milliseconds. */
  mostShift = 0;

  /** The time, or the next one that is free. */
  next(ms: number): number {
    const free = Math.max(ms, this.#last + 1);
    if (free - ms > this.mostShift) this.mostShift = free - ms;
    this.#last = free;
    return free;
  }
}
