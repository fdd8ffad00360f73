/** The HTTP transport: a worker beside the simulation posts to an exporter. @module */

import { directTo } from "../network/mod.ts";
import { startWorker } from "../worker/mod.ts";
import type { Answer, Message, Stop, Target } from "./deliver.ts";
import source from "./deliver.js" with { type: "text" };
import { logProblem, once, type OnProblem, type Transport } from "./transport.ts";

export interface HttpOptions {
  /** Default: `http://127.0.0.1:8000/update_metrics`, an exporter on the same machine. */
  readonly url?: string;
  /** The exporter's bearer token. */
  readonly token?: string;
  /** How long one attempt may take, in milliseconds. Default: 5 s. */
  readonly timeout?: number;
  /** How long the end waits for the last report to be delivered, in milliseconds. Default: 2 s. */
  readonly patience?: number;
  /** Called for the first failure, and if the last report fails. Default: logs to standard error. */
  readonly onProblem?: OnProblem;
}

const URL_OF_EXPORTER = "http://127.0.0.1:8000/update_metrics";
const TIMEOUT_MS = 5000;
const PATIENCE_MS = 2000;
const MAX_PAUSE_MS = 2000;

/** One worker for all transports of this process, because a hundred games do not need a hundred. */
interface Thread {
  readonly worker: Worker;
  /** Called when the worker ends by a fault, one for each transport. */
  readonly users: Set<(problem: string) => void>;
}

let thread: Thread | undefined;

function startThread(): Thread {
  const users: Thread["users"] = new Set();
  const worker = startWorker(source, (problem) => {
    thread = undefined;
    for (const onBroken of users) onBroken(problem);
  });
  return { worker, users };
}

/** Opens a channel to the worker, which exists as long as one is open. */
function openChannel(onBroken: (problem: string) => void): { port: MessagePort; close(): void } {
  const own = thread ??= startThread();
  own.users.add(onBroken);
  const { port1: port, port2 } = new MessageChannel();
  own.worker.postMessage(port2, [port2]);
  return {
    port,
    close() {
      port.postMessage({ stop: true } satisfies Stop);
      port.close();
      own.users.delete(onBroken);
      if (own.users.size > 0) return;
      own.worker.terminate();
      if (thread === own) thread = undefined;
    },
  };
}

/**
 * Opens a channel to the worker, which keeps the process alive until `end()`. It holds one report at a
 * time and is ready for the next one when that is delivered; it says so in shared memory, because a
 * simulation that never lets its event loop run would not hear of it otherwise.
 *
 * An exporter that is absent or slow is tried again and again, with the same report; a report that
 * it refuses for good (any status but 200 to 299, 408, 429 and 500 to 599) is dropped.
 *
 * @throws {TypeError} When the URL is not HTTP, or the token is not valid in a header.
 */
export function openHttp(options: HttpOptions = {}): Transport {
  const { token, timeout = TIMEOUT_MS, patience = PATIENCE_MS } = options;
  const { onProblem = logProblem } = options;
  const url = URL.parse(options.url ?? URL_OF_EXPORTER);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(`Cannot post to "${options.url}": expected a URL of http or https`);
  }
  // fetch would quote an invalid header in its message.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TypeError("Cannot use the token: expected ASCII characters without spaces");
  }
  const place = `${url.origin}${url.pathname}`;
  const tell = once(onProblem);
  const busy = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const ended = Promise.withResolvers<boolean>();
  let isBroken = false;

  const { port, close } = openChannel((problem) => {
    isBroken = true;
    ended.resolve(false);
    tell(`Cannot post reports to "${place}" any more; the game continues: ${problem}`);
  });
  port.onmessage = ({ data }: MessageEvent<Answer>) => {
    if ("delivered" in data) ended.resolve(data.delivered);
    else tell(`Cannot post reports to "${place}" for now; the game continues: ${data.problem}`);
  };
  port.postMessage(
    {
      url: url.href,
      direct: directTo(url),
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
    port.postMessage({ report, last } satisfies Message, [report.buffer]);
  }

  return {
    ready: () => !isBroken && Atomics.load(busy, 0) === 0,
    write: (report) => send(report, false),
    async end(report) {
      if (!isBroken) send(report, true);
      const timer = setTimeout(() => ended.resolve(false), patience);
      const isDelivered = await ended.promise;
      clearTimeout(timer);
      close();
      if (!isDelivered) onProblem(`The last report did not reach "${place}"`);
    },
  };
}
