/** The queue on disk: the writing side, in the thread that takes reports. @module */

import { closeSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../error/mod.ts";
import { ByteWriter } from "./bytes.ts";
import { decodeHead, encodeHead, type Head, maybeHead } from "./head.ts";
import type { Layout } from "./layout.ts";
import { type ReadTurn, RecordDecoder, RecordEncoder } from "./record.ts";
import {
  BEGIN,
  END,
  fileOffsetOf,
  HEAD_BYTES,
  numberOf,
  type Position,
  positionOf,
  readSegmentHead,
  RECORD_HEAD_BYTES,
  recordChecksum,
  recordsIn,
  SEGMENT_BYTES,
  SEGMENT_HEAD_BYTES,
  segmentHead,
  segmentMark,
  type SharedPositions,
  TAKEN,
} from "./segment.ts";

/** So many of the newest segments tell where streams stood. */
const REMEMBERED_SEGMENTS = 2;
/** Fewer segments could not drop the oldest while the newest is written. */
const MIN_SEGMENTS = 2;

/** Where a stream of an earlier process stood. */
export interface StreamState {
  /** Time of its last turn, and since when its counters count; in milliseconds since 1970. */
  readonly last: number;
  readonly start: number;
}

/** Turns and samples that were not sent. */
export interface Amount {
  readonly turns: number;
  readonly samples: number;
}

/** Remote write cannot be used: a wrong configuration. */
export class RemoteWriteError extends UserError {}

export interface QueueOptions {
  readonly path: string;
  /** Bytes of the file, of which a head and the rest of a segment cannot be used. */
  readonly size: number;
  /** Told of turns that had to make room for newer ones. */
  readonly onDropped?: (amount: Amount) => void;
  /** Told at the start when a part of what was written is not there any more. */
  readonly onDamaged?: () => void;
  /** Writes bytes at an offset of the file. Default: that of node:fs. */
  readonly write?: typeof writeSync;
}

/** Where the first record of a segment goes. */
function emptyAt(segment: number): Position {
  return { segment, offset: SEGMENT_HEAD_BYTES };
}

/**
 * Opens the queue, makes the file where it is missing, and goes on from what is in it. All of the
 * file is written before, so that no disk is full later; it stays open, so that no right to write is
 * needed.
 *
 * A file of another size keeps it until it is empty at a start.
 *
 * @throws {RemoteWriteError} When it cannot be used.
 */
export function openQueue(options: QueueOptions): Queue {
  const { path } = options;
  let file: Deno.FsFile | undefined;
  // node:fs writes at an offset in one call.
  let descriptor: number | undefined;
  try {
    Deno.mkdirSync(dirname(path), { recursive: true });
    file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
    if (!file.tryLockSync(true)) throw new Error("another exporter is using it");
    descriptor = openSync(path, "r+");
    return new Queue(options, file, descriptor);
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    file?.close();
    const reason = (error as Error).message.replace(/, run again with .*$/s, "");
    throw new RemoteWriteError(`Cannot use the queue of remote write "${path}": ${reason}`, {
      cause: error,
    });
  }
}

export class Queue {
  readonly #options: QueueOptions;
  readonly #file: Deno.FsFile;
  readonly #fd: number;
  #segments: number;
  readonly #writer = new ByteWriter();
  #generation = 0;
  /** Where the first record is that was not sent, and where the next record goes. */
  #begin: Position = emptyAt(0);
  #end: Position = emptyAt(0);
  /** Of the last segment; undefined while there is none. */
  #encoder: RecordEncoder | undefined;
  /** Where streams of earlier processes stood. */
  readonly streams = new Map<string, StreamState>();
  readonly positions: SharedPositions = new BigInt64Array(new SharedArrayBuffer(24));
  /** Time of the first turn that an earlier process has left, in milliseconds since 1970. */
  readonly oldest: number | undefined;

  /** @param fd Another handle of the same file. */
  constructor(options: QueueOptions, file: Deno.FsFile, fd: number) {
    this.#options = options;
    this.#file = file;
    this.#fd = fd;
    const wanted = Math.floor((options.size - HEAD_BYTES) / SEGMENT_BYTES);
    if (wanted < MIN_SEGMENTS) throw new Error("it is too small");
    const head = this.#readHead();
    this.#generation = head?.generation ?? 0;
    this.#segments = head?.segments ?? wanted;
    this.#restore(head?.sent ?? 0);
    if ((head?.end ?? 0) > numberOf(this.#end)) options.onDamaged?.();
    this.oldest = this.#turnsFrom(this.#begin).next().value?.time;
    if (this.#segments !== wanted && this.isEmpty) this.#resize(wanted);
    this.#allocate();
    this.#writeHead();
    this.#share();
  }

  /** How many segments the file has. */
  get segments(): number {
    return this.#segments;
  }

  /** Bytes that were not sent, and bytes that there is room for. */
  get bytes(): number {
    return numberOf(this.#end) - numberOf(this.#begin);
  }

  get capacity(): number {
    return this.#segments * SEGMENT_BYTES;
  }

  get isEmpty(): boolean {
    return numberOf(this.#begin) >= numberOf(this.#end);
  }

  /**
   * Adds a turn; when this returns, a kill of this process does not lose it.
   *
   * @param time In milliseconds since 1970.
   * @param values In the order of the layout's series; undefined = the series end.
   * @returns Whether there was room: a turn that needs more than a segment is not taken.
   * @throws {Error} When the file cannot be written.
   */
  add(layout: Layout, time: number, values: readonly number[] | undefined): boolean {
    if (this.#encoder === undefined) this.#beginSegment(this.#end.segment);
    this.#encode(layout, time, values);
    if (!this.#fits() && this.#end.offset > SEGMENT_HEAD_BYTES) {
      this.#beginSegment(this.#end.segment + 1);
      this.#encode(layout, time, values);
    }
    if (!this.#fits()) {
      // What was just encoded is not written, and nothing else is in the segment.
      this.#encoder = new RecordEncoder();
      return false;
    }
    const { segment, offset } = this.#end;
    const { written } = this.#writer;
    try {
      this.#write(written, this.#offsetOf(this.#end));
    } catch (error) {
      // The encoder now knows of turns that nobody will read: the next ones stand for themselves.
      this.#encoder = undefined;
      this.#end = emptyAt(segment + 1);
      throw error;
    }
    this.#end = { segment, offset: offset + written.length };
    this.#share();
    return true;
  }

  /** Notes that everything before a position was sent. */
  sent(position: Position): void {
    if (numberOf(position) <= numberOf(this.#begin)) return;
    this.#begin = position;
    this.#writeHead();
    this.#share();
  }

  close(): void {
    this.#writeHead();
    closeSync(this.#fd);
    this.#file.unlockSync();
    this.#file.close();
  }

  #fits(): boolean {
    const { offset } = this.#end;
    return offset + this.#writer.length + RECORD_HEAD_BYTES <= SEGMENT_BYTES;
  }

  #encode(layout: Layout, time: number, values: readonly number[] | undefined): void {
    const writer = this.#writer;
    writer.length = 0;
    this.#record(() => this.#encoder!.introduce(layout, writer));
    this.#record(() => {
      this.#encoder!.turn(layout, time, values, writer);
      return true;
    });
  }

  /** Writes what `write` writes as a record, if it writes something. */
  #record(write: () => boolean): void {
    const writer = this.#writer;
    const at = writer.length;
    writer.zeros(RECORD_HEAD_BYTES);
    if (!write()) {
      writer.length = at;
      return;
    }
    const record = writer.written.subarray(at + RECORD_HEAD_BYTES);
    writer.setUint32(at, record.length);
    writer.setUint32(at + 4, recordChecksum(record, this.#end.segment));
  }

  #beginSegment(segment: number): void {
    if (segment - this.#begin.segment >= this.#segments) this.#dropOldest();
    const wasEmpty = this.isEmpty;
    const before = this.#encoder && this.#end;
    this.#end = emptyAt(segment);
    if (wasEmpty) this.#begin = this.#end;
    this.#encoder = undefined;
    if (before !== undefined) this.#write(segmentMark(before.segment), this.#offsetOf(before));
    this.#share();
    this.#write(segmentHead(segment), fileOffsetOf(segment, this.#segments));
    this.#encoder = new RecordEncoder();
  }

  #dropOldest(): void {
    const dropped = this.#begin;
    this.#begin = emptyAt(dropped.segment + 1);
    // Before its bytes are overwritten, so that nobody takes them for what they were.
    this.#share();
    const { onDropped } = this.#options;
    if (onDropped !== undefined) onDropped(this.#amountFrom(dropped));
    this.#writeHead();
  }

  /** What a segment holds behind a position, without what was taken out and will be sent, or refused. */
  #amountFrom(position: Position): Amount {
    const taken = Number(Atomics.load(this.positions, TAKEN));
    let turns = 0;
    let samples = 0;
    for (const { layout, end } of this.#turnsFrom(position)) {
      if (numberOf({ segment: position.segment, offset: end }) <= taken) continue;
      turns++;
      samples += layout.series.length;
    }
    return { turns, samples };
  }

  /** The turns of a segment behind a position, and where they end. */
  *#turnsFrom({ segment, offset }: Position): Generator<ReadTurn & { readonly end: number }> {
    const decoder = new RecordDecoder();
    for (const { record, end } of recordsIn(this.#readSegment(segment), segment)) {
      const turn = decoder.read(record);
      if (turn !== undefined && end > offset) yield { ...turn, end };
    }
  }

  #offsetOf({ segment, offset }: Position): number {
    return fileOffsetOf(segment, this.#segments) + offset;
  }

  #readSegment(segment: number): Uint8Array {
    return this.#read(fileOffsetOf(segment, this.#segments), SEGMENT_BYTES);
  }

  #read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let done = 0;
    for (let count = 1; count > 0 && done < length; done += count) {
      count = readSync(this.#fd, bytes, done, length - done, offset + done);
    }
    return bytes;
  }

  #write(bytes: Uint8Array, offset: number): void {
    const { write = writeSync } = this.#options;
    for (let done = 0; done < bytes.length;) {
      done += write(this.#fd, bytes, done, bytes.length - done, offset + done);
    }
  }

  /** @throws {Error} When the file is of a later version, or something else: it would be overwritten. */
  #readHead(): Head | undefined {
    const bytes = this.#read(0, HEAD_BYTES);
    const { size } = fstatSync(this.#fd);
    let isOurs = maybeHead(bytes);
    for (let at = HEAD_BYTES; !isOurs && at < size; at += SEGMENT_BYTES) {
      isOurs = readSegmentHead(this.#read(at, SEGMENT_HEAD_BYTES)) !== undefined;
    }
    if (!isOurs) throw new Error("it is another file, which would be overwritten");
    return decodeHead(bytes);
  }

  #writeHead(): void {
    const { bytes, offset } = encodeHead({
      generation: ++this.#generation,
      segments: this.#segments,
      sent: numberOf(this.#begin),
      end: numberOf(this.#end),
    });
    this.#write(bytes, offset);
  }

  /** Begins anew with another size. */
  #resize(segments: number): void {
    this.#segments = segments;
    this.#file.truncateSync(0);
    this.#end = this.#begin = emptyAt(this.#end.segment + 1);
    this.#encoder = undefined;
  }

  /**
   * Writes the whole file once, so that its disk space is its own.
   *
   * @throws {Error} When there is not enough; what was taken of it is free again.
   */
  #allocate(): void {
    const size = HEAD_BYTES + this.#segments * SEGMENT_BYTES;
    const zeros = new Uint8Array(SEGMENT_BYTES);
    const before = fstatSync(this.#fd).size;
    try {
      for (let at = before; at < size;) {
        const length = Math.min(SEGMENT_BYTES, size - at);
        this.#write(zeros.subarray(0, length), at);
        at += length;
      }
    } catch (error) {
      this.#file.truncateSync(before);
      throw error;
    }
  }

  /** Finds the segments that an earlier process has left. */
  #restore(sent: number): void {
    const numbers = Array.from({ length: this.#segments }, (_, slot) => {
      const bytes = this.#read(HEAD_BYTES + slot * SEGMENT_BYTES, SEGMENT_HEAD_BYTES);
      const segment = readSegmentHead(bytes);
      return segment !== undefined && segment % this.#segments === slot ? segment : -1;
    });
    const last = Math.max(...numbers);
    if (last < 0) return;
    // Between them one may be missing, which is damaged.
    const least = Math.max(0, last - this.#segments + 1);
    const first = Math.min(...numbers.filter((number) => number >= least));
    for (
      let segment = Math.max(first, last - REMEMBERED_SEGMENTS + 1);
      segment <= last;
      segment++
    ) {
      this.#remember(segment);
    }
    const kept = Math.max(sent, numberOf(emptyAt(first)));
    this.#begin = positionOf(Math.min(kept, numberOf(this.#end)));
  }

  /** Reads where streams stood at the end of a segment; if it is the last one, records go behind it. */
  #remember(segment: number): void {
    const decoder = new RecordDecoder();
    this.#end = emptyAt(segment);
    for (const { record, end } of recordsIn(this.#readSegment(segment), segment)) {
      this.#end = { segment, offset: end };
      const turn = decoder.read(record);
      if (turn === undefined) continue;
      const { stream, start } = turn.layout;
      this.streams.set(stream, { last: turn.time, start });
    }
    this.#encoder = new RecordEncoder(decoder);
  }

  #share(): void {
    Atomics.store(this.positions, END, BigInt(numberOf(this.#end)));
    Atomics.store(this.positions, BEGIN, BigInt(numberOf(this.#begin)));
  }
}
