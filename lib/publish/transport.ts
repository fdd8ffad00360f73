/** The interface of a transport for reports. @module */

import { createLog } from "../log/mod.ts";

/**
 * Where reports go. None of its functions throws or rejects, whatever becomes of the report: a later
 * one carries the same totals.
 */
export interface Transport {
  /** Whether it can take a report now. Must be cheap: called at every interval on the simulation's thread. */
  ready(): boolean;
  /** Takes a report: a line of JSON in UTF-8, with its end. The bytes are valid only during the call. */
  write(report: Uint8Array): void;
  /** Takes the last report, ready or not, and ends within seconds, delivered or not. */
  end(report: Uint8Array): Promise<void>;
}

/** Called once for each kind of problem, with a sentence. The game continues. */
export type OnProblem = (message: string) => void;

/** Logs problems to standard error. */
export function logProblem(message: string): void {
  createLog({ level: "warn", format: "logfmt" }).warn(message);
}

/** A listener that passes on the first message only. */
export function once(onProblem: OnProblem): OnProblem {
  let told = false;
  return (message) => {
    if (told) return;
    told = true;
    onProblem(message);
  };
}
