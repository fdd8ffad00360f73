/** Runs in the worker of `off_loop.ts`: checks passwords and compresses. @module */

/// <reference lib="deno.worker" />
import { gzipSync } from "node:zlib";
import { compareSync } from "bcryptjs";

/** A password to check, or bytes to compress. */
export type Work =
  | { readonly password: string; readonly hash: string }
  | { readonly bytes: Uint8Array<ArrayBuffer> };

export type Answer =
  | { readonly value: boolean | Uint8Array<ArrayBuffer> }
  | { readonly error: string };

function answer(answer: Answer, transfer: Transferable[] = []): void {
  postMessage(answer, transfer);
}

onmessage = ({ data: work }: MessageEvent<Work>) => {
  try {
    if ("hash" in work) return answer({ value: compareSync(work.password, work.hash) });
    // node:zlib may answer with a view of a larger buffer, shared at that.
    const value = new Uint8Array(gzipSync(work.bytes, { level: 1 }));
    answer({ value }, [value.buffer]);
  } catch (error) {
    answer({ error: String(error) });
  }
};
