/** Computes what monitoring costs per turn. @module */

import type { TurnSeconds, Values } from "../../live/api.ts";
import type { Turns } from "./turns.ts";

export interface Cost {
  /** Time spent on publishing, in seconds per turn. */
  readonly seconds: number;
  /** Real time from turn to turn, including pauses; undefined if turns have no timestamps. */
  readonly real: number | undefined;
}

/**
 * Undefined if the reports do not have it.
 *
 * @param speed How many times as fast as it was played the game is replayed. Default: it is played.
 */
export function costOf(
  values: Values,
  turnSeconds: TurnSeconds | null,
  turns: Turns,
  speed = 1,
): Cost | undefined {
  const spent = values.simulation_publication_seconds_total;
  const played = turnSeconds?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
  if (spent === undefined || played === 0) return undefined;
  const times = turns.column("timestamp");
  const passed = times === undefined ? NaN : times.at(-1)! - times[0]!;
  const real = speed * passed / (turns.last - turns.first);
  return { seconds: spent / played, real: real > 0 && real < Infinity ? real : undefined };
}
