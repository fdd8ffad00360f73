/** Tests of the program as a process: arguments, exit codes, standard streams and signals. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import {
  runExporter,
  type RunningExporter,
  type RunOptions,
  startExporter,
  valueOf,
} from "../harness/exporter.ts";
import { freePort } from "../harness/ports.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import settings from "../../deno.json" with { type: "json" };

interface Used {
  readonly dir: string;
  /** Starts an exporter in the folder; it is killed afterwards if it still runs. */
  start(options?: Omit<RunOptions, "cwd">): Promise<RunningExporter>;
}

/** Lends a folder and exporters that run in it. */
async function withExporters(use: (used: Used) => Promise<void>): Promise<void> {
  await withTempDir(async (dir) => {
    const started: RunningExporter[] = [];
    const start: Used["start"] = async (options = {}) => {
      const exporter = await startExporter({ ...options, cwd: dir });
      started.push(exporter);
      return exporter;
    };
    try {
      await use({ dir, start });
    } finally {
      for (const exporter of started) await exporter.stop("SIGKILL");
    }
  });
}

/** Posts a report that must be taken. */
async function post(exporter: RunningExporter, report: unknown): Promise<void> {
  const response = await exporter.post(report);
  assert.equal(response.status, 200, await response.text());
}

/** What a user's mistake looks like: one line of what is wrong, one of where help is. */
function assertTwoLines(stderr: string, problem: string): void {
  const [first, second, ...more] = stderr.split("\n");
  assert.match(first!, /^tradesim-exporter: error: /);
  assert.ok(first!.includes(problem), `"${problem}" is not in: ${first}`);
  assert.match(second!, /^Try: (tradesim-exporter|.* task start) --help$/);
  assert.deepEqual(more, [""]);
}

Deno.test("--help and -h write the help to stdout and end with 0", async () => {
  await withTempDir(async (cwd) => {
    for (const flag of ["--help", "-h"]) {
      const { code, stdout, stderr } = await runExporter({ cwd, args: [flag] });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^tradesim-exporter \S+\n.+\n\nUSAGE:\n/);
    }
  });
});

Deno.test("--version and tradesim_exporter_build_info say which program it is", async () => {
  await withExporters(async ({ dir: cwd, start }) => {
    const { code, stdout, stderr } = await runExporter({ cwd, args: ["--version"] });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const [, version, commit, deno, v8] =
      /^tradesim-exporter (\S+) \(commit (\S+), deno (\d\S+), v8 (\d\S+)\)(?:, made for tests only)?\n$/
        .exec(stdout) ?? assert.fail(stdout);
    assert.equal(version, settings.version);
    const labels = `version="${version}",commit="${commit}",deno="${deno}",v8="${v8}"`;
    const scrape = await (await start()).scrape();
    assert.equal(valueOf(scrape, `tradesim_exporter_build_info{${labels}}`), 1);
  });
});

