/** Breaks the links of a real chain one after the other, and lets the real program find each. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { makeCertificate } from "../harness/certificate.ts";
import { type Finished, runExporter, startExporter, startProgram } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { startPrometheus } from "../harness/prometheus.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const SILENCE = { session: "s" };

function doctor(cwd: string, ...args: readonly string[]): Promise<Finished> {
  return runExporter({ args: ["doctor", ...args], cwd });
}

/** What became of a link: its state, and what is said of it. */
function told({ stdout }: Finished, link: string): string {
  const line = stdout.split("\n").find((line) => line.slice(5).startsWith(`${link} `));
  assert.ok(line !== undefined, stdout);
  return line.replace(/ +/g, " ");
}

/** Checks that a link is the first broken one, and returns what is said of it and the remedy. */
function firstBroken(finished: Finished, link: string): { text: string; remedy: string } {
  assert.equal(finished.code, 1, finished.stdout + finished.stderr);
  assert.equal(finished.stderr, "");
  const lines = finished.stdout.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.startsWith("FAIL"));
  assert.deepEqual(lines.slice(0, at).filter((line) => !/^(ok|skip) +/.test(line)), []);
  assert.match(lines[at]!, new RegExp(`^FAIL ${link} `), finished.stdout);
  assert.match(lines[at + 1]!, /^remedy: /);
  assert.deepEqual(lines.slice(at + 2).filter((line) => !/^skip .* not checked$/.test(line)), []);
  return { text: told(finished, link).replace(/^FAIL \S+ /, ""), remedy: lines[at + 1]! };
}

Deno.test("doctor finds that nothing runs, and what else is on the port", async () => {
  await withTempDir(async (cwd) => {
    const server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response("<html><title>Something else</title>"),
    );
    const url = `http://127.0.0.1:${server.addr.port}`;
    const taken = firstBroken(await doctor(cwd, "--url", url), "port");
    assert.match(taken.text, /is used by a server with a page titled "Something else"/);
    await server.shutdown();
    const free = firstBroken(await doctor(cwd, "--url", url), "port");
    assert.match(free.text, /^127\.0\.0\.1:\d+ does not answer: nothing listens there$/);
    assert.match(free.remedy, /start the exporter/);
  });
});

