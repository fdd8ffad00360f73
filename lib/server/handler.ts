/** Answers requests: which path, which method, who may, and what comes back. @module */

import { CONTENT_TYPE, type Exposition } from "../exposition/mod.ts";
import type { Log, TellKind } from "../log/mod.ts";
import type { Intake } from "../model/mod.ts";
import { type Asset, PAGE_ASSETS, PAGE_POLICY, pageHtml } from "../page/mod.ts";
import { type RefusalReason, Refused } from "../report/mod.ts";
import type { ReadBody } from "../source/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import { type Access, isAddress, isHostHeader, isOwnHost } from "./access.ts";
import { type Api, API_PATHS, isApiPath } from "./api.ts";
import { streamOf } from "./body_stream.ts";
import {
  chooseLanguage,
  LANDING_POLICY,
  type LandingFacts,
  landingPage,
  type Language,
} from "./landing.ts";

/** Where TradeSim posts its reports. */
const INGEST_PATH = "/update_metrics";

const PROBE_PATHS: readonly string[] = ["/-/healthy", "/-/ready"];

/** The exporter's own paths, which the metrics cannot have. */
export const OWN_PATHS: readonly string[] = [
  ...["/", "/about", "/health", INGEST_PATH],
  ...PROBE_PATHS,
  ...API_PATHS,
  ...PAGE_ASSETS.keys(),
];

/** Maximum number of requests at once. A further one gets 503, unless it is a scrape or a probe. */
const MAX_REQUESTS = 512;
/** Answers to scrapes that are being sent at once, as many as Prometheus' own exporters allow. */
const MAX_ANSWERS = 40;

