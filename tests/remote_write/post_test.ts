/** Tests what is read of a receiver's answer. @module */

import assert from "node:assert/strict";
import { createPost } from "../../lib/remote_write/post.ts";

Deno.test("of an answer without end only the beginning is read", async () => {
  const left = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("é".repeat(5000)));
      },
      cancel: () => left.resolve(),
    });
    return new Response(body, { status: 400 });
  });
  const { post, close } = createPost({
    url: `http://127.0.0.1:${server.addr.port}/`,
    direct: undefined,
    headers: {},
    tls: { ca: undefined, cert: undefined, key: undefined },
  });
  try {
    const { status, text } = await post(new Uint8Array(3), {});
    assert.equal(status, 400);
    assert.match(text, /^é{300,5000}$/);
    await left.promise;
  } finally {
    close();
    await server.shutdown();
  }
});
