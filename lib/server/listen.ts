/** Opens a port and passes requests to the handler. @module */

import type { Log } from "../log/mod.ts";
import { NotRead } from "../live/mod.ts";
import { formatAddress, TRADESIM_PORT } from "../network/mod.ts";
import type { Connections } from "./connections.ts";
import type { Handler } from "./handler.ts";
import type { WebConfig } from "./web_config.ts";

/** Why a port cannot be opened. */
export class ListenError extends Error {
  override name = "ListenError";
}

/** Why a port cannot be opened, and what helps. */
export function reasonOf(error: unknown, port: number): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return port === TRADESIM_PORT
      ? "another program is using it. TradeSim takes this port if it is started with " +
        "--with-metrics: start it without, or let this exporter follow its logs/metrics.jsonl on " +
        "another port"
      : "another program is using it, expected a free port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine does not have that address";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "this program was started without the permission to listen there";
  }
  return error instanceof Error ? error.message : String(error);
}

/**
 * The addresses to listen on: for `localhost` both loopback addresses, because a browser or a game may
 * take it for either. A machine without `::1` has one.
 */
export function withBothLoopbacks(
  addresses: readonly { readonly hostname: string; readonly port: number }[],
): typeof addresses {
  return addresses.flatMap((address) => {
    if (address.hostname !== "localhost") return [address];
    const { port } = address;
    const first = { hostname: "127.0.0.1", port };
    return hasIpv6Loopback() ? [first, { hostname: "::1", port }] : [first];
  });
}

/** Whether this machine has `::1`; another program on a port of it is no sign that it has not. */
function hasIpv6Loopback(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes sure that an address can be listened on, as far as that can be known before.
 *
 * @throws {ListenError}
 */
export function checkFree({ hostname, port }: { hostname: string; port: number }): void {
  try {
    Deno.listen({ hostname, port }).close();
  } catch (error) {
    throw listenError(hostname, port, error);
  }
}

function listenError(hostname: string, port: number, cause: unknown): ListenError {
  return new ListenError(
    `Cannot listen on ${formatAddress({ hostname, port })}: ${reasonOf(cause, port)}`,
    { cause },
  );
}

/** An open port. */
export interface Listening {
  /** The real port. */
  readonly port: number;
  /**
   * Takes other certificates, or none. Connections that are open go on with those of before; a new one
   * finds the port closed for a moment. One call at a time. When the port cannot be opened again, it is
   * `lost`.
   *
   * @throws {ListenError} When these cannot be used; then nothing has changed.
   */
  renew(tls: WebConfig["tls"]): Promise<void>;
  /** Waits for reports that are being sent, then closes the port once all requests are answered. */
  shutdown(): Promise<void>;
  /** Rejects when the port is closed by anything else. */
  readonly lost: Promise<never>;
}

type ServeHandler = (request: Request, info: Info) => Promise<Response>;
type Info = { readonly remoteAddr: Deno.Addr; readonly completed: Promise<void> };
type Served = { readonly finished: Promise<void>; shutdown(): Promise<void> };
type ServeConnection = (
  connection: Deno.Conn,
  signal: Pick<AbortSignal, "addEventListener">,
  handler: ServeHandler,
  onError: (error: unknown) => Response,
  onListen: (scheme: string) => void,
) => Served;

/**
 * What `Deno.serve` serves a connection with. Deno keeps it to itself, but `Deno.serve` alone counts
 * no connections, closes none that is silent, and ends for good when a descriptor is missing.
 * Undefined where Deno does not have it.
 */
export function ownServeConnection(): ServeConnection | undefined {
  const inner = Reflect.get(Deno, Reflect.get(Deno, "internal"));
  const serve: unknown = inner?.serveHttpOnConnection;
  return typeof serve === "function" && serve.length === 5 ? serve as ServeConnection : undefined;
}

/** How long to wait when no connection can be taken, such as for want of descriptors. */
const RETRY_MS = 50;
/** How often, and after which pauses, a port is tried that is to be opened again with other certificates. */
const REOPEN_MS = 5;
const MAX_REOPENINGS = 200;

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

  function onError(error: unknown): Response {
    // Some versions of Deno tell of it; the answer has begun, so this one goes nowhere.
    if (error instanceof NotRead) return new Response(null, { status: 500 });
    log.error("A request failed; this is a bug", {
      error: error instanceof Error ? error.stack : String(error),
    });
    return new Response("Internal error\n", { status: 500 });
  }

  async function answer(
    request: Request,
    { remoteAddr }: Pick<Info, "remoteAddr">,
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
    const port = serveConnection === undefined
      ? serveUncounted({ hostname, port: address.port, tls, answer, onError, onListen }, log)
      : serveCounted({ hostname, port: address.port, tls, answer, onError, onListen }, {
        connections,
        serveConnection,
      });
    return {
      port: port.port,
      lost: port.lost,
      renew: port.renew,
      async shutdown() {
        // Deno 2.9 cuts off the bodies under way when it shuts down (denoland/deno#36809).
        if (bodies > 0) await new Promise<void>((resolve) => onIdle = resolve);
        await port.shutdown();
      },
    };
  } catch (error) {
    throw listenError(hostname, address.port, error);
  }
}