interface WrongUse {
  readonly args: readonly string[];
  /** Words of the first line. */
  readonly problem: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

const WRONG_USES: Readonly<Record<string, WrongUse>> = {
  "an unknown flag": {
    args: ["--prot", "1"],
    problem: "Unknown flag --prot: did you mean --port?",
  },
  "an unknown command": {
    args: ["servir"],
    problem: 'Unknown command "servir": did you mean serve?',
  },
  "an argument of no flag": { args: ["serve", "now"], problem: 'Cannot use argument "now"' },
  "a flag without its value": { args: ["--port"], problem: "Cannot read --port without a value" },
  "a bad value": {
    args: ["--port", "abc"],
    problem: 'Cannot read --port "abc": expected a whole number from 0 to 65535',
  },
  "an unknown flag with line breaks": {
    args: ["--prot\nTry: something else"],
    problem: "Unknown flag --prot\\u000aTry: something else",
  },
  "a bad value in the environment": {
    args: [],
    env: { TRADESIM_EXPORTER_MAX_BODY: "5 bytes" },
    problem: 'Cannot read TRADESIM_EXPORTER_MAX_BODY "5 bytes"',
  },
  "an unknown key in the configuration file": {
    args: ["--config", "c.yml"],
    files: { "c.yml": "prt: 1\n" },
    problem: 'Unknown key "prt" in c.yml: did you mean port?',
  },
  "a bad value in the configuration file": {
    args: ["--config", "c.yml"],
    files: { "c.yml": "port: many\n" },
    problem: 'Cannot read port "many" in c.yml',
  },
  "a bad constant in config.py": {
    args: ["--config", "config.py"],
    files: { "config.py": 'METRICS_EXPORTER_PORT = "eight"\n' },
    problem: 'Cannot read METRICS_EXPORTER_PORT "eight" in config.py',
  },
  "a configuration file that is not there": {
    args: ["--config", "no.yml"],
    problem: 'Cannot read --config "no.yml": expected a file that can be read, but there is none',
  },
  "a web configuration that is not there": {
    args: ["--web.config.file", "no.yml"],
    problem:
      'Cannot read --web.config.file "no.yml": expected a file that can be read, but there is none',
  },
  "a web configuration that cannot be honoured": {
    args: ["--web.config.file", "web.yml"],
    files: { "web.yml": "tls_server_config: {client_ca_file: ca.pem}\n" },
    problem: 'Cannot read "web.yml": tls_server_config.client_ca_file',
  },
  "a certificate that is not there": {
    args: ["--web.config.file", "web.yml"],
    files: { "web.yml": "tls_server_config: {cert_file: no.pem, key_file: no.key}\n" },
    problem: 'tls_server_config.cert_file "no.pem" cannot be read (NotFound)',
  },
  "a token file that is not there": {
    args: ["--ingest-token-file", "no"],
    problem: 'Cannot read --ingest-token-file "no": expected a file that can be read',
  },
  "a token file with no token": {
    args: ["--ingest-token-file", "token"],
    files: { token: "short\n" },
    problem: "Cannot read the token: it is too short",
  },
  "a wrong file found by --check-config": {
    args: ["--check-config", "--ingest-token-file", "token"],
    files: { token: "two words that are long enough\n" },
    problem: "Cannot read the token",
  },
  "a state file that is a folder": {
    args: ["--port", "0", "--state", "."],
    problem: 'Cannot use the state file "."',
  },
};

Deno.test("A user's mistake ends the program with 2 and two lines on stderr", async (test) => {
  for (const [name, { args, problem, files = {}, env = {} }] of Object.entries(WRONG_USES)) {
    await test.step(name, async () => {
      await withTempDir(async (cwd) => {
        for (const [file, text] of Object.entries(files)) {
          await Deno.writeTextFile(`${cwd}/${file}`, text);
        }
        const ended = await runExporter({ args, cwd, env });
        assertTwoLines(ended.stderr, problem);
        assert.deepEqual([ended.code, ended.stdout], [2, ""]);
      });
    });
  }
});

/** Lends a port of 127.0.0.1 that is taken. */
async function withTakenPort(use: (port: number) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  try {
    await use(listener.addr.port);
  } finally {
    listener.close();
  }
}

Deno.test("A port in use ends the program with 1 and two lines on stderr", async () => {
  await withTempDir((cwd) =>
    withTakenPort(async (port) => {
      const args = ["--port", String(port), "--state", "none"];
      const { code, stdout, stderr } = await runExporter({ args, cwd });
      assertTwoLines(stderr, `Cannot listen on 127.0.0.1:${port}: another program is using it`);
      assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    })
  );
});

Deno.test("A default state file that cannot be used is said, and the program goes on without", async () => {
  await withExporters(async ({ dir, start }) => {
    Deno.writeTextFileSync(join(dir, "no-folder"), "");
    const port = freePort();
    const env = { XDG_STATE_HOME: join(dir, "no-folder") };
    const first = await start({ args: ["--port", String(port)], env });
    assert.match(
      first.log(),
      /level=warn msg="Cannot keep a state; counters start at 0 after a restart"/,
    );
    assert.equal(valueOf(await first.scrape(), "tours_completes"), 0);
  });
});

Deno.test("A second exporter on a port names the port, not the state file that both would use", async () => {
  await withExporters(async ({ dir, start }) => {
    const port = String(freePort());
    const env = { XDG_STATE_HOME: dir };
    await start({ args: ["--port", port], env });
    const second = await runExporter({ args: ["--port", port], cwd: dir, env });
    assertTwoLines(
      second.stderr,
      `Cannot listen on 127.0.0.1:${port}: another program is using it`,
    );
    assert.equal(second.code, 1);
  });
});

Deno.test("A state file in use ends the program with 2, until its exporter is gone", async () => {
  await withExporters(async ({ dir, start }) => {
    const args = ["--state", "state.json"];
    const first = await start({ args });
    const second = await runExporter({ args: [...args, "--port", "0"], cwd: dir });
    assertTwoLines(second.stderr, 'state file "state.json": another exporter is using it');
    assert.deepEqual([second.code, second.stdout], [2, ""]);
    await post(first, payloadAt({ session: "a" }, 3));

    await first.stop("SIGKILL");
    const third = await start({ args });
    assert.equal(valueOf(await third.scrape(), "tours_completes"), 3);
  });
});

/** A POST of which only a part was sent. */
interface PostUnderWay {
  /** Sends the rest and reads the whole answer. */
  finish(): Promise<string>;
  close(): void;
}

async function beginPost(exporter: RunningExporter, report: unknown): Promise<PostUnderWay> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: exporter.port });
  const body = new TextEncoder().encode(JSON.stringify(report));
  const head = [
    "POST /update_metrics HTTP/1.1",
    "host: localhost",
    "content-type: application/json",
    `content-length: ${body.length}`,
    "connection: close",
  ];
  const write = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  };
  await write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  await write(body.subarray(0, 1000));
  // Whoever answers this scrape has seen the beginning of the post before it.
  await exporter.scrape();
  return {
    async finish() {
      await write(body.subarray(1000));
      return await new Response(connection.readable).text();
    },
    close: () => connection.close(),
  };
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends the program with 0 after the request under way`, async () => {
    await withExporters(async ({ dir, start }) => {
      const state = `${dir}/state.json`;
      const exporter = await start({ args: ["--state", state] });
      const begun = await beginPost(exporter, payloadAt({ session: "a" }, 7));
      Deno.kill(exporter.pid, signal);
      await until("the end to begin", () => exporter.log().includes("msg=Stopping"));
      assert.match(await begun.finish(), /^HTTP\/1\.1 200 [^]*"success"/);

      const { code, signal: killedBy, stdout, stderr } = await exporter.end();
      assert.deepEqual({ code, killedBy, stdout }, { code: 0, killedBy: null, stdout: "" });
      assert.doesNotMatch(stderr, /level=(warn|error)|^ +at /m);
      assert.ok((await Deno.readTextFile(state)).includes('"turns":7'), "the report is not saved");
    });
  });
}

Deno.test("SIGINT that launchers pass on ends the program in order, as one Ctrl-C", async () => {
  await withExporters(async ({ dir, start }) => {
    const state = `${dir}/state.json`;
    const exporter = await start({ args: ["--state", state] });
    const begun = await beginPost(exporter, payloadAt({ session: "a" }, 7));
    Deno.kill(exporter.pid, "SIGINT");
    await until("the end to begin", () => exporter.log().includes("msg=Stopping"));
    Deno.kill(exporter.pid, "SIGINT");
    assert.match(await begun.finish(), /^HTTP\/1\.1 200 [^]*"success"/);
    assert.equal((await exporter.end()).code, 0);
    assert.ok((await Deno.readTextFile(state)).includes('"turns":7'), "the report is not saved");
  });
});

Deno.test("a second SIGTERM a moment later ends the program at once, whatever is under way", async () => {
  await withExporters(async ({ start }) => {
    const exporter = await start();
    const begun = await beginPost(exporter, payloadAt({ session: "a" }, 7));
    try {
      Deno.kill(exporter.pid, "SIGTERM");
      await until("the end to begin", () => exporter.log().includes("msg=Stopping"));
      // Later than the same Ctrl-C can come from launchers.
      await new Promise((resolve) => setTimeout(resolve, 700));
      assert.equal((await exporter.stop("SIGTERM")).code, 130);
    } finally {
      begun.close();
    }
  });
});

Deno.test("--check-config says that all is right, opens no port and leaves no file", async () => {
  await withTempDir((cwd) =>
    withTakenPort(async (port) => {
      const args = ["--check-config", "--port", String(port), "--state", "state.json"];
      const { code, stdout, stderr } = await runExporter({ args, cwd });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.equal(stdout, "The configuration is right\n");
      assert.deepEqual([...Deno.readDirSync(cwd)], []);
    })
  );
});

Deno.test("Flags win over the environment, and the environment over the file", async () => {
  await withExporters(async ({ dir, start }) => {
    await Deno.writeTextFile(
      `${dir}/c.yml`,
      "max-series: 1000\nweb.telemetry-path: /of-file\nlabels: [continent]\n",
    );
    const exporter = await start({
      args: ["--config", "c.yml", "--web.telemetry-path", "/of-flag"],
      env: {
        TRADESIM_EXPORTER_DETAIL: "true",
        TRADESIM_EXPORTER_WEB_TELEMETRY_PATH: "/of-environment",
      },
    });
    await post(exporter, payloadAt({ session: "a" }, 2));
    const statuses: Record<string, number> = {};
    for (const path of ["/of-flag", "/of-environment", "/of-file", "/metrics"]) {
      const response = await fetch(exporter.url + path);
      statuses[path] = response.status;
      if (path !== "/of-flag") await response.body?.cancel();
      else {
        const text = await response.text();
        assert.match(text, /^budget_total\{continent="Asie"\} /m);
        assert.match(text, /^produit_prix\{/m);
      }
    }
    assert.deepEqual(statuses, {
      "/of-flag": 200,
      "/of-environment": 404,
      "/of-file": 404,
      "/metrics": 404,
    });
  });
});

Deno.test("--config reads labels out of config.py, which it never runs", async () => {
  await withExporters(async ({ dir, start }) => {
    await Deno.writeTextFile(
      `${dir}/config.py`,
      `open("${dir}/was_run", "w")
