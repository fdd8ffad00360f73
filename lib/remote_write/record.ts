/**
 * Turns as bytes: compact, because the queue is to hold ten minutes of them. A turn is told by what
 * has changed since the one before it in the same segment.
 *
 * @module
 */

import { ByteReader, type ByteWriter, unzigzag, zigzag } from "./bytes.ts";
import type { Layout } from "./layout.ts";

/** What a record is: a layout with its number, a turn of one, or the end of its series. */
const LAYOUT = 1;
const TURN = 2;
const END = 3;

/**
 * A changed value is a varint whose last two bits say what the rest is: the difference of whole
 * numbers, the difference in hundredths, or nothing, and eight bytes of a double follow.
 */
const WHOLE = 0;
const CENTS = 1;
const DOUBLE = 2;
const KINDS = 4;
/** Differences up to this are written as such. */
const MAX_DIFFERENCE = 2 ** 40;
const MAX_CENTS = 2 ** 45;

/** A number as hundredths, if it is exactly that double that so many of them are. */
function centsOf(value: number): number | undefined {
  const cents = Math.round(value * 100);
  return Math.abs(cents) < MAX_CENTS && cents / 100 === value ? cents : undefined;
}

function writeValue(writer: ByteWriter, before: number, value: number): void {
  // A zero that is negative is another double than zero.
  if (!Object.is(value, -0)) {
    const difference = value - before;
    if (
      Number.isSafeInteger(value) && Number.isSafeInteger(before) &&
      Math.abs(difference) < MAX_DIFFERENCE
    ) {
      return writer.varint(zigzag(difference) * KINDS + WHOLE);
    }
    const cents = centsOf(value);
    const centsBefore = cents === undefined ? undefined : centsOf(before);
    if (cents !== undefined && centsBefore !== undefined) {
      return writer.varint(zigzag(cents - centsBefore) * KINDS + CENTS);
    }
  }
  writer.varint(DOUBLE);
  writer.double(value);
}

function readValue(reader: ByteReader, before: number): number {
  const head = reader.varint();
  const kind = head % KINDS;
  if (kind === DOUBLE) return reader.double();
  const difference = unzigzag((head - kind) / KINDS);
  return kind === WHOLE ? before + difference : (Math.round(before * 100) + difference) / 100;
}

interface Known {
  readonly number: number;
  readonly layout: Layout;
  /** Values of the turn before. */
  readonly values: Float64Array;
}

/** Writes the records of one segment. */
export class RecordEncoder {
  readonly #known = new Map<Layout, Known>();
  #layouts: number;
  #time: number;

  /** @param decoder Has read the records that are in the segment. Default: none are. */
  constructor(decoder?: RecordDecoder) {
    this.#layouts = decoder?.layouts ?? 0;
    this.#time = decoder?.time ?? 0;
  }

  /** Writes the record that must stand before the first turn of a layout, and says whether it was missing. */
  introduce(layout: Layout, writer: ByteWriter): boolean {
    if (this.#known.has(layout)) return false;
    const number = this.#layouts++;
    this.#known.set(layout, { number, layout, values: new Float64Array(layout.series.length) });
    writer.byte(LAYOUT);
    writer.varint(number);
    writer.text(JSON.stringify(layout));
    return true;
  }

  /**
   * Writes a turn of a layout that was introduced.
   *
   * @param time In milliseconds since 1970.
   * @param values In the order of the layout's series; undefined = the series end.
   */
  turn(layout: Layout, time: number, values: readonly number[] | undefined, writer: ByteWriter) {
    const known = this.#known.get(layout)!;
    writer.byte(values === undefined ? END : TURN);
    writer.varint(known.number);
    writer.varint(zigzag(time - this.#time));
    this.#time = time;
    if (values === undefined) return;
    const changed = writer.length;
    const before = known.values;
    writer.zeros((values.length + 7) >> 3);
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (Object.is(value, before[index])) continue;
      writer.setBits(changed + (index >> 3), 1 << (index & 7));
      writeValue(writer, before[index]!, value);
      before[index] = value;
    }
  }
}

/** A turn as it was read. The values are valid until the next one is read. */
export interface ReadTurn {
  readonly layout: Layout;
  readonly time: number;
  /** Undefined = the series end. */
  readonly values: Float64Array | undefined;
}

/** Reads the records of one segment, from its first one on. */
export class RecordDecoder {
  readonly #known: Known[] = [];
  /** Of the last turn, in milliseconds since 1970. */
  time = 0;

  /** How many layouts were introduced. */
  get layouts(): number {
    return this.#known.length;
  }

  /** Reads one record; undefined where it is no turn. */
  read(record: Uint8Array): ReadTurn | undefined {
    const reader = new ByteReader(record);
    const type = reader.byte();
    const number = reader.varint();
    if (type === LAYOUT) {
      const layout: Layout = JSON.parse(reader.text());
      this.#known[number] = { number, layout, values: new Float64Array(layout.series.length) };
      return undefined;
    }
    const { layout, values } = this.#known[number]!;
    const time = this.time += unzigzag(reader.varint());
    if (type === END) return { layout, time, values: undefined };
    const changed = reader.bytes((values.length + 7) >> 3);
    for (let index = 0; index < values.length; index++) {
      if ((changed[index >> 3]! & 1 << (index & 7)) === 0) continue;
      values[index] = readValue(reader, values[index]!);
    }
    return { layout, time, values };
  }
}
