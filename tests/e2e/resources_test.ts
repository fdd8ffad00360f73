/** Tests that the real program survives the want of descriptors, connections and readers. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { MAX_READERS } from "../../lib/live/hub.ts";
import {
  MAX_CONNECTIONS,
  RESERVED_CONNECTIONS,
  SPARE_DESCRIPTORS,
} from "../../lib/server/connections.ts";
import { MAX_FILES } from "../../lib/source/mod.ts";
import { makeCertificate } from "../harness/certificate.ts";
import { commandLine, type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { freePort } from "../harness/ports.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/** Runs the program with so many file descriptors. */
const limitedTo = (descriptors: number) => [
  ...["sh", "-c"],
  `ulimit -n ${descriptors} && exec "$@"`,
  "sh",
];

/** Opens connections that say `greeting`, which may be nothing, and holds those that it can. */
async function openMany(port: number, number: number, greeting = ""): Promise<Deno.Conn[]> {
  const open: Deno.Conn[] = [];
  for (let index = 0; index < number; index++) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    open.push(connection);
    // Who was closed already cannot be greeted.
    if (greeting !== "") await connection.write(new TextEncoder().encode(greeting)).catch(() => {});
  }
  return open;
}

function closeAll(connections: readonly Deno.Conn[]): void {
  for (const connection of connections) connection.close();
}

async function endWell(exporter: RunningExporter): Promise<void> {
  const { code, stderr } = await exporter.stop();
  assert.equal(code, 0, stderr);
}

/** A scrape on a connection of its own, which fails after a second. */
async function scrapeSoon({ url }: RunningExporter): Promise<string> {
  const response = await fetch(`${url}/metrics`, {
    headers: { connection: "close", "accept-encoding": "gzip" },
    signal: AbortSignal.timeout(1000),
  });
  assert.equal(response.status, 200);
  return await response.text();
}

/** Tries up to five times: the machine may be busy with something else. */
async function often<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 4; left > 0; left--) {
    try {
      return await attempt();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return await attempt();
}

for (const descriptors of [128, 1024]) {
  for (const [name, greeting] of [["silent", ""], ["half-sent", "GET /metrics HT"]] as const) {
    Deno.test(`1000 ${name} connections do not end an exporter with ${descriptors} descriptors, nor a scrape`, async () => {
      await withTempDir(async (cwd) => {
        const exporter = await startExporter({ cwd, runner: limitedTo(descriptors) });
        try {
          const connections = await openMany(exporter.port, 1000, greeting);
          const during = await often(() => scrapeSoon(exporter));
          const open = valueOf(during, "tradesim_exporter_connections")!;
          assert.ok(open <= Math.min(descriptors, 512), `${open} connections are open`);
          const closed = "tradesim_exporter_connections_closed_total";
          assert.ok(valueOf(during, `${closed}{reason="room"}`)! > 0);
          closeAll(connections);
          const after = await often(() => scrapeSoon(exporter));
          assert.ok(valueOf(after, "tradesim_exporter_connections")! <= open);
          const posted = await exporter.post(payloadAt({ session: "s" }, 1));
          assert.equal(posted.status, 200);
          await posted.body?.cancel();
        } finally {
          await endWell(exporter);
        }
      });
    });
  }
}

Deno.test("readers of events take no connection away from scrapes and probes", async () => {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, runner: limitedTo(128) });
    const head = "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    try {
      const connections = await openMany(exporter.port, 100, head);
      const refused = 'tradesim_exporter_requests_refused_total{reason="busy"}';
      const scrape = await until("a reader that is turned away", async () => {
        const text = await often(() => scrapeSoon(exporter));
        return valueOf(text, refused)! > 0 && text;
      });
      const readers = valueOf(scrape, "tradesim_exporter_live_readers")!;
      assert.ok(readers > 8, `${readers} readers of events are served`);
      const probe = await fetch(`${exporter.url}/-/healthy`);
      assert.equal(await probe.text(), "OK\n");
      closeAll(connections);
    } finally {
      await endWell(exporter);
    }
  });
});

