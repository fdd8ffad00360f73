/** Tests of measuring the requests of the program that an exporter is a part of. @module */

import assert from "node:assert/strict";
import { Hono } from "hono";
import { createExporter, type Exporter, type ExporterOptions } from "../../lib/exporter/mod.ts";
import { captureLog } from "../log/capture.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { webReport } from "../model/web_reports.ts";

async function withExporter(
  use: (exporter: Exporter, log: ReturnType<typeof captureLog>) => Promise<void>,
  options: ExporterOptions = {},
): Promise<void> {
  const log = captureLog();
  const exporter = createExporter({ systemInterval: 0, log: log.log, ...options });
  let isStopped = false;
  const stop = async () => {
    if (!isStopped) await exporter.stop();
    isStopped = true;
  };
  try {
    await use({ ...exporter, stop }, log);
  } finally {
    await stop();
  }
}

/** The values of a metric, by method, route, code and error. */
async function counted(exporter: Exporter, name = "duration_seconds_count") {
  const scrape = await (await exporter.fetch(new Request("http://localhost/metrics"))).text();
  return Object.fromEntries(
    scrape.split("\n").flatMap((line) => {
      const found = /^http_server_(\w+)\{(.*)\} (\S+)$/.exec(line);
      if (found === null || !found[1]!.endsWith(name)) return [];
      const labels = [...found[2]!.matchAll(/(\w+)="([^"]*)"/g)].map(([, , value]) => value);
      return [[labels.join(" "), Number(found[3])]];
    }),
  );
}

async function ask(handler: Deno.ServeHandler, path: string, init?: RequestInit): Promise<void> {
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      onError: () => new Response(null, { status: 500 }),
    },
    handler,
  );
  try {
    const response = await fetch(`http://127.0.0.1:${server.addr.port}${path}`, init);
    await response.text().catch(() => {});
  } finally {
    await server.shutdown();
  }
}

Deno.test("measure() counts by method, route and code, and errors by their class", () =>
  withExporter(async (exporter) => {
    assert.deepEqual(await counted(exporter), {});
    const handler = exporter.measure((request: Request) => {
      if (request.url.endsWith("/boom")) throw new TypeError("boom");
      if (request.url.endsWith("/gone")) throw new DOMException("gone", "AbortError");
      return new Response("x", { status: request.method === "GET" ? 200 : 503 });
    }, { route: ({ url }) => url.endsWith("/unknown") ? undefined : "/all" });
    await ask(handler, "/a");
    await ask(handler, "/b");
    await ask(handler, "/b", { method: "DELETE" });
    await ask(handler, "/unknown");
    await ask(handler, "/boom");
    await ask(handler, "/gone");
    await ask(handler, "/brew", { method: "BREW" });
    assert.deepEqual(await counted(exporter), {
      "GET /all 200": 2,
      "DELETE /all 503 503": 1,
      "_OTHER /all 503 503": 1,
      "GET unmatched 200": 1,
      "GET /all 500 TypeError": 1,
      "GET /all 499": 1,
    });
    assert.deepEqual(await counted(exporter, "active_requests"), { DELETE: 0, GET: 0, _OTHER: 0 });
  }));

Deno.test("measure() counts a stream when it was sent, and one that the client breaks off as no error", () =>
  withExporter(async (exporter) => {
    let go = () => {};
    const handler = exporter.measure(() =>
      new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new Uint8Array(10));
            await new Promise<void>((resolve) => go = resolve);
            controller.close();
          },
        }),
      )
    );
    const asked = ask(handler, "/");
    await until("the request", async () => (await counted(exporter, "active_requests")).GET === 1);
    assert.deepEqual(await counted(exporter), {});
    go();
    await asked;
    assert.deepEqual(await counted(exporter), { "GET unmatched 200": 1 });
    const endless = exporter.measure(() =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) }),
      )
    );
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, endless);
    const abort = new AbortController();
    const response = await fetch(`http://127.0.0.1:${server.addr.port}`, { signal: abort.signal });
    await response.body!.getReader().read();
    abort.abort();
    await until("its end", async () => (await counted(exporter))["GET unmatched 200"] === 2);
    await server.shutdown();
  }));

Deno.test("measure() fails no request when the route cannot be told, and says so once", () =>
  withExporter(async (exporter, log) => {
    const handler = exporter.measure((request: Request) => {
      if (request.url.endsWith("/boom")) throw new TypeError("boom");
      return new Response("x");
    }, {
      route: () => {
        throw new RangeError("no template");
      },
    });
    for (const path of ["/", "/boom", "/"]) await ask(handler, path);
    const alone = await handler(new Request("http://x/"), undefined as never);
    assert.equal(await alone.text(), "x");
    await assert.rejects(
      async () => await handler(new Request("http://x/boom"), undefined as never),
      TypeError,
    );
    assert.deepEqual(await counted(exporter), {
      "GET unmatched 200": 3,
      "GET unmatched 500 TypeError": 2,
    });
    assert.deepEqual(await counted(exporter, "active_requests"), { GET: 0 });
    assert.equal(log.lines.filter((line) => line.includes("cannot be told")).length, 1);
  }));

