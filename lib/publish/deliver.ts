/** Runs in the worker of the HTTP transport: posts one report after the other. @module */

import type { Direct } from "../network/mod.ts";

/** The first message of a channel: where to post to. */
export interface Target {
  readonly url: string;
  /** Where to connect to, past any proxy; undefined = as the environment says. */
  readonly direct: Direct | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** How long one attempt may take, and all those for the last report together, in milliseconds. */
  readonly timeout: number;
  readonly patience: number;
  /** The longest pause between two attempts, in milliseconds. */
  readonly maxPause: number;
  /** One number, 1 while there is a report that is not delivered. Set by whoever sends one. */
  readonly busy: Int32Array<SharedArrayBuffer>;
}

/** A further message: a report. The last one is answered. */
export interface Parcel {
  readonly report: Uint8Array<ArrayBuffer>;
  readonly last: boolean;
}

/** The message after which nothing is posted any more, delivered or not. */
export interface Stop {
  readonly stop: true;
}

/** What comes back: the first failure of all, and whether the last report was delivered. */
export type Answer = { readonly problem: string } | { readonly delivered: boolean };

/** The thread's side of a channel. */
export interface Port {
  onmessage: ((event: MessageEvent<Target | Parcel | Stop>) => void) | null;
  postMessage(answer: Answer): void;
  close(): void;
}

/**
 * Serves a port. A report is tried again until it is delivered or refused for good; then the thread
 * is not busy any more. Once the last report is there, one before it has half of the patience left.
 *
 * The thread is given this function as text, so it refers to nothing outside itself.
 */
export function deliver(port: Port): void {
  const FIRST_PAUSE_MS = 50;

  let target: Target;
  /** What is to be delivered, in order: one report, and the last one behind it. */
  const parcels: Parcel[] = [];
  let isRunning = false;
  let isTold = false;
  let isStopped = false;
  let failures = 0;
  let endPost = () => {};
  let client: Deno.HttpClient | undefined;
  let endPause = () => {};

  /** Posts a report. Returns what is wrong, and whether it may be mended by trying again. */
  async function post(report: Uint8Array<ArrayBuffer>) {
    const controller = new AbortController();
    endPost = () => controller.abort(new Error("no answer yet, and the game is over"));
    const timer = setTimeout(
      () => controller.abort(new Error(`no answer within ${target.timeout} ms`)),
      target.timeout,
    );
    try {
      const response = await fetch(target.url, {
        method: "POST",
        headers: target.headers,
        body: report,
        redirect: "manual",
        signal: controller.signal,
        ...client === undefined ? {} : { client },
      });
      await response.body?.cancel();
      if (response.ok) return undefined;
      const again = response.status >= 500 || [408, 429].includes(response.status);
      return { problem: `the answer is ${response.status} ${response.statusText}`, again };
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error), again: true };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits, longer after every failure and not equally long in all simulations. */
  async function pause(): Promise<void> {
    const longest = Math.min(target.maxPause, FIRST_PAUSE_MS * 2 ** failures);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
    endPause = resolve;
    await promise;
    clearTimeout(timer);
  }

  async function run(): Promise<void> {
    isRunning = true;
    for (let parcel = parcels[0]; parcel !== undefined; parcel = parcels[0]) {
      const failure = await post(parcel.report);
      if (isStopped) return;
      failures = failure === undefined ? 0 : failures + 1;
      if (failure !== undefined && !isTold) {
        port.postMessage({ problem: failure.problem });
        isTold = true;
      }
      const isOver = failure === undefined || !failure.again || parcels.length > 1;
      if (isOver) parcels.shift();
      if (isOver && parcel.last) {
        port.postMessage({ delivered: failure === undefined });
      } else if (failure !== undefined && (parcels.length === 0 || parcels[0] === parcel)) {
        // After a refusal too: whatever comes next may fare no better.
        await pause();
      }
    }
    isRunning = false;
    Atomics.store(target.busy, 0, 0);
  }

  port.onmessage = ({ data }) => {
    if ("url" in data) {
      target = data;
      client = target.direct && Deno.createHttpClient({ proxy: { ...target.direct } });
      return;
    }
    if ("stop" in data) {
      isStopped = true;
      parcels.length = 0;
      endPost();
      endPause();
      client?.close();
      port.close();
      return;
    }
    parcels.push(data);
    if (data.last) {
      failures = 0;
      endPause();
      setTimeout(() => parcels.length > 1 && endPost(), target.patience / 2);
    }
    if (!isRunning) run();
  };
}
