/** Asks a server how long it keeps samples. @module */

import { parseDuration } from "../text/mod.ts";
import type { Store } from "./flags.ts";

export interface AskRetention {
  /** The server. */
  readonly url: string;
  readonly store: Store;
  readonly fetch: typeof fetch;
  readonly stop: AbortSignal;
}

const TIMEOUT_MS = 10_000;
/** VictoriaMetrics takes a number alone for months. */
const MONTH = 31 * 86_400;

/**
 * Reads a time as both servers write it, such as `15d`, `1w2d` or, of sizes too, `15d or 512MiB`.
 *
 * @returns Seconds; undefined where there is no limit by time.
 */
export function parseRetention(text: string): number | undefined {
  const [first = ""] = text.split(" ");
  if (/^\d+(?:\.\d+)?$/.test(first)) return Number(first) * MONTH || undefined;
  return parseDuration(first) || undefined;
}

/** How long the server keeps samples, in seconds; undefined where it does not say, or for ever. */
export async function retentionOf(
  { url, store, fetch, stop }: AskRetention,
): Promise<number | undefined> {
  const get = async (path: string): Promise<string> => {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]);
    const response = await fetch(url.replace(/\/$/, "") + path, { redirect: "error", signal });
    return await response.text();
  };
  try {
    if (store === "victoriametrics") {
      const text = await get("/metrics");
      return parseRetention(/flag\{name="retentionPeriod", value="([^"]*)"/.exec(text)?.[1] ?? "");
    }
    const { data } = JSON.parse(await get("/api/v1/status/runtimeinfo"));
    return parseRetention(String(data?.storageRetention));
  } catch {
    // It is asked again once the samples are there, and then says what is wrong.
    return undefined;
  }
}
