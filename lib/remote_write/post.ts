/** Posts messages to a receiver. @module */

import type { Direct } from "../network/mod.ts";
import type { SenderOptions } from "./sender.ts";

/** What a message shows to the receiver, and whom it trusts. */
export interface Secrets {
  readonly headers: Readonly<Record<string, string>>;
  /** PEM texts. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
}

/** Where messages go, and what they bring. */
export interface Target extends Secrets {
  readonly url: string;
  /** Address to connect to without a proxy; undefined = as the environment says. */
  readonly direct: Direct | undefined;
}

/** How long a receiver may take to answer. */
const TIMEOUT_MS = 30_000;
/** Bytes of an answer that are read: more than are logged of it. */
const MAX_ANSWER_BYTES = 4096;

/** @throws {Error} When a certificate or key cannot be used. */
export function createClient(
  { direct, tls: { ca, cert, key } }: Pick<Target, "direct" | "tls">,
): Deno.HttpClient {
  return Deno.createHttpClient({
    ...direct === undefined ? {} : { proxy: { ...direct } },
    ...ca === undefined ? {} : { caCerts: [ca] },
    ...cert === undefined || key === undefined ? {} : { cert, key },
  });
}

/** Reads the beginning of an answer, and leaves the rest. Where it breaks off, its status has said what counts. */
async function beginningOf({ body }: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  try {
    for await (const bytes of body ?? []) {
      const taken = bytes.subarray(0, MAX_ANSWER_BYTES - length);
      text += decoder.decode(taken, { stream: true });
      length += taken.length;
      if (length === MAX_ANSWER_BYTES) break;
    }
  } catch {
    // It was cut off, is not what its encoding says, or takes too long.
  }
  return text.trim();
}

/**
 * Makes what posts a message, and throws when there is no answer; and what ends its connections.
 *
 * @param timeout How long an answer may take, and is read, in milliseconds. Default: 30 s.
 * @throws {Error} When a certificate or key cannot be used.
 */
export function createPost(target: Target, timeout = TIMEOUT_MS): {
  readonly post: SenderOptions["post"];
  readonly close: () => void;
} {
  const client = createClient(target);
  const { authorization = "" } = target.headers;
  const secret = authorization.slice(authorization.indexOf(" ") + 1);
  const post: SenderOptions["post"] = async (body, headers) => {
    const response = await fetch(target.url, {
      method: "POST",
      headers: { ...target.headers, ...headers },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
      client,
    });
    const text = await beginningOf(response);
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      // Some receivers show the request in their answer, which is logged.
      text: secret === "" ? text : text.replaceAll(secret, "…"),
    };
  };
  return { post, close: () => client.close() };
}
