/** Works out what monitoring costs a turn. @module */

import type { TurnSeconds, Values } from "./api.ts";

/** In seconds per turn, and as a share of the turns' own time; undefined where it is not reported. */
export function costOf(
  { values }: { readonly values: Values },
  turnSeconds: TurnSeconds | null,
): { readonly seconds: number; readonly share: number } | undefined {
  const spent = values.simulation_publication_seconds_total;
  const turns = turnSeconds?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
  if (spent === undefined || turnSeconds === null || turns === 0) return undefined;
  return { seconds: spent / turns, share: spent / turnSeconds.sum };
}