testWith("openssl", "120 connections that never shake hands do not end an exporter", async () => {
  await withTempDir(async (cwd) => {
    await makeCertificate(cwd);
    Deno.writeTextFileSync(
      join(cwd, "web.yml"),
      "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n",
    );
    const exporter = await startExporter({
      cwd,
      args: ["--web.config.file", "web.yml"],
      runner: limitedTo(128),
    });
    const client = Deno.createHttpClient({
      caCerts: [Deno.readTextFileSync(join(cwd, "cert.pem"))],
    });
    try {
      closeAll(await openMany(exporter.port, 100));
      const connections = await openMany(exporter.port, 120);
      closeAll(connections);
      const text = await often(async () => {
        const url = `https://localhost:${exporter.port}/metrics`;
        const response = await fetch(url, { client, signal: AbortSignal.timeout(1000) });
        return await response.text();
      });
      assert.ok(valueOf(text, "tradesim_exporter_connections")! >= 1);
    } finally {
      client.close();
      await endWell(exporter);
    }
  });
});

const read = (name: string) => Deno.readTextFileSync(new URL(`../../${name}`, import.meta.url));

/** Numbers of a table in docs/security.md, by the first cells of its rows. */
function tableBelow(line: string): Map<string, number> {
  const rows = read("docs/security.md").split(line)[1]!.trimStart().split("\n\n")[0]!.split("\n");
  return new Map(
    rows.slice(2).map((row) => {
      const [, name = "", number] = row.split("|").map((cell) => cell.trim());
      return [name, Number(number)];
    }),
  );
}

Deno.test("all that may be open at once is fewer than 1 024 descriptors, as docs/security.md adds up", async () => {
  const table = tableBelow("where no more than 1 024 are allowed:");
  assert.equal(table.get("connections"), MAX_CONNECTIONS);
  assert.equal(table.get("followed files that patterns match"), MAX_FILES);
  const sum = [...table.values()].reduce((sum, number) => sum + number, 0);
  assert.ok(sum + SPARE_DESCRIPTORS < 1024, `${sum} descriptors and ${SPARE_DESCRIPTORS} to spare`);
  assert.ok(MAX_READERS < MAX_CONNECTIONS - RESERVED_CONNECTIONS);

  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd });
    try {
      await scrapeSoon(exporter); // The thread for slow work begins with the first gzip.
      const { stdout } = await new Deno.Command("ls", { args: [`/proc/${exporter.pid}/fd`] })
        .output();
      const open = new TextDecoder().decode(stdout).trim().split("\n").length;
      assert.ok(open > 5 && open <= table.get("state files")! + 60, `${open} are open at rest`);
    } finally {
      await endWell(exporter);
    }
  });
});

Deno.test("an exporter whose standard error nobody reads answers on, and counts what it drops", async () => {
  await withTempDir(async (cwd) => {
    const port = freePort();
    const journal = join(cwd, `${"long".repeat(50)}.jsonl`);
    const flags = ["--port", `${port}`, "--collect-interval", "100ms", "--follow", journal];
    const [program = "", ...args] = commandLine(flags);
    const exporter = new Deno.Command(program, {
      args,
      cwd,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped", // And never read.
    }).spawn();
    const url = `http://127.0.0.1:${port}`;
    try {
      await until("an open port", async () => {
        const response = await fetch(`${url}/-/ready`).catch(() => undefined);
        return await response?.text() === "Ready\n";
      });
      // Each new file is a long line of the log, of which a pipe holds 64 kB.
      const dropped = await until("lines that are dropped", async () => {
        Deno.writeTextFileSync(`${journal}.new`, "{}\n");
        Deno.renameSync(`${journal}.new`, journal);
        const text = await (await fetch(`${url}/metrics`)).text();
        const count = valueOf(text, "tradesim_exporter_log_lines_dropped_total")!;
        return count > 0 && count;
      });
      assert.ok(dropped > 0);
    } finally {
      exporter.kill("SIGTERM");
      assert.equal((await exporter.status).code, 0);
      await exporter.stderr.cancel();
    }
  });
});
