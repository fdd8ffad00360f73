/**
 * Layout of the queue's file: a head, and a ring of segments of one size. Each segment stands for itself, so that
 * the oldest can be dropped.
 *
 * ```
 * head      4096 bytes: two lines, of which the newer whole one counts
 * segment   16 bytes: magic, sequence number, CRC-32 of both
 *           records: length, CRC-32 of the record, seeded with the sequence number, record
 *           a mark in place of a record, behind which there is none
 * ```
 *
 * A record of an earlier round of the ring does not have the checksum of this one: there the last segment
 * ends. Another one that has no mark there is damaged.
 *
 * @module
 */

import { crc32 } from "node:zlib";

export const HEAD_BYTES = 4096;
export const SEGMENT_BYTES = 4 << 20;
export const SEGMENT_HEAD_BYTES = 16;
export const RECORD_HEAD_BYTES = 8;
/** In place of a record's length: the segment ends. */
const MARK = 0xffffffff;
/** "tsq1" */
const MAGIC = 0x31717374;

/** A position in the queue: how many segments came before it, and bytes in its segment. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

/** A position as one number that grows. */
export function numberOf({ segment, offset }: Position): number {
  return segment * SEGMENT_BYTES + offset;
}

export function positionOf(number: number): Position {
  const segment = Math.floor(number / SEGMENT_BYTES);
  return { segment, offset: number - segment * SEGMENT_BYTES };
}

/** Positions that both threads see, as numbers: the end of what is written, the beginning of what is kept, and one between. */
export type SharedPositions = BigInt64Array<SharedArrayBuffer>;
export const END = 0;
export const BEGIN = 1;
/** What is before it was taken out to be sent. */
export const TAKEN = 2;

/** Where a segment lies in a file of so many. */
export function fileOffsetOf(segment: number, segments: number): number {
  return HEAD_BYTES + (segment % segments) * SEGMENT_BYTES;
}

/** The first bytes of a segment. */
export function segmentHead(segment: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SEGMENT_HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setFloat64(4, segment, true);
  view.setUint32(12, crc32(bytes.subarray(0, 12)), true);
  return bytes;
}

/** The sequence number of a segment; undefined where there is none. */
export function readSegmentHead(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEAD_BYTES);
  const isWhole = view.getUint32(0, true) === MAGIC &&
    view.getUint32(12, true) === crc32(bytes.subarray(0, 12));
  return isWhole ? view.getFloat64(4, true) : undefined;
}

/** What stands behind the last record of a segment, in place of a record's head. */
export function segmentMark(segment: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(RECORD_HEAD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MARK, true);
  view.setUint32(4, recordChecksum(new Uint8Array(), segment), true);
  return bytes;
}

/** Whether a segment ends at an offset, with its mark. */
export function isMarked(bytes: Uint8Array, { segment, offset }: Position): boolean {
  const mark = segmentMark(segment);
  return mark.every((byte, place) => bytes[offset + place] === byte);
}

/** The checksum of a record in a segment. */
export function recordChecksum(record: Uint8Array, segment: number): number {
  return crc32(record, segment >>> 0);
}

/**
 * Reads the records of a segment, as far as they are whole.
 *
 * @param bytes The segment from its beginning on.
 * @param from Bytes that were read before.
 */
export function* recordsIn(
  bytes: Uint8Array,
  segment: number,
  from = SEGMENT_HEAD_BYTES,
): Generator<{ readonly record: Uint8Array; readonly end: number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = from; at + RECORD_HEAD_BYTES <= bytes.length;) {
    const length = view.getUint32(at, true);
    const end = at + RECORD_HEAD_BYTES + length;
    if (length === 0 || end > bytes.length) return;
    const record = bytes.subarray(at + RECORD_HEAD_BYTES, end);
    if (view.getUint32(at + 4, true) !== recordChecksum(record, segment)) return;
    yield { record, end };
    at = end;
  }
}
