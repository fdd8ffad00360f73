/** The head of the queue's file: two lines, written in turn, of which the newer whole one counts. @module */

import { crc32 } from "node:zlib";
import { HEAD_BYTES } from "./segment.ts";

/** Each of the two lines has half of the head. */
const LINE_BYTES = HEAD_BYTES / 2;
const VERSION = 1;

/** What the head says. */
export interface Head {
  readonly generation: number;
  readonly segments: number;
  /** What is before it was sent. */
  readonly sent: number;
  /** What was before it had been written at that moment; undefined where it was not said. */
  readonly end?: number;
}

/** A head in bytes, and where they go. */
export function encodeHead(head: Head): { bytes: Uint8Array<ArrayBuffer>; offset: number } {
  const text = JSON.stringify({ version: VERSION, ...head });
  const line = `${crc32(text).toString(16).padStart(8, "0")} ${text}`.padEnd(LINE_BYTES - 1);
  return {
    bytes: new TextEncoder().encode(line + "\n"),
    offset: (head.generation % 2) * LINE_BYTES,
  };
}

function linesIn(bytes: Uint8Array): string[] {
  const decoder = new TextDecoder();
  return [bytes.subarray(0, LINE_BYTES), bytes.subarray(LINE_BYTES)].map((line) =>
    decoder.decode(line)
  );
}

/** Whether these bytes may be a head, whole or damaged, or where one is to be written. */
export function maybeHead(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0) ||
    linesIn(bytes).some((line) => /^[0-9a-f]{8} \{"version":/.test(line));
}

/**
 * Reads a head; undefined where there is no whole one.
 *
 * @throws {Error} When a later version of this program wrote it.
 */
export function decodeHead(bytes: Uint8Array): Head | undefined {
  const heads = linesIn(bytes).flatMap((line): (Head & { version: number })[] => {
    const text = line.trimEnd().slice(9);
    return parseInt(line.slice(0, 8), 16) === crc32(text) ? [JSON.parse(text)] : [];
  });
  const head = heads.sort((a, b) => b.generation - a.generation)[0];
  if (head !== undefined && head.version > VERSION) {
    throw new Error(`a later version of this program wrote it (version ${head.version})`);
  }
  return head;
}
