/** Bytes that are written and read one after the other: varints, doubles, text. @module */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const FIRST_CAPACITY = 1 << 12;
/** Seven bits of a varint. */
const GROUP = 128;
/** Up to this, numbers have 31 bits: integer arithmetic will do. */
const INT = 2 ** 31;
const LONGEST_VARINT = 8;

/** How many bytes a whole number from 0 to 2^53 takes as a varint. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= GROUP; rest = Math.floor(rest / GROUP)) length++;
  return length;
}

/** Whole numbers of either sign as ones that are not negative, small where they are small. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** A buffer that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_CAPACITY);
  #view = new DataView(this.#bytes.buffer);
  length = 0;

  /** What was written so far; valid until something is written. */
  get written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    this.#reserve(LONGEST_VARINT);
    let rest = value;
    for (; rest >= INT; rest = Math.floor(rest / GROUP)) {
      this.#bytes[this.length++] = rest % GROUP + GROUP;
    }
    for (; rest >= GROUP; rest >>>= 7) this.#bytes[this.length++] = rest & 127 | GROUP;
    this.#bytes[this.length++] = rest;
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** A text in UTF-8 behind its length in bytes. */
  text(text: string): void {
    const bytes = encoder.encode(text);
    this.varint(bytes.length);
    this.bytes(bytes);
  }

  /** So many bytes that are 0. */
  zeros(length: number): void {
    this.#reserve(length);
    this.#bytes.fill(0, this.length, this.length += length);
  }

  /** Sets bits of a byte that is there. */
  setBits(offset: number, bits: number): void {
    this.#bytes[offset]! |= bits;
  }

  /** Writes a number over eight bytes that are there. */
  setDouble(offset: number, value: number): void {
    this.#view.setFloat64(offset, value, true);
  }

  /** Writes bytes over those that are there. */
  setBytes(offset: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, offset);
  }

  /** Writes a number over four bytes that are there. */
  setUint32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.length + more));
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads what a {@linkcode ByteWriter} has written. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(): number {
    return this.#bytes[this.offset++]!;
  }

  varint(): number {
    let value = 0;
    for (let unit = 1;; unit *= GROUP) {
      const byte = this.#bytes[this.offset++]!;
      value += (byte & 127) * unit;
      if (byte < GROUP) return value;
    }
  }

  double(): number {
    const value = this.#view.getFloat64(this.offset, true);
    this.offset += 8;
    return value;
  }

  bytes(length: number): Uint8Array {
    return this.#bytes.subarray(this.offset, this.offset += length);
  }

  text(): string {
    return decoder.decode(this.bytes(this.varint()));
  }
}
