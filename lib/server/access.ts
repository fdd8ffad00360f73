/** Decides which requests are accepted: by host, peer and credentials. @module */

import { isLoopback } from "../network/mod.ts";
import { type BasicAuth, tokenMatches } from "./auth.ts";

/** Host names that are accepted on a loopback address. Any other name belongs to someone else. */
const LOCAL_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Whether a Host header names one host and nothing else (RFC 9110, 7.2). The runtime makes the URL of
 * it: a path in it would become the path of the request, and two of them come joined by a comma.
 * HTTP/1.0 and 2 may have none.
 */
export function isHostHeader(host: string | null): boolean {
  return host === null || /^(?:\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?$/i.test(host);
}

/** Whether the host of a URL is an IP address and no name. */
export function isAddress(hostname: string): boolean {
  return hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(hostname);
}

/**
 * Whether a request may be served by the host that it names. A web page cannot read an address of
 * this machine, unless its own name is made to resolve to it: so on a loopback address only the
 * names of this machine are served, and those that are allowed; on another one any, unless some are
 * allowed.
 *
 * @param listening The address that the server listens on.
 */
export function isOwnHost(
  { hostname }: URL,
  listening: string,
  allowed: readonly string[],
): boolean {
  if (!isLoopback(listening) && allowed.length === 0) return true;
  return LOCAL_NAMES.includes(hostname) || hostname === listening ||
    allowed.some((name) => name.toLowerCase() === hostname.replace(/^\[|\]$/g, ""));
}

export interface AccessOptions {
  /** Checks passwords; undefined: no login is required. */
  readonly basicAuth: BasicAuth | undefined;
  readonly token: string | undefined;
  readonly allowRemoteIngest: boolean;
  /** False where a recorded game is shown, in which others must not mix. Default: true. */
  readonly takesReports?: boolean;
}

export interface Access {
  /** Whether data may be read, from `peer`. The answer to send if not. */
  toRead(request: Request, peer: string): Promise<Response | undefined>;
  /** Whether a report may be posted, from `peer`. The answer to send if not. */
  toPost(request: Request, peer: string): Promise<Response | undefined>;
}

/** The scheme with the encoding of names and passwords (RFC 7617, 2.1). */
const BASIC = 'Basic realm="tradesim-exporter", charset="UTF-8"';

function unauthorized(scheme: string): Response {
  return new Response("Unauthorized\n", {
    status: 401,
    headers: { "www-authenticate": scheme, "content-type": "text/plain; charset=utf-8" },
  });
}

/** The answer to a report that is not taken; its shape is TradeSim's. */
function forbidden(message: string): Response {
  return Response.json({ status: "error", message }, { status: 403 });
}

export function createAccess(options: AccessOptions): Access {
  const { basicAuth, token, allowRemoteIngest, takesReports = true } = options;

  async function hasPassword(request: Request, peer: string): Promise<boolean | Response> {
    if (basicAuth === undefined) return false;
    const result = await basicAuth.check(request.headers.get("authorization"), peer);
    if (result !== "busy") return result === "ok";
    return new Response("Too many passwords are being checked\n", {
      status: 503,
      headers: { "retry-after": "1", "content-type": "text/plain; charset=utf-8" },
    });
  }

  return {
    async toRead(request, peer) {
      if (basicAuth === undefined) return undefined;
      const allowed = await hasPassword(request, peer);
      if (allowed instanceof Response) return allowed;
      return allowed ? undefined : unauthorized(BASIC);
    },
    async toPost(request, peer) {
      if (!takesReports) return forbidden("This exporter replays a recorded game");
      if (isLoopback(peer) || allowRemoteIngest) return undefined;
      const header = request.headers.get("authorization");
      if (token !== undefined && tokenMatches(header, token)) return undefined;
      const allowed = await hasPassword(request, peer);
      if (allowed instanceof Response) return allowed;
      if (allowed) return undefined;
      if (basicAuth !== undefined) return unauthorized(BASIC);
      if (token !== undefined) return unauthorized("Bearer");
      return forbidden("Reports are taken from this machine only; see --allow-remote-ingest");
    },
  };
}
