/** Tests of an open port, with real connections. @module */

import assert from "node:assert/strict";
import { Connections, type Handler, listen } from "../../lib/server/mod.ts";
import { reasonOf } from "../../lib/server/address.ts";
import { ownServeConnection } from "../../lib/server/counted_port.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { captureLog } from "../log/capture.ts";
import { until } from "../harness/waiting.ts";

function setUp(handler: Handler, { isCounted = true } = {}) {
  let time = 0;
  const connections = new Connections({ telemetry: createTelemetry(), now: () => time });
  const { log, lines } = captureLog();
  const options = { tls: undefined, handler, connections, log };
  const listening = listen(
    { hostname: "127.0.0.1", port: 0 },
    isCounted ? options : { ...options, serveConnection: undefined },
  );
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(lines.join("\n"))?.[1]);
  return {
    lines,
    port,
    /** Connects, sends a text and waits until the handler has been asked so often. */
    async send(text: string): Promise<Deno.TcpConn> {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(new TextEncoder().encode(text));
      return connection;
    },
    pass(milliseconds: number) {
      time += milliseconds;
      connections.sweep();
    },
    async close() {
      connections.close();
      await listening.shutdown();
    },
  };
}

/** What comes on a connection until it is closed by the other side. */
async function readAll(connection: Deno.TcpConn): Promise<string> {
  return await new Response(connection.readable).text();
}

const OK: Handler = () => Promise.resolve(new Response("well\n"));
const HEAD = "GET / HTTP/1.1\r\nHost: localhost\r\n";

Deno.test("this version of Deno hands over single connections", () => {
  assert.equal(typeof ownServeConnection(), "function");
});

Deno.test("listen() closes who is silent, sends half a head, or waits too long for its next request", async () => {
  const port = setUp(OK);
  const silent = await port.send("");
  const half = await port.send(HEAD);
  const idle = await port.send(`${HEAD}\r\n`);
  const buffer = new Uint8Array(4096);
  let answer = "";
  while (!answer.endsWith("well\n")) {
    answer += new TextDecoder().decode(buffer.subarray(0, (await idle.read(buffer))!));
  }
  port.pass(10_001);
  assert.deepEqual([await readAll(silent), await readAll(half)], ["", ""]);
  await idle.write(new TextEncoder().encode(`${HEAD}\r\n`));
  await idle.read(buffer);
  port.pass(60_001);
  await until("the end of the connection", async () => await idle.read(buffer) === null);
  idle.close();
  await port.close();
});

Deno.test("listen() leaves a stream of events open for as long as it likes", async () => {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const port = setUp(() => {
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    return Promise.resolve(
      new Response(body, { headers: { "content-type": "text/event-stream" } }),
    );
  });
  const reader = await port.send(`${HEAD}Connection: close\r\n\r\n`);
  await until("a reader", () => controller);
  for (let minute = 0; minute < 100; minute++) port.pass(60_000);
  controller!.enqueue(new TextEncoder().encode("event: late\n\n"));
  controller!.close();
  assert.match(await readAll(reader), /event: late/);
  await port.close();
});

Deno.test("listen() answers on a Deno that hands over no connections, and says what is missing", async () => {
  const port = setUp(OK, { isCounted: false });
  const connection = await port.send(`${HEAD}Connection: close\r\n\r\n`);
  assert.match(await readAll(connection), /^HTTP\/1\.1 200 OK[^]*well\n$/);
  assert.match(port.lines.join("\n"), /level=warn .*Connections are not limited/);
  await port.close();
});

Deno.test("reasonOf() says of TradeSim's port who may have it", () => {
  const taken = new Deno.errors.AddrInUse();
  assert.match(
    reasonOf(taken, 8000),
    /another exporter, or a TradeSim .*--with-metrics.*--port .*--follow/,
  );
  assert.equal(
    reasonOf(taken, 9101),
    "another program is using it. Choose another port with --port",
  );
});

Deno.test("reasonOf() says what to do about each reason", () => {
  const { AddrInUse, AddrNotAvailable, NotCapable, PermissionDenied } = Deno.errors;
  for (const Reason of [AddrInUse, AddrNotAvailable, NotCapable, PermissionDenied]) {
    assert.match(reasonOf(new Reason(), 80), /^[a-z][^.]*\. (Choose|Run) .* (--|0\.0\.0\.0)/);
  }
});