Deno.test("measure() tells the route of a request that its handler has not looked at, and whose client has gone", () =>
  withExporter(async (exporter) => {
    const route = ({ url }: Request) => new URL(url).pathname;
    await ask(exporter.measure(() => new Response("x"), { route }), "/a");
    let go = () => {};
    let isThere = false;
    const slow = exporter.measure(async () => {
      isThere = true;
      await new Promise<void>((resolve) => go = resolve);
      return new Response("x");
    }, { route });
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, slow);
    const client = await Deno.connect({ port: server.addr.port });
    await client.write(new TextEncoder().encode("GET /b HTTP/1.1\r\nHost: x\r\n\r\n"));
    await until("the request", () => isThere);
    client.close();
    go();
    await until("its end", async () => (await counted(exporter, "active_requests")).GET === 0);
    assert.deepEqual(await counted(exporter), { "GET /a 200": 1, "GET /b 200": 1 });
    await server.shutdown();
  }));

Deno.test("measure() counts what is no response as the server's error, and leaves that to the server", () =>
  withExporter(async (exporter) => {
    await ask(exporter.measure(() => undefined as unknown as Response), "/");
    assert.deepEqual(await counted(exporter), { "GET unmatched 500 TypeError": 1 });
  }));

Deno.test("hono() counts what is thrown and is no error", () =>
  withExporter(async (exporter) => {
    const app = new Hono();
    app.use(exporter.hono());
    app.get("/boom", () => {
      throw "boom";
    });
    await assert.rejects(async () => await app.request("/boom"), (error) => error === "boom");
    assert.deepEqual(await counted(exporter), { "GET /boom 500 Error": 1 });
    assert.deepEqual(await counted(exporter, "active_requests"), { GET: 0 });
  }));

Deno.test("measure() passes on what the handler is given, and works without a server", () =>
  withExporter(async (exporter) => {
    const info = { remoteAddr: { transport: "tcp", hostname: "::1", port: 1 } } as const;
    let seen: unknown;
    const response = new Response("x");
    const handler = exporter.measure((_request: Request, given: typeof info) => {
      seen = given;
      return response;
    });
    assert.equal(await handler(new Request("http://x/"), info), response);
    assert.equal(seen, info);
    await response.body?.cancel();
    assert.deepEqual(await counted(exporter), { "GET unmatched 200": 1 });
  }));

Deno.test("hono() takes the routes from Hono, of parts and mounts too", () =>
  withExporter(async (exporter) => {
    const app = new Hono();
    app.use(exporter.hono());
    app.get("/", (context) => context.text("x"));
    app.get("/produits/:id", (context) => context.text("x"));
    const part = new Hono();
    part.get("/in/:x", (context) => context.text("x"));
    part.get("/boom", () => {
      throw new RangeError("boom");
    });
    app.route("/api/:t", part);
    app.mount("/m", () => new Response("x", { status: 502 }));
    app.onError((_error, context) => context.text("x", 500));
    for (
      const path of [
        "/",
        "/produits/5",
        "/produits/6",
        "/api/T/in/3",
        "/api/T/boom",
        "/m/secret",
        "/none",
      ]
    ) {
      await (await app.request(path)).text();
    }
    await (await app.request("/produits/6", { method: "POST" })).text();
    await ask(app.fetch, "/");
    assert.deepEqual(await counted(exporter), {
      "GET / 200": 2,
      "GET /produits/:id 200": 2,
      "GET /api/:t/in/:x 200": 1,
      "GET /api/:t/boom 500 RangeError": 1,
      "GET /m/* 502 502": 1,
      "GET unmatched 404": 1,
      "POST unmatched 404": 1,
    });
  }));

Deno.test("requests that are measured twice count once, and it is said once", () =>
  withExporter(async (exporter, log) => {
    const app = new Hono();
    app.use(exporter.hono());
    app.get("/", (context) => context.text("x"));
    const handler = exporter.measure((request: Request) => app.fetch(request), {
      route: () => "/own",
    });
    for (let index = 0; index < 3; index++) {
      await (await handler(new Request("http://x/"), undefined as never)).text();
    }
    assert.deepEqual(await counted(exporter), { "GET /own 200": 3 });
    assert.equal(log.lines.filter((line) => line.includes("measured twice")).length, 1);
  }));

Deno.test("what was measured is added to what other processes report, and outlives the exporter", () =>
  withTempDir(async (dir) => {
    const options = { state: `${dir}/state`, allowRemoteIngest: true };
    for (const round of [1, 2]) {
      await withExporter(async (exporter) => {
        const handler = exporter.measure(() => new Response("x"), { route: () => "/produits" });
        for (let index = 0; index < 5; index++) {
          await (await handler(new Request("http://x/"), undefined as never)).text();
        }
        const body = JSON.stringify(webReport(`w${round}`, 1, [{ count: 10 }]));
        const posted = await exporter.fetch(
          new Request("http://localhost/update_metrics", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body,
          }),
        );
        assert.equal(posted.status, 200, await posted.text());
        assert.deepEqual(await counted(exporter), { "GET /produits 200": 15 * round });
        await exporter.stop();
        // What comes afterwards is answered, and nobody is left to count it.
        await (await handler(new Request("http://x/"), undefined as never)).text();
      }, options);
    }
  }));
