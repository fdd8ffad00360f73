/** What is known of samples besides their times and values. @module */

import type { MetricType } from "../catalogue/mod.ts";

/** A series, as it is sent. */
export interface QueuedSeries {
  /** Its labels, the name among them as `__name__`. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** Type of its family; undefined where nobody says. */
  readonly type: MetricType | undefined;
  readonly help: string;
}

/** The series of a turn. Turns of the same ones share the object. */
export interface Layout {
  /** Whose times must grow: one session, or all of them as "". */
  readonly stream: string;
  /** Since when its counters count, in milliseconds since 1970; 0 = unknown. */
  readonly start: number;
  readonly series: readonly QueuedSeries[];
}

/** Whether a value counts from a start on, so that its time belongs to it. */
export function isCumulative({ type }: QueuedSeries): boolean {
  return type === "counter" || type === "histogram" || type === "summary";
}
