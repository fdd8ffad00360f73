/** Sends bytes as the body of an answer to readers that may be slow. @module */

import { NotRead } from "../live/mod.ts";

/** How long a reader may take for one answer. */
const SENDING_MS = 30_000;

/**
 * Deno 2.7 leaves Nagle's algorithm on: each piece waits until the reader has acknowledged the one
 * before, for 40 ms at worst. Deno 2.9 does not.
 */
const WAITS_BETWEEN_PIECES = /^2\.[0-8]\./.test(Deno.version.deno);

/** Larger and smaller pieces both make fewer answers a second, where none waits for another. */
const PIECE_BYTES = (WAITS_BETWEEN_PIECES ? 512 : 32) * 1024;

/**
 * A body that all answers can share: made of the bytes themselves, `Response` would copy them.
 * `onEnd` is called once, when the body was read or will not be read.
 */
export function streamOf(bytes: Uint8Array, onEnd: () => void): ReadableStream<Uint8Array> {
  let timer: ReturnType<typeof setTimeout>;
  const end = () => {
    clearTimeout(timer);
    onEnd();
  };
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        controller.enqueue(bytes.subarray(at, at + PIECE_BYTES));
      }
      timer = setTimeout(() => {
        controller.error(new NotRead("The answer was not read in time"));
        onEnd();
      }, SENDING_MS);
      Deno.unrefTimer(timer);
    },
    // Called for more only when everything was read.
    pull(controller) {
      controller.close();
      end();
    },
    cancel: end,
  });
}
