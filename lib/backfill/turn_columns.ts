/** Makes of turns what an exporter would show after each of them. @module */

import {
  GAME_METRICS,
  type LedgerFacts,
  type Metric,
  type Reading,
  SESSION_STATES,
  type SessionFacts,
} from "../catalogue/mod.ts";
import { createEconomy } from "../economy/mod.ts";
import { type Series, STATE_SERIES, turnSeries } from "../model/mod.ts";
import { DURATION, TIME, type Turns } from "../turnlog/mod.ts";
import { bucketOf, noTurns } from "../turns/mod.ts";

/** One series of some turns: a value for each, NaN where there is none. */
export interface Column {
  readonly metric: Metric;
  readonly series: Series;
  readonly values: Float64Array;
}

const PLAIN: Series = { suffix: "", labels: [] };
const NANOSECONDS = 1e9;
const NONE: ReadonlyMap<string, number> = new Map();

/** What follows from turns alone. The rest needs what only reports tell: detail, events, prices. */
const FROM_TURNS: ReadonlySet<string> = new Set([
  "tours_completes",
  "temps_simulation_tour_seconds",
  "simulation_tour",
  "simulation_duree_seconds",
  "simulation_tour_intervalle_seconds",
  "simulation_sessions",
  "simulation_etat",
  "simulation_dernier_rapport_timestamp_seconds",
  "simulation_info",
]);

/** The metrics that a turn log can tell. */
export const TURN_METRICS: readonly Metric[] = GAME_METRICS.filter(({ name, group, read }) =>
  group !== "detail" && (read === undefined || FROM_TURNS.has(name))
);

/** Fills the columns of one metric for the turn whose facts are known. */
interface Filler {
  readonly columns: readonly Column[];
  fill(row: number): void;
}

function columnOf(metric: Metric, series: Series, length: number): Column {
  return { metric, series, values: new Float64Array(length) };
}

export interface TurnColumnsOptions {
  readonly game: string;
  /** The turn after which the game was over, if it says so. */
  readonly finishedAt?: number | undefined;
  /** Which metrics are wanted, by name. */
  readonly isWanted: (metric: string) => boolean;
}

