/** Tests of the reading of posted bodies within limits of size, time and number. @module */

import { until } from "../harness/waiting.ts";
import assert from "node:assert/strict";
import { deflateSync, gzipSync } from "node:zlib";
import { type RefusalReason, Refused } from "../../lib/report/mod.ts";
import { type BodyOptions, createBodyReader } from "../../lib/source/mod.ts";

const JSON_TYPE = { "content-type": "application/json" };
const GZIP = { ...JSON_TYPE, "content-encoding": "gzip" };

function post(body: BodyInit | null, headers: Record<string, string> = JSON_TYPE): Request {
  return new Request("http://localhost/update_metrics", { method: "POST", body, headers });
}

const gzip = (text: string) => new Uint8Array(gzipSync(text));

const reader = (options: Partial<BodyOptions> = {}) =>
  createBodyReader({ maxBytes: 1 << 20, timeoutMs: 60_000, ...options });

async function refusal(reading: Promise<unknown>, name = ""): Promise<RefusalReason> {
  try {
    await reading;
  } catch (error) {
    assert.ok(error instanceof Refused, `${name} ${error}`);
    return error.reason;
  }
  throw new assert.AssertionError({ message: `${name} was not refused` });
}

/** A body of which `sent` comes, and then nothing; the sender can go on or break off. */
function stalled(sent: string) {
  let controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  const state = { isCancelled: false };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(given) {
      controller = given;
      controller.enqueue(new TextEncoder().encode(sent));
    },
    cancel() {
      state.isCancelled = true;
    },
  });
  return {
    body,
    state,
    end: (rest: string) => {
      controller.enqueue(new TextEncoder().encode(rest));
      controller.close();
    },
    fail: (error: Error) => controller.error(error),
  };
}

Deno.test("createBodyReader() reads JSON, plain and gzip", async () => {
  const value = { session_id: "é", a: [1, null], stocks_historiques: null };
  const text = JSON.stringify({ ...value, stocks_historiques: [1, 2] });
  const cases: Record<string, Request> = {
    "plain": post(text),
    "charset": post(text, { "content-type": "application/json; charset=utf-8" }),
    "capitals": post(text, { "content-type": "Application/JSON" }),
    "identity": post(text, { ...JSON_TYPE, "content-encoding": "identity" }),
    "gzip": post(gzip(text), GZIP),
    "x-gzip": post(gzip(text), { ...JSON_TYPE, "content-encoding": "X-GZIP" }),
    "stream": post(new Blob([text]).stream()),
  };
  for (const [name, request] of Object.entries(cases)) {
    assert.deepEqual(await reader()(request), value, name);
  }
});

Deno.test("createBodyReader() refuses what it cannot read, and says why", async () => {
  const text = '{"a":1}';
  const zipped = gzip(text);
  const cases: Record<string, [Request, RefusalReason]> = {
    "no type": [post(new TextEncoder().encode(text), {}), "content_type"],
    "text": [post(text, { "content-type": "text/plain" }), "content_type"],
    "form": [post(text, { "content-type": "application/x-www-form-urlencoded" }), "content_type"],
    "type that begins alike": [post(text, { "content-type": "application/jsonl" }), "content_type"],
    "deflate": [
      post(new Uint8Array(deflateSync(text)), { ...JSON_TYPE, "content-encoding": "deflate" }),
      "encoding",
    ],
    "gzip twice": [
      post(new Uint8Array(gzipSync(zipped)), { ...JSON_TYPE, "content-encoding": "gzip, gzip" }),
      "encoding",
    ],
    "not gzip at all": [post(text, GZIP), "gzip"],
    "gzip cut off": [post(zipped.slice(0, -4), GZIP), "gzip"],
    "gzip that nobody announces": [post(zipped), "json"],
    "no body": [post(null), "json"],
    "empty body": [post(""), "json"],
    "empty gzip": [post(gzip(""), GZIP), "json"],
    "no JSON": [post("nonsense"), "json"],
    "too deep": [post("[".repeat(1000)), "too_deep"],
  };
  for (const [name, [request, reason]] of Object.entries(cases)) {
    assert.equal(await refusal(reader()(request), name), reason, name);
  }
});

