/** Reads the body of a posted report as it arrives, within limits of size, time and number. @module */

import { createGunzip } from "node:zlib";
import { JsonReader, Refused } from "../report/mod.ts";

export interface BodyOptions {
  /** The largest body, in bytes after inflation. */
  readonly maxBytes: number;
  /** How long a body may take, in milliseconds. Default: 10 s. */
  readonly timeoutMs?: number;
  /** How many bodies are read at once. Default: 256. */
  readonly maxBodies?: number;
}

export type ReadBody = (request: Request) => Promise<unknown>;

const TIMEOUT_MS = 10_000;
const MAX_BODIES = 256;
/** All bodies together may hold as much as a few of the largest. */
const HELD_BODIES = 4;

/** A thousandfold inflation of one such piece is still small. */
const INFLATE_SLICE_BYTES = 4096;

/**
 * Bodies of a known length up to this one are read in a single piece, which takes Deno a tenth of a
 * stream's time. So many at once; the others are streamed.
 */
const WHOLE_BYTES = 1 << 20;
const WHOLE_BODIES = 4;

const CHUNK_BYTES = 64 * 1024;
/** What is still read of a body that was refused, and for how long. */
const DRAIN_BYTES = 1 << 20;
const DRAIN_MS = 100;
/** Buffers and readers that are kept for the next bodies. */
const SPARE_PARTS = 4;

function checkContentType(request: Request): void {
  const [type] = (request.headers.get("content-type") ?? "").split(";");
  if (type!.trim().toLowerCase() === "application/json") return;
  throw new Refused(
    "content_type",
    `Cannot take the report: its content type is "${
      type!.trim().slice(0, 80)
    }", expected application/json`,
  );
}

/** Whether a body is short, as it says itself: the server cuts off what is longer. */
function isShort({ headers }: Request, maxBytes: number): boolean {
  const length = headers.get("content-length");
  return length !== null && !headers.has("content-encoding") &&
    Number(length) <= Math.min(maxBytes, WHOLE_BYTES);
}

type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Inflates a body, of which a gzip may have several members (RFC 1952, 2.2), until `isOver`; what comes
 * after that is dropped.
 */
function inflated(body: ByteStream, isOver: () => boolean): ByteStream {
  const gunzip = createGunzip();
  const reader = body.getReader();
  async function feed(): Promise<void> {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return void gunzip.end();
      for (let at = 0; at < value.length && !isOver(); at += INFLATE_SLICE_BYTES) {
        const slice = value.subarray(at, at + INFLATE_SLICE_BYTES);
        if (!gunzip.write(slice)) await new Promise((resolve) => gunzip.once("drain", resolve));
      }
    }
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      gunzip.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
        // Several chunks share one buffer, which whoever reads gives back.
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) gunzip.pause();
      });
      gunzip.once("end", () => controller.close());
      gunzip.once("error", (error) => controller.error(error));
      feed().catch((error) => gunzip.destroy(error));
    },
    pull: () => void gunzip.resume(),
    cancel(reason) {
      gunzip.removeAllListeners();
      gunzip.on("error", () => {});
      gunzip.destroy();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 1 });
}

function stream(request: Request, isOver: () => boolean): ByteStream | null {
  const encoding = (request.headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  switch (encoding) {
    case "identity":
    case "":
      return request.body;
    case "gzip":
    case "x-gzip":
      return request.body && inflated(request.body, isOver);
    default:
      throw new Refused(
        "encoding",
        `Cannot take the report: its encoding is "${encoding.slice(0, 80)}", expected gzip or none`,
      );
  }
}

type Chunk = Uint8Array<ArrayBuffer>;

/** Gives memory back at once: the garbage collector comes late for it. */
function release({ buffer }: Chunk): void {
  buffer.transfer(0);
}

/** Reads a body so that none of its bytes wait for the garbage collector, which comes late for them. */
interface ChunkReader {
  read(): Promise<ReadableStreamReadResult<Chunk>>;
  /** Gives back the memory of a chunk that was looked at; before the next one is read. */
  release(chunk: Chunk): void;
  /** Takes what the last reading gave. */
  end(rest: Chunk | undefined): void;
  cancel(): Promise<void>;
}

/** `buffers` holds the memory that earlier bodies have done with. */
function readChunks(body: ByteStream, buffers: ArrayBuffer[]): ChunkReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: "byob" });
  } catch {
    // A small body that came as a whole, or an inflated one, cannot be read into a buffer.
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
      if (rest !== undefined && buffers.length < SPARE_PARTS) buffers.push(rest.buffer);
    },
    cancel: () => reader.cancel(),
  };
}

