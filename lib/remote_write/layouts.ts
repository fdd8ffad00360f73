/** Families of the model as the series and values of a turn. @module */

import { canBeRead } from "../exposition/mod.ts";
import { type Family, isSameSeries, type Series } from "../model/mod.ts";
import type { Layout, QueuedSeries } from "./layout.ts";

/** A turn as it goes into the queue. */
export interface Turn {
  readonly layout: Layout;
  readonly values: readonly number[];
}

interface Known {
  readonly families: readonly { readonly name: string; readonly series: readonly Series[] }[];
  readonly layout: Layout;
  /** The series that cannot be sent, by their index among all. */
  readonly leftOut: ReadonlySet<number>;
}

function isSame(known: Known, families: readonly Family[], start: number): boolean {
  return known.layout.start === start && known.families.length === families.length &&
    families.every(({ metric, series }, index) => {
      const other = known.families[index]!;
      return other.name === metric.name && isSameSeries(other.series, series);
    });
}

/**
 * Finds the layout of families, which stays the same object as long as the series do. What no
 * receiver could read is left out: a name that is not valid, or a value that is not finite.
 */
export class Layouts {
  readonly #stream: string;
  #known: Known | undefined;

  constructor(stream: string) {
    this.#stream = stream;
  }

  /** The layout of the last turn. */
  get last(): Layout | undefined {
    return this.#known?.layout;
  }

  /** @param start Since when counters count, in milliseconds since 1970; 0 = unknown. */
  turnOf(families: readonly Family[], start: number): Turn {
    const all = families.flatMap(({ values }) => values);
    if (this.#known === undefined || !isSame(this.#known, families, start)) {
      this.#known = this.#create(families, start);
    }
    let { layout, leftOut } = this.#known;
    if (all.some((value, index) => !Number.isFinite(value) && !leftOut.has(index))) {
      ({ layout, leftOut } = this.#create(families, start, all));
    }
    return {
      layout,
      values: leftOut.size === 0 ? all : all.filter((_, index) => !leftOut.has(index)),
    };
  }

  /** @param values What leaves out the series that have none now. */
  #create(families: readonly Family[], start: number, values?: readonly number[]): Known {
    const leftOut = new Set<number>();
    const series: QueuedSeries[] = [];
    let index = 0;
    for (const { metric: { name, type, help }, series: own } of families) {
      for (const one of own) {
        if (canBeRead(name, one) && Number.isFinite(values?.[index] ?? 0)) {
          const labels = [["__name__", name + one.suffix] as const, ...one.labels];
          series.push({ labels, type, help });
        } else leftOut.add(index);
        index++;
      }
    }
    return {
      families: families.map(({ metric, series }) => ({ name: metric.name, series })),
      layout: { stream: this.#stream, start, series },
      leftOut,
    };
  }
}
