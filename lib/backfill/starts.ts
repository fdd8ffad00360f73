/** The beginnings of lines: what tells a game's series from all others. @module */

import type { Metric } from "../catalogue/mod.ts";
import { lineStart } from "../exposition/mod.ts";
import type { Series } from "../model/mod.ts";

/** The name of the job in the configurations that this project prints. */
export const JOB = "tradesim";

/** One series of a game. */
export interface Start {
  /** The game that it is of. */
  readonly game: string;
  /** Name of its samples, such as `temps_simulation_tour_seconds_bucket`. */
  readonly name: string;
  readonly metric: Metric;
  /** All labels but the name. */
  readonly labels: Series["labels"];
  /** A line up to the value, the space before it included. */
  readonly text: string;
  /** The same in UTF-8, four bytes in each number, and how many bytes there are. */
  readonly words: Int32Array;
  readonly length: number;
}

const encoder = new TextEncoder();

/** The series of one game, which are made once. */
export class Starts {
  readonly #game: string;
  readonly #labels: Series["labels"];
  readonly #known = new Map<string, WeakMap<Series, Start>>();

  constructor(game: string) {
    this.#game = game;
    this.#labels = [["job", JOB], ["instance", game]];
  }

  of(metric: Metric, series: Series): Start {
    const { name } = metric;
    let ofMetric = this.#known.get(name);
    if (ofMetric === undefined) this.#known.set(name, ofMetric = new WeakMap());
    let start = ofMetric.get(series);
    if (start === undefined) ofMetric.set(series, start = this.#make(metric, series));
    return start;
  }

  #make(metric: Metric, { suffix, labels: own }: Series): Start {
    const { name } = metric;
    const labels = [...this.#labels, ...own];
    const text = lineStart(name, { suffix, labels });
    const bytes = encoder.encode(text);
    const words = new Int32Array(Math.ceil(bytes.length / 4));
    new Uint8Array(words.buffer).set(bytes);
    return {
      game: this.#game,
      name: name + suffix,
      metric,
      labels,
      text,
      words,
      length: bytes.length,
    };
  }
}

/** Takes samples of one series: values, NaN for none, and their times in milliseconds since 1970. */
export type Sink = (start: Start, values: Float64Array, times: Float64Array) => void;
