/** Inflates gzip as it arrives. @module */

import { createGunzip } from "node:zlib";

/** Even inflated a thousandfold, one slice is small. */
const SLICE_BYTES = 4096;

export type ByteStream = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * Inflates a body, which may have several gzip members (RFC 1952, 2.2), until `isOver`. The rest is dropped.
 */
export function inflated(body: ByteStream, isOver: () => boolean): ByteStream {
  const gunzip = createGunzip();
  const reader = body.getReader();
  async function feed(): Promise<void> {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return void gunzip.end();
      for (let at = 0; at < value.length && !isOver(); at += SLICE_BYTES) {
        const slice = value.subarray(at, at + SLICE_BYTES);
        if (!gunzip.write(slice)) await new Promise((resolve) => gunzip.once("drain", resolve));
      }
    }
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      gunzip.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
        // Several chunks share one buffer, but the reader frees the buffer of each.
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) gunzip.pause();
      });
      gunzip.once("end", () => controller.close());
      gunzip.once("error", (error) => controller.error(error));
      feed().catch((error) => gunzip.destroy(error));
    },
    pull: () => void gunzip.resume(),
    cancel(reason) {
      gunzip.removeAllListeners();
      gunzip.on("error", () => {});
      gunzip.destroy();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 1 });
}
