/** What an exporter takes in place of games that are played. @module */

import type { Intake } from "../ingest/mod.ts";
import type { Log, Teller } from "../log/mod.ts";

/** What a replay hands its reports to. */
export interface ReplayTarget {
  readonly intake: Intake;
  readonly log: Log;
  readonly teller: Teller;
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

/** A recorded game. An exporter that shows one takes no posted reports. */
export interface Replay {
  /** The name of its file, for the page. */
  readonly file: string;
  /** How many times as fast as it was played. */
  readonly speed: number;
  /** Hands reports over from now on; resolves after the last one. */
  start(target: ReplayTarget): Promise<void>;
  /** Ends it. */
  stop(): void;
}
