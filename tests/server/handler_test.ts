/** Tests of the answers to requests, without a socket. @module */

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { Exposition } from "../../lib/exposition/mod.ts";
import { History } from "../../lib/history/mod.ts";
import { Intake } from "../../lib/ingest/mod.ts";
import { createAccess, createHandler } from "../../lib/server/mod.ts";
import type { BasicAuth } from "../../lib/server/auth.ts";
import { API_PATHS } from "../../lib/server/api.ts";
import { acceptsGzip, type Connection, type HandlerOptions } from "../../lib/server/handler.ts";
import { PAGE_ASSETS, PAGE_POLICY } from "../../lib/page/mod.ts";
import { LANDING_POLICY } from "../../lib/server/landing.ts";
import { createBodyReader, type ReadBody } from "../../lib/source/mod.ts";
import { createTelemetry } from "../../lib/telemetry/mod.ts";
import { valueOf } from "../harness/exporter.ts";
import { captureLog } from "../log/capture.ts";
import { createModel } from "../model/reports.ts";
import { NOTHING } from "../report/options.ts";

const LOCAL: Connection = { listening: "127.0.0.1", peer: "127.0.0.1" };
const REMOTE = { listening: "0.0.0.0", peer: "10.0.0.1" };
const ORIGIN = "http://localhost:8000";

const BASIC: BasicAuth = {
  check: (header) => Promise.resolve(header === "Basic right" ? "ok" : "wrong"),
};

interface SetUp extends Partial<HandlerOptions> {
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  readonly maxBodies?: number;
  readonly basicAuth?: BasicAuth;
  readonly token?: string;
}

function setUp({ maxBytes = 10_000, basicAuth, token, ...options }: SetUp = {}) {
  const { timeoutMs = 60_000, maxBodies = 8, ...rest } = options;
  const model = createModel();
  const telemetry = createTelemetry();
  const { log, lines } = captureLog();
  const exposition = new Exposition({
    model,
    system: { version: 0, families: () => [] },
    telemetry,
    maxSeries: 10_000,
    log,
    now: () => 1000,
    gzip: () => Promise.reject(new Error("The text is small")),
  });
  const handler = createHandler({
    exposition,
    intake: new Intake({
      model,
      history: new History({ maxTurns: 0 }),
      telemetry,
      read: NOTHING,
    }),
    readBody: createBodyReader({ maxBytes, timeoutMs, maxBodies }),
    access: createAccess({ basicAuth, token, allowRemoteIngest: false }),
    allowedHosts: [],
    api: ({ path, parameters, isHead }) =>
      Promise.resolve(Response.json({ path, parameters: `${parameters}`, isHead })),
    telemetry,
    log,
    tellKind: (_, tell) => tell(1),
    telemetryPath: "/metrics",
    headers: () => ({}),
    isReady: () => true,
    facts: () => ({
      version: "1.2.3",
      uptime: 12.5,
      telemetryPath: "/metrics",
      files: [],
      sessions: model.liveSessions,
    }),
    now: () => 1000,
    ...rest,
  });
  const send = (path: string, init: RequestInit = {}, connection = LOCAL) =>
    handler(new Request(new URL(path, ORIGIN), init), connection);
  const counted = async (name: string) =>
    valueOf(await telemetry.text(), `tradesim_exporter_${name}`);
  return { handler, send, exposition, telemetry, lines, counted };
}

const PAYLOAD = JSON.stringify({
  session_id: "s",
  tick: 0,
  tour_actuel: 1,
  transactions_total: 19,
});

function post(body: BodyInit | null, headers: Record<string, string> = {}): RequestInit {
  return { method: "POST", body, headers: { "content-type": "application/json", ...headers } };
}

/** A body that never ends. */
const stalled = () => new ReadableStream<Uint8Array<ArrayBuffer>>();

