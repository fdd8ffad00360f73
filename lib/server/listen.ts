/** Opens a port and passes requests to the handler. @module */

import type { Log } from "../log/mod.ts";
import { NotRead } from "../live/mod.ts";
import { formatAddress } from "../network/mod.ts";
import { ListenError, listenError, reasonOf } from "./address.ts";
import type { Connections } from "./connections.ts";
import { CountedPort, ownServeConnection, type ServeConnection } from "./counted_port.ts";
import type { Handler } from "./handler.ts";
import type { Listening, PortOptions } from "./port.ts";
import type { WebConfig } from "./web_config.ts";

export interface ListenOptions {
  readonly tls: WebConfig["tls"];
  readonly handler: Handler;
  readonly connections: Connections;
  readonly log: Log;
  /** Default: Deno's own. */
  readonly serveConnection?: ServeConnection | undefined;
}

/**
 * Listens on an address; port 0 takes a free one. What is logged is the real port, once it is open.
 *
 * @throws {ListenError} When the address cannot be listened on.
 */
export function listen(
  address: { readonly hostname: string; readonly port: number },
  options: ListenOptions,
): Listening {
  const { tls, handler, connections, log } = options;
  const hostname = address.hostname.replace(/^\[|\]$/g, "");
  const serveConnection = "serveConnection" in options
    ? options.serveConnection
    : ownServeConnection();
  let bodies = 0;
  let onIdle: (() => void) | undefined;

  const onError = (error: unknown) => failed(error, log);

  async function answer(
    request: Request,
    { remoteAddr }: { readonly remoteAddr: Deno.Addr },
    isReserved: boolean,
  ): Promise<Response> {
    // Looking at `request.body` makes a stream of it, which is slower to read than the whole.
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    if (hasBody) bodies++;
    try {
      return await handler(request, {
        listening: address.hostname,
        peer: "hostname" in remoteAddr ? remoteAddr.hostname : "",
        isReserved,
      });
    } finally {
      if (hasBody && --bodies === 0) onIdle?.();
    }
  }

  function onListen(port: number): void {
    const scheme = tls === undefined ? "http" : "https";
    log.info("Listening", { address: `${scheme}://${formatAddress({ hostname, port })}` });
  }

  try {
    const port = { hostname, port: address.port, tls, answer, onError, onListen };
    const open = serveConnection === undefined
      ? serveUncounted(port, log)
      : new CountedPort(port, connections, serveConnection);
    return {
      port: open.port,
      lost: open.lost,
      renew: (tls) => open.renew(tls),
      async shutdown() {
        // Deno 2.9 cuts off the bodies under way when it shuts down (denoland/deno#36809).
        if (bodies > 0) await new Promise<void>((resolve) => onIdle = resolve);
        await open.shutdown();
      },
    };
  } catch (error) {
    throw listenError(hostname, address.port, error);
  }
}

/** The answer to a request whose handling threw. */
function failed(error: unknown, log: Log): Response {
  // Some versions of Deno tell of it; the answer has begun, so this one goes nowhere.
  if (error instanceof NotRead) return new Response(null, { status: 500 });
  log.error("A request failed; this is a bug", {
    error: error instanceof Error ? error.stack : String(error),
  });
  return new Response("Internal error\n", { status: 500 });
}

/** For a Deno that does not let connections be counted; a missing descriptor closes this port. */
function serveUncounted(
  { hostname, port, tls, answer, onError, onListen }: PortOptions,
  log: Log,
): Listening {
  log.warn("Connections are not limited with this version of Deno; see docs/security.md", {
    deno: Deno.version.deno,
  });
  const server = Deno.serve(
    { hostname, port, ...tls, onListen: ({ port }) => onListen(port), onError },
    (request, info) => answer(request, info, false),
  );
  let isClosed = false;
  const lost = server.finished.then(() => {
    if (isClosed) return new Promise<never>(() => {});
    throw new Error("it ended by itself");
  }).catch((error) => {
    throw new ListenError(`The port ${port} was closed: ${reasonOf(error, port)}`, {
      cause: error,
    });
  });
  return {
    port: (server.addr as Deno.NetAddr).port,
    lost,
    renew({ cert, key } = { cert: "", key: "" }) {
      if (cert === (tls?.cert ?? "") && key === (tls?.key ?? "")) return Promise.resolve();
      throw new ListenError(
        "Cannot reload certificates with this version of Deno; restart the exporter",
      );
    },
    async shutdown() {
      isClosed = true;
      await server.shutdown();
    },
  };
}
