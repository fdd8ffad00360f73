/** Builds one line of JSON as bytes, without intermediate strings for columns of numbers. @module */

import { NUMBER_BYTES, writeDecimal, writeInteger, writeNull } from "../text/digits.ts";

const encoder = new TextEncoder();

const ZERO = 0x30;
const MINUS = 0x2d;
const COMMA = 0x2c;
const OPEN = 0x7b;

/** Up to so many characters a loop is faster than a call of the encoder, which is rarely warm. */
const SHORT = 4096;
/** Names that are kept encoded; a report has about 30. */
const MOST_KEYS = 256;

/** How the numbers of a column are written: round(value × scale + shift) / 10^places, and a suffix. */
export interface ColumnFormat {
  readonly scale: number;
  readonly shift: number;
  /** From 0 to 9. */
  readonly places: number;
  /** An exponent, such as `e-9`, or nothing; encoded. */
  readonly suffix: Uint8Array;
}

/** A line that is written from its start each time; its memory is kept. */
export class Line {
  #bytes = new Uint8Array(4096);
  readonly #keys = new Map<string, Uint8Array>();
  #length = 0;

  /** Clears the line. */
  clear(): void {
    this.#length = 0;
  }

  /** Bytes that were written since `clear()`. */
  get length(): number {
    return this.#length;
  }

  /** Removes everything after the first `length` bytes. */
  cut(length: number): void {
    this.#length = length;
  }

  /** The bytes since `clear()`, as a view that the next write changes. */
  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Appends encoded bytes. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Writes value / 10^places, or null where the value is not finite or too large to be exact. */
  decimal(value: number, places: number): void {
    this.#reserve(NUMBER_BYTES);
    this.#length = writeDecimal(this.#bytes, this.#length, value, places);
  }

  /** Writes a number such that it is read back as the same one, or null where it is not finite. */
  number(value: number): void {
    // Most are money or times, which have few places: faster than through a string.
    const thousandths = Math.round(value * 1000);
    if (thousandths / 1000 === value && Number.isSafeInteger(thousandths)) {
      this.decimal(thousandths, 3);
    } else {
      this.text(Number.isFinite(value) ? String(value) : "null");
    }
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    if (text.length > SHORT) {
      this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written;
      return;
    }
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) {
        const rest = text.slice(index);
        this.#length += encoder.encodeInto(rest, this.#bytes.subarray(this.#length)).written;
        return;
      }
      this.#bytes[this.#length++] = code;
    }
  }

  /** Writes the name of a further member, with the comma before it and the colon behind. */
  key(name: string): void {
    let bytes = this.#keys.get(name);
    if (bytes === undefined) {
      bytes = encoder.encode(`,${JSON.stringify(name)}:`);
      if (this.#keys.size < MOST_KEYS) this.#keys.set(name, bytes);
    }
    this.raw(bytes);
  }

  /**
   * Writes every `stride`th number of `values`, from `first` on, with commas between. A number that
   * is not finite, or too large to be exact, becomes null.
   */
  numbers(
    values: Float64Array,
    { scale, shift, places, suffix }: ColumnFormat,
  ): void {
    this.#reserve(values.length * NUMBER_BYTES);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let place = 0; place < values.length; place++) {
      if (place > 0) bytes[at++] = COMMA;
      const value = values[place]! * scale + shift;
      at = writeDecimal(bytes, at, value, places);
      if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) continue; // It is null.
      for (let index = 0; index < suffix.length; index++) bytes[at++] = suffix[index]!;
    }
    this.#length = at;
  }

  /**
   * Writes whole numbers with a comma before each, as their differences to the known ones before them,
   * the first to 0. A number that is not finite, or too large to be exact, becomes null; differences of 0
   * at the end are left out.
   */
  differences(values: Float64Array): void {
    this.#reserve(values.length * NUMBER_BYTES);
    const bytes = this.#bytes;
    let at = this.#length;
    let end = at;
    let before = 0;
    for (let place = 0; place < values.length; place++) {
      bytes[at++] = COMMA;
      const value = values[place]!;
      if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) {
        end = at = writeNull(bytes, at);
        continue;
      }
      let difference = value - before;
      before = value;
      if (difference === 0) {
        bytes[at++] = ZERO;
        continue;
      }
      if (difference < 0) {
        bytes[at++] = MINUS;
        difference = -difference;
      }
      end = at = writeInteger(bytes, at, difference);
    }
    this.#length = end;
  }

  /** Writes a further member that is a number. */
  member(name: string, value: number): void {
    this.key(name);
    this.number(value);
  }

  /** Writes an object of numbers. */
  object(numbers: Readonly<Record<string, number>>): void {
    const start = this.#length;
    for (const name in numbers) this.member(name, numbers[name]!);
    if (this.#length === start) this.text("{");
    else this.#bytes[start] = OPEN;
    this.text("}");
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#length + more, this.#bytes.length * 2));
    larger.set(this.bytes());
    this.#bytes = larger;
  }
}