Deno.test("handler() answers each path and method with its status", async () => {
  const { send } = setUp();
  const cases: Record<string, number> = {
    "GET /": 200,
    "HEAD /": 200,
    "GET /about": 200,
    "GET /page.js": 404,
    "GET /metrics": 200,
    "HEAD /metrics": 200,
    "GET /metrics?debug=1": 200,
    "GET /health": 200,
    "HEAD /health": 200,
    "GET /api/sessions": 200,
    "HEAD /api/events": 200,
    "POST /api/events": 405,
    "DELETE /api/history": 405,
    "GET /api": 404,
    "GET /api/": 404,
    "GET /api/session": 404,
    "GET /-/healthy": 200,
    "GET /-/ready": 200,
    "HEAD /-/ready": 200,
    "POST /": 405,
    "POST /about": 405,
    "POST /metrics": 405,
    "PUT /metrics": 405,
    "DELETE /health": 405,
    "OPTIONS /metrics": 405,
    "POST /-/ready": 405,
    "POST /-/healthy": 405,
    "GET /update_metrics": 405,
    "HEAD /update_metrics": 405,
    "PUT /update_metrics": 405,
    "GET /nothing": 404,
    "GET /metrics/": 404,
    "GET /Metrics": 404,
    "GET //metrics": 404,
    "GET /-/reload": 404,
    "POST /nothing": 404,
    "DELETE /nothing": 404,
  };
  for (const [name, status] of Object.entries(cases)) {
    const [method, path] = name.split(" ");
    const response = await send(`${ORIGIN}${path}`, { method: method! });
    assert.equal(response.status, status, name);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff", name);
    if (status === 405) {
      const allow = path === "/update_metrics" ? "POST" : "GET, HEAD";
      assert.equal(response.headers.get("allow"), allow, name);
    }
    await response.body?.cancel();
  }
});

