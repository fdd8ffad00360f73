/** A family of series, as the model hands it to the exposition. @module */

import type { Metric } from "../catalogue/mod.ts";
import { nearest } from "./exact.ts";

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

/** Whether two lists are of the same series. */
export function isSameSeries(a: readonly Series[], b: readonly Series[]): boolean {
  return a === b ||
    (a.length === b.length &&
      a.every(({ suffix, labels }, index) => {
        const other = b[index]!;
        return suffix === other.suffix && labels.length === other.labels.length &&
          labels.every(([name, value], place) => {
            const [otherName, otherValue] = other.labels[place]!;
            return name === otherName && value === otherValue;
          });
      }));
}

const PLAIN: readonly Series[] = [{ suffix: "", labels: [] }];

/** A family of one series without labels. */
export function plainFamily(metric: Metric, value: number): Family {
  return { metric, series: PLAIN, values: [value] };
}

/** An upper bound as Go writes it, so that Prometheus 2 and 3 store the same label. */
export function boundLabel(bound: number): string {
  if (bound === Infinity) return "+Inf";
  if (bound >= 1e-4) return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
  return bound.toExponential().replace(/e-(\d)$/, "e-0$1");
}

/** Collects the series of one family; values of the same labels are added. */
export class Collector {
  readonly #values = new Map<string, { labels: Series["labels"]; amounts: number[] }>();

  add(labels: Series["labels"], ...amounts: readonly number[]): void {
    this.#amountsOf(labels).push(...amounts);
  }

  /** Keeps the highest of the values of the same labels instead. */
  raise(labels: Series["labels"], value: number): void {
    const amounts = this.#amountsOf(labels);
    amounts[0] = Math.max(value, amounts[0] ?? value);
  }

  #amountsOf(labels: Series["labels"]): number[] {
    const key = labels.map(([name, text]) => `${name}=${text}`).join("\u0000");
    let found = this.#values.get(key);
    if (found === undefined) this.#values.set(key, found = { labels, amounts: [] });
    return found.amounts;
  }

  /** The family, its series in the order of their labels; undefined when there is none. */
  family(metric: Metric): Family | undefined {
    const sorted = [...this.#values].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([, { labels, amounts }]) => ({ labels, value: nearest(amounts) }))
      // Numbers that a game may have can add up to more than there are numbers for.
      .filter(({ value }) => Number.isFinite(value));
    if (sorted.length === 0) return undefined;
    return {
      metric,
      series: sorted.map(({ labels }) => ({ suffix: "", labels })),
      values: sorted.map(({ value }) => value),
    };
  }
}
