/** Limits the number of series by dropping whole families. @module */

import type { Group } from "../catalogue/mod.ts";
import type { Family } from "../model/mod.ts";

/** The order in which groups are dropped. Phase 1 is not in the list: it always stays. */
const DROP_ORDER: readonly Group[] = ["detail", "extra", "http", "system", "game"];
/** Metrics of the game that alerts use: they are never dropped either. */
const KEPT: readonly string[] = ["simulation_etat", "simulation_sessions"];

export interface Limited {
  readonly shown: readonly Family[];
  readonly dropped: readonly Family[];
}

export function countSeries(families: readonly Family[]): number {
  return families.reduce((sum, { series }) => sum + series.length, 0);
}

/** Drops families, the largest of a group first, until at most `limit` series remain. */
export function limitSeries(families: readonly Family[], limit: number): Limited {
  let excess = countSeries(families) - limit;
  if (excess <= 0) return { shown: families, dropped: [] };
  const dropped = new Set<Family>();
  for (const group of DROP_ORDER) {
    const candidates = families.filter(({ metric }) =>
      metric.group === group && !KEPT.includes(metric.name)
    );
    candidates.sort((a, b) => b.series.length - a.series.length);
    for (const family of candidates) {
      if (excess <= 0) break;
      dropped.add(family);
      excess -= family.series.length;
    }
  }
  return { shown: families.filter((family) => !dropped.has(family)), dropped: [...dropped] };
}