Deno.test("handler() answers a scrape with the exact content type, and gzip when it is asked for", async () => {
  const { send } = setUp();
  await send("/update_metrics", post(PAYLOAD));
  const plain = await send("/metrics");
  assert.equal(plain.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(plain.headers.get("vary"), "Accept-Encoding");
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.equal(plain.headers.get("cache-control"), "no-transform", "nobody compresses it either");
  assert.equal(valueOf(await plain.text(), "transactions_total"), 19);
  const zipped = await send("/metrics", { headers: { "accept-encoding": "gzip" } });
  assert.equal(zipped.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(zipped.headers.get("content-encoding"), "gzip");
  assert.equal(zipped.headers.get("vary"), "Accept-Encoding");
  const text = gunzipSync(new Uint8Array(await zipped.arrayBuffer())).toString();
  assert.equal(valueOf(text, "transactions_total"), 19);
});

Deno.test("handler() answers a scrape at the path that was asked for", async () => {
  const { send } = setUp({ telemetryPath: "/probe" });
  const answers = await Promise.all([send("/probe"), send("/metrics")]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 404]);
  for (const { body } of answers) await body?.cancel();
});

Deno.test("handler() answers /health as TradeSim does", async () => {
  const response = await setUp().send("/health");
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.deepEqual(await response.json(), {
    status: "healthy",
    uptime: 12.5,
    metrics_enabled: true,
  });
});

Deno.test("handler() says that it is not ready before and after it is", async () => {
  let isReady = false;
  const { send } = setUp({ isReady: () => isReady });
  const statuses = async () => {
    const answers = await Promise.all([send("/-/ready"), send("/-/healthy"), send("/metrics")]);
    for (const { body } of answers) await body?.cancel();
    return answers.map(({ status }) => status);
  };
  assert.deepEqual(await statuses(), [503, 200, 200]);
  isReady = true;
  assert.deepEqual(await statuses(), [200, 200, 200]);
});

Deno.test("handler() answers / and /about with pages in the reader's language", async () => {
  const { send } = setUp();
  for (const [path, policy] of [["/", PAGE_POLICY], ["/about", LANDING_POLICY]] as const) {
    const french = await send(path, { headers: { "accept-language": "fr" } });
    assert.equal(french.headers.get("content-type"), "text/html; charset=utf-8");
    assert.equal(french.headers.get("content-security-policy"), policy);
    assert.match(french.headers.get("vary")!, /Accept-Language/);
    assert.match(await french.text(), /<html lang="fr">/);
    assert.match(await (await send(path)).text(), /<html lang="en">/);
  }
});

Deno.test("handler() serves what the page loads, plain and in gzip, to be kept for ever", async () => {
  const { send } = setUp();
  for (const { path, type, bytes } of PAGE_ASSETS.values()) {
    const plain = await send(path);
    assert.equal(plain.headers.get("content-type"), type);
    assert.equal(
      plain.headers.get("cache-control"),
      "private, max-age=31536000, immutable, no-transform",
    );
    assert.equal(plain.headers.get("vary"), "Accept-Encoding");
    assert.deepEqual(new Uint8Array(await plain.arrayBuffer()), bytes);
    const zipped = await send(path, { headers: { "accept-encoding": "gzip" } });
    assert.equal(zipped.headers.get("content-encoding"), "gzip");
    assert.deepEqual(
      new Uint8Array(gunzipSync(new Uint8Array(await zipped.arrayBuffer()))),
      bytes,
    );
  }
});

Deno.test("handler() takes a report as TradeSim sends it, and answers with its words", async () => {
  const { send, counted } = setUp();
  for (const name of ["new", "repeated"]) {
    const response = await send("/update_metrics", post(PAYLOAD));
    assert.equal(response.status, 200, name);
    assert.equal(response.headers.get("content-type"), "application/json", name);
    assert.deepEqual(
      await response.json(),
      { status: "success", message: "Métriques mises à jour" },
      name,
    );
  }
  assert.equal(await counted('reports_taken_total{source="post"}'), 1);
  assert.equal(await counted('reports_repeated_total{source="post",reason="repeat"}'), 1);
  assert.equal(await counted('report_duration_seconds_count{source="post"}'), 2);
});

Deno.test("handler() refuses a report with the status of the reason, and counts it", async () => {
  const cases: Record<string, [RequestInit, number, reason: string, RegExp]> = {
    "no JSON": [post("nonsense"), 400, "json", /^Cannot read the report/],
    "empty body": [post(""), 400, "json", /^Cannot read the report/],
    "no body": [post(null), 400, "json", /^Cannot read the report/],
    "empty object": [post("{}"), 400, "empty", /^Données manquantes$/],
    "empty list": [post("[]"), 400, "empty", /^Données manquantes$/],
    "null": [post("null"), 400, "empty", /^Données manquantes$/],
    "list": [post("[1]"), 400, "not_object", /expected an object$/],
    "number": [post("5"), 400, "not_object", /expected an object$/],
    "other record": [post('{"type":"alert"}'), 400, "other_record", /"alert"/],
    "native report without a place": [
      post('{"type":"tradesim.report","version":1,"session":"s"}'),
      400,
      "order",
      /"rapport"/,
    ],
    "too deep": [post("[".repeat(100)), 400, "too_deep", /64 levels$/],
    "too large": [post(`"${"x".repeat(10_000)}"`), 413, "too_large", /10000 bytes/],
    "other content type": [
      post(PAYLOAD, { "content-type": "text/plain" }),
      415,
      "content_type",
      /"text\/plain"/,
    ],
    "other encoding": [post(PAYLOAD, { "content-encoding": "br" }), 415, "encoding", /"br"/],
    "broken gzip": [post(PAYLOAD, { "content-encoding": "gzip" }), 400, "gzip", /gzip/],
    "too slow": [post(stalled()), 408, "timeout", /20 ms$/],
  };
  for (const [name, [init, status, reason, message]] of Object.entries(cases)) {
    const { send, counted } = setUp({ timeoutMs: 20 });
    const response = await send("/update_metrics", init);
    assert.equal(response.status, status, name);
    const body = await response.json();
    assert.equal(body.status, "error", name);
    assert.match(body.message, message, name);
    const series = `reports_refused_total{source="post",reason="${reason}"}`;
    assert.equal(await counted(series), 1, name);
    assert.equal(await counted('reports_taken_total{source="post"}'), 0, name);
  }
});

Deno.test("handler() turns a report away while too many are being read", async () => {
  const { send, counted } = setUp({ timeoutMs: 200, maxBodies: 1 });
  const slow = send("/update_metrics", post(stalled()));
  const response = await send("/update_metrics", post(PAYLOAD));
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
  await response.body?.cancel();
  assert.equal(await counted('reports_refused_total{source="post",reason="busy"}'), 1);
  await (await slow).body?.cancel();
});

Deno.test("handler() takes no report from another machine, and does not read it", async () => {
  let isCancelled = false;
  const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
  const { send, counted } = setUp();
  const response = await send("/update_metrics", post(body), REMOTE);
  assert.equal(response.status, 403);
  assert.equal((await response.json()).status, "error");
  assert.ok(isCancelled);
  assert.equal(await counted('requests_refused_total{reason="access"}'), 1);
});

Deno.test("handler() takes a report from another machine with the token", async () => {
  const { send } = setUp({ token: "a-token-of-more-than-16-letters" });
  const statusWith = async (authorization: string) => {
    const response = await send("/update_metrics", post(PAYLOAD, { authorization }), REMOTE);
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusWith("Bearer a-token-of-more-than-16-letters"), 200);
  assert.equal(await statusWith("Bearer another"), 401);
});

Deno.test("handler() asks for the password where there are users, but not at the probes", async () => {
  const { send, counted } = setUp({ basicAuth: BASIC });
  const cases: Record<string, [status: number, statusWithPassword: number]> = {
    "/metrics": [401, 200],
    "/": [401, 200],
    "/about": [401, 200],
    "/health": [401, 200],
    ...Object.fromEntries(API_PATHS.map((path) => [path, [401, 200] as [number, number]])),
    "/nothing": [401, 404],
    "/-/ready": [200, 200],
    "/-/healthy": [200, 200],
  };
  for (const [path, statuses] of Object.entries(cases)) {
    const answers = [
      await send(path),
      await send(path, { headers: { authorization: "Basic right" } }),
    ];
    assert.deepEqual(answers.map(({ status }) => status), statuses, path);
    for (const { body } of answers) await body?.cancel();
  }
  assert.equal(await counted('requests_refused_total{reason="access"}'), 5 + API_PATHS.length);
});

Deno.test("handler() serves a loopback address under its own names only, the probes included", async () => {
  const { handler, counted } = setUp();
  for (const path of ["/metrics", "/-/healthy", "/update_metrics", "/api/state", "/api/events"]) {
    const request = new Request(`http://evil.example:8000${path}`);
    const response = await handler(request, LOCAL);
    assert.equal(response.status, 421, path);
    await response.body?.cancel();
  }
  assert.equal(await counted('requests_refused_total{reason="host"}'), 5);
  const open = await handler(new Request("http://evil.example:8000/metrics"), REMOTE);
  assert.equal(open.status, 200);
  await open.body?.cancel();
});

Deno.test("handler() counts what it turns away, by reason, from 0 on", async () => {
  const { send, counted } = setUp();
  const reasons = ["busy", "host", "method", "path", "access"];
  for (const reason of reasons) {
    assert.equal(await counted(`requests_refused_total{reason="${reason}"}`), 0, reason);
  }
  await (await send("/nothing")).body?.cancel();
  await (await send("/metrics", { method: "POST" })).body?.cancel();
  assert.equal(await counted('requests_refused_total{reason="path"}'), 1);
  assert.equal(await counted('requests_refused_total{reason="method"}'), 1);
});

Deno.test("handler() answers 512 requests at once and turns the next away, but for probes", async () => {
  const held = Promise.withResolvers<never>();
  const wait = () => held.promise;
  const exposition = { bytes: wait, gzip: wait };
  const { send, counted } = setUp({ exposition });
  const waiting = Array.from({ length: 512 }, () => send("/metrics").catch(() => "ended"));
  const response = await send("/health");
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "1");
  await response.body?.cancel();
  const probe = await send("/-/healthy");
  assert.equal(probe.status, 200);
  await probe.body?.cancel();
  assert.equal(await counted('requests_refused_total{reason="busy"}'), 1);
  held.reject(new Error("no scrape today"));
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set(["ended"]));
  const after = await send("/health");
  assert.equal(after.status, 200);
  await after.body?.cancel();
});

