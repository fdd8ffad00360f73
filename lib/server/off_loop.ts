/** Does slow work, password checks and compression, in a worker. @module */

import { startWorker } from "../worker/mod.ts";
import type { Answer, Work } from "./slow_work.ts";
import source from "./slow_work.js" with { type: "text" };

/** Slow work that leaves the event loop free. Both functions reject once `close` was called. */
export interface OffLoop {
  /** Whether `hash` is the bcrypt hash of `password`. One comparison runs at a time, in order. */
  compare(password: string, hash: string): Promise<boolean>;
  /**
   * Compresses at level 1. The buffer of `bytes` moves to the thread, so `bytes` is empty
   * afterwards. Waits for one comparison at most.
   */
  gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  /** Ends the worker, whatever it is doing; pending work rejects. */
  close(): void;
}

/** Creates a worker for slow work. It starts with the first work. */
export function createOffLoop(): OffLoop {
  let worker: Worker | undefined;
  let closed = false;
  // The worker answers in the order of its requests.
  let unanswered: PromiseWithResolvers<unknown>[] = [];
  let lastCompare: Promise<unknown> = Promise.resolve();

  function stop(reason: string): void {
    worker?.terminate();
    worker = undefined;
    const failed = unanswered;
    unanswered = [];
    for (const { reject } of failed) reject(new Error(reason));
  }

  function start(): Worker {
    const started = startWorker(
      source,
      (problem) => stop(`The thread for slow work failed: ${problem}`),
    );
    started.onmessage = ({ data }: MessageEvent<Answer>) => {
      const asked = unanswered.shift();
      if ("value" in data) asked?.resolve(data.value);
      else asked?.reject(new Error(data.error));
    };
    return started;
  }

  function ask(work: Work, transfer: Transferable[] = []): Promise<unknown> {
    if (closed) throw new Error("The worker is closed");
    worker ??= start();
    worker.postMessage(work, transfer);
    const asked = Promise.withResolvers<unknown>();
    unanswered.push(asked);
    return asked.promise;
  }

  return {
    async compare(password, hash) {
      const equal = lastCompare.then(() => ask({ password, hash }));
      lastCompare = equal.catch(() => {}); // The failure is this caller's, the next one has its turn.
      return await equal === true;
    },
    async gzip(bytes) {
      return await ask({ bytes }, [bytes.buffer]) as Uint8Array<ArrayBuffer>;
    },
    close() {
      closed = true;
      stop("The worker is closed");
    },
  };
}
