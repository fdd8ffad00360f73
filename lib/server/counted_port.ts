/** Serves each connection of a port by itself, so that all of them can be counted, and closed. @module */

import { type ListenError, listenError } from "./address.ts";
import type { Connections } from "./connections.ts";
import type { Listening, PortOptions } from "./port.ts";
import type { WebConfig } from "./web_config.ts";

type ServeHandler = (request: Request, info: Info) => Promise<Response>;
type Info = { readonly remoteAddr: Deno.Addr; readonly completed: Promise<void> };
type Served = { readonly finished: Promise<void>; shutdown(): Promise<void> };
export type ServeConnection = (
  connection: Deno.Conn,
  signal: Pick<AbortSignal, "addEventListener">,
  handler: ServeHandler,
  onError: (error: unknown) => Response,
  onListen: (scheme: string) => void,
) => Served;

/**
 * Deno's internal function that serves one connection. `Deno.serve` itself does not count connections,
 * does not close silent ones, and ends for good when there is no descriptor left. Undefined if this Deno
 * does not have it.
 */
export function ownServeConnection(): ServeConnection | undefined {
  const inner = Reflect.get(Deno, Reflect.get(Deno, "internal"));
  const serve: unknown = inner?.serveHttpOnConnection;
  return typeof serve === "function" && serve.length === 5 ? serve as ServeConnection : undefined;
}

/** How long to wait if no connection can be accepted, for example without a free descriptor. */
const RETRY_MS = 50;
/** How often, and at which interval, to try to open the port again with other certificates. */
const REOPEN_MS = 5;
const MAX_REOPENINGS = 200;

export class CountedPort implements Listening {
  readonly #options: PortOptions;
  readonly #connections: Connections;
  readonly #serveConnection: ServeConnection;
  readonly #served = new Set<Served>();
  readonly #lost = Promise.withResolvers<never>();
  readonly port: number;
  #listener: Deno.TcpListener | Deno.TlsListener;
  #tls: WebConfig["tls"];
  #isClosed = false;

  constructor(options: PortOptions, connections: Connections, serveConnection: ServeConnection) {
    this.#options = options;
    this.#connections = connections;
    this.#serveConnection = serveConnection;
    this.#tls = options.tls;
    this.#listener = this.#open(options.port, options.tls);
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    options.onListen(this.port);
    this.#acceptAll().catch(this.#lost.reject);
  }

  get lost(): Promise<never> {
    return this.#lost.promise;
  }

  async renew(tls: WebConfig["tls"]): Promise<void> {
    if (tls?.cert === this.#tls?.cert && tls?.key === this.#tls?.key) return;
    try {
      this.#open(0, tls).close(); // Certificates that cannot be used must not close the port.
    } catch (error) {
      throw this.#error(error);
    }
    this.#listener.close();
    for (let tries = 1;; tries++) {
      // The port is free once the pending accept has ended.
      await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
      if (this.#isClosed) return;
      try {
        this.#listener = this.#open(this.port, tls);
        this.#tls = tls;
        return;
      } catch (error) {
        if (tries < MAX_REOPENINGS) continue;
        this.#isClosed = true;
        return this.#lost.reject(this.#error(error));
      }
    }
  }

  async shutdown(): Promise<void> {
    this.#isClosed = true;
    closeQuietly(this.#listener);
    // A connection that breaks meanwhile counts as shut down.
    await Promise.allSettled([...this.#served].map((server) => server.shutdown()));
  }

  #error(cause: unknown): ListenError {
    return listenError(this.#options.hostname, this.port, cause);
  }

  #open(port: number, tls: WebConfig["tls"]): Deno.TcpListener | Deno.TlsListener {
    const { hostname } = this.#options;
    return tls === undefined
      ? Deno.listen({ hostname, port })
      : Deno.listenTls({ hostname, port, ...tls, alpnProtocols: ["h2", "http/1.1"] });
  }

  async #acceptAll(): Promise<void> {
    while (true) {
      await this.#connections.room();
      if (this.#isClosed) return;
      try {
        const connection = await this.#listener.accept();
        if ("handshake" in connection) this.#shakeHands(connection);
        else {
          connection.setNoDelay();
          this.#serve(connection);
        }
      } catch {
        if (this.#isClosed) return;
        // No free descriptor, or the connection was closed at once: the next one may be accepted.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #serve(connection: Deno.Conn): void {
    const { answer, onError } = this.#options;
    const stop = createStop();
    const tracked = this.#connections.add({ close: stop.now });
    const handle: ServeHandler = async (request, info) => {
      const ended = tracked.began();
      info.completed.then(ended, ended);
      const response = await answer(request, info, tracked.isReserved);
      if (isEvents(response)) tracked.streams();
      return response;
    };
    let server: Served;
    try {
      server = this.#serveConnection(connection, stop.signal, handle, onError, () => {});
    } catch {
      tracked.gone(); // The connection was lost before it was served.
      return closeQuietly(connection);
    }
    this.#served.add(server);
    const gone = () => {
      this.#served.delete(server);
      tracked.gone();
    };
    server.finished.then(gone, gone);
  }

  /** Deno cannot close a connection during its handshake: it counts until the handshake ends. */
  async #shakeHands(connection: Deno.TlsConn): Promise<void> {
    const shaking = this.#connections.add({ close: undefined });
    try {
      await connection.handshake();
    } catch {
      return closeQuietly(connection); // The client does not speak TLS, or is gone.
    } finally {
      shaking.gone();
    }
    if (this.#isClosed) closeQuietly(connection);
    else this.#serve(connection);
  }
}

/**
 * Ends a connection. With an `AbortSignal`, an error that Deno's listener throws about a connection that
 * has just ended could not be caught.
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
        // It has ended already.
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
