/** The way out over HTTP: a thread of its own posts to an exporter. @module */

import { type Answer, deliver, type Parcel, type Target } from "./deliver.ts";
import { logProblem, once, type OnProblem, type Out } from "./out.ts";

export interface HttpOptions {
  /** Default: `http://127.0.0.1:8000/update_metrics`, an exporter on the same machine. */
  readonly url?: string;
  /** The exporter's bearer token. */
  readonly token?: string;
  /** How long one attempt may take, in milliseconds. Default: 5 s. */
  readonly timeout?: number;
  /** How long the end waits for the last report to be delivered, in milliseconds. Default: 2 s. */
  readonly patience?: number;
  /** Told of the first failure, and when the last report fails. Default: said on standard error. */
  readonly onProblem?: OnProblem;
}

const URL_OF_EXPORTER = "http://127.0.0.1:8000/update_metrics";
const TIMEOUT_MS = 5000;
const PATIENCE_MS = 2000;
const MAX_PAUSE_MS = 2000;

// The thread's source is text, not a file: a file beside this one would not survive bundling.
const SOURCE = `data:text/javascript,${encodeURIComponent(`(${deliver})(globalThis);`)}`;

/**
 * Starts the thread, which keeps the process alive until `end()`. It holds one report at a time and
 * is ready for the next one when that is delivered; it says so in shared memory, because a
 * simulation that never lets its event loop run would not hear of it otherwise.
 *
 * An exporter that is absent or slow is tried again and again, with the same report; a report that
 * it refuses for good (a status of 400 to 499 other than 408 and 429) is dropped.
 *
 * @throws {TypeError} When the URL is none of HTTP.
 */
export function openHttp(options: HttpOptions = {}): Out {
  const { token, timeout = TIMEOUT_MS, patience = PATIENCE_MS } = options;
  const { onProblem = logProblem } = options;
  const url = URL.parse(options.url ?? URL_OF_EXPORTER);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`Cannot post to "${options.url}": expected a URL of http or https`);
  }
  const place = `${url.origin}${url.pathname}`;
  const tell = once(onProblem);
  const busy = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const ended = Promise.withResolvers<boolean>();
  let isBroken = false;

  const worker = new Worker(SOURCE, { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    if ("delivered" in data) ended.resolve(data.delivered);
    else tell(`Cannot post reports to "${place}" for now, the game goes on: ${data.problem}`);
  };
  worker.onerror = (event) => {
    event.preventDefault(); // Otherwise it ends the whole program.
    isBroken = true;
    ended.resolve(false);
    tell(`Cannot post reports to "${place}" any more, the game goes on: ${event.message}`);
  };
  worker.postMessage(
    {
      url: url.href,
      headers: {
        "content-type": "application/json",
        ...token === undefined ? {} : { authorization: `Bearer ${token}` },
      },
      timeout,
      patience,
      maxPause: MAX_PAUSE_MS,
      busy,
    } satisfies Target,
  );

  function send(bytes: Uint8Array, last: boolean): void {
    const report = bytes.slice();
    Atomics.store(busy, 0, 1);
    worker.postMessage({ report, last } satisfies Parcel, [report.buffer]);
  }

  return {
    ready: () => !isBroken && Atomics.load(busy, 0) === 0,
    write: (report) => send(report, false),
    async end(report) {
      if (!isBroken) send(report, true);
      const timer = setTimeout(() => ended.resolve(false), patience);
      const isDelivered = await ended.promise;
      clearTimeout(timer);
      worker.terminate();
      if (!isDelivered) onProblem(`The last report did not reach "${place}"`);
    },
  };
}
