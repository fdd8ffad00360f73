/** Tests of the answers to /api/…, without a socket. @module */

import assert from "node:assert/strict";
import { MAX_READERS } from "../../lib/live/hub.ts";
import { gunzipSync, gzipSync } from "node:zlib";
import { createApi } from "../../lib/server/mod.ts";
import { type Api, API_PATHS } from "../../lib/server/api.ts";
import { createSetting } from "../live/setting.ts";

function setUp() {
  const setting = createSetting({ maxTurns: 100_000 });
  const api = createApi({
    answers: setting.answers,
    hub: setting.hub,
    gzip: (bytes) => Promise.resolve(new Uint8Array(gzipSync(bytes))),
  });
  const get = (url: string, { isHead = false, acceptsGzip = false } = {}) =>
    ask(api, url, { isHead, acceptsGzip });
  return { ...setting, get };
}

function ask(api: Api, url: string, how: { isHead: boolean; acceptsGzip: boolean }) {
  const { pathname, searchParams: parameters } = new URL(url, "http://localhost");
  const path = API_PATHS.find((each) => each === pathname);
  assert.ok(path !== undefined);
  return api({ path, parameters, ...how });
}

const json = (response: Response) => response.json() as Promise<Record<string, unknown>>;

Deno.test("createApi() answers each path with JSON that nobody keeps", async () => {
  const { get, take } = setUp();
  take({ session: "partie é", order: 1, inventory: undefined });
  const session = encodeURIComponent("partie é");
  const keys: Record<string, readonly string[]> = {
    "/api/sessions": ["exporter", "sessions"],
    [`/api/history?session=${session}&from=0&points=20`]: [
      "session",
      "from",
      "to",
      "turns",
      "columns",
      "events",
    ],
    "/api/history": ["session", "from", "to", "turns", "columns", "events"],
    [`/api/state?session=${session}`]: [
      "summary",
      "turn_seconds",
      "exporter",
      "system",
      "detail",
    ],
  };
  for (const [url, expected] of Object.entries(keys)) {
    const response = await get(url);
    assert.equal(response.status, 200, url);
    assert.match(response.headers.get("cache-control")!, /no-store/);
    assert.equal(response.headers.get("content-type"), "application/json; charset=utf-8");
    const text = await response.text();
    const bytes = new TextEncoder().encode(text).length;
    assert.equal(response.headers.get("content-length"), `${bytes}`);
    assert.deepEqual(Object.keys(JSON.parse(text)), expected, url);
  }
});

Deno.test("createApi() gives what is not known as null", async () => {
  const { get, take } = setUp();
  take({ order: 1, values: { budget_total: 3 } });
  take({ order: 2 });
  const { columns } = await json(await get("/api/history"));
  assert.deepEqual(columns, { tour: [1, 2], budget_total: [3, null] });
  const { detail } = await json(await get("/api/state"));
  assert.equal(detail, null);
});

Deno.test("createApi() gives at most as many points as are asked for, else 2000", async () => {
  const { get, take } = setUp();
  const tours = Array.from({ length: 9000 }, (_, index) => index + 1);
  take({ order: 9000, columns: new Map([["tour", tours]]) });
  const points = async (query: string) => {
    const { columns, turns } = await json(await get(`/api/history${query}`));
    assert.equal(turns, 9000);
    return (columns as { tour: number[] }).tour.length;
  };
  const usual = await points("");
  assert.ok(usual > 200 && usual <= 2000, `${usual}`);
  assert.ok(await points("?points=20") <= 20);
  assert.equal(await points("?points=20000"), 9000);
});

