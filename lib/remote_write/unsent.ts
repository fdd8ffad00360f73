/** The queue on disk: the reading side, in the thread that sends. @module */

import { closeSync, openSync, readSync } from "node:fs";
import type { Layout, QueuedSeries } from "./layout.ts";
import { type ReadTurn, RecordDecoder } from "./record.ts";
import {
  BEGIN,
  END,
  fileOffsetOf,
  isMarked,
  numberOf,
  type Position,
  positionOf,
  recordsIn,
  SEGMENT_BYTES,
  SEGMENT_HEAD_BYTES,
  type SharedPositions,
  TAKEN,
} from "./segment.ts";

/** Samples of one series, oldest first. */
export interface SeriesSamples {
  readonly series: QueuedSeries;
  /** Since when it counts, in milliseconds since 1970; 0 = unknown, or no counter. */
  readonly start: number;
  /** In milliseconds since 1970. Series of the same turns share the list. */
  readonly times: number[];
  /** Undefined = the series ends. */
  readonly values: (number | undefined)[];
}

/** Turns that were not sent, as many as one message may hold. */
export interface Batch {
  readonly series: readonly SeriesSamples[];
  readonly turns: number;
  readonly samples: number;
  /** Time of its newest turn, in milliseconds since 1970. */
  readonly newest: number;
  /** What is before this position is in the batch, or was sent. */
  readonly end: Position;
}

/** The same while it is collected. */
interface Column extends SeriesSamples {
  times: number[];
}

/** What turns of one layout have in common. */
interface Table {
  readonly times: number[];
  readonly columns: readonly Column[];
}

class BatchBuilder {
  readonly #bySeries = new Map<string, Column>();
  readonly #byLayout = new Map<Layout, Table>();
  /** Times of the last turn by stream, and what is before one of them went back. */
  readonly #last = new Map<string, number>();
  readonly #earlier: Column[] = [];
  turns = 0;
  samples = 0;
  newest = 0;

  add({ layout, time, values }: ReadTurn): void {
    if (time < (this.#last.get(layout.stream) ?? 0)) this.#beginAnew();
    this.#last.set(layout.stream, time);
    const { times, columns } = this.#byLayout.get(layout) ?? this.#begin(layout);
    times.push(time);
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index]!;
      if (column.times !== times) column.times.push(time);
      column.values.push(values?.[index]);
    }
    this.turns++;
    this.samples += columns.length;
    this.newest = Math.max(this.newest, time);
  }

  /** Samples of a series must be in order: those that follow are told as another one. */
  #beginAnew(): void {
    this.#earlier.push(...this.#bySeries.values());
    this.#bySeries.clear();
    this.#byLayout.clear();
  }

  #begin(layout: Layout): Table {
    const times: number[] = [];
    const columns = layout.series.map((series) => this.#columnOf(series, layout.start, times));
    const table = { times, columns };
    this.#byLayout.set(layout, table);
    return table;
  }

  /** Turns of different layouts may have a series in common: then it has times of its own. */
  #columnOf(series: QueuedSeries, start: number, times: number[]): Column {
    const key = JSON.stringify([start, series.labels]);
    let column = this.#bySeries.get(key);
    if (column === undefined) {
      this.#bySeries.set(key, column = { series, start, times, values: [] });
    } else column.times = [...column.times];
    return column;
  }

  build(end: Position): Batch {
    const { turns, samples, newest } = this;
    const series = [...this.#earlier, ...this.#bySeries.values()];
    return { series, turns, samples, newest, end };
  }
}

/** Reads what was not sent, in order. */
export class Unsent {
  readonly #fd: number;
  readonly #segments: number;
  readonly #positions: SharedPositions;
  readonly #bytes = new Uint8Array(SEGMENT_BYTES);
  /** How many bytes of the segment were read, and where the next record begins. */
  #filled = 0;
  #position: Position = { segment: -1, offset: 0 };
  #decoder = new RecordDecoder();

  readonly #onDamaged: () => void;

  /**
   * @param segments How many the file has.
   * @param onDamaged Told when the rest of a segment, or all of it, cannot be read.
   */
  constructor(path: string, segments: number, positions: SharedPositions, onDamaged = () => {}) {
    this.#onDamaged = onDamaged;
    this.#fd = openSync(path, "r");
    this.#segments = segments;
    this.#positions = positions;
  }

  /** The next turns, at least one and else at most so many samples; undefined when there is none. */
  next(maxSamples: number): Batch | undefined {
    const builder = new BatchBuilder();
    while (builder.samples < maxSamples) {
      this.#skipDropped();
      const end = this.#shared(END);
      this.#fill(end);
      // What was overwritten meanwhile is not what it was.
      if (this.#skipDropped()) continue;
      this.#take(builder, maxSamples);
      if (builder.samples >= maxSamples || this.#position.segment >= end.segment) break;
      if (!isMarked(this.#bytes, this.#position)) this.#onDamaged();
      this.#go({ segment: this.#position.segment + 1, offset: SEGMENT_HEAD_BYTES });
    }
    if (builder.turns === 0) return undefined;
    Atomics.store(this.#positions, TAKEN, BigInt(numberOf(this.#position)));
    return builder.build(this.#position);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #shared(which: typeof BEGIN | typeof END): Position {
    return positionOf(Number(Atomics.load(this.#positions, which)));
  }

  /** Goes to the first segment that is kept, if that is a later one; says whether it is. */
  #skipDropped(): boolean {
    const begin = this.#shared(BEGIN);
    if (begin.segment <= this.#position.segment) return false;
    this.#go({ segment: begin.segment, offset: SEGMENT_HEAD_BYTES });
    this.#fill(this.#shared(END));
    // What was sent before says how to read the rest.
    const sent = this.#bytes.subarray(0, Math.min(begin.offset, this.#filled));
    for (const { record, end } of recordsIn(sent, begin.segment)) {
      this.#decoder.read(record);
      this.#position = { segment: begin.segment, offset: end };
    }
    return true;
  }

  #go(position: Position): void {
    this.#position = position;
    this.#decoder = new RecordDecoder();
    this.#filled = 0;
  }

  /** Reads the segment as far as it is written. */
  #fill(end: Position): void {
    const { segment } = this.#position;
    const until = segment < end.segment ? SEGMENT_BYTES : end.offset;
    while (this.#filled < until) {
      const count = readSync(
        this.#fd,
        this.#bytes,
        this.#filled,
        until - this.#filled,
        fileOffsetOf(segment, this.#segments) + this.#filled,
      );
      if (count === 0) break;
      this.#filled += count;
    }
  }

  #take(builder: BatchBuilder, maxSamples: number): void {
    const { segment, offset } = this.#position;
    for (
      const { record, end } of recordsIn(this.#bytes.subarray(0, this.#filled), segment, offset)
    ) {
      const turn = this.#decoder.read(record);
      if (turn !== undefined) builder.add(turn);
      this.#position = { segment, offset: end };
      if (builder.samples >= maxSamples) return;
    }
  }
}
