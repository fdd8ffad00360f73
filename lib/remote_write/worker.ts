/** The worker that sends: it has the right to read the queue and to reach one address, and no other. @module */

/// <reference lib="deno.worker" />
import type { Labels, Protocol } from "./message.ts";
import { createPost, type Secrets, type Target } from "./post.ts";
import { Sender, type SenderEvent, type SenderOptions } from "./sender.ts";
import type { SharedPositions } from "./segment.ts";
import { Unsent } from "./unsent.ts";

/** The first message: all that the worker needs. */
export interface Setup extends Target {
  readonly protocol: Protocol | "auto";
  readonly external: Labels;
  readonly queue: string;
  readonly segments: number;
  readonly positions: SharedPositions;
}

/** A later message: to send what there is now, and then to say so. */
export interface Hurry {
  readonly hurry: true;
}

/** A later message: secrets that were read again. */
export interface Renewed {
  /** Undefined = they are as they were. */
  readonly secrets: Secrets | undefined;
  /** Whether it answers `renew`. */
  readonly isAnswer: boolean;
}

/**
 * What comes back; `renew` asks to read the secrets again, because the receiver refused them, and
 * `damaged` says that a part of the queue cannot be read.
 */
export type Told =
  | SenderEvent
  | { readonly type: "empty" }
  | { readonly type: "renew" }
  | { readonly type: "damaged" };

/** Posts with the secrets of the moment. */
class RenewablePost {
  #target: Target;
  #current: ReturnType<typeof createPost>;
  /** What the last message was posted with. */
  #last: ReturnType<typeof createPost>;
  #answered = () => {};

  constructor(target: Target) {
    this.#target = target;
    this.#last = this.#current = createPost(target);
  }

  readonly post: SenderOptions["post"] = (body, headers) => {
    this.#last = this.#current;
    return this.#current.post(body, headers);
  };

  /** Asks for other secrets than those of the last message; says whether there are. */
  readonly renew = async (): Promise<boolean> => {
    if (this.#last === this.#current) {
      const answer = Promise.withResolvers<void>();
      this.#answered = answer.resolve;
      postMessage({ type: "renew" } satisfies Told);
      await answer.promise;
    }
    return this.#last !== this.#current;
  };

  take({ secrets, isAnswer }: Renewed): void {
    if (secrets !== undefined) {
      this.#target = { ...this.#target, ...secrets };
      // A message under way keeps its connection.
      this.#current.close();
      this.#current = createPost(this.#target);
    }
    if (isAnswer) this.#answered();
  }
}

function start(setup: Setup): (message: Hurry | Renewed) => void {
  const renewable = new RenewablePost(setup);
  const onDamaged = () => postMessage({ type: "damaged" } satisfies Told);
  const unsent = new Unsent(setup.queue, setup.segments, setup.positions, onDamaged);
  let isHurried = false;
  let endPause = () => {};
  const sender = new Sender({
    next(maxSamples) {
      const batch = unsent.next(maxSamples);
      if (batch === undefined && isHurried) postMessage({ type: "empty" } satisfies Told);
      return batch;
    },
    post: renewable.post,
    renew: renewable.renew,
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
  return (message) => {
    if ("isAnswer" in message) return renewable.take(message);
    isHurried = true;
    endPause();
  };
}

let take: ((message: Hurry | Renewed) => void) | undefined;

onmessage = ({ data }: MessageEvent<Setup | Hurry | Renewed>) => {
  if ("hurry" in data || "isAnswer" in data) take?.(data);
  else take = start(data);
};
