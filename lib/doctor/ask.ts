/** Sends requests to servers, with limits on the time and the size of the answer. @module */

import type * as z from "zod";
import { textOf } from "../cli/mod.ts";
import { directClient, reasonOf } from "../network/mod.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Why there is no answer. */
export interface Silence {
  /**
   * - `closed`: nothing listens there.
   * - `denied`: this program may not connect there.
   * - `other`: all else, such as no HTTP, a broken certificate or none in time.
   */
  readonly kind: "closed" | "denied" | "other";
  readonly reason: string;
}

/** Gets a URL; redirections are not followed. */
export type Ask = (
  url: string,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer | Silence>;

export function isAnswer(result: Answer | Silence): result is Answer {
  return "status" in result;
}

/** An answer's JSON as the schema has it; undefined where it is something else. */
export function readJson<T>(schema: z.ZodType<T>, { text }: Answer): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // No JSON at all.
  }
}

export interface AskOptions {
  /** Default: 5 s, in milliseconds. */
  readonly timeout?: number;
  /** Most bytes of a body. Default: 64 MiB, far more than an exporter's 10 000 series. */
  readonly maxBytes?: number;
  /** A certificate in PEM to trust beside the system's. */
  readonly certificate?: string | undefined;
}

const TIMEOUT_MS = 5000;
const MAX_BYTES = 64 * 1024 * 1024;

class TooLarge extends Error {}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const text = response.body === null ? "" : await textOf(response.body, maxBytes);
  if (text === undefined) throw new TooLarge(`its answer is larger than ${maxBytes} bytes`);
  return text;
}

function silenceOf(error: unknown, timeout: number): Silence {
  if (error instanceof Deno.errors.NotCapable) {
    return { kind: "denied", reason: "this program may not connect there" };
  }
  if (error instanceof DOMException) {
    return { kind: "other", reason: `it did not answer completely within ${timeout / 1000} s` };
  }
  const message = error instanceof Error ? `${error.message} ${reasonOf(error)}` : String(error);
  if (/connection refused|os error (111|61|10061)\b/i.test(message)) {
    return { kind: "closed", reason: "nothing listens there" };
  }
  if (/dns error|failed to lookup/i.test(message)) {
    return { kind: "closed", reason: "the host name is unknown" };
  }
  return { kind: "other", reason: reasonOf(error) };
}

/** Makes the asking. What cannot be asked becomes a silence; nothing is thrown. */
export function createAsk(options: AskOptions = {}): Ask {
  const { timeout = TIMEOUT_MS, maxBytes = MAX_BYTES, certificate } = options;
  return async (url, headers = {}) => {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeout);
    const client = directClient(new URL(url)) ??
      (certificate === undefined ? undefined : Deno.createHttpClient({ caCerts: [certificate] }));
    try {
      const response = await fetch(url, {
        headers: { accept: "*/*", ...headers },
        redirect: "manual",
        signal: limit.signal,
        ...client === undefined ? {} : { client },
      });
      const text = await readText(response, maxBytes);
      return { status: response.status, headers: response.headers, text };
    } catch (error) {
      return silenceOf(error, timeout);
    } finally {
      clearTimeout(timer);
      client?.close();
    }
  };
}

/** The header that bears a user's name and password. */
export function basicAuthorization(user: string): Readonly<Record<string, string>> {
  const bytes = new TextEncoder().encode(user);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}
