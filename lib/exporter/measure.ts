/** Measures the requests of the program that an exporter is a part of. @module */

import { HTTP_METHODS, HTTP_SECONDS_BUCKETS } from "../catalogue/mod.ts";
import {
  isLabelValue,
  MAX_WEB_ROWS,
  OTHER_ROUTE,
  restLabels,
  UNMATCHED_ROUTE,
  type WebReport,
  type WebRow,
} from "../report/mod.ts";

/** How often what was answered is handed on, unless somebody asks before, in milliseconds. */
const INTERVAL_MS = 1000;
const METHODS: ReadonlySet<string> = new Set(HTTP_METHODS);
const SERVER_ERROR = 500;
/** The code of a request whose client left before there was a response, as nginx has it. */
const CLIENT_CLOSED_REQUEST = 499;

/** A handler of Fetch requests, such as `Deno.serve` takes. */
export type FetchHandler<Info = Deno.ServeHandlerInfo> = (
  request: Request,
  info: Info,
) => Response | Promise<Response>;

/** What is used of Hono's context. */
export interface HonoContext {
  readonly req: { readonly raw: Request; readonly routePath: string };
  readonly res: Response;
  readonly error: Error | undefined;
  readonly env: unknown;
}

export interface MeasureOptions {
  /** The template of a request's route, never its path. Default: `unmatched`. */
  readonly route?: (request: Request) => string | undefined;
}

/** What an exporter measures of its own program. */
export interface Measuring {
  /** Gives a handler that measures what the given one answers. */
  measure<Info extends Partial<Deno.ServeHandlerInfo> | undefined>(
    handler: FetchHandler<Info>,
    options?: MeasureOptions,
  ): FetchHandler<Info>;
  /** Middleware for Hono, which knows the routes: `app.use(exporter.hono())`. */
  hono(): (context: HonoContext, next: () => Promise<void>) => Promise<void>;
}

/** Also hands on what was measured. */
export interface Measured extends Measuring {
  /** Hands on what has changed since the last time. */
  flush(): void;
  /** The same for the last time. */
  close(): void;
}

interface Row {
  readonly labels: WebRow["labels"];
  readonly counts: number[];
  sum: number;
}

/** What one process has answered since it began, and what it is answering. */
class Answered {
  readonly #session = `web-${crypto.randomUUID()}`;
  readonly #rows = new Map<string, Row>();
  readonly #active = new Map<string, number>();
  #order = 0;
  #changes = 0;
  #reported = 0;

  begin(method: string): void {
    this.#active.set(method, (this.#active.get(method) ?? 0) + 1);
    this.#changes++;
  }

  end(method: string, route: string, status: number, error: string, seconds: number): void {
    const labels = [method, route, String(status), error] as const;
    const row = this.#rows.get(labels.join("\0")) ?? this.#row(labels);
    const bucket = HTTP_SECONDS_BUCKETS.findIndex((bound) => seconds <= bound);
    row.counts[bucket < 0 ? HTTP_SECONDS_BUCKETS.length : bucket]!++;
    row.sum += seconds;
    this.#active.set(method, this.#active.get(method)! - 1);
    this.#changes++;
  }

