/** The worker that sends: it has the right to read the queue and to reach one address, and no other. @module */

/// <reference lib="deno.worker" />
import type { Labels, Protocol } from "./message.ts";
import { type Answer, Sender, type SenderEvent } from "./sender.ts";
import type { SharedPlaces } from "./segment.ts";
import { Unsent } from "./unsent.ts";
import type { Direct } from "../network/mod.ts";

/** The first message: all that the worker needs. */
export interface Setup {
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
  readonly protocol: Protocol | "auto";
  readonly external: Labels;
  readonly queue: string;
  readonly segments: number;
  readonly places: SharedPlaces;
}

/** A later message: to send what there is now, and then to say so. */
export interface Hurry {
  readonly hurry: true;
}

/** What comes back. */
export type Told = SenderEvent | { readonly type: "empty" };

/** How long a receiver may take to answer. */
const TIMEOUT_MS = 30_000;

function createClient({ direct, tls: { ca, cert, key } }: Setup): Deno.HttpClient {
  return Deno.createHttpClient({
    ...direct === undefined ? {} : { proxy: { ...direct } },
    ...ca === undefined ? {} : { caCerts: [ca] },
    ...cert === undefined || key === undefined ? {} : { cert, key },
  });
}

function createPost(setup: Setup) {
  const client = createClient(setup);
  return async (
    body: Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> => {
    const response = await fetch(setup.url, {
      method: "POST",
      headers: { ...setup.headers, ...headers },
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
}

function start(setup: Setup): (hurry: Hurry) => void {
  const unsent = new Unsent(setup.queue, setup.segments, setup.places);
  let isHurried = false;
  let endPause = () => {};
  const sender = new Sender({
    next(maxSamples) {
      const batch = unsent.next(maxSamples);
      if (batch === undefined && isHurried) postMessage({ type: "empty" } satisfies Told);
      return batch;
    },
    post: createPost(setup),
    tell: (event) => postMessage(event),
    wait: (milliseconds, forWhat) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        // A receiver that fails is not pressed.
        endPause = forWhat === "receiver" ? () => {} : () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    protocol: setup.protocol,
    external: setup.external,
  });
  sender.run();
  return () => {
    isHurried = true;
    endPause();
  };
}

let hurry: ((message: Hurry) => void) | undefined;

onmessage = ({ data }: MessageEvent<Setup | Hurry>) => {
  if ("hurry" in data) hurry?.(data);
  else hurry = start(data);
};