Deno.test("createBodyReader() takes a body of the limit and refuses one byte more, inflated too", async () => {
  const read = reader({ maxBytes: 1000 });
  const text = (length: number) => `"${"x".repeat(length - 2)}"`;
  assert.equal((await read(post(text(1000))) as string).length, 998);
  assert.equal(await refusal(read(post(text(1001)))), "too_large");
  assert.equal((await read(post(gzip(text(1000)), GZIP)) as string).length, 998);
  assert.equal(await refusal(read(post(gzip(text(1001)), GZIP))), "too_large");
});

Deno.test("createBodyReader() stops reading at the limit: a gzip bomb goes off in nobody's hands", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(64 << 20).fill(0x20)));
  let sent = 0;
  let isCancelled = false;
  // It never ends: what comes after the limit is not even waited for.
  const body = new ReadableStream({
    async pull(controller) {
      const at = sent % bomb.length;
      sent += 1024;
      controller.enqueue(bomb.slice(at, at + 1024));
      if (sent > bomb.length) await new Promise((next) => setTimeout(next, 1));
    },
    cancel() {
      isCancelled = true;
    },
  });
  assert.equal(await refusal(reader({ maxBytes: 1 << 20 })(post(body, GZIP))), "too_large");
  // The refusal does not wait for the sender to be told.
  for (let i = 0; i < 100 && !isCancelled; i++) await new Promise((next) => setTimeout(next, 5));
  assert.ok(isCancelled);
});

Deno.test("createBodyReader() gives up on a body that takes too long, and tells the sender", async () => {
  const read = reader({ timeoutMs: 20 });
  for (const headers of [JSON_TYPE, GZIP]) {
    const { body, state } = stalled("");
    assert.equal(await refusal(read(post(body, headers))), "timeout");
    await new Promise((next) => setTimeout(next, 0));
    assert.ok(state.isCancelled);
  }
  const { body } = stalled('{"a":');
  assert.equal(await refusal(read(post(body))), "timeout");
  assert.deepEqual(await read(post('{"a":1}')), { a: 1 });
});

Deno.test("createBodyReader() gives up on a body that drips", async () => {
  let timer: ReturnType<typeof setInterval>;
  const body = new ReadableStream({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new Uint8Array([0x20])), 1);
    },
    cancel: () => clearInterval(timer),
  });
  assert.equal(await refusal(reader({ timeoutMs: 30 })(post(body))), "timeout");
});

Deno.test("createBodyReader() refuses a body that breaks off", async () => {
  const { body, fail } = stalled('{"a":1');
  const reading = reader()(post(body));
  fail(new Error("connection reset"));
  assert.equal(await refusal(reading), "aborted");
});

Deno.test("createBodyReader() reads only so many at once, and again when one has ended", async () => {
  const read = reader({ maxBodies: 2 });
  const [first, second] = [stalled('{"a":'), stalled('{"b":')];
  const readings = [read(post(first.body)), read(post(second.body))];
  assert.equal(await refusal(read(post("{}"))), "busy");
  first.end("1}");
  assert.deepEqual(await readings[0], { a: 1 });
  assert.deepEqual(await read(post('{"c":3}')), { c: 3 });
  second.fail(new Error("connection reset"));
  assert.equal(await refusal(readings[1]!), "aborted");
  const [third, fourth] = [stalled("["), stalled("[")];
  const more = [read(post(third.body)), read(post(fourth.body))];
  third.end("]");
  fourth.end("]");
  assert.deepEqual(await Promise.all(more), [[], []]);
});

