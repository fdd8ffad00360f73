/** Runs the real program in surroundings that it did not choose: proxies, Kubernetes, signals, closed outputs. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { makeCertificate } from "../harness/certificate.ts";
import {
  commandLine,
  runExporter,
  type RunningExporter,
  startExporter,
  startProgram,
} from "../harness/exporter.ts";
import { freePort } from "../harness/ports.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const PROXY_VARIABLES = ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/** Lends an exporter in a folder of its own. */
async function withExporter(
  use: (exporter: RunningExporter, cwd: string) => Promise<void>,
  options: { readonly args?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<void> {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, ...options });
    try {
      await use(exporter, cwd);
    } finally {
      await exporter.stop();
    }
  });
}

Deno.test("nothing for this machine goes to a proxy", async () => {
  const seen: string[] = [];
  const proxy = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    seen.push(request.url);
    return new Response("from the proxy");
  });
  const address = `http://127.0.0.1:${proxy.addr.port}`;
  try {
    await withExporter(async (exporter, cwd) => {
      Deno.writeTextFileSync(`${cwd}/token`, "a-secret-token-of-a-game\n");
      for (const name of PROXY_VARIABLES) {
        const env = { [name]: address, DENO_NO_UPDATE_CHECK: "1" };
        const simulate = ["simulate", "--tours", "20", "--with-metrics", "--publish-to"];
        const game = await runExporter({
          cwd,
          env,
          args: [...simulate, exporter.url, "--publish-token-file", "token"],
        });
        assert.equal(game.code, 0, game.stderr);
        const doctor = await runExporter({
          cwd,
          env,
          args: ["doctor", "--url", exporter.url, "--until", "exporter"],
        });
        assert.match(doctor.stdout, /^ok +exporter/m, doctor.stdout);
      }
      assert.match(await exporter.scrape(), /^tours_completes 100$/m);
    });
    assert.deepEqual(seen, []);
  } finally {
    await proxy.shutdown();
  }
});

Deno.test("the exporter starts where Kubernetes has a service of its name", async () => {
  const env = {
    TRADESIM_EXPORTER_PORT: "tcp://10.96.12.7:8000",
    TRADESIM_EXPORTER_SERVICE_HOST: "10.96.12.7",
    TRADESIM_EXPORTER_SERVICE_PORT: "8000",
    TRADESIM_EXPORTER_PORT_8000_TCP: "tcp://10.96.12.7:8000",
    TRADESIM_EXPORTER_PORT_8000_TCP_ADDR: "10.96.12.7",
  };
  await withExporter(async (exporter) => {
    assert.match(await exporter.scrape(), /^tours_completes 0$/m);
  }, { env });
});

testWith("curl", "both loopback addresses are served by default, on one port", async () => {
  await withExporter(async (exporter) => {
    await until("both", () => exporter.log().match(/msg=Listening/g)?.length === 2);
    const addresses = [...exporter.log().matchAll(/address=(\S+)/g)].map(([, address]) => address!);
    assert.deepEqual(addresses, [
      `http://127.0.0.1:${exporter.port}`,
      `http://[::1]:${exporter.port}`,
    ]);
    for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
      const { stdout } = await new Deno.Command("curl", {
        args: ["--silent", "--globoff", `http://${host}:${exporter.port}/-/healthy`],
      }).output();
      assert.equal(new TextDecoder().decode(stdout), "OK\n", host);
    }
  });
});

Deno.test("probes are answered by address, and data only by an allowed name", async () => {
  await withExporter(async ({ port }) => {
    const status = async (path: string, host: string) => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      await connection.write(new TextEncoder().encode(request));
      const answer = await new Response(connection.readable).text();
      return Number(answer.split(" ")[1]);
    };
    assert.equal(await status("/-/healthy", "10.1.2.3:8000"), 200);
    assert.equal(await status("/-/ready", "[fd00::1]:8000"), 200);
    assert.equal(await status("/-/healthy", "evil.example"), 421);
    assert.equal(await status("/metrics", "10.1.2.3:8000"), 421);
    assert.equal(await status("/metrics", "exporter"), 200);
  }, { args: ["--host", "0.0.0.0", "--allowed-host", "exporter"] });
});

/** Ways to write an address of this machine in a URL. */
const SPELLINGS = [
  "localhost",
  "localhost.",
  "127.0.0.1",
  "127.0.0.2",
  "0.0.0.0",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
];