export interface HandlerOptions {
  readonly exposition: Exposition;
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

/** What a refused report is answered with. */
const STATUS_OF: Readonly<Partial<Record<RefusalReason, number>>> = {
  content_type: 415,
  encoding: 415,
  timeout: 408,
  busy: 503,
  too_large: 413,
};

/** What turns a request away before it is looked at. */
const REQUEST_REFUSALS = ["busy", "host", "method", "path", "access"] as const;

export function createHandler(options: HandlerOptions): Handler {
  const { exposition, intake, readBody, access, telemetry, log, tellKind, telemetryPath, headers } =
    options;
  for (const reason of REQUEST_REFUSALS) {
    telemetry.count("tradesim_exporter_requests_refused_total", { reason }, 0);
  }
  let requests = 0;
  let answers = 0;

  function refuse(
    reason: (typeof REQUEST_REFUSALS)[number],
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

  async function scrape(request: Request): Promise<Response> {
    const started = performance.now();
    const wantsGzip = acceptsGzip(request.headers.get("accept-encoding"));
    const bytes = wantsGzip ? await exposition.gzip() : await exposition.bytes();
    const head: Record<string, string> = {
      "content-type": CONTENT_TYPE,
      "content-length": String(bytes.length),
      vary: "Accept-Encoding",
    };
    if (wantsGzip) head["content-encoding"] = "gzip";
    // Some versions of Deno compress by themselves unless told otherwise.
    else head["cache-control"] = "no-transform";
    // The body of an answer to HEAD is never read, so its end would never come.
    const isRead = request.method !== "HEAD";
    if (isRead) answers++;
    const body = isRead ? streamOf(bytes, () => answers--) : bytes;
    const response = new Response(body, { headers: head });
    telemetry.observe(
      "tradesim_exporter_scrape_duration_seconds",
      (performance.now() - started) / 1000,
    );
    return response;
  }

  async function ingest(request: Request, peer: string): Promise<Response> {
    const started = performance.now();
    const denied = await access.toPost(request, peer);
    if (denied !== undefined) {
      telemetry.count("tradesim_exporter_requests_refused_total", { reason: "access" });
      await request.body?.cancel();
      return denied;
    }
    try {
      const value = await readBody(request).catch((error) => {
        if (error instanceof Refused) intake.refuse("post", error.reason);
        throw error;
      });
      intake.take(value, "post", options.now());
      // The words are TradeSim's own answer, which its simulation knows.
      return Response.json({ status: "success", message: "Métriques mises à jour" });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const status = STATUS_OF[error.reason] ?? 400;
      tellKind(`post ${error.reason} ${peer}`, (times) =>
        log.warn("A posted report was rejected", {
          reason: error.reason,
          message: error.message,
          from: peer,
          times,
        }));
      return Response.json({ status: "error", message: error.message }, {
        status,
        headers: status === 503 ? { "retry-after": "1" } : {},
      });
    } finally {
      telemetry.observe(
        "tradesim_exporter_report_duration_seconds",
        (performance.now() - started) / 1000,
        { source: "post" },
      );
    }
  }

  /** Answers what only reads, behind the door. */
  function read(
    url: URL,
    request: Request,
    peer: string,
  ): Promise<Response> | Response | undefined {
    const { pathname: path, searchParams: parameters } = url;
    if (isApiPath(path)) {
      return options.api({
        path,
        parameters,
        isHead: request.method === "HEAD",
        acceptsGzip: acceptsGzip(request.headers.get("accept-encoding")),
        peer,
      });
    }
    switch (path) {
      case telemetryPath:
        return answers < MAX_ANSWERS ? scrape(request) : tooBusy();
      case "/":
        return html(pageHtml(languageOf(request)), PAGE_POLICY);
      case "/about":
        return html(landingPage(options.facts(), languageOf(request)), LANDING_POLICY);
      case "/health":
        return Response.json({
          status: "healthy",
          uptime: options.facts().uptime,
          metrics_enabled: true,
        });
      default: {
        const asset = PAGE_ASSETS.get(path);
        return asset && sendAsset(asset, request);
      }
    }
  }

  /** Answers probes, which need no password. */
  function probe(path: string): Response | undefined {
    switch (path) {
      case "/-/healthy":
        return new Response("OK\n", { headers: TEXT });
      case "/-/ready":
        return options.isReady()
          ? new Response("Ready\n", { headers: TEXT })
          : new Response("Not ready\n", { status: 503, headers: TEXT });
      default:
        return undefined;
    }
  }

  async function route(
    request: Request,
    { listening, peer, isReserved = false }: Connection,
  ): Promise<Response> {
    const url = URL.parse(request.url);
    if (url === null || !isHostHeader(request.headers.get("host"))) {
      return refuse("host", 400, "Expected a host and a path");
    }
    const { pathname } = url;
    const isProbe = PROBE_PATHS.includes(pathname);
    // Kubelets and load balancers ask by address; the answers reveal nothing about a game.
    const isOwn = isOwnHost(request.url, listening, options.allowedHosts) ||
      (isProbe && isAddress(url.hostname));
    if (!isOwn) {
      tellKind(
        `host ${peer}`,
        (times) =>
          log.warn("Rejected a request for another host", {
            host: url.hostname,
            from: peer,
            times,
            remedy: `--allowed-host ${url.hostname}`,
          }),
      );
      return refuse("host", 421, "This host name is not accepted; see --allowed-host");
    }
    const isTelling = pathname === telemetryPath || isProbe;
    if (!isTelling && (isReserved || requests > MAX_REQUESTS)) return tooBusy(isReserved);
    if (pathname === INGEST_PATH) {
      if (request.method === "POST") return await ingest(request, peer);
      return refuse("method", 405, "Expected POST", { allow: "POST" });
    }
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead) {
      const isKnown = pathname === telemetryPath || OWN_PATHS.includes(pathname);
      return isKnown
        ? refuse("method", 405, "Expected GET or HEAD", { allow: "GET, HEAD" })
        : refuse("path", 404, "Not found");
    }
    const probed = probe(pathname);
    if (probed !== undefined) return probed;
    const denied = await access.toRead(request, peer);
    if (denied !== undefined) {
      telemetry.count("tradesim_exporter_requests_refused_total", { reason: "access" });
      return denied;
    }
    return await read(url, request, peer) ?? refuse("path", 404, "Not found");
  }

  return async (request, connection) => {
    requests++;
    try {
      const response = await route(request, connection);
      response.headers.set("x-content-type-options", "nosniff");
      for (const [name, value] of Object.entries(headers())) response.headers.set(name, value);
      return response;
    } finally {
      requests--;
    }
  };
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
  const wantsGzip = acceptsGzip(request.headers.get("accept-encoding"));
  return new Response(wantsGzip ? asset.gzip() : asset.bytes, {
    headers: {
      "content-type": asset.type,
      // An answer behind a password must not be cached for others.
      "cache-control": "private, max-age=31536000, immutable, no-transform",
      vary: "Accept-Encoding",
      ...(wantsGzip ? { "content-encoding": "gzip" } : {}),
    },
  });
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