Deno.test("createBodyReader() holds at most four of the largest bodies, however many come", async () => {
  const read = reader({ maxBytes: 1000 });
  const held = Array.from({ length: 4 }, () => stalled(`"${"x".repeat(899)}`));
  const readings = held.map(({ body }) => read(post(body)));
  // All four are read so far before the fifth one comes.
  for (let i = 0; i < 50; i++) await Promise.resolve();
  assert.equal(await refusal(read(post(`"${"x".repeat(700)}"`))), "busy");
  assert.equal(await read(post('"small"')), "small");
  for (const { end } of held) end('"');
  assert.deepEqual((await Promise.all(readings)).map((text) => (text as string).length), [
    899,
    899,
    899,
    899,
  ]);
  assert.equal((await read(post(`"${"x".repeat(700)}"`)) as string).length, 700);
});

/** Serves a reader of bodies; what it gives for each body is the value, or why it is refused. */
function serve(read: ReturnType<typeof createBodyReader>) {
  const outcomes: unknown[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const outcome = await read(request).catch((error) => {
        assert.ok(error instanceof Refused, String(error));
        return error.reason;
      });
      outcomes.push(outcome);
      return Response.json(outcome);
    },
  );
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  /** Sends a request whose body has `length` bytes, of which only these come; a connection to it. */
  async function send(body: string, length = body.length): Promise<Deno.TcpConn> {
    const connection = await connect();
    await connection.write(new TextEncoder().encode(
      "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n" +
        `Content-Length: ${length}\r\n\r\n${body}`,
    ));
    return connection;
  }
  /** The rest of what comes over a connection, to its end. */
  async function answer(connection: Deno.TcpConn): Promise<string> {
    return await new Response(connection.readable).text();
  }
  return { server, outcomes, send, answer };
}

Deno.test("createBodyReader() reads a short body in one piece, and streams when many stall", async () => {
  const { server, outcomes, send, answer } = serve(reader());
  const value = { a: "é".repeat(1000), stocks_historiques: null };
  const text = JSON.stringify({ ...value, stocks_historiques: [[1], "]"] });
  const ascii = text.replaceAll("é", "\\u00e9");
  const stalled = [];
  for (let i = 0; i < 6; i++) stalled.push(await send('{"b":', 100));
  for (let i = 0; i < 3; i++) {
    assert.match(await answer(await send(ascii)), /200 OK/);
    assert.deepEqual(outcomes.at(-1), value);
  }
  assert.equal(outcomes.length, 3);
  for (const connection of stalled) connection.close();
  await until("the outcome", () => outcomes.length === 9);
  assert.deepEqual(outcomes.slice(3), Array(6).fill("aborted"));
  assert.match(await answer(await send(ascii)), /200 OK/);
  assert.match(await answer(await send("[".repeat(100))), /too_deep/);
  assert.match(await answer(await send('{"a":')), /json/);
  await server.shutdown();
});

Deno.test("createBodyReader() answers the sender of a short body that takes too long", async () => {
  const { server, outcomes, send } = serve(reader({ timeoutMs: 50 }));
  for (let i = 0; i < 6; i++) {
    const connection = await send('{"a":', 1000);
    await until("the outcome", () => outcomes.length === i + 1);
    assert.equal(outcomes[i], "timeout");
    const buffer = new Uint8Array(1000);
    let text = "";
    while (!text.includes("timeout")) {
      const length = await connection.read(buffer);
      assert.ok(length !== null, text);
      text += new TextDecoder().decode(buffer.subarray(0, length));
    }
    connection.close();
  }
  await server.shutdown();
});

Deno.test("createBodyReader() refuses a body that says itself that it is too large", async () => {
  const { server, send, answer } = serve(reader({ maxBytes: 1000 }));
  assert.match(await answer(await send(`"${"x".repeat(998)}"`)), /xxx/);
  assert.match(await answer(await send(`"${"x".repeat(999)}"`)), /too_large/);
  await server.shutdown();
});
