/** The worker of `http.ts`: posts one report after the other. @module */

/// <reference lib="deno.worker" />
import { messageOf } from "../error/mod.ts";
import type { Direct } from "../network/mod.ts";

/** The first message of a channel: where to post to. */
export interface Target {
  readonly url: string;
  /** Address to connect to without a proxy; undefined = as the environment says. */
  readonly direct: Direct | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** How long one attempt may take, and all those for the last report together, in milliseconds. */
  readonly timeout: number;
  readonly patience: number;
  /** The longest pause between two attempts, in milliseconds. */
  readonly maxPause: number;
  /** One number: 1 while a report is not delivered. The sender sets it. */
  readonly busy: Int32Array<SharedArrayBuffer>;
}

/** A further message: a report. The last one is answered. */
export interface Message {
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
 * The worker's side of a channel. A report is tried again until it is delivered or refused for good;
 * then the thread is not busy any more. Once the last report is there, one before it has half of the
 * patience left.
 */
class Delivery {
  readonly #target: Target;
  readonly #client: Deno.HttpClient | undefined;
  readonly #tell: (answer: Answer) => void;
  /** Reports to deliver, in order: one report, and the last one behind it. */
  readonly #messages: Message[] = [];
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

  take(message: Message): void {
    this.#messages.push(message);
    if (message.last) {
      this.#failures = 0;
      this.#endPause();
      setTimeout(() => this.#messages.length > 1 && this.#endPost(), this.#target.patience / 2);
    }
    if (!this.#isRunning) this.#run();
  }

  stop(): void {
    this.#isStopped = true;
    this.#messages.length = 0;
    this.#endPost();
    this.#endPause();
    this.#client?.close();
  }

  async #run(): Promise<void> {
    const messages = this.#messages;
    this.#isRunning = true;
    for (let message = messages[0]; message !== undefined; message = messages[0]) {
      const failure = await this.#post(message.report);
      if (this.#isStopped) return;
      this.#failures = failure === undefined ? 0 : this.#failures + 1;
      if (failure !== undefined && !this.#isTold) {
        this.#tell({ problem: failure.problem });
        this.#isTold = true;
      }
      const isOver = failure === undefined || !failure.again || messages.length > 1;
      if (isOver) messages.shift();
      if (isOver && message.last) {
        this.#tell({ delivered: failure === undefined });
      } else if (failure !== undefined && (messages.length === 0 || messages[0] === message)) {
        // After a refusal too: whatever comes next may fare no better.
        await this.#pause();
      }
    }
    this.#isRunning = false;
    Atomics.store(this.#target.busy, 0, 0);
  }

  /** Posts a report. Returns the problem, and whether to try again. */
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
      return { problem: messageOf(error), again: true };
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
  port.onmessage = ({ data }: MessageEvent<Target | Message | Stop>) => {
    if ("url" in data) {
      delivery = new Delivery(data, (answer) => port.postMessage(answer));
    } else if ("stop" in data) {
      delivery?.stop();
      port.close();
    } else delivery?.take(data);
  };
};