METRICS_LABELS_ENABLED = True
METRICS_LABELS_CONTINENT = True
METRICS_LABELS_PRODUIT_TYPE = False
METRICS_SYSTEM_ENABLED = False
`,
    );
    const exporter = await start({ args: ["--config", "config.py"] });
    await post(exporter, payloadAt({ session: "a" }, 2));
    const scrape = await exporter.scrape();
    assert.match(scrape, /^budget_total\{continent="Asie"\} /m);
    assert.match(scrape, /^produits_total \d/m);
    assert.doesNotMatch(scrape, /^load_average_1m /m);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["config.py"]);
  });
});

Deno.test("--config takes the port of config.py, and reports its host unused", async () => {
  await withTempDir((cwd) =>
    withTakenPort(async (port) => {
      await Deno.writeTextFile(
        `${cwd}/config.py`,
        `METRICS_EXPORTER_PORT = ${port}\nMETRICS_EXPORTER_HOST = "0.0.0.0"\n`,
      );
      const args = ["--config", "config.py", "--state", "none"];
      const { code, stderr } = await runExporter({ args, cwd });
      assert.equal(code, 1);
      assert.match(stderr, /METRICS_EXPORTER_HOST = .*0\.0\.0\.0.* is ignored/);
      assert.ok(stderr.includes(`Cannot listen on 127.0.0.1:${port}:`), stderr);
    })
  );
});

Deno.test("METRICS_ENABLED = False ends the program with 0 before it does anything", async () => {
  await withTempDir((cwd) =>
    withTakenPort(async (port) => {
      await Deno.writeTextFile(`${cwd}/config.py`, "METRICS_ENABLED = False\n");
      const args = ["--config", "config.py", "--port", String(port), "--state", "state.json"];
      const { code, stdout, stderr } = await runExporter({ args, cwd });
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
      assert.match(stderr, /^\S+ level=warn msg="METRICS_ENABLED is False; .*"\n$/);
      assert.deepEqual([...Deno.readDirSync(cwd)].map(({ name }) => name), ["config.py"]);
    })
  );
});
