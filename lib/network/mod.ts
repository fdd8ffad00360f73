/** Which addresses belong to this machine, and a client that reaches them without a proxy. @module */

/** The port that TradeSim posts to; it cannot be told another one. */
export const TRADESIM_PORT = 8000;

/** Whether an address, as a socket or a URL gives it, is of this machine only. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/^::ffff:/i, "");
  return plain === "localhost" || plain === "::1" || /^127(\.\d{1,3}){3}$/.test(plain);
}

/** Other hosts of URLs that reach this machine: all addresses, and an IPv4 loopback address as IPv6. */
const OTHER_NAMES =
  /^(?:0\.0\.0\.0|\[::\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]|(?:.*\.)?localhost\.?)$/;

/** The same for the environment's proxy. */
const NO_PROXY = "localhost,.localhost,localhost.,127.0.0.0/8,0.0.0.0,::,::1,::ffff:127.0.0.0/104";

/** Whether two addresses to listen on cannot both be used: they are the same, or one includes the other. */
export function overlap(a: ListenAddress, b: ListenAddress): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const [first, second] = [a, b].map(({ hostname }) => hostname.toLowerCase());
  const includes = (wide = "", narrow = "") =>
    wide === narrow || wide === "::" || (wide === "0.0.0.0" && !narrow.includes(":")) ||
    (wide === "localhost" && (narrow === "127.0.0.1" || narrow === "::1"));
  return includes(first, second) || includes(second, first);
}

/** An address to listen on; an IPv6 address has no brackets. */
export interface ListenAddress {
  readonly hostname: string;
  readonly port: number;
}

/** An address in URL notation. */
export function formatAddress({ hostname, port }: ListenAddress): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
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
  const isOwn = isLoopback(url.hostname) || OTHER_NAMES.test(url.hostname);
  if (!isOwn || url.protocol !== "http:") return undefined;
  return {
    transport: "tcp",
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || 80,
  };
}

/**
 * Makes this process send requests to this machine without the environment's proxy. Call it before
 * the first request. Without the right to set `NO_PROXY` it does nothing.
 */
export function neverProxyThisMachine(): void {
  try {
    const others = Deno.env.get("NO_PROXY") ?? Deno.env.get("no_proxy");
    Deno.env.set("NO_PROXY", others ? `${others},${NO_PROXY}` : NO_PROXY);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}

/** A client that reaches a URL of this machine directly; undefined if `directTo()` is. */
export function directClient(url: URL): Deno.HttpClient | undefined {
  const proxy = directTo(url);
  return proxy && Deno.createHttpClient({ proxy });
}

/** A URL as a log may show it: what stands in its query may be a secret. */
export function withoutQuery(text: string): string {
  return text.replace(/\?.*$/s, "?…");
}

/**
 * Why a request had no answer: the innermost cause, which is the most precise, without the URL, whose
 * query may be a secret.
 */
export function reasonOf(error: unknown): string {
  let found = error;
  while (found instanceof Error && found.cause !== undefined) found = found.cause;
  const text = found instanceof Error ? found.message : String(found);
  return text.replace(/^error sending request.*?\): /s, "");
}
