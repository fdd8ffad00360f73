/** Tests of the exporter as a library: without ports, signals or a command line. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createExporter, type ExporterOptions } from "@tradesim/exporter/exporter";
import settings from "../../deno.json" with { type: "json" };
import { createLog } from "../../lib/log/mod.ts";
import { valueOf } from "../harness/exporter.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { freePort } from "../harness/ports.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const ROOT = new URL("../../", import.meta.url);
const log = createLog({ level: "error", format: "logfmt", write: () => {} });
const LOCAL = {
  remoteAddr: { transport: "tcp" as const, hostname: "127.0.0.1", port: 1 },
};

/** Lends an exporter without system metrics, and what asks it. */
async function withExporter(
  options: ExporterOptions,
  use: (exporter: ReturnType<typeof createExporter>, ask: {
    metrics: () => Promise<string>;
    post: (turn: number, info?: typeof LOCAL) => Promise<number>;
  }) => Promise<void>,
): Promise<void> {
  const exporter = createExporter({ systemInterval: 0, log, ...options });
  try {
    await use(exporter, {
      metrics: async () => await (await exporter.fetch(new Request("http://x/metrics"))).text(),
      post: async (turn, info) => {
        const response = await exporter.fetch(
          new Request("http://x/update_metrics", {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(payloadAt({ session: "library" }, turn)),
          }),
          info,
        );
        await response.body?.cancel();
        return response.status;
      },
    });
  } finally {
    await exporter.stop();
  }
}

Deno.test("createExporter() answers requests that a Fetch server hands over", () =>
  withExporter({}, async (exporter, { metrics, post }) => {
    assert.equal(await post(1, LOCAL), 200);
    assert.equal(await post(2, LOCAL), 200);
    assert.equal(valueOf(await metrics(), "tours_completes"), 2);
    assert.equal(await post(3), 403, "nobody says that it comes from this machine");
    const ready = () => exporter.fetch(new Request("http://x/-/ready"));
    assert.equal((await ready()).status, 200);
    exporter.quiet();
    assert.equal((await ready()).status, 503);
  }));

Deno.test("stop() waits until the disk has what was saved last, and not for ever", () =>
  withTempDir(async (dir) => {
    const { syncData } = Deno.FsFile.prototype;
    let held = Promise.withResolvers<void>();
    let pending = 0;
    Deno.FsFile.prototype.syncData = async function () {
      pending++;
      await held.promise;
      await syncData.call(this);
      pending--;
    };
    try {
      const options = { systemInterval: 0, log, allowRemoteIngest: true };
      const stopped = async (name: string, patience: number, onSlow: () => void) => {
        const exporter = createExporter({ ...options, state: `${dir}/${name}` });
        const report = JSON.stringify(payloadAt({ session: name }, 1));
        const request = new Request("http://x/update_metrics", { method: "POST", body: report });
        request.headers.set("content-type", "application/json");
        assert.equal((await exporter.fetch(request)).status, 200);
        const limit = setTimeout(onSlow, 20);
        await exporter.stop(patience);
        clearTimeout(limit);
      };
      await stopped("slow", 60_000, () => held.resolve());
      assert.equal(pending, 0);
      held = Promise.withResolvers();
      await stopped("dead", 50, () => {});
      assert.ok(pending > 0);
    } finally {
      Deno.FsFile.prototype.syncData = syncData;
      // The file is closed by now; nobody waits for what that brings.
      held.resolve();
    }
  }));

Deno.test("createExporter() takes the settings of serve, and other access while it runs", () =>
  withExporter(
    { webTelemetryPath: "/m", allowRemoteIngest: true, detail: true },
    async (exporter, { post }) => {
      assert.equal(await post(1), 200);
      const scrape = await (await exporter.fetch(new Request("http://x/m"))).text();
      assert.match(scrape, /^entreprise_budget\{/m);
      const web = { tls: undefined, headers: { "x-frame-options": "deny" }, users: {} };
      exporter.reload({ web, token: undefined });
      const response = await exporter.fetch(new Request("http://x/-/ready"));
      await response.body?.cancel();
      assert.equal(response.headers.get("x-frame-options"), "deny");
    },
  ));

Deno.test("createExporter() follows files, keeps its state and goes on from it", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const append = (turn: number) =>
      Deno.writeTextFileSync(path, `${JSON.stringify(payloadAt({ session: "f" }, turn))}\n`, {
        append: true,
      });
    append(1);
    const options = { follow: [path], state: `${dir}/state`, collectInterval: 0.05 };
    await withExporter(options, async (exporter, { metrics }) => {
      assert.equal(valueOf(await metrics(), "tours_completes"), 1, "caught up before it is asked");
      await exporter.start();
      append(2);
      await until("turn 2", async () => valueOf(await metrics(), "tours_completes") === 2);
    });
    Deno.removeSync(path);
    await withExporter(options, async (_, { metrics }) => {
      assert.equal(valueOf(await metrics(), "tours_completes"), 2);
    });
  }));

