/** The worker that sends: it has the right to read the queue and to reach one address, and no other. @module */

/// <reference lib="deno.worker" />
import type { Labels, Protocol } from "./message.ts";
import { createPost, type Target } from "./post.ts";
import { Sender, type SenderEvent } from "./sender.ts";
import type { SharedPlaces } from "./segment.ts";
import { Unsent } from "./unsent.ts";

/** The first message: all that the worker needs. */
export interface Setup extends Target {
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
    post: createPost(setup).post,
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
