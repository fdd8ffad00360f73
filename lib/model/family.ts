/** A family of series, as the model hands it to the exposition. @module */

import type { Metric } from "../catalogue/mod.ts";

/** What tells one series of a family from the others. */
export interface Series {
  /** Behind the family's name: `_bucket`, `_sum`, `_count`, or nothing. */
  readonly suffix: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
}

/**
 * Values of one metric now. As long as the same `series` array comes back, its series are the same:
 * whoever renders it may keep what was made from it.
 */
export interface Family {
  readonly metric: Metric;
  readonly series: readonly Series[];
  /** As long as `series`, and in its order. */
  readonly values: readonly number[];
}

const PLAIN: readonly Series[] = [{ suffix: "", labels: [] }];

/** A family of one series without labels. */
export function plainFamily(metric: Metric, value: number): Family {
  return { metric, series: PLAIN, values: [value] };
}