Deno.test("however this machine is spelled, no request with its token goes to a proxy", async () => {
  const proxy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const seen: string[] = [];
  const watching = (async () => {
    for await (const connection of proxy) {
      const bytes = new Uint8Array(1000);
      const count = await connection.read(bytes) ?? 0;
      seen.push(new TextDecoder().decode(bytes.subarray(0, count)));
      connection.close();
    }
  })();
  try {
    await withTempDir(async (cwd) => {
      Deno.writeTextFileSync(`${cwd}/token`, "a-secret-token-of-a-game\n");
      const { port } = proxy.addr;
      const address = `http://127.0.0.1:${port}`;
      const env = {
        ...Object.fromEntries([...PROXY_VARIABLES, "HTTPS_PROXY"].map((name) => [name, address])),
        DENO_NO_UPDATE_CHECK: "1",
      };
      const play = ["simulate", "--tours", "2", "--with-metrics", "--publish-token-file", "token"];
      await Promise.all(
        SPELLINGS.flatMap((name) =>
          ["http", "https"].map((scheme) =>
            // Nobody listens on port 9, which is fine.
            runExporter({ cwd, env, args: [...play, "--publish-to", `${scheme}://${name}:9`] })
          )
        ),
      );
      assert.deepEqual(seen, []);
      const other = "http://exporter.example:8000";
      await runExporter({ cwd, env, args: [...play, "--publish-to", other] });
      assert.match(seen[0] ?? "", /exporter\.example/, "the proxy is used for another machine");
    });
  } finally {
    proxy.close();
    await watching;
  }
});