Deno.test("handler() answers nothing but scrapes and probes on the connections kept for them", async () => {
  const { send, counted } = setUp();
  const paths = ["/metrics", "/-/healthy", "/-/ready", "/", "/api/events", "/update_metrics"];
  const answers: [number, string | null][] = [];
  for (const path of paths) {
    const response = await send(path, {}, { ...LOCAL, isReserved: true });
    answers.push([response.status, response.headers.get("connection")]);
    await response.body?.cancel();
  }
  const refused = [503, "close"];
  const served = [200, null];
  assert.deepEqual(answers, [served, served, served, refused, refused, refused]);
  assert.equal(await counted('requests_refused_total{reason="busy"}'), 3);
});

Deno.test("handler() adds the headers of the web configuration to every answer", async () => {
  const { send } = setUp({ headers: () => ({ "strict-transport-security": "max-age=5" }) });
  for (const path of ["/metrics", "/nothing", "/-/ready", "/update_metrics"]) {
    const response = await send(path);
    assert.equal(response.headers.get("strict-transport-security"), "max-age=5", path);
    await response.body?.cancel();
  }
});

Deno.test("handler() lets a bug through, and counts no refusal for it", async () => {
  const readBody: ReadBody = () => Promise.reject(new TypeError("a bug"));
  const { send, telemetry } = setUp({ readBody });
  await assert.rejects(send("/update_metrics", post(PAYLOAD)), /^TypeError: a bug$/);
  assert.doesNotMatch(await telemetry.text(), /refused_total\{.*\} [1-9]/);
});