interface PortOptions {
  readonly hostname: string;
  readonly port: number;
  readonly tls: WebConfig["tls"];
  readonly answer: (
    request: Request,
    info: Pick<Info, "remoteAddr">,
    isReserved: boolean,
  ) => Promise<Response>;
  readonly onError: (error: unknown) => Response;
  readonly onListen: (port: number) => void;
}

/** Takes each connection by itself, so that all of them can be counted, and closed. */
function serveCounted(
  { hostname, port, tls, answer, onError, onListen }: PortOptions,
  { connections, serveConnection }: {
    readonly connections: Connections;
    readonly serveConnection: ServeConnection;
  },
): Listening {
  const open = (port: number, tls: WebConfig["tls"]) =>
    tls === undefined
      ? Deno.listen({ hostname, port })
      : Deno.listenTls({ hostname, port, ...tls, alpnProtocols: ["h2", "http/1.1"] });
  let listener = open(port, tls);
  let current = tls;
  const served = new Set<Served>();
  let isClosed = false;

  function serve(connection: Deno.Conn): void {
    const stop = createStop();
    const tracked = connections.add({ close: stop.now });
    const handle: ServeHandler = async (request, info) => {
      const ended = tracked.began();
      info.completed.then(ended, ended);
      const response = await answer(request, info, tracked.isReserved);
      if (isEvents(response)) tracked.streams();
      return response;
    };
    let server: Served;
    try {
      server = serveConnection(connection, stop.signal, handle, onError, () => {});
    } catch {
      tracked.gone(); // It was lost before it began.
      return closeQuietly(connection);
    }
    served.add(server);
    const gone = () => {
      served.delete(server);
      tracked.gone();
    };
    server.finished.then(gone, gone);
  }

  /** Deno can close no connection whose handshake is under way: it counts until it ends. */
  async function shakeHands(connection: Deno.TlsConn): Promise<void> {
    const shaking = connections.add({ close: undefined });
    try {
      await connection.handshake();
    } catch {
      return closeQuietly(connection); // Whoever it was did not speak TLS, or is gone.
    } finally {
      shaking.gone();
    }
    if (isClosed) closeQuietly(connection);
    else serve(connection);
  }

  async function acceptAll(): Promise<void> {
    while (true) {
      await connections.room();
      if (isClosed) return;
      try {
        const connection = await listener.accept();
        if ("handshake" in connection) shakeHands(connection);
        else {
          connection.setNoDelay();
          serve(connection);
        }
      } catch {
        if (isClosed) return;
        // For want of descriptors, or one that was gone at once: the next one may be taken.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  const { port: realPort } = listener.addr as Deno.NetAddr;
  onListen(realPort);
  const lost = Promise.withResolvers<never>();
  acceptAll().catch(lost.reject);
  return {
    port: realPort,
    lost: lost.promise,
    async renew(tls) {
      if (tls?.cert === current?.cert && tls?.key === current?.key) return;
      try {
        open(0, tls).close(); // What cannot be used closes no port.
      } catch (error) {
        throw listenError(hostname, realPort, error);
      }
      listener.close();
      for (let tries = 1;; tries++) {
        // The port is free once the accepting that was under way has ended.
        await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
        if (isClosed) return;
        try {
          listener = open(realPort, tls);
          current = tls;
          return;
        } catch (error) {
          if (tries < MAX_REOPENINGS) continue;
          isClosed = true;
          return lost.reject(listenError(hostname, realPort, error));
        }
      }
    },
    async shutdown() {
      isClosed = true;
      closeQuietly(listener);
      // One that breaks off meanwhile is shut down as well.
      await Promise.allSettled([...served].map((server) => server.shutdown()));
    },
  };
}

/**
 * What ends a connection. An `AbortSignal` would do, but what Deno's listener throws about a
 * connection that ended just now nobody could catch.
 */
function createStop() {
  let onAbort: (() => void) | undefined;
  return {
    signal: {
      addEventListener: (_type: string, listener: unknown) => onAbort = listener as () => void,
    },
    now() {
      try {
        onAbort?.();
      } catch {
        // It has ended.
      }
    },
  };
}

function closeQuietly(resource: { close(): void }): void {
  try {
    resource.close();
  } catch {
    // It is closed already.
  }
}

function isEvents(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
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
