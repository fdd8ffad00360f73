/** What is of this machine, and how it is reached: never by way of a proxy. @module */

/** Whether an address, as a socket or a URL gives it, is of this machine only. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/^::ffff:/i, "");
  return plain === "localhost" || plain === "::1" || /^127(\.\d{1,3}){3}$/.test(plain);
}

/** Where to connect to instead of where the environment's proxy is: an option of `Deno.createHttpClient`. */
export interface Direct {
  readonly transport: "tcp";
  readonly hostname: string;
  readonly port: number;
}

/**
 * How to reach a URL of this machine. `fetch` takes `http_proxy`, `HTTP_PROXY` or `ALL_PROXY` from the
 * environment for it too: the request, with its token, would go to the proxy.
 *
 * @returns Undefined for another machine, which may well be behind the proxy, and for https, which Deno
 *   does not speak on such a connection: see `neverProxyThisMachine()`.
 */
export function directTo(url: URL): Direct | undefined {
  if (!isLoopback(url.hostname) || url.protocol !== "http:") return undefined;
  return {
    transport: "tcp",
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || 80,
  };
}

/**
 * Tells this process that no request to this machine goes to the environment's proxy. To be called before
 * the first request. Without the right to set `NO_PROXY` it does nothing.
 */
export function neverProxyThisMachine(): void {
  try {
    const others = Deno.env.get("NO_PROXY") ?? Deno.env.get("no_proxy");
    const own = "localhost,127.0.0.0/8,::1";
    Deno.env.set("NO_PROXY", others ? `${others},${own}` : own);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

/** A client that goes straight to a URL of this machine; undefined where `directTo()` is. */
export function directClient(url: URL): Deno.HttpClient | undefined {
  const proxy = directTo(url);
  return proxy && Deno.createHttpClient({ proxy });
}