Deno.test("SIGHUP before the port is open does not end the exporter, and is made up for", async () => {
  await withTempDir(async (cwd) => {
    const line = JSON.stringify({ type: "tradesim.report", version: 1, session: "s", tour: 1 });
    Deno.writeTextFileSync(`${cwd}/long.jsonl`, `${line.padEnd(200)}\n`.repeat(500_000));
    const [program = "", ...args] = commandLine(["--port", "0", "--follow", "long.jsonl"]);
    const child = new Deno.Command(program, {
      args,
      cwd,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const limit = setTimeout(() => child.kill("SIGKILL"), 60_000);
    let log = "";
    const waiting: [string, Deno.Signal][] = [
      // It reads the file before it opens the port.
      ["Following a file", "SIGHUP"],
      ["certificates and token", "SIGTERM"],
    ];
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      const [[awaited, signal] = []] = waiting;
      if (awaited === undefined || !log.includes(awaited)) continue;
      waiting.shift();
      child.kill(signal!);
    }
    clearTimeout(limit);
    assert.equal((await child.status).code, 0, log);
    assert.ok(log.indexOf("Listening") < log.indexOf("certificates and token"), log);
  });
});

Deno.test("the unit for systemd starts the exporter with flags that it knows", async () => {
  const unit = Deno.readTextFileSync(
    new URL("../../examples/tradesim-exporter.service", import.meta.url),
  );
  const [program, ...args] = /^ExecStart=(.*)$/m.exec(unit)![1]!.split(" ");
  assert.equal(program, "/usr/local/bin/tradesim-exporter");
  await withTempDir(async (cwd) => {
    const { code, stderr } = await runExporter({ cwd, args: [...args, "--check-config"] });
    assert.equal(code, 0, stderr);
  });
});

Deno.test("SIGHUP reads passwords again, and a wrong file changes nothing", async () => {
  await withTempDir(async (cwd) => {
    const config = (password: string) =>
      Deno.writeTextFileSync(
        join(cwd, "web.yml"),
        `basic_auth_users:\n  alice: ${hashSync(password, 5)}\n`,
      );
    config("old");
    const exporter = await startExporter({ cwd, args: ["--web.config.file", "web.yml"] });
    try {
      const status = async (password: string) => {
        const headers = { authorization: `Basic ${btoa(`alice:${password}`)}` };
        const response = await fetch(`${exporter.url}/metrics`, { headers });
        await response.body?.cancel();
        return response.status;
      };
      assert.deepEqual([await status("old"), await status("new")], [200, 401]);
      config("new");
      Deno.kill(exporter.pid, "SIGHUP");
      await until("the new password", async () => await status("new") === 200);
      assert.equal(await status("old"), 401);
      Deno.writeTextFileSync(join(cwd, "web.yml"), "basic_auth_users: 5\n");
      Deno.kill(exporter.pid, "SIGHUP");
      await until(
        "the complaint",
        () => exporter.log().includes("Cannot reload the configuration"),
      );
      assert.equal(await status("new"), 200);
    } finally {
      const { code } = await exporter.stop();
      assert.equal(code, 0);
    }
  });
});

Deno.test("SIGHUP reads the token of reports again", async () => {
  await withTempDir(async (cwd) => {
    Deno.writeTextFileSync(`${cwd}/token`, "the-first-token-of-all\n");
    const exporter = await startExporter({ cwd, args: ["--ingest-token-file", "token"] });
    try {
      // This machine needs no token, so what shows is whether the file is looked at.
      Deno.writeTextFileSync(`${cwd}/token`, "short\n");
      Deno.kill(exporter.pid, "SIGHUP");
      await until("the complaint", () => /Cannot reload the conf.*token/.test(exporter.log()));
      Deno.writeTextFileSync(`${cwd}/token`, "the-second-token-of-all\n");
      Deno.kill(exporter.pid, "SIGHUP");
      await until("the new token", () => exporter.log().includes("certificates and token"));
    } finally {
      await exporter.stop();
    }
  });
});

testWith("openssl", "SIGHUP takes a new certificate", async () => {
  await withTempDir(async (cwd) => {
    await makeCertificate(cwd);
    const old = Deno.readTextFileSync(`${cwd}/cert.pem`);
    Deno.writeTextFileSync(
      `${cwd}/web.yml`,
      "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n",
    );
    const exporter = await startExporter({ cwd, args: ["--web.config.file", "web.yml"] });
    try {
      const isServed = async (cert: string) => {
        using client = Deno.createHttpClient({ caCerts: [cert] });
        try {
          const response = await fetch(`${exporter.url}/-/healthy`, { client });
          await response.body?.cancel();
          return response.ok;
        } catch {
          return false;
        }
      };
      assert.ok(await isServed(old));
      await makeCertificate(cwd);
      const renewed = Deno.readTextFileSync(`${cwd}/cert.pem`);
      assert.notEqual(renewed, old);
      Deno.kill(exporter.pid, "SIGHUP");
      await until("the new certificate", () => isServed(renewed));
      assert.equal(await isServed(old), false);
      for (let burst = 0; burst < 3; burst++) {
        await makeCertificate(cwd);
        for (const pause of [0, 0, 3, 4]) {
          await new Promise((resolve) => setTimeout(resolve, pause));
          Deno.kill(exporter.pid, "SIGHUP");
        }
        const latest = Deno.readTextFileSync(`${cwd}/cert.pem`);
        await until("the latest certificate", () => isServed(latest));
      }
      const served = Deno.readTextFileSync(`${cwd}/cert.pem`);
      Deno.writeTextFileSync(`${cwd}/key.pem`, "no key\n");
      Deno.kill(exporter.pid, "SIGHUP");
      await until(
        "the complaint",
        () => exporter.log().includes("Cannot reload the configuration"),
      );
      assert.ok(await isServed(served), "what cannot be used closes no port");
    } finally {
      const { code, stderr } = await exporter.stop();
      assert.equal(code, 0, stderr);
    }
  });
});

/** Whether the journal's last report says that its game is over. */
function isFinished(journal: string): boolean {
  const line = Deno.readTextFileSync(journal).trimEnd().split("\n").at(-1)!;
  return JSON.parse(line).fini === true;
}

const PLAY = ["simulate", "--infinite", "--pause", "10ms", "--with-metrics"];

Deno.test("a game ends at SIGHUP with its last report", async () => {
  await withTempDir(async (cwd) => {
    const game = startProgram({ cwd, args: [...PLAY, "--journal", "g.jsonl"] });
    await until("the journal", () => {
      try {
        return Deno.statSync(`${cwd}/g.jsonl`).size > 0;
      } catch {
        return false;
      }
    });
    const { code } = await game.stop("SIGHUP");
    assert.deepEqual([code, isFinished(`${cwd}/g.jsonl`)], [0, true]);
  });
});

/** Runs a command line in a shell, with the program as `$@`. */
async function shell(cwd: string, script: string, args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script, "bash", ...commandLine(args)],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("a game ends properly when whoever reads what it narrates goes away", async () => {
  await withTempDir(async (cwd) => {
    const args = [...PLAY, "--verbose", "--journal", "g.jsonl"];
    const { code, stderr } = await shell(cwd, '"$@" | head -n 3; exit "${PIPESTATUS[0]}"', args);
    assert.deepEqual([code, isFinished(`${cwd}/g.jsonl`)], [141, true], stderr);
    assert.doesNotMatch(stderr, /at file:|Uncaught/);
  });
});

Deno.test("a game goes on where standard error cannot be written", async () => {
  await withTempDir(async (cwd) => {
    const args = ["simulate", "--tours", "300", "--with-metrics", "--journal", "/proc/x/g.jsonl"];
    for (const to of ["2>/dev/full", "2> >(true)"]) {
      const { code, stdout } = await shell(cwd, `"$@" ${to}`, args);
      assert.equal(code, 0);
      assert.match(stdout, /300 turns/);
    }
  });
});

Deno.test("a command whose output cannot be written ends with two lines", async () => {
  await withTempDir(async (cwd) => {
    for (
      const args of [["--help"], ["--version"], ["print", "config"], ["simulate", "--tours", "5"]]
    ) {
      const { code, stderr } = await shell(cwd, '"$@" >/dev/full', args);
      assert.equal(code, 1, stderr);
      assert.match(
        stderr,
        /^tradesim-exporter: error: Cannot write to standard output: .*\nTry: .*\n$/,
      );
    }
  });
});

Deno.test("a state that is no file is refused in words that fit", async () => {
  await withTempDir(async (cwd) => {
    const run = (state: string) => runExporter({ cwd, args: ["--port", "0", "--state", state] });
    const folder = await run(".");
    assert.equal(folder.code, 2);
    assert.match(folder.stderr, /it is a folder, expected a file\nTry: /);
    const device = await run("/dev/null");
    assert.equal(device.code, 2);
    assert.match(device.stderr, /--state none keeps nothing\nTry: /);
    assert.deepEqual([...Deno.readDirSync(cwd)], []);
  });
});

testWith(
  "nginx",
  "the page, its stream and the metrics work behind nginx under a path",
  async () => {
    const text = Deno.readTextFileSync(new URL("../../docs/proxy.md", import.meta.url));
    const [, location = ""] = /```nginx\n([\s\S]*?)```/.exec(text) ?? [];
    assert.ok(location.includes("location /tradesim/"));
    await withExporter(async (exporter, cwd) => {
      const port = freePort();
      Deno.writeTextFileSync(
        `${cwd}/nginx.conf`,
        `daemon off; pid ${cwd}/nginx.pid; error_log stderr;
events {}
http {
  access_log off; client_body_temp_path ${cwd}/b; proxy_temp_path ${cwd}/p;
  fastcgi_temp_path ${cwd}/f; uwsgi_temp_path ${cwd}/u; scgi_temp_path ${cwd}/s;
  server {
    listen 127.0.0.1:${port};
    ${location.replaceAll("127.0.0.1:8000", `127.0.0.1:${exporter.port}`)}
  }
}
`,
      );
      const nginx = startProgram({
        cwd,
        program: ["nginx", "-c", `${cwd}/nginx.conf`, "-p", cwd],
      });
      try {
        const base = `http://127.0.0.1:${port}/tradesim/`;
        const page = await until("nginx", async () => {
          try {
            const response = await fetch(base);
            const text = await response.text();
            return response.ok && text;
          } catch {
            return undefined;
          }
        });
        const links = [...page.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, link]) => link!)
          .filter((link) => !link.startsWith("data:"));
        assert.ok(links.length > 1);
        for (const link of links) {
          assert.ok(!link.startsWith("/"), `${link} is relative`);
          const response = await fetch(new URL(link, base));
          assert.equal(response.status, 200, link);
          await response.body?.cancel();
        }
        const metrics = await fetch(`${base}metrics`);
        assert.match(await metrics.text(), /^tours_completes 0$/m);

        const stop = new AbortController();
        const stream = await fetch(`${base}api/events`, { signal: stop.signal });
        assert.equal(stream.headers.get("x-accel-buffering"), null, "nginx has taken it");
        const reader = stream.body!.getReader();
        const first = new TextDecoder().decode((await reader.read()).value);
        assert.match(first, /^(?:event|data|retry|:)/m);
        stop.abort();
        await reader.cancel().catch(() => {});
      } finally {
        const { stderr } = await nginx.stop();
        assert.doesNotMatch(stderr, /\[emerg\]/);
      }
    });
  },
);
