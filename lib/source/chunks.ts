/** Reads a stream of bytes into memory that is used again. @module */

import type { ByteStream } from "./inflate.ts";

const CHUNK_BYTES = 64 * 1024;
/** How much of a refused body is still read, and for how long. */
const DRAIN_BYTES = 1 << 20;
const DRAIN_MS = 100;
/** Buffers that are kept for the next streams. */
const SPARE_BUFFERS = 4;

export type Chunk = Uint8Array<ArrayBuffer>;

/** Frees memory at once, because the garbage collector frees it late. */
export function release({ buffer }: Chunk): void {
  buffer.transfer(0);
}

/** Reads a stream without leaving its memory to the garbage collector, which frees it late. */
export interface ChunkReader {
  read(): Promise<ReadableStreamReadResult<Chunk>>;
  /** Frees or reuses the memory of a chunk. Call it before the next read. */
  release(chunk: Chunk): void;
  /** Takes what the last read returned. */
  end(rest: Chunk | undefined): void;
  cancel(): Promise<void>;
}

/** @param buffers Buffers that earlier streams no longer use. */
export function readChunks(body: ByteStream, buffers: ArrayBuffer[]): ChunkReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // A small body that arrived as a whole, or an inflated one, cannot be read into a buffer.
    const reader = body.getReader();
    return {
      read: () => reader.read(),
      release,
      end: () => {},
      cancel: () => reader.cancel(),
    };
  }
  let buffer = buffers.pop() ?? new ArrayBuffer(CHUNK_BYTES);
  return {
    read: () => reader.read(new Uint8Array(buffer)),
    release: (chunk) => buffer = chunk.buffer,
    end(rest) {
      if (rest !== undefined && buffers.length < SPARE_BUFFERS) buffers.push(rest.buffer);
    },
    cancel: () => reader.cancel(),
  };
}

/**
 * Reads and drops the rest for a moment: a sender that is cut off in the middle of a body may never see
 * the answer.
 */
export async function drain(reader: ChunkReader): Promise<void> {
  const { promise: time, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DRAIN_MS);
  const rest = async () => {
    for (let left = DRAIN_BYTES; left > 0;) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.length;
      reader.release(value);
    }
  };
  await Promise.race([rest().catch(() => {}), time]);
  clearTimeout(timer);
}
