/** A receiver of remote write for tests: it keeps each sample that it takes, or fails as it is told to. @module */

import { decodeRequest } from "../remote_write/decode.ts";

/** What is answered; a status below 300 takes the samples. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long it takes, in milliseconds. */
  readonly delay?: number;
}

/** A sample as it was taken, its time in milliseconds since 1970. */
export type Taken = readonly [time: number, value: number];

export interface Receiver {
  readonly port: number;
  readonly url: string;
  /** Headers of all requests, oldest first. */
  readonly requests: readonly Headers[];
  /** Samples by series as Prometheus writes them, without external labels, in the order of their arrival. */
  readonly samples: ReadonlyMap<string, readonly Taken[]>;
  /** Labels by series. */
  readonly labels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Start timestamps by series, in milliseconds since 1970; 0 = none. */
  readonly starts: ReadonlyMap<string, ReadonlySet<number>>;
  stop(): Promise<void>;
}

export interface ReceiverOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** What is answered to the request of a number, from 0. Default: 204 to all. */
  readonly reply?: (number: number, request: Request) => Reply;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Labels that the exporter adds, or that tests add. */
const EXTERNAL = new Set(["__name__", "job", "instance", "zone"]);

export function startReceiver(options: ReceiverOptions = {}): Receiver {
  const { port = 0, reply = (): Reply => ({ status: 204 }), tls } = options;
  const requests: Headers[] = [];
  const samples = new Map<string, Taken[]>();
  const labels = new Map<string, Record<string, string>>();
  const starts = new Map<string, Set<number>>();

  /** @returns How many samples there were; undefined when whoever sent them is gone. */
  async function take(request: Request): Promise<number | undefined> {
    let decoded;
    try {
      decoded = await decodeRequest(request);
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return undefined;
      throw error;
    }
    let count = 0;
    for (const { labels: pairs, samples: own } of decoded) {
      const all = Object.fromEntries(pairs);
      const rest = pairs.filter(([name]) => !EXTERNAL.has(name));
      const text = rest.map(([name, value]) => `${name}="${value}"`).join();
      const series = `${all.__name__}${text && `{${text}}`}`;
      labels.set(series, all);
      const known = samples.get(series) ?? [];
      samples.set(series, known);
      const knownStarts = starts.get(series) ?? new Set();
      starts.set(series, knownStarts);
      for (const { timestamp, value, start } of own) {
        known.push([timestamp, value]);
        knownStarts.add(start);
      }
      count += own.length;
    }
    return count;
  }

  const server = Deno.serve({
    hostname: "127.0.0.1",
    port,
    ...tls ?? {},
    onListen() {},
  }, async (request) => {
    const number = requests.length;
    requests.push(new Headers(request.headers));
    const { status, headers = {}, delay = 0 } = reply(number, request);
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const isTaken = status < 300;
    const written = isTaken ? await take(request) : 0;
    if (!isTaken) await request.body?.cancel();
    const isTwo = request.headers.get("x-prometheus-remote-write-version") === "2.0.0";
    const counts: Record<string, string> = isTwo && isTaken
      ? { "x-prometheus-remote-write-samples-written": String(written) }
      : {};
    return new Response(null, { status, headers: { ...counts, ...headers } });
  });
  return {
    port: server.addr.port,
    url: `http${tls === undefined ? "" : "s"}://127.0.0.1:${server.addr.port}/api/v1/write`,
    requests,
    samples,
    labels,
    starts,
    stop: () => server.shutdown(),
  };
}
