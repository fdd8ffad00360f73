/** Opens a port and hands what comes in to the handler. @module */

import type { Log } from "../log/mod.ts";
import { NotRead } from "../live/mod.ts";
import type { Handler } from "./handler.ts";
import type { WebConfig } from "./web_config.ts";

/** Why a port cannot be opened. */
export class ListenError extends Error {
  override name = "ListenError";
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "another program is using it, expected a free port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine does not have that address";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "this program was started without the permission to listen there";
  }
  return error instanceof Error ? error.message : String(error);
}

/** An address as it stands in a URL. */
function formatAddress(hostname: string, port: number): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
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
    `Cannot listen on ${formatAddress(hostname, port)}: ${reasonOf(cause)}`,
    { cause },
  );
}

/** An open port. */
export interface Listening {
  /** Waits for reports that are being sent, then closes the port once all requests are answered. */
  shutdown(): Promise<void>;
}

/**
 * Listens on an address; port 0 takes a free one. What is logged is the real port, once it is open.
 *
 * @throws {ListenError} When the address cannot be listened on.
 */
export function listen(
  address: { readonly hostname: string; readonly port: number },
  tls: WebConfig["tls"],
  handler: Handler,
  log: Log,
): Listening {
  const hostname = address.hostname.replace(/^\[|\]$/g, "");
  let bodies = 0;
  let onIdle: (() => void) | undefined;
  try {
    const server = Deno.serve(
      {
        hostname,
        port: address.port,
        ...tls,
        onListen: ({ port }) => {
          const scheme = tls === undefined ? "http" : "https";
          log.info("Listening", { address: `${scheme}://${formatAddress(hostname, port)}` });
        },
        onError: (error) => {
          // Some versions of Deno tell of it; the answer has begun, so this one goes nowhere.
          if (error instanceof NotRead) return new Response(null, { status: 500 });
          log.error("A request failed, which is a bug", {
            error: error instanceof Error ? error.stack : String(error),
          });
          return new Response("Internal error\n", { status: 500 });
        },
      },
      async (request, { remoteAddr }) => {
        const hasBody = request.body !== null;
        if (hasBody) bodies++;
        try {
          return await handler(request, {
            listening: address.hostname,
            peer: "hostname" in remoteAddr ? remoteAddr.hostname : "",
          });
        } finally {
          if (hasBody && --bodies === 0) onIdle?.();
        }
      },
    );
    return {
      async shutdown() {
        // Deno 2.9 cuts off the bodies under way when it shuts down (denoland/deno#36809).
        if (bodies > 0) await new Promise<void>((resolve) => onIdle = resolve);
        await server.shutdown();
      },
    };
  } catch (error) {
    throw listenError(hostname, address.port, error);
  }
}