/** The columns of one game, line by line of its turn log. */
export class TurnColumns {
  readonly #metrics: readonly Metric[];
  readonly #finishedAt: number | undefined;
  /** What is known after a turn; changed in place from turn to turn. */
  readonly #session: { -readonly [Key in keyof SessionFacts]: SessionFacts[Key] };
  readonly #counts = noTurns();
  readonly #seconds = [0];
  readonly #interval = { seconds: [0], turns: 0 };
  readonly #ledger = {
    turns: 0,
    turnCounts: this.#counts,
    turnSeconds: this.#seconds,
    interval: this.#interval,
    violations: NONE,
  } satisfies LedgerFacts;
  #nanoseconds = 0;
  /** The first turn, and the last one so far. */
  #first = 0;
  #last = 0;

  constructor({ game, finishedAt, isWanted }: TurnColumnsOptions) {
    this.#metrics = TURN_METRICS.filter(({ name }) => isWanted(name));
    this.#finishedAt = finishedAt;
    this.#session = {
      id: game,
      format: "natif",
      arrival: 0,
      events: NONE,
      gauges: NONE,
      economy: createEconomy(),
    };
  }

  /**
   * The columns of some turns.
   *
   * @param from The first row that is wanted.
   * @param times When the wanted turns are shown, in milliseconds since 1970.
   */
  of(turns: Turns, from: number, times: Float64Array): Column[] {
    const { columns, count, first } = turns;
    const length = count - from;
    const ended = columns.get(TIME)?.subarray(from);
    const durations = columns.get(DURATION)?.subarray(from);
    if (this.#first === 0) {
      this.#first = first + from;
      this.#session.firstTimestamp = ended?.[0];
    }
    if (first + from > this.#last + 1) this.#catchUp(turns);
    this.#session.arrival = times[0]! / 1000;
    const fillers = this.#metrics.flatMap((metric) =>
      this.#filler(metric, length, durations !== undefined, ended !== undefined) ?? []
    );
    for (let row = 0; row < length; row++) {
      this.#advance(first + from + row, ended?.[row], durations?.[row]);
      this.#session.arrival = times[row]! / 1000;
      for (const filler of fillers) filler.fill(row);
    }
    const plain = this.#metrics.flatMap((metric): Column[] => {
      const values = metric.read === undefined ? columns.get(metric.name) : undefined;
      return values === undefined ? [] : [{ metric, series: PLAIN, values: values.subarray(from) }];
    });
    return [...plain, ...fillers.flatMap((filler) => filler.columns)];
  }

  /** Counts turns that the log does not have, as the line behind them tells. */
  #catchUp({ before }: Turns): void {
    if (before === undefined || !("counts" in before)) return;
    before.counts.forEach((turns, bucket) => this.#counts[bucket] = turns);
    // A sum that fell, be it by a rounding, would count as one that began anew.
    this.#nanoseconds = Math.max(this.#nanoseconds, Math.round(before.sum * NANOSECONDS));
  }

  #advance(turn: number, ended: number | undefined, duration: number | undefined): void {
    this.#last = turn;
    this.#session.turn = turn;
    this.#ledger.turns = turn;
    this.#session.lastTimestamp = ended;
    this.#interval.turns = turn - this.#first;
    this.#interval.seconds[0] = (ended ?? NaN) - (this.#session.firstTimestamp ?? NaN);
    if (duration === undefined || Number.isNaN(duration)) return;
    this.#counts[bucketOf(duration)]!++;
    this.#nanoseconds += Math.round(duration * NANOSECONDS);
    this.#seconds[0] = this.#nanoseconds / NANOSECONDS;
  }

  #filler(
    metric: Metric,
    length: number,
    hasDurations: boolean,
    hasTimes: boolean,
  ): Filler | undefined {
    const { read } = metric;
    if (read === undefined || "each" in read) return undefined;
    if ("turns" in read) {
      const isKnown = metric.type === "histogram" ? hasDurations : hasTimes;
      return isKnown ? this.#turns(metric, read, length) : undefined;
    }
    if ("rows" in read) return this.#rows(metric, read, length);
    if ("states" in read) return this.#states(metric, length);
    const column = columnOf(metric, PLAIN, length);
    const { values } = column;
    const value = "value" in read
      ? () => read.value(this.#session) ?? NaN
      : "total" in read
      ? () => read.total(this.#ledger).reduce((sum, each) => sum + each, 0)
      : () => read.count(1);
    return { columns: [column], fill: (row) => values[row] = value() };
  }

  /** A histogram or a summary. */
  #turns(
    metric: Metric,
    { turns: read, round }: Extract<Reading, { turns: unknown }>,
    length: number,
  ): Filler {
    const columns = turnSeries(metric, []).map((series) => columnOf(metric, series, length));
    const values = columns.map((column) => column.values);
    const [sums, counted] = values.slice(-2);
    const buckets = values.slice(0, -2);
    return {
      columns,
      fill: (row) => {
        const { counts, seconds } = read(this.#ledger);
        let count = 0;
        for (let bucket = 0; bucket < counts.length; bucket++) {
          count += counts[bucket]!;
          if (bucket < buckets.length) buckets[bucket]![row] = count;
        }
        const sum = seconds.reduce((total, each) => total + each, 0);
        sums![row] = round?.(sum) ?? sum;
        counted![row] = count;
      },
    };
  }

  /** Series by labels, of which a turn log knows none that change. */
  #rows(
    metric: Metric,
    { rows: read }: Extract<Reading, { rows: unknown }>,
    length: number,
  ): Filler | undefined {
    const columns = Array.from(read(this.#session), ([texts, value]): Column => ({
      metric,
      series: this.#seriesOf(metric, texts),
      values: new Float64Array(length).fill(value),
    }));
    return { columns, fill: () => {} };
  }

  readonly #labelled = new Map<string, Series>();

  #seriesOf({ name, labels = [] }: Metric, texts: readonly string[]): Series {
    const key = JSON.stringify([name, ...texts]);
    let series = this.#labelled.get(key);
    if (series === undefined) {
      series = { suffix: "", labels: texts.map((text, place) => [labels[place]!, text]) };
      this.#labelled.set(key, series);
    }
    return series;
  }

  #states(metric: Metric, length: number): Filler {
    const columns = STATE_SERIES.map((series) => columnOf(metric, series, length));
    const running = columns[SESSION_STATES.indexOf("running")]!.values.fill(1);
    const finished = columns[SESSION_STATES.indexOf("finished")]!.values;
    return {
      columns,
      fill: (row) => {
        if (this.#last !== this.#finishedAt) return;
        running[row] = 0;
        finished[row] = 1;
      },
    };
  }
}
