/** Shows how far a run is: a bar on a terminal that replaces itself, otherwise a line now and then. @module */

/** Time between two bars and between two lines, in milliseconds. */
const BAR_MS = 100;
const LINE_MS = 10_000;

const BAR_WIDTH = 20;
const CLEAR = "\r\x1b[K";
/** What does not fit is cut off: a bar of two rows could not be cleared. */
const ONE_ROW = "\x1b[?7l";
const ROWS = "\x1b[?7h";

export interface StatusLineOptions {
  /** Writes to standard error. */
  readonly write: (text: string) => void;
  /** Whether a person watches it. */
  readonly isTerminal: boolean;
  /** When the run began, by the clock of `performance.now()`. */
  readonly started: number;
}

export interface StatusLine {
  /**
   * Shows a text, if it is time to.
   *
   * @param time That of `performance.now()`.
   * @param share How much is done, from 0 to 1; undefined where there is no end.
   */
  show(time: number, share: number | undefined, text: () => string): void;
  /** Takes the bar away. */
  clear(): void;
}

export function createStatusLine({ write, isTerminal, started }: StatusLineOptions): StatusLine {
  const interval = isTerminal ? BAR_MS : LINE_MS;
  let shown = started;
  let isThere = false;

  function bar(share: number | undefined): string {
    if (share === undefined) return "";
    return `[${"#".repeat(Math.floor(BAR_WIDTH * share)).padEnd(BAR_WIDTH, ".")}] `;
  }

  return {
    show(time, share, text) {
      if (time - shown < interval) return;
      shown = time;
      isThere = isTerminal;
      write(isTerminal ? `${CLEAR}${ONE_ROW}${bar(share)}${text()}${ROWS}` : `${text()}\n`);
    },
    clear() {
      if (isThere) write(CLEAR);
      isThere = false;
    },
  };
}