Deno.test("doctor finds each break between a file and the exporter", async (test) => {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, args: ["--state=none"] });
    const look = (...args: readonly string[]) =>
      doctor(cwd, "--url", exporter.url, "--until", "simulation", ...args);
    try {
      await test.step("no report yet", async () => {
        const finished = await look();
        const { text, remedy } = firstBroken(finished, "simulation");
        assert.equal(text, "no game has reported");
        assert.ok(remedy.includes(`${exporter.url}/update_metrics`));
        assert.match(told(finished, "exporter"), /^ok exporter version \d\S* at http.*, ready, up/);
        assert.match(told(finished, "metrics"), /^ok metrics valid, \d+ series of \d+ metrics$/);
        assert.match(told(finished, "file"), /^skip file none at logs\/metrics\*\.jsonl in /);
      });
      await test.step("a file that is not there", async () => {
        const { text } = firstBroken(await look("--follow", "a.jsonl"), "file");
        assert.match(text, /^none at a\.jsonl in /);
      });
      await test.step("a file of garbage", async () => {
        Deno.writeTextFileSync(join(cwd, "a.jsonl"), "garbage\n".repeat(3));
        const { text } = firstBroken(await look("--follow", "a.jsonl"), "file");
        assert.match(
          text,
          /has no valid report: 3 lines at its end rejected, the last one: .*not valid JSON$/,
        );
      });
      await test.step("a file that the exporter does not follow", async () => {
        Deno.writeTextFileSync(join(cwd, "a.jsonl"), JSON.stringify(payloadAt(SILENCE, 3)) + "\n");
        const { remedy } = firstBroken(await look("--follow", "a.jsonl"), "simulation");
        assert.ok(remedy.endsWith(`--follow ${Deno.realPathSync(join(cwd, "a.jsonl"))}`), remedy);
      });
      await test.step("a file that it follows, and a game that has gone quiet", async () => {
        // As old as it says: the exporter takes a followed line's time from its file.
        Deno.mkdirSync(join(cwd, "logs"));
        const path = join(cwd, "logs", "metrics.jsonl");
        Deno.writeTextFileSync(`${path}.new`, JSON.stringify(payloadAt(SILENCE, 3)) + "\n");
        Deno.utimeSync(`${path}.new`, new Date(), new Date(Date.now() - 60_000));
        Deno.renameSync(`${path}.new`, path);
        await until(
          "the report",
          async () => (await exporter.scrape()).includes("\nsimulation_tour 3\n"),
        );
        const finished = await look();
        // TradeSim never says that its game is over, so that is nothing broken.
        assert.match(
          told(finished, "simulation"),
          /^ok simulation TradeSim's game has ended or was interrupted, turn 3, last report 6\d s ago; 1 of 3 turns seen one by one \(follow\)$/,
        );
        assert.match(told(finished, "file"), /^ok file .*, last changed 6\d s ago, .* at turn 3$/);
      });
      await test.step("a game that would have said that it is over, and has not", async () => {
        const silent = {
          ...{ type: "tradesim.report", version: 1, session: "silent", rapport: 4, tour: 4 },
          budget_total: 5,
        };
        const path = join(cwd, "logs", "metrics-2.jsonl");
        Deno.writeTextFileSync(`${path}.new`, JSON.stringify(silent) + "\n");
        Deno.utimeSync(`${path}.new`, new Date(), new Date(Date.now() - 60_000));
        Deno.renameSync(`${path}.new`, path);
        await until("it", async () => (await exporter.scrape()).includes("\nsimulation_tour 4\n"));
        const { text } = firstBroken(await look(), "simulation");
        assert.match(text, /^silent: turn 4, last report 6\d s ago$/);
      });
    } finally {
      await exporter.stop();
    }
  });
});

Deno.test("doctor finds a game that is played, and one that is over, to be fine", async () => {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, args: ["--state=none"] });
    const look = (...args: readonly string[]) =>
      doctor(cwd, "--url", exporter.url, "--until", "simulation", ...args);
    const game = startProgram({
      args: ["simulate", "--infinite", "--pause=50ms", "--with-metrics"],
      cwd,
    });
    try {
      await until("a report", async () => (await exporter.scrape()).includes('{etat="running"} 1'));
      const playing = await look("--json");
      assert.equal(playing.code, 0, playing.stdout);
      const { ok, links } = JSON.parse(playing.stdout);
      assert.deepEqual(
        [ok, links.map(({ link, state }: { link: string; state: string }) => `${link} ${state}`)],
        [true, [
          ...["configuration ok", "port ok", "exporter ok", "metrics ok", "file ok"],
          "simulation ok",
        ]],
      );
      await game.stop();
      await until("the end", async () => (await exporter.scrape()).includes('{etat="finished"} 1'));
      const over = await look();
      assert.equal(over.code, 0, over.stdout);
      assert.match(told(over, "simulation"), /^ok simulation the game is over, turn \d+, last/);
    } finally {
      await game.stop();
      await exporter.stop();
    }
  });
});

