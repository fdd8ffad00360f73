/** Parses a JSON document from chunks of bytes, without keeping unneeded parts. @module */

import { Refused } from "./report.ts";
import {
  MAX_DEPTH,
  PIECE_BYTES,
  type ScanState,
  scanTo,
  stocksFound,
  takePiece,
  tooDeep,
  unmatched,
} from "./scan.ts";

/**
 * The value of this key is skipped, but its brackets and strings are checked. It is the stock history of
 * the whole game, 98 % of the bytes of a payload; Prometheus stores history.
 */
const SKIPPED_KEY = new TextEncoder().encode("stocks_historiques");
/** As a key of the payload, or of the payload inside the record of TradeSim's own exporter. */
const SKIPPED_KEY_DEPTH = 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const SPACE = 0x20;
const NULL = new TextEncoder().encode("null");

/**
 * Python writes these values, which JSON does not have. Strings are matched first, to skip them. A
 * character next to one of these words makes it another word.
 */
const NON_FINITE = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])-?(?:NaN|Infinity)(?![\w.+-])/g;

const decoder = new TextDecoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes UTF-8. A strict decoder is several times slower than one that writes U+FFFD for invalid bytes,
 * so it is used only if there is a U+FFFD, which the sender may have written.
 *
 * @throws {TypeError} If it is invalid.
 */
function decode(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return text.includes("\uFFFD") ? strictDecoder.decode(bytes) : text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const finite = !/NaN|Infinity/.test(text)
      ? text
      : text.replace(NON_FINITE, (token) => token.startsWith('"') ? token : "1e999");
    if (finite !== text) {
      try {
        return JSON.parse(finite);
      } catch {
        // It is invalid elsewhere too: the first message quotes the sender's text.
      }
    }
    throw new Refused("json", `Cannot read the report: ${(error as Error).message}`);
  }
}

/** Functions that parse the whole document, by the value without its stocks. */
const WHOLES = new WeakMap<object, () => unknown>();

/**
 * A value that {@linkcode JsonReader} has read, with the stocks of firms and suppliers. Parsing them is
 * deferred: they are three quarters of a payload without its history, and few turns need them.
 *
 * @throws {Refused} If they are not JSON; only their brackets have been checked before.
 */
export function wholeOf(value: object): unknown {
  return WHOLES.get(value)?.() ?? value;
}

/** A text with `null` instead of some parts. */
function without(text: string, parts: readonly (readonly [from: number, to: number])[]): string {
  const ends = [0, ...parts.map(([, to]) => to)];
  return ends.map((end, index) => text.slice(end, parts[index]?.[0])).join("null");
}

/**
 * A streaming reader for one document at a time. Numbers that are not finite (`NaN`, `Infinity`, `1e999`)
 * become infinite, and the reader of the keys refuses them.
 */
