/** Reads the body of a posted report as it arrives, within limits of size, time and number. @module */

import { JsonReader, Refused } from "../report/mod.ts";
import { drain, readChunks, release } from "./chunks.ts";
import { type ByteStream, inflated } from "./inflate.ts";

export interface BodyOptions {
  /** Maximum size of a body, in bytes after inflation. */
  readonly maxBytes: number;
  /** Time limit for one body, in milliseconds. Default: 10 s. */
  readonly timeoutMs?: number;
  /** Maximum number of bodies that are read at once. Default: 256. */
  readonly maxBodies?: number;
}

export type ReadBody = (request: Request) => Promise<unknown>;

const TIMEOUT_MS = 10_000;
const MAX_BODIES = 256;
/** All bodies together may hold as many bytes as this number of bodies of the maximum size. */
const HELD_BODIES = 4;

/**
 * Bodies with a known length up to this are read in one piece, which takes Deno a tenth of the time of a
 * stream. Only a few are read like this at once; the others are streamed.
 */
const WHOLE_BYTES = 1 << 20;
const WHOLE_BODIES = 4;

/** Readers that are kept for the next bodies. */
const SPARE_READERS = 4;

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

/** Whether a body is short, according to its Content-Length: the server cuts off the rest of a longer one. */
function isShort({ headers }: Request, maxBytes: number): boolean {
  const length = headers.get("content-length");
  return length !== null && !headers.has("content-encoding") &&
    Number(length) <= Math.min(maxBytes, WHOLE_BYTES);
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

/** Waits for a short body until its time is over. */
function inTime(reading: Promise<Uint8Array<ArrayBuffer>>, timeoutMs: number) {
  return new Promise<Uint8Array<ArrayBuffer>>((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs);
    reading.then((bytes) => {
      clearTimeout(timer);
      resolve(bytes);
    }, (error: Error) => {
      clearTimeout(timer);
      reject(new Refused("aborted", `Cannot read the report: ${error.message}`));
    });
  });
}

/** What a body is read into. `hold` is called with the number of bytes that are held when it changes. */
interface Target {
  readonly json: JsonReader;
  readonly hold: (bytes: number) => void;
}

/** Reads a body in chunks. */
async function readStream(
  request: Request,
  { json, hold }: Target,
  timeoutMs: number,
  spareBuffers: ArrayBuffer[],
): Promise<void> {
  let isOver = false;
  const body = stream(request, () => isOver);
  if (body === null) return;
  const reader = readChunks(body, spareBuffers);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {}); // The reading ends below.
  }, timeoutMs);
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (isLate) throw tooLate(timeoutMs);
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
    throw refusedFor(error as Error);
  } finally {
    clearTimeout(timer);
  }
}

/** Why a body cannot be read. */
function refusedFor(error: Error & { readonly code?: string }): Refused {
  if (error instanceof Refused) return error;
  const isBroken = /^Z_/.test(error.code ?? "");
  return new Refused(
    isBroken ? "gzip" : "aborted",
    `Cannot read the report${isBroken ? " as gzip" : ""}: ${error.message}`,
  );
}

/**
 * Creates a reader of request bodies. It returns the JSON value of a body, and throws `Refused` if a body
 * is not JSON, is too large or too slow, or if too many are being read.
 */
export function createBodyReader(
  { maxBytes, timeoutMs = TIMEOUT_MS, maxBodies = MAX_BODIES }: BodyOptions,
): ReadBody {
  let bodies = 0;
  let heldBytes = 0;
  let wholeBodies = 0;
  const spareBuffers: ArrayBuffer[] = [];
  const spareReaders: JsonReader[] = [];

  /** Reads a short body, which holds all its bytes from the start. */
  async function readWhole(request: Request, { json, hold }: Target): Promise<void> {
    hold(Number(request.headers.get("content-length")));
    const reading = request.bytes();
    wholeBodies++;
    const end = () => wholeBodies--;
    // A body that is too late counts until its connection ends.
    reading.then(end, end);
    const bytes = await inTime(reading, timeoutMs);
    try {
      json.push(bytes);
    } finally {
      release(bytes);
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
      // Subtracted at once, so that no other body is refused because of this one.
      heldBytes -= held;
      held = 0;
      throw tooBusy();
    };
    bodies++;
    try {
      const isWhole = wholeBodies < WHOLE_BODIES && isShort(request, maxBytes);
      if (isWhole) await readWhole(request, { json, hold });
      else await readStream(request, { json, hold }, timeoutMs, spareBuffers);
      return json.finish();
    } finally {
      json.reset();
      if (spareReaders.length < SPARE_READERS) spareReaders.push(json);
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