Deno.test("doctor shows a password from a file of its own, and tells when it needs one", async () => {
  await withTempDir(async (cwd) => {
    Deno.writeTextFileSync(
      join(cwd, "web.yml"),
      `basic_auth_users:\n  alice: ${hashSync("sésame", 4)}\n`,
    );
    Deno.writeTextFileSync(join(cwd, "right"), "alice:sésame\n");
    Deno.writeTextFileSync(join(cwd, "wrong"), "alice:sesame\n");
    const args = ["--state=none", "--web.config.file", "web.yml"];
    const exporter = await startExporter({ cwd, args });
    const look = (...args: readonly string[]) =>
      doctor(cwd, "--url", exporter.url, "--until", "metrics", ...args);
    try {
      const none = firstBroken(await look(), "metrics");
      assert.equal(none.text, "they require a password");
      assert.match(none.remedy, /--user-file$/);
      const wrong = firstBroken(await look("--user-file", "wrong"), "metrics");
      assert.equal(wrong.text, "they do not accept the user and password of --user-file");
      const right = await look("--user-file", "right");
      assert.deepEqual([right.code, right.stderr], [0, ""], right.stdout);
      assert.doesNotMatch(right.stdout, /sésame/);
    } finally {
      await exporter.stop();
    }
  });
});

testWith(
  "openssl",
  "doctor trusts the certificate of the exporter's own configuration",
  async () => {
    await withTempDir(async (cwd) => {
      await makeCertificate(cwd);
      Deno.writeTextFileSync(
        join(cwd, "web.yml"),
        "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n",
      );
      Deno.writeTextFileSync(join(cwd, "c.yml"), "web.config.file: web.yml\n");
      const exporter = await startExporter({ cwd, args: ["--state=none", "--config=c.yml"] });
      const look = (...args: readonly string[]) =>
        doctor(cwd, "--url", exporter.url, "--until", "metrics", ...args);
      try {
        const strange = firstBroken(await look(), "port");
        assert.match(strange.remedy, /certificate/);
        const trusted = await look("--config=c.yml");
        assert.equal(trusted.code, 0, trusted.stdout);
      } finally {
        await exporter.stop();
      }
    });
  },
);

Deno.test("doctor knows an exporter whose metrics are elsewhere, and finds them by its configuration", async () => {
  await withTempDir(async (cwd) => {
    Deno.writeTextFileSync(join(cwd, "c.yml"), "web.telemetry-path: /m\n");
    const exporter = await startExporter({ cwd, args: ["--state=none", "--config=c.yml"] });
    const look = (...args: readonly string[]) =>
      doctor(cwd, "--url", exporter.url, "--until", "metrics", ...args);
    try {
      const { text, remedy } = firstBroken(await look(), "metrics");
      assert.equal(text, `${exporter.url}/metrics answers 404`);
      assert.match(remedy, /web\.telemetry-path/);
      assert.equal((await look("--config=c.yml")).code, 0);
    } finally {
      await exporter.stop();
    }
  });
});

Deno.test("doctor tells a wrong configuration, which is a broken link, from wrong usage", async () => {
  await withTempDir(async (cwd) => {
    Deno.writeTextFileSync(join(cwd, "c.yml"), "prot: 9000\n");
    const broken = firstBroken(await doctor(cwd, "--config=c.yml"), "configuration");
    assert.match(broken.text, /Unknown key "prot" in c\.yml: did you mean port\?$/);
    for (const args of [["--until=end"], ["--user-file=none"], ["--url=http://a:b@c"]]) {
      const { code, stdout, stderr } = await doctor(cwd, ...args);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(
        stderr,
        /^tradesim-exporter: error: .*\nTry: .*doctor --help\n$/,
      );
    }
  });
});

