/** Reads the lines of a file as JSON values, and describes lines that cannot be used. @module */

import {
  beginningOf,
  HEAD_BYTES,
  isObject,
  JsonReader,
  nameOddLine,
  Refused,
} from "../report/mod.ts";
import type { LineConsumer } from "../source/mod.ts";

/** Types of records that TradeSim writes between its reports. */
export const OTHER_RECORDS = ["alert", "error"];

/** The type of a record that is not meant to be a report; undefined for any other value. */
export function otherRecord(value: unknown): string | undefined {
  const type = isObject(value) ? value.type : undefined;
  return OTHER_RECORDS.find((name) => name === type);
}

/** A line that is not a report. */
export interface OddLine {
  /** One of a few names. */
  readonly kind: string;
  /** What it is, in words for its author. */
  readonly what: string;
  /** Its first bytes as text, and where it begins in its file, in bytes. */
  readonly beginning: string;
  readonly start: number;
}

/**
 * Calls `take` with the value of each line and the time at which it was written, in seconds since 1970.
 * Calls `refuse` if a line is not JSON, or if `take` throws {@linkcode Refused}.
 *
 * @param maxLine Maximum length of a line that is read, in bytes.
 */
export function createLineReader(
  maxLine: number,
  take: (value: unknown, writtenAt: number) => void,
  refuse: (refused: Refused, describe: () => OddLine) => void = () => {},
): LineConsumer {
  const json = new JsonReader(maxLine);
  const head = new Uint8Array(HEAD_BYTES);
  let headLength = 0;
  let last = 0;
  let refused: Refused | undefined;

  function attempt(action: () => void): void {
    try {
      if (refused === undefined) action();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused = error;
    }
  }

  function describe(start: number, refused: Refused): OddLine {
    const bytes = head.subarray(0, headLength);
    const name = nameOddLine(bytes, last, refused);
    return {
      kind: name ?? refused.reason,
      what: name ?? refused.message.replace(/^Cannot (?:read|take) the (?:report|record): /, ""),
      beginning: beginningOf(bytes),
      start,
    };
  }

  function discard(): void {
    refused = undefined;
    headLength = 0;
    json.reset();
  }

  return {
    bytes(chunk) {
      last = chunk.at(-1) ?? last;
      if (headLength < HEAD_BYTES) {
        const part = chunk.subarray(0, HEAD_BYTES - headLength);
        head.set(part, headLength);
        headLength += part.length;
      }
      attempt(() => json.push(chunk));
    },
    endLine(writtenAt, start) {
      attempt(() => take(json.finish(), writtenAt));
      if (refused !== undefined) {
        const error = refused;
        refuse(error, () => describe(start, error));
      }
      discard();
    },
    discard,
  };
}
