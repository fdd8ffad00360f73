/** Answers requests by one table: path, methods, guard, handler. @module */

import { CONTENT_TYPE, type Exposition } from "../exposition/mod.ts";
import type { Log, TellKind } from "../log/mod.ts";
import type { Intake } from "../ingest/mod.ts";
import { type Asset, PAGE_ASSETS, PAGE_POLICY, pageHtml } from "../page/mod.ts";
import { type RefusalReason, Refused } from "../report/mod.ts";
import type { ReadBody } from "../source/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import { type Access, isAddress, isHostHeader, isOwnHost } from "./access.ts";
import { type Api, API_PATHS } from "./api.ts";
import { streamOf } from "./body_stream.ts";
import {
  chooseLanguage,
  LANDING_POLICY,
  type LandingFacts,
  landingPage,
  type Language,
} from "./landing.ts";

/** Maximum number of requests at once. A further one gets 503, unless it is a scrape or a probe. */
const MAX_REQUESTS = 512;
/** Answers to scrapes that are being sent at once, as many as Prometheus' own exporters allow. */
const MAX_ANSWERS = 40;

export interface HandlerOptions {
  readonly exposition: Pick<Exposition, "bytes" | "gzip">;
  readonly intake: Intake;
  readonly readBody: ReadBody;
  readonly access: Access;
  /** Names that it may be asked by, besides this machine's own. */
  readonly allowedHosts: readonly string[];
  readonly api: Api;
  readonly telemetry: Telemetry;
  readonly log: Log;
  /** Logs what a client can repeat at will. */
  readonly tellKind: TellKind;
  readonly telemetryPath: string;
  /** Headers that every answer carries, from the web configuration. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** Whether sources are open and the state is restored, and no shutdown has begun. */
  readonly isReady: () => boolean;
  readonly facts: () => LandingFacts;
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

/** The two addresses of a connection. */
export interface Connection {
  readonly listening: string;
  readonly peer: string;
  /** Whether it is one of the last connections, which are kept for scrapes and probes. */
  readonly isReserved?: boolean;
}

export type Handler = (request: Request, connection: Connection) => Promise<Response>;

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;

/** Names of other hosts that are logged apart; all further ones are logged as one. */
const MAX_NAMES = 20;

/** What a refused report is answered with; else 400. */
const STATUS_OF: Readonly<Partial<Record<RefusalReason, number>>> = {
  content_type: 415,
  encoding: 415,
  timeout: 408,
  busy: 503,
  too_large: 413,
};

/** What turns a request away before it is looked at. */
const REQUEST_REFUSALS = ["busy", "host", "method", "path", "access"] as const;
type RequestRefusal = (typeof REQUEST_REFUSALS)[number];

/** A request, and whom it comes from. */
interface Asked {
  readonly request: Request;
  readonly url: URL;
  readonly peer: string;
}

/** What answers are made from. */
interface Context extends HandlerOptions, ReturnType<typeof createRefusals> {
  /** Answers to scrapes that are being sent. */
  sending: number;
}

interface Route {
  readonly methods: readonly string[];
  /** Who may; without it anyone, since the answer reveals nothing about a game. */
  readonly guard?: keyof Access;
  /** Whether it is answered when others are too busy, and on the connections kept for it. */
  readonly isKept?: boolean;
  readonly handle: (context: Context, asked: Asked) => Promise<Response> | Response;
}

function reading(handle: Route["handle"]): Route {
  return { methods: ["GET", "HEAD"], guard: "toRead", handle };
}

function probe(handle: Route["handle"]): Route {
  return { methods: ["GET", "HEAD"], isKept: true, handle };
}

const SCRAPE: Route = { ...reading(scrape), isKept: true };
/** Nobody learns without the password which paths there are. */
const UNKNOWN: Route = reading(({ refuse }) => refuse("path", 404, "Not found"));

const ROUTES: Readonly<Record<string, Route>> = {
  "/": reading((_, { request }) => html(pageHtml(languageOf(request)), PAGE_POLICY)),
  "/about": reading(({ facts }, { request }) =>
    html(landingPage(facts(), languageOf(request)), LANDING_POLICY)
  ),
  "/health": reading(({ facts }) =>
    Response.json({ status: "healthy", uptime: facts().uptime, metrics_enabled: true })
  ),
  // Where TradeSim posts its reports.
  "/update_metrics": { methods: ["POST"], guard: "toPost", handle: ingest },
  "/-/healthy": probe(() => new Response("OK\n", { headers: TEXT })),
  "/-/ready": probe(({ isReady }) =>
    isReady()
      ? new Response("Ready\n", { headers: TEXT })
      : new Response("Not ready\n", { status: 503, headers: TEXT })
  ),
  ...Object.fromEntries(API_PATHS.map((path) => [
    path,
    reading(({ api }, { request, url, peer }) =>
      api({
        path,
        parameters: url.searchParams,
        isHead: request.method === "HEAD",
        acceptsGzip: wantsGzip(request),
        peer,
      })
    ),
  ])),
  ...Object.fromEntries([...PAGE_ASSETS].map(([path, asset]) => [
    path,
    reading((_, { request }) => sendAsset(asset, request)),
  ])),
};

/** The exporter's own paths, which the metrics cannot have. */
export const OWN_PATHS: readonly string[] = Object.keys(ROUTES);

/** Answers to requests that are not looked at any further, each counted. */
function createRefusals({ telemetry, log, tellKind }: HandlerOptions) {
  const names = new Set<string>();
  for (const reason of REQUEST_REFUSALS) {
    telemetry.count("tradesim_exporter_requests_refused_total", { reason }, 0);
  }

  function refuse(
    reason: RequestRefusal,
    status: number,
    text: string,
    extra: Record<string, string> = {},
  ): Response {
    telemetry.count("tradesim_exporter_requests_refused_total", { reason });
    return new Response(`${text}\n`, { status, headers: { ...TEXT, ...extra } });
  }

  function tooBusy(isReserved = false): Response {
    return refuse("busy", 503, "Too many requests at once", {
      "retry-after": "1",
      ...(isReserved ? { connection: "close" } : {}),
    });
  }

  function refuseHost(host: string, peer: string): Response {
    // Each name is logged, but a client that makes names up must not fill the log.
    if (names.size < MAX_NAMES) names.add(host);
    tellKind(
      `host ${names.has(host) ? host : ""}`,
      (times) =>
        log.warn("Rejected a request for another host", {
          host,
          from: peer,
          times,
          remedy: `--allowed-host ${host}`,
        }),
    );
    return refuse("host", 421, "This host name is not accepted; see --allowed-host");
  }

  return { refuse, tooBusy, refuseHost };
}

export function createHandler(options: HandlerOptions): Handler {
  const { access, telemetry, telemetryPath, headers } = options;
  const refusals = createRefusals(options);
  const routes = new Map([...Object.entries(ROUTES), [telemetryPath, SCRAPE]]);
  const context: Context = { ...options, ...refusals, sending: 0 };
  let requests = 0;

  async function answer(
    request: Request,
    { listening, peer, isReserved = false }: Connection,
  ): Promise<Response> {
    const url = URL.parse(request.url);
    if (url === null || !isHostHeader(request.headers.get("host"))) {
      return refusals.refuse("host", 400, "Expected a host and a path");
    }
    const asked: Asked = { request, url, peer };
    const route = routes.get(url.pathname) ?? UNKNOWN;
    const { methods, guard, isKept = false } = route;
    // Kubelets and load balancers ask by address.
    const isOwn = isOwnHost(url, listening, options.allowedHosts) ||
      (guard === undefined && isAddress(url.hostname));
    if (!isOwn) return refusals.refuseHost(url.hostname, peer);
    if (!isKept && (isReserved || requests > MAX_REQUESTS)) return refusals.tooBusy(isReserved);
    if (!methods.includes(request.method)) {
      if (route === UNKNOWN) return route.handle(context, asked);
      return refusals.refuse("method", 405, `Expected ${methods.join(" or ")}`, {
        allow: methods.join(", "),
      });
    }
    const denied = guard && await access[guard](request, peer);
    if (denied === undefined) return await route.handle(context, asked);
    telemetry.count("tradesim_exporter_requests_refused_total", { reason: "access" });
    await request.body?.cancel();
    return denied;
  }

  return async (request, connection) => {
    requests++;
    try {
      const response = await answer(request, connection);
      response.headers.set("x-content-type-options", "nosniff");
      for (const [name, value] of Object.entries(headers())) response.headers.set(name, value);
      return response;
    } finally {
      requests--;
    }
  };
}

async function scrape(context: Context, { request }: Asked): Promise<Response> {
  if (context.sending >= MAX_ANSWERS) return context.tooBusy();
  const { exposition, telemetry } = context;
  const started = performance.now();
  const isPacked = wantsGzip(request);
  const bytes = isPacked ? await exposition.gzip() : await exposition.bytes();
  // The body of an answer to HEAD is never read, so its end would never come.
  const isRead = request.method !== "HEAD";
  if (isRead) context.sending++;
  const body = isRead ? streamOf(bytes, () => context.sending--) : bytes;
  const response = new Response(body, {
    headers: {
      "content-type": CONTENT_TYPE,
      "content-length": String(bytes.length),
      vary: "Accept-Encoding",
      // Some versions of Deno compress by themselves unless told otherwise.
      ...(isPacked ? { "content-encoding": "gzip" } : { "cache-control": "no-transform" }),
    },
  });
  telemetry.observe("tradesim_exporter_scrape_duration_seconds", secondsSince(started));
  return response;
}

async function ingest(context: Context, { request, peer }: Asked): Promise<Response> {
  const { intake, log, tellKind, telemetry } = context;
  const started = performance.now();
  try {
    intake.take(await context.readBody(request), "post", context.now());
    // The words are TradeSim's own answer, which its simulation knows.
    return Response.json({ status: "success", message: "Métriques mises à jour" });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { reason, message } = error;
    intake.refuse("post", reason);
    const status = STATUS_OF[reason] ?? 400;
    tellKind(
      `post ${reason} ${peer}`,
      (times) => log.warn("A posted report was rejected", { reason, message, from: peer, times }),
    );
    return Response.json({ status: "error", message }, {
      status,
      headers: status === 503 ? { "retry-after": "1" } : {},
    });
  } finally {
    telemetry.observe("tradesim_exporter_report_duration_seconds", secondsSince(started), {
      source: "post",
    });
  }
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

function languageOf(request: Request): Language {
  return chooseLanguage(request.headers.get("accept-language"));
}

/** A page in the reader's language. */
function html(text: string, policy: string): Response {
  return new Response(text, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-cache",
      vary: "Accept-Language",
    },
  });
}

function sendAsset(asset: Asset, request: Request): Response {
  const isPacked = wantsGzip(request);
  return new Response(isPacked ? asset.gzip() : asset.bytes, {
    headers: {
      "content-type": asset.type,
      // An answer behind a password must not be cached for others.
      "cache-control": "private, max-age=31536000, immutable, no-transform",
      vary: "Accept-Encoding",
      ...(isPacked ? { "content-encoding": "gzip" } : {}),
    },
  });
}

function wantsGzip(request: Request): boolean {
  return acceptsGzip(request.headers.get("accept-encoding"));
}

/** Whether gzip is wanted: named, or covered by `*`, and not with a weight of 0 (RFC 9110, 12.5.3). */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  let any = false;
  for (const item of (acceptEncoding ?? "").toLowerCase().split(",")) {
    const [coding, ...parameters] = item.split(";").map((part) => part.trim());
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    if (coding === "gzip" || coding === "x-gzip") return !isRefused;
    if (coding === "*") any = !isRefused;
  }
  return any;
}
