/** The worker of `http.ts`: posts one report after the other. @module */

/// <reference lib="deno.worker" />
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

/** The pause after the first failure. */
const FIRST_PAUSE_MS = 50;

/**
 * The thread's side of a channel. A report is tried again until it is delivered or refused for good;
 * then the thread is not busy any more. Once the last report is there, one before it has half of the
 * patience left.
 */
class Delivery {
  readonly #target: Target;
  readonly #client: Deno.HttpClient | undefined;
  readonly #tell: (answer: Answer) => void;
  /** What is to be delivered, in order: one report, and the last one behind it. */
  readonly #parcels: Parcel[] = [];
  #isRunning = false;
  #isTold = false;
  #isStopped = false;
  #failures = 0;
  #endPost = () => {};
  #endPause = () => {};

  constructor(target: Target, tell: (answer: Answer) => void) {
    this.#target = target;
    this.#client = target.direct && Deno.createHttpClient({ proxy: { ...target.direct } });
    this.#tell = tell;
  }

  take(parcel: Parcel): void {
    this.#parcels.push(parcel);
    if (parcel.last) {
      this.#failures = 0;
      this.#endPause();
      setTimeout(() => this.#parcels.length > 1 && this.#endPost(), this.#target.patience / 2);
    }
    if (!this.#isRunning) this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#parcels.length = 0;
    this.#endPost();
    this.#endPause();
    this.#client?.close();
  }

  async #run(): Promise<void> {
    const parcels = this.#parcels;
    this.#isRunning = true;
    for (let parcel = parcels[0]; parcel !== undefined; parcel = parcels[0]) {
      const failure = await this.#post(parcel.report);
      if (this.#isStopped) return;
      this.#failures = failure === undefined ? 0 : this.#failures + 1;
      if (failure !== undefined && !this.#isTold) {
        this.#tell({ problem: failure.problem });
        this.#isTold = true;
      }
      const isOver = failure === undefined || !failure.again || parcels.length > 1;
      if (isOver) parcels.shift();
      if (isOver && parcel.last) {
        this.#tell({ delivered: failure === undefined });
      } else if (failure !== undefined && (parcels.length === 0 || parcels[0] === parcel)) {
        // After a refusal too: whatever comes next may fare no better.
        await this.#pause();
      }
    }
    this.#isRunning = false;
    Atomics.store(this.#target.busy, 0, 0);
  }

  /** Posts a report. Returns what is wrong, and whether it may be mended by trying again. */
  async #post(report: Uint8Array<ArrayBuffer>) {
    const { url, headers, timeout } = this.#target;
    const controller = new AbortController();
    this.#endPost = () => controller.abort(new Error("no answer yet, and the game is over"));
    const timer = setTimeout(
      () => controller.abort(new Error(`no answer within ${timeout} ms`)),
      timeout,
    );
    try {
      const response = await fetch(url, {
        method: "POST",
        headers,
        body: report,
        redirect: "manual",
        signal: controller.signal,
        ...this.#client === undefined ? {} : { client: this.#client },
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
  async #pause(): Promise<void> {
    const longest = Math.min(this.#target.maxPause, FIRST_PAUSE_MS * 2 ** this.#failures);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, longest * (0.5 + Math.random() / 2));
    this.#endPause = resolve;
    await promise;
    clearTimeout(timer);
  }
}

onmessage = ({ data: port }: MessageEvent<MessagePort>) => {
  let delivery: Delivery | undefined;
  port.onmessage = ({ data }: MessageEvent<Target | Parcel | Stop>) => {
    if ("url" in data) {
      delivery = new Delivery(data, (answer) => port.postMessage(answer));
    } else if ("stop" in data) {
      delivery?.stop();
      port.close();
    } else delivery?.take(data);
  };
};
