/** Addresses to listen on, and why one cannot be used. @module */

import { messageOf, UserError } from "../error/mod.ts";
import { formatAddress, TRADESIM_PORT } from "../network/mod.ts";

/** Why a port cannot be opened. */
export class ListenError extends UserError {
  override readonly exitCode = 1;
}

/** Why a port cannot be opened, and what helps. */
export function reasonOf(error: unknown, port: number): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return port === TRADESIM_PORT
      ? "another program is using it, maybe another exporter, or a TradeSim that was started with " +
        "--with-metrics. End it, or choose another port with --port and follow TradeSim's " +
        "logs/metrics.jsonl with --follow"
      : "another program is using it. Choose another port with --port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine does not have that address. Choose one that it has, or 0.0.0.0 for all";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "this program was started without the permission to listen there. Run it with --allow-net for " +
      "that address; see docs/security.md#permissions";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "the system reserves this port. Choose one from 1024 on with --port";
  }
  return messageOf(error);
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

export function listenError(hostname: string, port: number, cause: unknown): ListenError {
  return new ListenError(
    `Cannot listen on ${formatAddress({ hostname, port })}: ${reasonOf(cause, port)}`,
    { cause },
  );
}
