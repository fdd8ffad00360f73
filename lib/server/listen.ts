/** Opens a port and hands what comes in to the handler. @module */

import type { Log } from "../log/mod.ts";
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
 * Listens on an address; port 0 takes a free one. What is logged is the real port, once it is open.
 *
 * @throws {ListenError} When the address cannot be listened on.
 */
export function listen(
  address: { readonly hostname: string; readonly port: number },
  tls: WebConfig["tls"],
  handler: Handler,
  log: Log,
): Deno.HttpServer {
  const hostname = address.hostname.replace(/^\[|\]$/g, "");
  try {
    return Deno.serve(
      {
        hostname,
        port: address.port,
        ...tls,
        onListen: ({ port }) => {
          const scheme = tls === undefined ? "http" : "https";
          log.info("Listening", { address: `${scheme}://${formatAddress(hostname, port)}` });
        },
        onError: (error) => {
          log.error("A request failed, which is a bug", {
            error: error instanceof Error ? error.stack : String(error),
          });
          return new Response("Internal error\n", { status: 500 });
        },
      },
      (request, { remoteAddr }) =>
        handler(request, {
          listening: address.hostname,
          peer: "hostname" in remoteAddr ? remoteAddr.hostname : "",
        }),
    );
  } catch (error) {
    throw new ListenError(
      `Cannot listen on ${formatAddress(hostname, address.port)}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}
