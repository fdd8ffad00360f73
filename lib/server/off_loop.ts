/** Does slow work, password checks and compression, in a worker. @module */

// The worker's source is text, not a file: a file beside this one would not survive bundling.
import bcryptSource from "bcryptjs" with { type: "text" };

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

type Answer = { readonly value: unknown } | { readonly error: string };

// The copy is because node:zlib may answer with a view of a larger buffer, shared at that.
const SOURCE = `${bcryptSource.replace('from "crypto"', 'from "node:crypto"')}
import { gzipSync } from "node:zlib";
globalThis.onmessage = ({ data: { password, hash, bytes } }) => {
  try {
    if (bytes === undefined) return postMessage({ value: compareSync(password, hash) });
    const value = new Uint8Array(gzipSync(bytes, { level: 1 }));
    postMessage({ value }, [value.buffer]);
  } catch (error) {
    postMessage({ error: String(error) });
  }
};`;

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
    const started = new Worker(`data:text/javascript,${encodeURIComponent(SOURCE)}`, {
      type: "module",
    });
    started.onmessage = ({ data }: MessageEvent<Answer>) => {
      const asked = unanswered.shift();
      if ("value" in data) asked?.resolve(data.value);
      else asked?.reject(new Error(data.error));
    };
    started.onerror = (event) => {
      event.preventDefault(); // Otherwise it ends the whole program.
      stop(`The thread for slow work failed: ${event.message}`);
    };
    return started;
  }

  function ask(work: Record<string, unknown>, transfer: Transferable[] = []): Promise<unknown> {
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