testWith(
  "prometheus",
  "doctor finds whether a real Prometheus scrapes this exporter",
  async (test) => {
    await withTempDir(async (dir) => {
      const exporter = await startExporter({ cwd: dir, args: ["--state=none"] });
      const prometheus = await startPrometheus({ dir, targetPort: exporter.port });
      const look = (url: string) =>
        doctor(dir, "--url", url, "--prometheus", prometheus.url, "--until", "prometheus");
      const report = async ({ post }: typeof exporter) => {
        const response = await post(payloadAt(SILENCE, 1));
        await response.body?.cancel();
      };
      await report(exporter);
      try {
        await test.step("a target that is up", async () => {
          await until(
            "a scrape",
            async () =>
              (await prometheus.query('tradesim_exporter_build_info{job="tradesim"}')).length === 1,
          );
          const finished = await look(exporter.url);
          assert.equal(finished.code, 0, finished.stdout);
          assert.match(
            told(finished, "prometheus"),
            new RegExp(
              `^ok prometheus version \\d.* scrapes http://127.0.0.1:${exporter.port}/metrics, `,
            ),
          );
        });
        await test.step("another exporter than the one that is scraped", async () => {
          const other = await startExporter({ cwd: dir, args: ["--state=none"] });
          await report(other);
          try {
            const { text, remedy } = firstBroken(await look(other.url), "prometheus");
            assert.match(text, /does not scrape this exporter, but 1 other$/);
            assert.ok(remedy.includes(`127.0.0.1:${other.port}`));
          } finally {
            await other.stop();
          }
        });
        await test.step("a target that is down", async () => {
          // Prometheus is let go on asking for a path that is not there any more.
          await exporter.stop();
          const moved = await startExporter({
            cwd: dir,
            args: ["--state=none", `--port=${exporter.port}`, "--web.telemetry-path=/m"],
          });
          await report(moved);
          try {
            await until(
              "the failed scrape",
              async () => JSON.stringify(await prometheus.api("targets")).includes("404"),
            );
            Deno.writeTextFileSync(join(dir, "c.yml"), "web.telemetry-path: /m\n");
            const { text } = firstBroken(
              await doctor(
                ...[dir, "--url", moved.url, "--config=c.yml"] as const,
                ...["--prometheus", prometheus.url, "--until", "prometheus"],
              ),
              "prometheus",
            );
            assert.match(text, /cannot scrape http:\/\/127\.0\.0\.1:\d+\/metrics: .*404/);
          } finally {
            await moved.stop();
          }
        });
      } finally {
        await prometheus.stop();
        await exporter.stop();
      }
    });
  },
);

Deno.test("doctor kubernetes reads a file or standard input, and needs nothing else", async () => {
  await withTempDir(async (cwd) => {
    const pod = { kind: "Pod", metadata: { name: "a" }, spec: {} };
    Deno.writeTextFileSync(`${cwd}/objects.json`, JSON.stringify(pod));
    const args = ["doctor", "kubernetes"];
    const named = await runExporter({ args: [...args, "--objects=objects.json"], cwd });
    assert.equal(named.code, 1);
    assert.match(named.stdout, /^ok +objects +1 object\nFAIL operator +there is no Prometheus/);
    const runner = ["sh", "-c", 'exec "$@" <objects.json', "sh"];
    const piped = await runExporter({ args, cwd, runner });
    assert.deepEqual(piped, named);
    assert.deepEqual(await runExporter({ args: [...args, "--objects=-"], cwd, runner }), named);
    const endless = await runExporter({ args: [...args, "--objects=/dev/zero"], cwd });
    assert.deepEqual([endless.code, endless.stdout], [2, ""]);
    assert.match(
      endless.stderr,
      /^[^\n]* Cannot read --objects "\/dev\/zero": expected a file of at most 268435456 bytes\nTry: .*doctor --help\n$/,
    );
    const folder = await runExporter({ args: [...args, "--objects=."], cwd });
    assert.match(
      folder.stderr,
      /^[^\n]* Cannot read --objects "\.": expected a file that can be read\nTry: .*doctor --help\n$/,
    );
    const empty = await runExporter({ args, cwd });
    assert.match(empty.stdout, /^FAIL objects +there is no output of kubectl; .*\nremedy: install/);
    const missing = await runExporter({ args: [...args, "--objects=none"], cwd });
    assert.equal(missing.code, 2);
    assert.match(
      missing.stderr,
      /^[^\n]* Cannot read --objects "none": expected a file that can be read, but there is none\nTry: .*doctor --help\n$/,
    );
  });
});
