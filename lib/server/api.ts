/** Answers /api/…: parameters in, JSON or a stream of events out, as docs/api.md has it. @module */

import { MIN_POINTS } from "../history/mod.ts";
import type { Answers, Hub } from "../live/mod.ts";
import { streamOf } from "./body_stream.ts";

export const API_PATHS = ["/api/sessions", "/api/history", "/api/state", "/api/events"] as const;
type ApiPath = (typeof API_PATHS)[number];

const POINTS = 2000;
const MAX_POINTS = 20_000;
/** Bytes that are being sent to all readers at once; whoever asks then has to wait. */
const MAX_SENDING_BYTES = 32 * 1024 * 1024;
/** Up to here compressing is not worth a thread's while. */
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
}

export type Api = (request: ApiRequest) => Promise<Response>;

export function isApiPath(path: string): path is ApiPath {
  return (API_PATHS as readonly string[]).includes(path);
}

/** A request that cannot be answered; the message is for whoever sent it. */
class Unanswerable extends Error {
  readonly status: 400 | 404;
  constructor(status: 400 | 404, message: string) {
    super(message);
    this.status = status;
  }
}

const KNOWN: Readonly<Record<ApiPath, readonly string[]>> = {
  "/api/sessions": [],
  "/api/history": ["session", "from", "points"],
  "/api/state": ["session"],
  "/api/events": ["session"],
};

function checkParameters(path: ApiPath, parameters: URLSearchParams): void {
  for (const name of parameters.keys()) {
    if (!KNOWN[path].includes(name)) {
      throw new Unanswerable(
        400,
        `Cannot answer: the parameter ${quoted(name)} is not known, expected ${
          KNOWN[path].join(", ") || "none"
        }`,
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
  { initial, least, most }: { initial: number; least: number; most: number },
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

export function createApi({ answers, hub, gzip }: ApiOptions): Api {
  let sending = 0;

  function tooBusy(message: string): Response {
    return Response.json({ status: "error", message }, {
      status: 503,
      headers: { "retry-after": "1", "cache-control": "no-store" },
    });
  }

  /** The session that is asked for, else the newest one. */
  function sessionOf(parameters: URLSearchParams): string {
    const asked = parameters.get("session");
    const session = asked ?? answers.newest();
    if (session === undefined) throw new Unanswerable(404, "No game has reported yet");
    if (!answers.has(session)) {
      throw new Unanswerable(404, `No session is known by the name ${quoted(session)}`);
    }
    return session;
  }

  async function json({ isHead, acceptsGzip }: ApiRequest, value: unknown): Promise<Response> {
    const bytes = new TextEncoder().encode(JSON.stringify(value));
    const headers: Record<string, string> = {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store, no-transform",
      vary: "Accept-Encoding",
    };
    let body = bytes;
    if (acceptsGzip && bytes.length > SMALL_BYTES) {
      body = await gzip(bytes);
      headers["content-encoding"] = "gzip";
    }
    headers["content-length"] = String(body.length);
    if (isHead) return new Response(null, { headers });
    if (sending + body.length > MAX_SENDING_BYTES) return tooBusy("Too many answers at once");
    sending += body.length;
    return new Response(streamOf(body, () => sending -= body.length), { headers });
  }

  function events({ parameters, isHead }: ApiRequest): Response {
    // With no game yet, whoever names none waits for the first.
    const session = parameters.has("session") ? sessionOf(parameters) : undefined;
    const headers = {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
    };
    if (isHead) return new Response(null, { headers });
    const stream = hub.open(session);
    if (stream !== undefined) return new Response(stream, { headers });
    return tooBusy("Too many readers at once");
  }

  async function answer(request: ApiRequest): Promise<Response> {
    const { path, parameters } = request;
    checkParameters(path, parameters);
    switch (path) {
      case "/api/sessions":
        return await json(request, answers.sessions());
      case "/api/history": {
        const most = Number.MAX_SAFE_INTEGER;
        const from = wholeNumber(parameters, "from", { initial: 0, least: 0, most });
        const points = wholeNumber(parameters, "points", {
          initial: POINTS,
          least: MIN_POINTS,
          most: MAX_POINTS,
        });
        return await json(request, answers.turns(sessionOf(parameters), from, points));
      }
      case "/api/state": {
        const session = sessionOf(parameters);
        await answers.readOwn();
        return await json(request, {
          ...answers.state(session),
          detail: answers.inventory(session) ?? null,
        });
      }
      case "/api/events":
        return events(request);
    }
  }

  return async (request) => {
    try {
      return await answer(request);
    } catch (error) {
      if (!(error instanceof Unanswerable)) throw error;
      const { status, message } = error;
      return Response.json({ status: "error", message }, {
        status,
        headers: { "cache-control": "no-store" },
      });
    }
  };
}
