/** Shows the progress of a run: a bar on a terminal, otherwise a line now and then. @module */

import { printable } from "../log/mod.ts";
import type { GameNumbers } from "../simulation/mod.ts";

/** Time between two bars and between two lines, in milliseconds. */
const BAR_MS = 100;
const LINE_MS = 10_000;

const BAR_WIDTH = 20;
const CLEAR = "\r\x1b[K";
/** What does not fit is cut off: a bar of two rows could not be cleared. */
const ONE_ROW = "\x1b[?7l";
const ROWS = "\x1b[?7h";

export interface ProgressOptions {
  /** Writes to standard error. */
  readonly write: (text: string) => void;
  /** Whether a person watches it. */
  readonly isTerminal: boolean;
  /** Whether progress is wanted at all. */
  readonly isShown: boolean;
  /** When the run began, by the clock of `performance.now()`. */
  readonly started: number;
}

export interface Progress {
  /** Shows how far the run is, if it is time to. Time is that of `performance.now()`. */
  show(time: number): void;
  /** Prints something on its own line. */
  say(message: string): void;
  /** Takes the bar away. */
  clear(): void;
}

/** @param tours The turns to play; Infinity for no end. */
export function createProgress(
  numbers: Readonly<GameNumbers>,
  tours: number,
  { write, isTerminal, isShown, started }: ProgressOptions,
): Progress {
  const interval = isTerminal ? BAR_MS : LINE_MS;
  let shown = started;
  let isThere = false;

  function text(time: number): string {
    const { tour, budgetTotal } = numbers;
    const rate = tour / ((time - started) / 1000);
    return `turn ${tour}${tours === Infinity ? "" : ` of ${tours}`}, ` +
      `${rate.toFixed(rate < 10 ? 1 : 0)} turns/s, budget ${(budgetTotal / 100).toFixed(0)} €`;
  }

  function bar(): string {
    if (tours === Infinity) return "";
    return `[${"#".repeat(Math.floor(BAR_WIDTH * numbers.tour / tours)).padEnd(BAR_WIDTH, ".")}] `;
  }

  function clear(): void {
    if (isThere) write(CLEAR);
    isThere = false;
  }

  return {
    show(time) {
      if (!isShown || time - shown < interval) return;
      shown = time;
      isThere = isTerminal;
      write(isTerminal ? `${CLEAR}${ONE_ROW}${bar()}${text(time)}${ROWS}` : `${text(time)}\n`);
    },
    say(message) {
      clear();
      write(`${printable(message)}\n`);
    },
    clear,
  };
}
