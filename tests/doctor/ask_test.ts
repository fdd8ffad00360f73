/** Tests that servers are asked with limits, and of what is said about those that do not answer. @module */

import assert from "node:assert/strict";
import * as z from "zod";
import { basicAuthorization, createAsk, isAnswer, readJson } from "../../lib/doctor/ask.ts";
import { answer } from "./inquiries.ts";

/** Lends a server on a free port. */
async function withServer(
  handler: (request: Request) => Response | Promise<Response>,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  try {
    await use(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("createAsk() gives an answer as it is, and follows no redirection", async () => {
  const handler = (request: Request) =>
    new URL(request.url).pathname === "/there"
      ? Response.redirect("http://127.0.0.1:1/", 302)
      : new Response(request.headers.get("authorization"), { status: 418, headers: { a: "b" } });
  await withServer(handler, async (url) => {
    const got = await createAsk()(url, basicAuthorization("a:é"));
    assert.ok(isAnswer(got));
    assert.deepEqual([got.status, got.text, got.headers.get("a")], [418, "Basic YTrDqQ==", "b"]);
    const moved = await createAsk()(`${url}/there`);
    assert.ok(isAnswer(moved) && moved.status === 302);
  });
});

Deno.test("createAsk() reads no more than it may", async () => {
  await withServer(() => new Response("x".repeat(1000)), async (url) => {
    assert.ok(isAnswer(await createAsk({ maxBytes: 1000 })(url)));
    assert.deepEqual(await createAsk({ maxBytes: 999 })(url), {
      kind: "other",
      reason: "its answer is larger than 999 bytes",
    });
  });
});

Deno.test("createAsk() waits no longer than it may, for the head and for the body", async () => {
  const asked = Promise.withResolvers<void>();
  const handler = async (request: Request) => {
    if (new URL(request.url).pathname === "/body") return new Response(new ReadableStream());
    await asked.promise;
    return new Response();
  };
  await withServer(handler, async (url) => {
    const ask = createAsk({ timeout: 50 });
    const expected = { kind: "other", reason: "it did not answer completely within 0.05 s" };
    assert.deepEqual(await ask(url), expected);
    assert.deepEqual(await ask(`${url}/body`), expected);
    asked.resolve();
  });
});

Deno.test("createAsk() tells a closed port from one that speaks no HTTP", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}`;
  const accepting = (async () => {
    const connection = await listener.accept();
    await connection.write(new TextEncoder().encode("220 mail.example ESMTP\r\n"));
    connection.close();
  })();
  const silence = await createAsk()(url);
  await accepting;
  listener.close();
  assert.ok(!isAnswer(silence) && silence.kind === "other", JSON.stringify(silence));
  assert.deepEqual(await createAsk()(url), { kind: "closed", reason: "nothing listens there" });
});

Deno.test("createAsk() says when it may not connect", {
  permissions: { net: ["127.0.0.1"] },
}, async () => {
  assert.deepEqual(await createAsk()("http://192.0.2.1:8000/"), {
    kind: "denied",
    reason: "this program may not connect there",
  });
});

Deno.test("readJson() gives what the schema has, and nothing else", () => {
  const schema = z.object({ a: z.number() });
  assert.deepEqual(readJson(schema, answer('{"a":1,"b":2}')), { a: 1 });
  for (const text of ['{"a":"1"}', "<html>", ""]) {
    assert.equal(readJson(schema, answer(text)), undefined);
  }
});
