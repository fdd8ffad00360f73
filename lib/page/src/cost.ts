/** Works out what monitoring costs a turn. @module */

import type { TurnSeconds, Values } from "../../live/api.ts";
import type { Turns } from "./turns.ts";

export interface Cost {
  /** Spent on publishing, in seconds per turn. */
  readonly seconds: number;
  /** From one turn to the next by the clock, pauses included; undefined where turns have no times. */
  readonly real: number | undefined;
}

/**
 * Undefined where the reports do not tell.
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
