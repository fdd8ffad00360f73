/** Writes samples as OpenMetrics text, or as Prometheus' text with milliseconds. @module */

import { NUMBER_BYTES, writeDecimal, writeNumber } from "../text/digits.ts";
import type { Sink } from "./starts.ts";

/** Text is handed on when there is so much of it, in bytes. */
const FULL_BYTES = 1024 * 1024;
/** Longer than any line: names and labels have their limits. */
const LINE_BYTES = 8192;
/** Room for a time, with the space before it and the line's end. */
const TIME_BYTES = 24;
const TIME_WORDS = TIME_BYTES / 4;
const VALUE_BYTES = 32;
const SPACE = 0x20;
const NEWLINE = 0x0a;
const FIVE = 0x35;
const POINT = 0x2e;
const THREE_ZEROS = [0x30, 0x30, 0x30];

const END = new TextEncoder().encode("# EOF\n");

export interface TextOptions {
  /**
   * What times are in. Seconds are those of OpenMetrics, which ends with `# EOF`; Prometheus' own text
   * has milliseconds, and no end.
   */
  readonly unit: "seconds" | "milliseconds";
  /** Takes bytes, which are valid only during the call. */
  readonly write: (bytes: Uint8Array) => void;
}

/**
 * Writes a time in seconds. Readers multiply it by 1000 and cut off what is behind the point, which makes
 * 1.000 999 999 of some: these get half a millisecond more.
 */
function writeSeconds(bytes: Uint8Array, at: number, ms: number): number {
  let end = writeDecimal(bytes, at, ms, 3);
  if (Math.trunc((ms / 1000) * 1000) === ms) return end;
  if (bytes[end - 4] !== POINT) {
    bytes[end] = POINT;
    bytes.set(THREE_ZEROS, end + 1);
    end += 4;
  }
  bytes[end] = FIVE;
  return end + 1;
}

/** Lines of samples, in the order in which they come. */
export class SampleText {
  readonly #options: TextOptions;
  readonly #bytes = new Uint8Array(FULL_BYTES + LINE_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** The written times of `#timed`: each with its length, in as many words as the longest needs. */
  #timed: Float64Array | undefined;
  #times = new Int32Array(0);
  #timeLengths = new Uint8Array(0);
  readonly #value = new Int32Array(VALUE_BYTES / 4);
  readonly #valueBytes = new Uint8Array(this.#value.buffer);
  bytes = 0;
  /** Whether there was no sample; known at the end. */
  isEmpty = false;

  constructor(options: TextOptions) {
    this.#options = options;
  }

  /** Takes the samples of a series. */
  readonly sink: Sink = ({ words, length }, values, times) => {
    if (length === 0) return;
    if (this.#timed !== times) this.#writeTimes(times);
    const view = this.#view;
    const timeWords = this.#times;
    let value = NaN;
    let valueLength = 0;
    let at = this.#at;
    for (let row = 0; row < values.length; row++) {
      const next = values[row]!;
      if (next !== value || valueLength === 0) {
        if (!Number.isFinite(next)) continue;
        value = next;
        valueLength = writeNumber(this.#valueBytes, 0, next);
      }
      // Whole words are written: what is too much, the next part covers.
      for (let word = 0; word < words.length; word++) {
        view.setInt32(at + 4 * word, words[word]!, true);
      }
      at += length;
      for (let word = 0; 4 * word < valueLength; word++) {
        view.setInt32(at + 4 * word, this.#value[word]!, true);
      }
      at += valueLength;
      const timeLength = this.#timeLengths[row]!;
      const first = row * TIME_WORDS;
      for (let word = 0; 4 * word < timeLength; word++) {
        view.setInt32(at + 4 * word, timeWords[first + word]!, true);
      }
      at += timeLength;
      if (at >= FULL_BYTES) at = this.#flush(at);
    }
    this.#at = at;
  };

  /** Hands on what is left, and the end of the text where it has one. */
  end(): void {
    this.isEmpty = this.bytes === 0 && this.#at === 0;
    if (this.#options.unit === "seconds") {
      this.#bytes.set(END, this.#at);
      this.#at += END.length;
    }
    if (this.#at > 0) this.#at = this.#flush(this.#at);
  }

  #flush(length: number): number {
    this.#options.write(this.#bytes.subarray(0, length));
    this.bytes += length;
    return 0;
  }

  #writeTimes(times: Float64Array): void {
    this.#timed = times;
    if (this.#timeLengths.length < times.length) {
      this.#times = new Int32Array(times.length * TIME_WORDS);
      this.#timeLengths = new Uint8Array(times.length);
    }
    const bytes = new Uint8Array(this.#times.buffer);
    for (let row = 0; row < times.length; row++) {
      const start = row * TIME_BYTES;
      bytes[start] = SPACE;
      const ms = times[row]!;
      let end = this.#options.unit === "seconds"
        ? writeSeconds(bytes, start + 1, ms)
        : writeDecimal(bytes, start + 1, ms, 0);
      bytes[end++] = NEWLINE;
      this.#timeLengths[row] = end - start;
    }
  }
}

// A value is written into words of its own.
if (NUMBER_BYTES > VALUE_BYTES) throw new Error("There is too little room for a number");
