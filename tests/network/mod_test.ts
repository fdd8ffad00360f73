/** Tests what is told of requests that fail. @module */

import assert from "node:assert/strict";
import { reasonOf, withoutQuery } from "../../lib/network/mod.ts";
import { freePort } from "../harness/ports.ts";

async function failureOf(url: string): Promise<unknown> {
  return await fetch(url).then(() => assert.fail("it was answered"), (error: unknown) => error);
}

Deno.test("reasonOf() says why there is no answer, without the URL and what it may hide", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const babbling = (async () => {
    for (let requests = 0; requests < 2; requests++) {
      const connection = await listener.accept();
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode("SSH-2.0-OpenSSH\r\n"));
      connection.close();
    }
  })();
  const { port } = listener.addr;
  const cases: readonly (readonly [url: string, reason: RegExp])[] = [
    [`http://127.0.0.1:${freePort()}/?token=s3cr3t`, /^client error .*os error \d+/],
    [`http://127.0.0.1:${port}/?token=s3cr3t`, /^client error .*invalid HTTP version/],
    [`https://127.0.0.1:${port}/?token=s3cr3t`, /^client error .*InvalidContentType/],
  ];
  for (const [url, reason] of cases) {
    const found = reasonOf(await failureOf(url));
    assert.match(found, reason);
    assert.doesNotMatch(found, /s3cr3t/);
  }
  await babbling;
  listener.close();
  assert.equal(reasonOf(new Error("outer", { cause: new Error("inner") })), "inner");
  assert.equal(reasonOf("text"), "text");
});

Deno.test("withoutQuery() leaves out what may be a secret", () => {
  assert.equal(withoutQuery("http://a:1/w?token=s3cr3t&b=?"), "http://a:1/w?…");
  assert.equal(withoutQuery("http://a:1/w"), "http://a:1/w");
});
