/** Answers /api/…: takes parameters, gives JSON or a stream of events; see docs/api.md. @module */

import type { Answers, Hub } from "../live/mod.ts";
import { MIN_POINTS } from "../turns/mod.ts";
import { streamOf } from "./body_stream.ts";
import { BUSY, createFairQueue } from "./fair_queue.ts";

/** The parameters of each path. */
const PARAMETERS = {
  "/api/sessions": [],
  "/api/history": ["session", "from", "points"],
  "/api/state": ["session"],
  "/api/events": ["session"],
} satisfies Readonly<Record<string, readonly string[]>>;
type ApiPath = keyof typeof PARAMETERS;
export const API_PATHS = Object.keys(PARAMETERS) as readonly ApiPath[];

const FROM = { initial: 0, least: 0, most: Number.MAX_SAFE_INTEGER };
const POINTS = { initial: 2000, least: MIN_POINTS, most: 20_000 };
/** Maximum number of bytes being sent to all readers; further requests get 503. */
const MAX_SENDING_BYTES = 32 * 1024 * 1024;
/** Maximum number of history requests that wait, one after the other; further ones get 503. */
const MAX_WAITING = 64;
/** How long other requests wait for a piece of the history, and then get time of their own. */
const SLICE_MS = 1;
const PAUSE_MS = 2;
/** Up to this size, compression does not need a worker. */
const SMALL_BYTES = 4096;

export interface ApiOptions {
  readonly answers: Answers;
  readonly hub: Hub;
  /** Compresses off the event loop; takes the buffer. */
  readonly gzip: (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array<ArrayBuffer>>;
}

/** What a request asks for. */
export interface ApiRequest {
  readonly path: ApiPath;
  readonly parameters: URLSearchParams;
  readonly isHead: boolean;
  readonly acceptsGzip: boolean;
  /** The address that asks: each has its turn. */
  readonly peer?: string;
}

export type Api = (request: ApiRequest) => Promise<Response>;

/** A request that cannot be answered; the message is for its sender. */
class Unanswerable extends Error {
  readonly status: 400 | 404;
  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

function checkParameters(path: ApiPath, parameters: URLSearchParams): void {
  const known: readonly string[] = PARAMETERS[path];
  for (const name of parameters.keys()) {
    if (!known.includes(name)) {
      const expected = known.join(", ") || "none";
      throw new Unanswerable(
        400,
        `Cannot answer: the parameter ${quoted(name)} is not known, expected ${expected}`,
      );
    }
    if (parameters.getAll(name).length > 1) {
      throw new Unanswerable(400, `Cannot answer: the parameter "${name}" is given twice`);
    }
  }
}

function quoted(text: string): string {
  return JSON.stringify(text.length <= 128 ? text : `${text.slice(0, 128)}…`);
}

function wholeNumber(
  parameters: URLSearchParams,
  name: string,
  { initial, least, most }: typeof POINTS,
): number {
  const text = parameters.get(name);
  if (text === null) return initial;
  const value = Number(text);
  if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
  throw new Unanswerable(
    400,
    `Cannot answer: "${name}" is ${quoted(text)}, expected a whole number from ${least} to ${most}`,
  );
}

const encoder = new TextEncoder();
/** What gzip begins with, and no JSON does. */
const GZIP_MAGIC = 0x1f;

/** Puts pieces of text together; other work has its turn in between. */
async function gather(pieces: Iterable<string>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  let since = performance.now();
  for (const piece of pieces) {
    const part = encoder.encode(piece);
    parts.push(part);
    length += part.length;
    if (performance.now() - since < SLICE_MS) continue;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    since = performance.now();
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function isWorthPacking({ acceptsGzip }: ApiRequest, bytes: Uint8Array): boolean {
  return acceptsGzip && bytes.length > SMALL_BYTES;
}

function failure(status: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ status: "error", message }, {
    status,
    headers: { "cache-control": "no-store", ...headers },
  });
}

function tooBusy(message: string): Response {
  return failure(503, message, { "retry-after": "1" });
}

/** Answers requests, a bounded number of bytes of them at once. */
class Sender {
  #sending = 0;
  readonly #queue = createFairQueue(MAX_WAITING);
  /** Answers in progress, by everything that they depend on. */
  readonly #pending = new Map<string, Promise<Uint8Array<ArrayBuffer> | typeof BUSY>>();