  /** The row of a request that is the first of its kind, or one too many. */
  #row([method, route, status, error]: WebRow["labels"]): Row {
    const labels = this.#rows.size >= MAX_WEB_ROWS ? restLabels(status, error) : [
      method,
      isLabelValue(route) ? route : OTHER_ROUTE,
      status,
      error === "" || isLabelValue(error) ? error : "_OTHER",
    ] as const;
    const key = labels.join("\0");
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { labels, counts: [0, ...HTTP_SECONDS_BUCKETS.map(() => 0)], sum: 0 };
      this.#rows.set(key, row);
    }
    return row;
  }

  /** A report of all of it; undefined where nothing has changed since the last one. */
  report(finished = false): WebReport | undefined {
    if (this.#changes === this.#reported && (!finished || this.#order === 0)) return undefined;
    this.#reported = this.#changes;
    const rows = Array.from(this.#rows.values(), (row) => ({ ...row, counts: [...row.counts] }));
    const active = new Map(finished ? [] : this.#active);
    return { session: this.#session, order: ++this.#order, finished, rows, active };
  }
}

/** Requests that are measured, so that nobody counts them twice. */
const measured = new WeakSet<Request>();

/** Ends the measuring of a request. */
type End = (route: string | undefined, status: number, error?: string) => void;

/** Counts what one process answers, and hands on what has changed. Nothing is kept until something is counted. */
class Counter {
  readonly #handOn: (report: WebReport) => void;
  readonly #tell: (sentence: string) => void;
  #answered: Answered | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(handOn: (report: WebReport) => void, tell: (sentence: string) => void) {
    this.#handOn = handOn;
    this.#tell = tell;
  }

  /** Begins to measure a request; undefined where somebody does already, or after the end. */
  begin(request: Request): End | undefined {
    if (this.#isClosed) return undefined;
    if (measured.has(request)) {
      this.#tell("A request is measured twice; it counts once");
      return undefined;
    }
    measured.add(request);
    const answered = this.#answered ??= this.#start();
    const method = METHODS.has(request.method) ? request.method : "_OTHER";
    answered.begin(method);
    const began = performance.now();
    return (route = UNMATCHED_ROUTE, status, error = "") => {
      const kind = error === "" && status >= SERVER_ERROR ? String(status) : error;
      answered.end(method, route, status, kind, (performance.now() - began) / 1000);
    };
  }

  #start(): Answered {
    this.#timer = setInterval(() => this.flush(), INTERVAL_MS);
    Deno.unrefTimer(this.#timer);
    return new Answered();
  }

  flush(isLast = false): void {
    const report = this.#answered?.report(isLast);
    if (report !== undefined) this.#handOn(report);
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush(true);
    this.#isClosed = true;
  }
}

/**
 * Makes what measures requests.
 *
 * @param handOn Takes reports of this process.
 * @param tell Takes a sentence about a wrong use, as often as it occurs.
 */
export function createMeasured(
  handOn: (report: WebReport) => void,
  tell: (sentence: string) => void,
): Measured {
  const counter = new Counter(handOn, tell);
  return {
    measure: (handler, { route = () => undefined } = {}) => async (request, info) => {
      const end = counter.begin(request);
      if (end === undefined) return await handler(request, info);
      const find = () => {
        try {
          return route(request);
        } catch {
          tell("The route of a request cannot be told, because the function for it throws");
          return undefined;
        }
      };
      try {
        const response = await handler(request, info);
        // What is no response throws here, where the server expects it.
        const { status } = response;
        // Now, because a request that was answered cannot be looked at any more.
        const found = find();
        whenSent(info, () => end(found, status));
        return response;
      } catch (error) {
        fail(end, find(), error);
        throw error;
      }
    },
    hono: () => async (context, next) => {
      const end = counter.begin(context.req.raw);
      try {
        await next();
      } catch (error) {
        // Hono answers errors itself, and hands on whatever else was thrown.
        if (end !== undefined) fail(end, routeIn(context), error);
        throw error;
      }
      if (end === undefined) return;
      const { error, res: { status } } = context;
      const route = routeIn(context);
      whenSent(context.env, () => end(route, status, error === undefined ? "" : nameOf(error)));
    },
    flush: () => counter.flush(),
    close: () => counter.close(),
  };
}

/** Where nothing else fits, the measuring middleware is itself the route. */
function routeIn({ req: { routePath } }: HonoContext): string | undefined {
  return /^\/?\*$/.test(routePath) ? undefined : routePath;
}

/** Counts a request whose handler has thrown. */
function fail(end: End, route: string | undefined, error: unknown): void {
  if (isAbort(error)) end(route, CLIENT_CLOSED_REQUEST);
  else end(route, SERVER_ERROR, nameOf(error));
}

/** Calls when a response was sent, its stream included, where the server tells that, and else now. */
function whenSent(info: unknown, then: () => void): void {
  const completed = (info as Partial<Deno.ServeHandlerInfo> | undefined)?.completed;
  // A client that has left is no error.
  if (completed === undefined) then();
  else completed.then(then, then);
}

/** Whether a handler has stopped because the client has left. */
function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** The class of what was thrown. */
function nameOf(error: unknown): string {
  return (error instanceof Error && error.constructor.name) || "Error";
}
