/** Shows how far a backfill is: a bar on a terminal, otherwise a line now and then. @module */

const BAR_MS = 100;
const LINE_MS = 10_000;
const BAR_WIDTH = 20;
const CLEAR = "\r\x1b[K";
/** What does not fit is cut off: a bar of two rows could not be cleared. */
const ONE_ROW = "\x1b[?7l";
const ROWS = "\x1b[?7h";

export interface ProgressIo {
  /** Writes to standard error. */
  readonly say: (text: string) => void;
  readonly isTerminal: boolean;
}

export interface Progress {
  /** Shows a step, and how much of it is done, if it is time to. */
  show(step: string, done: number, total: number): void;
  clear(): void;
}

export function createProgress({ say, isTerminal }: ProgressIo): Progress {
  let shown = performance.now();
  let isThere = false;
  return {
    show(step, done, total) {
      const time = performance.now();
      if (time - shown < (isTerminal ? BAR_MS : LINE_MS)) return;
      shown = time;
      const share = total > 0 ? Math.min(1, done / total) : 1;
      const text = `${step}, ${Math.floor(100 * share)} %`;
      if (!isTerminal) return say(`${text}\n`);
      isThere = true;
      const bar = "#".repeat(Math.floor(BAR_WIDTH * share)).padEnd(BAR_WIDTH, ".");
      say(`${CLEAR}${ONE_ROW}[${bar}] ${text}${ROWS}`);
    },
    clear() {
      if (isThere) say(CLEAR);
      isThere = false;
    },
  };
}