  readonly #answer: Record<ApiPath, (request: ApiRequest) => ReturnType<Api> | Response> = {
    "/api/sessions": (request) => this.#json(request, this.options.answers.sessions()),
    "/api/history": (request) => {
      const { parameters } = request;
      const from = wholeNumber(parameters, "from", FROM);
      const points = wholeNumber(parameters, "points", POINTS);
      return this.#past(request, this.#sessionOf(parameters), from, points);
    },
    "/api/state": async (request) => {
      const { answers } = this.options;
      const session = this.#sessionOf(request.parameters);
      await answers.readOwn();
      const detail = answers.inventory(session) ?? null;
      return await this.#json(request, { ...answers.state(session), detail });
    },
    "/api/events": (request) => this.#events(request),
  };

  constructor(private readonly options: ApiOptions) {}

  readonly ask: Api = async (request) => {
    try {
      checkParameters(request.path, request.parameters);
      return await this.#answer[request.path](request);
    } catch (error) {
      if (!(error instanceof Unanswerable)) throw error;
      return failure(error.status, error.message);
    }
  };

  /** The requested session, else the newest one. */
  #sessionOf(parameters: URLSearchParams): string {
    const { answers } = this.options;
    const session = parameters.get("session") ?? answers.newest();
    if (session === undefined) throw new Unanswerable(404, "No game has reported yet");
    if (!answers.has(session)) {
      throw new Unanswerable(404, `No session is known by the name ${quoted(session)}`);
    }
    return session;
  }

  async #json(request: ApiRequest, value: unknown): Promise<Response> {
    const bytes = encoder.encode(JSON.stringify(value));
    const isPacked = isWorthPacking(request, bytes);
    return this.#send(request, isPacked ? await this.options.gzip(bytes) : bytes, isPacked);
  }

  #send({ isHead }: ApiRequest, body: Uint8Array, isPacked: boolean): Response {
    const headers: Record<string, string> = {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store, no-transform",
      vary: "Accept-Encoding",
      "content-length": String(body.length),
    };
    if (isPacked) headers["content-encoding"] = "gzip";
    if (isHead) return new Response(null, { headers });
    if (this.#sending + body.length > MAX_SENDING_BYTES) {
      return tooBusy("Too many answers at once");
    }
    this.#sending += body.length;
    return new Response(streamOf(body, () => this.#sending -= body.length), { headers });
  }

  /** A part of the history: made once for all equal requests, and without blocking others for long. */
  async #past(
    request: ApiRequest,
    session: string,
    from: number,
    points: number,
  ): Promise<Response> {
    if (this.#sending >= MAX_SENDING_BYTES) return tooBusy("Too many answers at once");
    const { acceptsGzip, peer = "" } = request;
    const key = JSON.stringify([session, from, points, acceptsGzip, this.options.answers.revision]);
    let made = this.#pending.get(key);
    if (made === undefined) {
      made = this.#queue.run(peer, async () => {
        const bytes = await gather(this.options.answers.turns(session, from, points));
        return isWorthPacking(request, bytes) ? await this.options.gzip(bytes) : bytes;
      }).finally(() => this.#pending.delete(key));
      this.#pending.set(key, made);
    }
    const bytes = await made;
    if (bytes === BUSY) return tooBusy("Too many questions about the past at once");
    return this.#send(request, bytes, bytes[0] === GZIP_MAGIC);
  }

  #events({ parameters, isHead }: ApiRequest): Response {
    // Without any game yet, a stream without a session waits for the first.
    const session = parameters.has("session") ? this.#sessionOf(parameters) : undefined;
    const headers = {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      // nginx would keep events back until it has some kilobytes of them.
      "x-accel-buffering": "no",
    };
    if (isHead) return new Response(null, { headers });
    const stream = this.options.hub.open(session);
    if (stream !== undefined) return new Response(stream, { headers });
    return tooBusy("Too many readers at once");
  }
}

export const createApi = (options: ApiOptions): Api => new Sender(options).ask;
