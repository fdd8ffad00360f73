/** Shows the progress of a game: turns, their rate and the budget. @module */

import { createStatusLine } from "../cli/status_line.ts";
import { printable } from "../log/mod.ts";
import type { GameNumbers } from "../simulation/mod.ts";

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
  const status = createStatusLine({ write, isTerminal, started });

  function text(time: number): string {
    const { tour, budgetTotal } = numbers;
    const rate = tour / ((time - started) / 1000);
    return `turn ${tour}${tours === Infinity ? "" : ` of ${tours}`}, ` +
      `${rate.toFixed(rate < 10 ? 1 : 0)} turns/s, budget ${(budgetTotal / 100).toFixed(0)} €`;
  }

  return {
    show(time) {
      if (!isShown) return;
      status.show(time, tours === Infinity ? undefined : numbers.tour / tours, () => text(time));
    },
    say(message) {
      status.clear();
      write(`${printable(message)}\n`);
    },
    clear: status.clear,
  };
}