Deno.test("the package exports what its documents name, and nothing else", async () => {
  const exported: Record<string, readonly string[]> = {};
  for (const [name, path] of Object.entries(settings.exports)) {
    if (name !== ".") {
      exported[name] = Object.keys(await import(new URL(path, ROOT).href)).toSorted();
    }
  }
  assert.deepEqual(exported, {
    "./exporter": ["createExporter", "readConfiguration", "readFiles", "serve"],
    "./publish": ["createPublisher", "openHttp", "openJournal", "openTurnLog", "turnLogBeside"],
  });
});

for (const [example, path] of [["deno_serve", ""], ["hono", "/tradesim"]] as const) {
  Deno.test(`examples/${example}.ts serves metrics, and takes reports of this machine`, () =>
    withTempDir(async (cwd) => {
      const port = freePort();
      const file = fileURLToPath(new URL(`examples/${example}.ts`, ROOT));
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "--no-check", "--allow-net", "--allow-read", "--allow-env"],
          ...["--config", fileURLToPath(new URL("deno.json", ROOT)), file, `${port}`],
        ],
        cwd,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const url = `http://127.0.0.1:${port}${path}`;
      try {
        await until("the port", async () => {
          const response = await fetch(`${url}/-/ready`).catch(() => undefined);
          return await response?.text() === "Ready\n";
        });
        const response = await fetch(`${url}/update_metrics`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(payloadAt({ session: "example" }, 7)),
        });
        assert.equal(response.status, 200, await response.text());
        const scrape = await (await fetch(`${url}/metrics`)).text();
        assert.equal(valueOf(scrape, "tours_completes"), 7);
        const page = await (await fetch(`${url}/`)).text();
        assert.match(page, /<title>TradeSim<\/title>/);
        if (example !== "hono") return;
        await (await fetch(`http://127.0.0.1:${port}/produits/5`)).text();
        const labels =
          'http_request_method="GET",http_route="/produits/:id",http_response_status_code="200"';
        await until("the request to be counted", async () => {
          const later = await (await fetch(`${url}/metrics`)).text();
          return valueOf(later, `http_server_request_duration_seconds_count{${labels}}`) === 1;
        });
      } finally {
        child.kill("SIGTERM");
        assert.equal((await child.status).code, 0);
      }
    }));
}

Deno.test("docs/web.md has a program that measures its requests by route", () =>
  withTempDir(async (cwd) => {
    const text = Deno.readTextFileSync(new URL("docs/web.md", ROOT));
    const ports = { 8000: freePort(), 8080: freePort() };
    const program = /```ts\n(.*?)```/s.exec(text)![1]!
      .replaceAll(/80[08]0/g, (port) => `${ports[port as "8000"]}`);
    Deno.writeTextFileSync(`${cwd}/web.ts`, program);
    const config = fileURLToPath(new URL("deno.json", ROOT));
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-check", "-A", "--config", config, "web.ts"],
      cwd,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const said = new Response(child.stderr).text();
    const get = async (port: number, path: string) =>
      await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    try {
      await until("the port", () => get(ports[8000], "/-/ready").catch(() => undefined));
      assert.equal(await get(ports[8080], "/"), "The game");
      await get(ports[8080], "/secret");
      const count = "http_server_request_duration_seconds_count";
      const labels = (route: string) =>
        `http_request_method="GET",http_route="${route}",http_response_status_code="200"`;
      await until("both requests to be counted", async () => {
        const scrape = await get(ports[8000], "/metrics");
        return ["/", "unmatched"].every((route) =>
          valueOf(scrape, `${count}{${labels(route)}}`) === 1
        );
      });
    } finally {
      child.kill("SIGTERM");
      await child.status;
    }
    assert.ok(!(await said).includes("route of a request"), await said);
  }));
