/** How long a turn took, from the totals of two reports. @module */

import type { Report, TurnSeconds } from "../report/mod.ts";

export interface Timed {
  /** Number of turns with a duration, and the sum of the durations in seconds. */
  timed: { readonly turns: number; readonly sum: number } | undefined;
}

function turnsTimed(turnSeconds: TurnSeconds): number {
  return "turns" in turnSeconds
    ? turnSeconds.turns
    : turnSeconds.counts.reduce((sum, count) => sum + count, 0);
}

/** Mean duration of the turns since the last report, in seconds; NaN if unknown. */
export function secondsPerTurn(past: Timed, { turnSeconds }: Report): number {
  if (turnSeconds === undefined) return NaN;
  const turns = turnsTimed(turnSeconds);
  const { sum } = turnSeconds;
  const begun = { turns: 0, sum: 0 };
  const known = past.timed ?? (turns === 1 ? begun : undefined);
  past.timed = { turns, sum };
  if (known === undefined) return NaN;
  const base = turns < known.turns || sum < known.sum ? begun : known;
  return turns > base.turns ? (sum - base.sum) / (turns - base.turns) : NaN;
}
