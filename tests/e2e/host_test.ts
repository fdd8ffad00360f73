/** Sends requests whose Host header is made by hand, as no client would make it. @module */

import assert from "node:assert/strict";
import { startExporter } from "../harness/exporter.ts";
import { withTempDir } from "../harness/waiting.ts";

/** Sends a request as it is; returns the status of the answer. */
async function statusOf(port: number, ...lines: readonly string[]): Promise<number> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = [...lines, "Connection: close", "", ""].join("\r\n");
  await connection.write(new TextEncoder().encode(request));
  const answer = await new Response(connection.readable).text();
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}

Deno.test("a Host header that is not one host is answered 400, and reaches no path", async () => {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd });
    try {
      const { port } = exporter;
      const get = "GET /health HTTP/1.1";
      assert.equal(await statusOf(port, get, "Host: localhost"), 200);
      const post = ["POST /foo HTTP/1.1", "Content-Type: application/json", "Content-Length: 0"];
      assert.equal(await statusOf(port, ...post, "Host: localhost/update_metrics?"), 400);
      assert.equal(await statusOf(port, get, "Host: localhost", "Host: evil.example"), 400);
      assert.equal(await statusOf(port, get, "Host: evil.example", "Host: localhost"), 400);
      assert.equal(await statusOf(port, get, "Host: user:pw@localhost"), 400);
      assert.equal(await statusOf(port, get, "Host: evil.example"), 421);
      assert.match(await exporter.scrape(), /^tradesim_exporter_reports_taken_total.* 0$/m);
    } finally {
      await exporter.stop();
    }
  });
});