Deno.test("acceptsGzip() takes gzip where it is named or covered, and not refused", () => {
  const cases: [string | null, boolean][] = [
    [null, false],
    ["", false],
    ["gzip", true],
    ["GZIP", true],
    ["x-gzip", true],
    ["deflate, gzip;q=1.0, *;q=0.5", true],
    ["br, deflate", false],
    ["identity", false],
    ["*", true],
    ["*;q=0", false],
    ["gzip;q=0", false],
    ["gzip;q=0.000", false],
    ["gzip; q=0", false],
    ["gzip;q=0, *", false],
    ["*, gzip;q=0", false],
    ["*;q=0, gzip", true],
    ["gzip;q=0.001", true],
    ["gzip ; q=0.5", true],
    ["gzipped", false],
    ["identity;q=0, *", true],
    [",,gzip,", true],
  ];
  for (const [header, expected] of cases) {
    assert.equal(acceptsGzip(header), expected, String(header));
  }
});

Deno.test("handler() sends 40 scrapes at once, and counts one as sent when it is read or given up", async () => {
  const { send } = setUp();
  const scrape = () => send("/metrics");
  const sent: Response[] = [];
  for (let index = 0; index < 40; index++) sent.push(await scrape());
  const refused = await scrape();
  assert.equal(refused.status, 503);
  await refused.body?.cancel();
  await sent[0]!.text();
  await sent[1]!.body!.cancel();
  for (const expected of [200, 200, 503]) {
    const response = await scrape();
    assert.equal(response.status, expected);
    if (expected === 200) sent.push(response);
    else await response.body?.cancel();
  }
  for (const response of sent.slice(2)) await response.body!.cancel();
});