/**
 * Reads on for a moment without looking: a sender that is cut off in mid-body may never see the
 * answer.
 */
async function drain(reader: ChunkReader): Promise<void> {
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

/**
 * Makes a reader of request bodies. What it gives is the body's JSON value; it throws `Refused`
 * for a body that is none, too large, too slow, or one too many.
 */
export function createBodyReader(
  { maxBytes, timeoutMs = TIMEOUT_MS, maxBodies = MAX_BODIES }: BodyOptions,
): ReadBody {
  let bodies = 0;
  let heldBytes = 0;
  let wholeBodies = 0;
  const spareBuffers: ArrayBuffer[] = [];
  const spareReaders: JsonReader[] = [];

  /** Reads a short body into `json`; it holds all its bytes from the start. */
  async function readWhole(
    request: Request,
    json: JsonReader,
    hold: (bytes: number) => void,
  ): Promise<void> {
    hold(Number(request.headers.get("content-length")));
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs);
    const reading = request.bytes();
    wholeBodies++;
    const end = () => wholeBodies--;
    // One that comes too late counts until its connection has ended.
    reading.then(end, end);
    try {
      const bytes = await Promise.race([reading, late]);
      try {
        json.push(bytes);
      } finally {
        release(bytes);
      }
    } catch (error) {
      if (error instanceof Refused) throw error;
      throw new Refused("aborted", `Cannot read the report: ${(error as Error).message}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads a body into `json`; `hold` is told of every change in the bytes that it holds. */
  async function readAll(
    request: Request,
    json: JsonReader,
    hold: (bytes: number) => void,
  ): Promise<void> {
    let isOver = false;
    const body = stream(request, () => isOver);
    if (body === null) return;
    const reader = readChunks(body, spareBuffers);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      reader.cancel().catch(() => {}); // Whoever reads is told below.
    }, timeoutMs);
    try {
      while (true) {
        const { done, value } = await reader.read();
        if (isLate) {
          throw tooLate(timeoutMs);
        }
        if (done) return reader.end(value);
        try {
          json.push(value);
          hold(json.keptBytes);
        } finally {
          reader.release(value);
        }
      }
    } catch (error) {
      isOver = true;
      const isWrong = error instanceof Refused && !["busy", "timeout"].includes(error.reason);
      if (isWrong) await drain(reader);
      reader.cancel().catch(() => {}); // The sender may be gone already.
      if (error instanceof Refused) throw error;
      const isBroken = /^Z_/.test((error as { code?: string }).code ?? "");
      throw new Refused(
        isBroken ? "gzip" : "aborted",
        `Cannot read the report${isBroken ? " as gzip" : ""}: ${(error as Error).message}`,
      );
    } finally {
      clearTimeout(timer);
    }
  }

  return async (request) => {
    checkContentType(request);
    if (bodies >= maxBodies) throw tooBusy();
    const json = spareReaders.pop() ?? new JsonReader(maxBytes);
    let held = 0;
    const hold = (bytes: number) => {
      heldBytes += bytes - held;
      held = bytes;
      if (heldBytes <= HELD_BODIES * maxBytes) return;
      // Given back at once, so that no other body is refused for the sake of this one.
      heldBytes -= held;
      held = 0;
      throw tooBusy();
    };
    bodies++;
    try {
      if (wholeBodies < WHOLE_BODIES && isShort(request, maxBytes)) {
        await readWhole(request, json, hold);
      } else await readAll(request, json, hold);
      return json.finish();
    } finally {
      json.reset();
      if (spareReaders.length < SPARE_PARTS) spareReaders.push(json);
      bodies--;
      heldBytes -= held;
    }
  };
}

function tooBusy(): Refused {
  return new Refused("busy", "Cannot take the report now: too many are being read");
}

function tooLate(timeoutMs: number): Refused {
  return new Refused("timeout", `Cannot take the report: it took more than ${timeoutMs} ms`);
}