export class JsonReader {
  readonly #maxBytes: number;
  #kept = new Uint8Array(8192);
  #keptLength = 0;
  #bytes = 0;
  readonly #at: ScanState = {
    depth: 0,
    brackets: new Uint8Array(MAX_DEPTH),
    inString: false,
    escaped: false,
  };
  /** Where the current string began in the kept bytes. */
  #stringStart = 0;
  /** The last byte outside of strings that is not whitespace. */
  #previous = 0;
  /** The skipped key was read, and its value is next. */
  #skipNext = false;
  /** Depth at which the skipped value starts, or -1. */
  #skipDepth = -1;
  /** Where lists of stocks are in the kept bytes. */
  #stocks: (readonly [from: number, to: number])[] = [];

  /** @param maxBytes Maximum size of a document, in bytes. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes read of the current document. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes held of the current document. */
  get keptBytes(): number {
    return this.#keptLength;
  }

  /** Forgets the current document. */
  reset(): void {
    if (this.#kept.length > 1 << 20) this.#kept = new Uint8Array(8192);
    this.#keptLength = 0;
    this.#bytes = 0;
    this.#at.depth = 0;
    this.#at.inString = false;
    this.#at.escaped = false;
    this.#previous = 0;
    this.#skipNext = false;
    this.#skipDepth = -1;
    this.#stocks = [];
  }

  /**
   * Takes the next bytes of the document, which may be split anywhere.
   *
   * @throws {Refused} When the document is too large, too deep or its brackets or strings are broken.
   */
  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      throw new Refused(
        "too_large",
        `Cannot read the report: it is larger than ${this.#maxBytes} bytes, the limit of --max-body`,
      );
    }
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      this.#piece(chunk.length <= PIECE_BYTES ? chunk : chunk.subarray(at, at + PIECE_BYTES));
    }
  }

  #piece(piece: Uint8Array): void {
    takePiece(piece);
    let at = 0;
    while (at < piece.length) {
      at = this.#skipDepth >= 0 ? this.#skip(piece, at) : this.#keep(piece, at);
    }
  }

  /**
   * Ends the document and returns its value, with `null` instead of skipped values and of stocks, which
   * {@linkcode wholeOf} adds.
   *
   * @throws {Refused} When it is not JSON.
   */
  finish(): unknown {
    if (this.#at.inString || this.#at.depth > 0) {
      throw new Refused("json", "Cannot read the report: it is incomplete");
    }
    let text: string;
    try {
      text = decode(this.#kept.subarray(0, this.#keptLength));
    } catch {
      throw new Refused("json", "Cannot read the report: it is not UTF-8");
    }
    // In ASCII, which Python writes, offsets of bytes are offsets in the text.
    const stocks = text.length === this.#keptLength ? this.#stocks : [];
    this.reset();
    if (stocks.length === 0) return parse(text);
    let value: unknown;
    try {
      value = parse(without(text, stocks));
    } catch {
      return parse(text); // Its message quotes what the sender wrote.
    }
    WHOLES.set(value as object, () => parse(text));
    return value;
  }

  /** Reads on and keeps the bytes, until the chunk ends or a skipped value begins; returns where. */
  #keep(chunk: Uint8Array, from: number): number {
    const start = this.#keptLength - from;
    const end = chunk.length;
    let at = from;
    if (this.#at.inString && this.#at.depth <= SKIPPED_KEY_DEPTH) {
      at = this.#string(chunk, at, start);
    }
    while (at < end) {
      if (this.#at.depth > SKIPPED_KEY_DEPTH) {
        at = scanTo(at, end, SKIPPED_KEY_DEPTH, this.#at, false);
        for (const [from, to] of stocksFound()) this.#stocks.push([start + from, start + to]);
        this.#previous = CLOSE_ARRAY;
        continue;
      }
      const byte = chunk[at++]!;
      if (byte <= SPACE) continue;
      if (byte === QUOTE) {
        this.#at.inString = true;
        this.#stringStart = start + at;
        at = this.#string(chunk, at, start);
        continue;
      }
      if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        this.#open(byte);
        if (this.#skipNext) {
          this.#skipNext = false;
          this.#skipDepth = this.#at.depth - 1;
          this.#append(chunk, from, at - 1);
          return at;
        }
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#close(byte);
      } else if (byte !== COLON) {
        this.#skipNext = false;
      }
      this.#previous = byte;
    }
    this.#append(chunk, from, end);
    return end;
  }

  /** Reads on in a string that is kept; `start` turns an offset in the chunk into one in the kept bytes. */
  #string(chunk: Uint8Array, from: number, start: number): number {
    const end = chunk.length;
    let at = from;
    if (this.#at.escaped && at < end) {
      this.#at.escaped = false;
      at++;
    }
    while (at < end) {
      const byte = chunk[at++]!;
      if (byte === QUOTE) {
        this.#at.inString = false;
        this.#skipNext = this.#isSkippedKey(chunk, start + at - 1, start);
        this.#previous = QUOTE;
        break;
      }
      if (byte === BACKSLASH && at++ >= end) this.#at.escaped = true;
    }
    return Math.min(at, end);
  }

  /** Whether the string that ends at `end` of the kept bytes is the key whose value is skipped. */
  #isSkippedKey(chunk: Uint8Array, end: number, start: number): boolean {
    if (end - this.#stringStart !== SKIPPED_KEY.length || this.#at.depth > SKIPPED_KEY_DEPTH) {
      return false;
    }
    // A key follows a bracket or a comma; its first bytes may lie in the chunk before.
    if (this.#previous !== OPEN_OBJECT && this.#previous !== COMMA) return false;
    for (let i = 0; i < SKIPPED_KEY.length; i++) {
      const place = this.#stringStart + i;
      const byte = place < this.#keptLength ? this.#kept[place] : chunk[place - start];
      if (byte !== SKIPPED_KEY[i]) return false;
    }
    return this.#at.brackets[this.#at.depth - 1] === OPEN_OBJECT;
  }

  /** Reads on without keeping, until the chunk or the skipped value ends; returns where. */
  #skip(chunk: Uint8Array, from: number): number {
    const at = scanTo(from, chunk.length, this.#skipDepth, this.#at, true);
    if (this.#at.depth === this.#skipDepth) {
      this.#skipDepth = -1;
      this.#append(NULL, 0, NULL.length);
    }
    return at;
  }

  #open(bracket: number): void {
    if (this.#at.depth === MAX_DEPTH) throw tooDeep();
    this.#at.brackets[this.#at.depth++] = bracket;
  }

  #close(bracket: number): void {
    // An opening bracket is two below its closing one, in ASCII.
    if (this.#at.depth === 0 || this.#at.brackets[--this.#at.depth] !== bracket - 2) {
      throw unmatched();
    }
  }

  #append(source: Uint8Array, from: number, to: number): void {
    const length = this.#keptLength + to - from;
    if (length > this.#kept.length) {
      const larger = new Uint8Array(Math.max(length, this.#kept.length * 2));
      larger.set(this.#kept.subarray(0, this.#keptLength));
      this.#kept = larger;
    }
    this.#kept.set(
      from === 0 && to === source.length ? source : source.subarray(from, to),
      this.#keptLength,
    );
    this.#keptLength = length;
  }
}