Deno.test("createApi() refuses what is wrong, and says why", async () => {
  const { get, take } = setUp();
  take({ order: 1 });
  const refusals: Record<string, [number, RegExp]> = {
    "/api/sessions?session=a": [400, /"session" is not known, expected none/],
    "/api/history?tour=1": [400, /"tour" is not known, expected session, from, points/],
    "/api/history?from=1&from=2": [400, /"from" is given twice/],
    "/api/history?from=-1": [400, /"from" is "-1", expected a whole number from 0 to/],
    "/api/history?from=": [400, /"from" is ""/],
    "/api/history?from=1e3": [400, /"from"/],
    "/api/history?from=99999999999999999": [400, /"from"/],
    "/api/history?points=19": [400, /"points" is "19", expected a whole number from 20 to 20000/],
    "/api/history?points=20001": [400, /"points"/],
    "/api/history?points=Infinity": [400, /"points"/],
    "/api/history?session=b": [404, /No session is known by the name "b"/],
    [`/api/state?session=${"x".repeat(5000)}`]: [404, /x{128}…"$/],
    "/api/state?session=": [404, /the name ""/],
    "/api/state?points=20": [400, /not known, expected session/],
    "/api/events?session=b": [404, /"b"/],
    "/api/events?from=1": [400, /"from" is not known/],
  };
  for (const [url, [status, words]] of Object.entries(refusals)) {
    const response = await get(url);
    assert.equal(response.status, status, url);
    assert.equal(response.headers.get("cache-control"), "no-store");
    const body = await json(response);
    assert.equal(body.status, "error");
    assert.match(body.message as string, words, url);
  }
});

Deno.test("createApi() has no game to tell of before the first report", async () => {
  const { get } = setUp();
  assert.deepEqual((await json(await get("/api/sessions"))).sessions, []);
  for (const path of ["/api/history", "/api/state"]) {
    const response = await get(path);
    assert.deepEqual([response.status, await json(response)], [404, {
      status: "error",
      message: "No game has reported yet",
    }]);
  }
  const events = await get("/api/events");
  assert.equal(events.status, 200);
  await events.body!.cancel();
});

Deno.test("createApi() compresses what is large for those who take gzip", async () => {
  const { get, take } = setUp();
  const tours = Array.from({ length: 2000 }, (_, index) => index + 1);
  take({ order: 2000, columns: new Map([["tour", tours]]) });
  const plain = await get("/api/history");
  const packed = await get("/api/history", { acceptsGzip: true });
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  const bytes = new Uint8Array(await packed.arrayBuffer());
  assert.equal(packed.headers.get("content-length"), `${bytes.length}`);
  assert.equal(new TextDecoder().decode(gunzipSync(bytes)), await plain.text());
  // Both are told apart by whoever keeps answers all the same.
  assert.equal(plain.headers.get("vary"), "Accept-Encoding");
  const small = await get("/api/history?from=1990", { acceptsGzip: true });
  assert.equal(small.headers.get("content-encoding"), null);
  await small.body!.cancel();
});

Deno.test("createApi() answers HEAD without a body, and counts no reader for it", async () => {
  const { get, take, isTicking } = setUp();
  take({ order: 1 });
  for (const path of API_PATHS) {
    const response = await get(path, { isHead: true });
    assert.equal(response.status, 200, path);
    assert.equal(response.body, null, path);
    assert.ok(response.headers.get("content-type"));
  }
  assert.equal(isTicking(), false);
});

Deno.test("createApi() streams events, as they are and kept by nobody", async () => {
  const { get, take, pass } = setUp();
  take({ order: 1 });
  const response = await get("/api/events?session=a", { acceptsGzip: true });
  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(response.headers.get("cache-control"), "no-store, no-transform");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  take({ order: 2 });
  pass(50);
  while (!text.includes("event: turns")) text += (await reader.read()).value;
  assert.match(text, /^retry: 1000\nevent: hello\ndata: \{[^\n]+\}\n\nevent: turns\nid: 2\ndata: /);
  await reader.cancel();
});

Deno.test("createApi() answers 503 to too many readers, and to too much that nobody reads", async () => {
  const { get, take, hub } = setUp();
  const tours = Array.from({ length: 15_000 }, (_, index) => index + 1);
  const columns = new Map([["tour", tours], [
    "timestamp",
    tours.map((tour) => tour + 0.123456789),
  ]]);
  take({ order: 15_000, columns });
  const unread: Response[] = [];
  let response = await get("/api/history?points=20000");
  for (; response.status === 200 && unread.length < 500;) {
    unread.push(response);
    response = await get("/api/history?points=20000");
  }
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
  assert.ok(unread.length > 20, `${unread.length} answers at once`);
  await unread.pop()!.body!.cancel();
  const again = await get("/api/history?points=20000");
  assert.equal(again.status, 200);
  await Promise.all([again, ...unread].map((one) => one.body!.cancel()));

  const streams = Array.from({ length: MAX_READERS }, () => hub.open(undefined)!);
  assert.equal((await get("/api/events")).status, 503);
  await Promise.all(streams.map((stream) => stream.cancel()));
});
