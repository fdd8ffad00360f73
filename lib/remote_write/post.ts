/** Posts messages to a receiver. @module */

import type { Direct } from "../network/mod.ts";
import type { SenderOptions } from "./sender.ts";

/** Where messages go, and what they bring. */
export interface Target {
  readonly url: string;
  /** Address to connect to without a proxy; undefined = as the environment says. */
  readonly direct: Direct | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM texts. */
  readonly tls: {
    readonly ca: string | undefined;
    readonly cert: string | undefined;
    readonly key: string | undefined;
  };
}

/** How long a receiver may take to answer. */
const TIMEOUT_MS = 30_000;

function createClient({ direct, tls: { ca, cert, key } }: Target): Deno.HttpClient {
  return Deno.createHttpClient({
    ...direct === undefined ? {} : { proxy: { ...direct } },
    ...ca === undefined ? {} : { caCerts: [ca] },
    ...cert === undefined || key === undefined ? {} : { cert, key },
  });
}

/** Makes what posts a message, and throws when there is no answer; and what ends its connections. */
export function createPost(target: Target): {
  readonly post: SenderOptions["post"];
  readonly close: () => void;
} {
  const client = createClient(target);
  const post: SenderOptions["post"] = async (body, headers) => {
    const response = await fetch(target.url, {
      method: "POST",
      headers: { ...target.headers, ...headers },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      client,
    });
    return {
      status: response.status,
      header: (name) => response.headers.get(name) ?? undefined,
      text: (await response.text()).trim(),
    };
  };
  return { post, close: () => client.close() };
}
