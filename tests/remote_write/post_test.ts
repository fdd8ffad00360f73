/** Tests what is read of a receiver's answer, and how long it is waited for. @module */

import assert from "node:assert/strict";
import { createPost, type Target } from "../../lib/remote_write/post.ts";

function targetAt(port: number): Target {
  return {
    url: `http://127.0.0.1:${port}/`,
    direct: undefined,
    headers: {},
    tls: { ca: undefined, cert: undefined, key: undefined },
  };
}

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
  const { post, close } = createPost(targetAt(server.addr.port));
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

Deno.test("a receiver that never answers, or never to the end, is given up", async () => {
  const end = Promise.withResolvers<Response>();
  const endless = () =>
    new Response(
      new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
    );
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const isSilent = (await request.bytes()).length === 1;
    return isSilent ? await end.promise : endless();
  });
  const { post, close } = createPost(targetAt(server.addr.port), 100);
  try {
    for (const length of [1, 2]) {
      await assert.rejects(post(new Uint8Array(length), {}), { name: "TimeoutError" });
    }
  } finally {
    end.resolve(new Response());
    close();
    await server.shutdown();
  }
});
