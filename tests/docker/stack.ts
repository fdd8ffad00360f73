/** Tests the image and the stack in a real Docker engine: `deno task test:docker`, as root. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { until, withTempDir } from "../harness/waiting.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { type Engine, run, runWell, startEngine } from "./engine.ts";
import { makeStandIns, withoutDigests } from "./stand_ins.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const IMAGE = parse(Deno.readTextFileSync(`${ROOT}compose.yml`), { merge: true })
  .services.exporter.image;
const STACK_FILES = ["compose.yml", "prometheus", "grafana", "logs"];
const PROFILES = ["demo", "alerts", "replay"].flatMap((name) => ["--profile", name]);

/** The resident memory of an exporter that shows one game, in bytes, at most. */
const MAX_RESIDENT = 128 * 2 ** 20;

/** What the recorded game has played. */
const RECORDED_TURNS = 3;

/** The container of a service. */
const container = (service: string) => `stack_${service}_1`;

interface Stack {
  readonly engine: Engine;
  /** Folder of compose.yml and what it mounts. */
  readonly dir: string;
  /** Runs docker-compose, which must succeed. */
  compose(...args: readonly string[]): Promise<string>;
  /**
   * Asks Prometheus for an expression.
   *
   * @param more Where and when, if not the Prometheus of games that are played, and now.
   * @returns The first series' value; undefined when there is none.
   */
  query(expression: string, more?: { port?: number; time?: string }): Promise<number | undefined>;
}

async function withStack(use: (stack: Stack) => Promise<void>): Promise<void> {
  await withTempDir(async (temporary) => {
    const engine = await startEngine(temporary);
    try {
      const dir = `${temporary}/stack`;
      await Deno.mkdir(dir);
      for (const path of STACK_FILES) await runWell(["cp", "-r", ROOT + path, `${dir}/${path}`]);
      const file = `${dir}/compose.yml`;
      await Deno.writeTextFile(file, withoutDigests(await Deno.readTextFile(file)));
      await Deno.mkdir(`${temporary}/images`);
      await makeStandIns(engine, `${temporary}/images`);
      const compose = (...args: readonly string[]) =>
        runWell(["docker-compose", ...PROFILES, ...args], { cwd: dir, env: engine.env });
      await use({
        engine,
        dir,
        compose,
        async query(expression, { port = 9090, time } = {}) {
          const at: Record<string, string> = time === undefined ? {} : { time };
          const parameters = new URLSearchParams({ query: expression, ...at });
          const text = await engine.get(`http://localhost:${port}/api/v1/query?${parameters}`);
          // While it starts it answers 503 with plain text.
          if (!text?.startsWith("{")) return undefined;
          const [series] = JSON.parse(text).data.result;
          return series === undefined ? undefined : Number(series.value[1]);
        },
      });
    } finally {
      await engine.stop();
    }
  });
}

const canRun = Deno.uid() === 0 &&
  (await run(["sh", "-c", "command -v dockerd docker-compose debootstrap curl"])).code === 0 &&
  (await run(["unshare", "--net", "--mount", "true"])).code === 0;

Deno.test({
  name: "the image and the stack in a Docker engine (needs root, docker.io, debootstrap)",
  ignore: Deno.env.get("CI") !== "true" && !canRun,
  fn: (test) =>
    withStack(async (stack) => {
      const { engine, dir, compose, query } = stack;
      const { docker, get } = engine;

      await test.step("the unchanged Dockerfile makes an image of a program that runs", async () => {
        await docker("build", "--quiet", "--tag", IMAGE, ROOT);
        const version = await docker("run", "--rm", IMAGE, "--version");
        assert.match(version, /^tradesim-exporter \d+\.\d+\.\d+ /);
        const { Config } = JSON.parse(await docker("inspect", IMAGE))[0];
        assert.equal(Config.User, "65532:65532");
        assert.deepEqual(Object.keys(Config.ExposedPorts), ["8000/tcp"]);
        assert.match(
          await docker("run", "--rm", IMAGE, "simulate", "--tours=5"),
          /^5 turns, seed 1/,
        );
      });

      await test.step("all services of all profiles come up, and are well", async () => {
        await compose("up", "--detach", "--no-build");
        const checked = ["exporter", "prometheus", "grafana", "alertmanager", "prometheus-replay"];
        for (const service of checked) {
          const id = container(service);
          try {
            await until(
              `the health of ${service}`,
              async () =>
                await docker("inspect", "--format={{.State.Health.Status}}", id) === "healthy",
            );
          } catch (cause) {
            const check = await docker("inspect", "--format={{json .State.Health}}", id);
            throw new Error(`${check}\n${await compose("logs", service)}`, { cause });
          }
        }
        const simulation = container("simulation");
        assert.equal(await docker("inspect", "--format={{.State.Running}}", simulation), "true");
      });

      await test.step("a game is in Prometheus within ten seconds of its start", async () => {
        await until("the game in Prometheus", () => query("tours_completes > 0"));
        assert.equal(await query('up{job="tradesim"}'), 1);
        const first = await query("min_over_time(timestamp(tours_completes > 0)[5m:1s])");
        const id = container("simulation");
        const started = Date.parse(await docker("inspect", "--format={{.State.StartedAt}}", id));
        assert.ok(first! - started / 1000 < 10, `${first! - started / 1000} s`);
      });

      await test.step("the exporter has no rights, and writes its state only", async () => {
        const id = container("exporter");
        const status = await docker("exec", id, "cat", "/proc/1/status");
        const fields = Object.fromEntries(
          status.split("\n").map((line) => line.split(/:\s+/) as [string, string]),
        );
        assert.equal(fields.Uid, "65532\t65532\t65532\t65532");
        for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
          assert.equal(Number(`0x${fields[set]}`), 0, set);
        }
        assert.equal(fields.NoNewPrivs, "1");

        const touch = (path: string) =>
          run(["docker", "exec", id, "touch", path], { env: engine.env });
        for (const path of ["/x", "/tmp/x", "/logs/x"]) {
          assert.match((await touch(path)).stderr, /Read-only file system/, path);
        }
        assert.equal((await touch("/state/x")).code, 0);
        assert.match(await docker("exec", id, "ls", "/state"), /^exporter\.json$/m);
      });

      await test.step("the exporter's memory is limited, and it needs half of that", async () => {
        const id = container("exporter");
        assert.equal(await docker("inspect", "--format={{.HostConfig.Memory}}", id), "268435456");
        const resident = await query('process_resident_memory_bytes{job="tradesim"}');
        assert.ok(resident! < MAX_RESIDENT, `${resident} bytes`);
      });

      await test.step("nothing listens for other machines", async () => {
        const format = "--format={{(index .IPAM.Config 0).Gateway}}";
        const gateway = await docker("network", "inspect", format, "stack_default");
        for (const port of [8000, 9090, 3000, 9093, 9091]) {
          assert.notEqual(await get(`http://localhost:${port}/`), undefined, `localhost:${port}`);
          assert.equal(await get(`http://${gateway}:${port}/`), undefined, `${gateway}:${port}`);
        }
      });

      await test.step("a journal in the shared folder is followed", async () => {
        const before = (await query("tradesim_exporter_reports_taken_total"))!;
        const report = payloadAt({ session: "on-the-host" }, RECORDED_TURNS);
        await Deno.writeTextFile(`${dir}/logs/metrics.jsonl`, `${JSON.stringify(report)}\n`);
        await until("the journal", () => query("tradesim_exporter_follow_bytes_total > 0"));
        assert.ok((await query("tradesim_exporter_reports_taken_total"))! > before);
      });

      await test.step("a recorded game is in the Prometheus for replays", async () => {
        const game = await compose(
          ...["run", "--rm", "-T", "exporter", "backfill", "/logs/metrics.jsonl"],
          ...["--turn-seconds", "1", "--anchor", "2000-01-01", "--out", "-"],
        );
        await Deno.writeTextFile(`${dir}/logs/games.om`, `${game.trimEnd()}\n`);
        await compose(
          ...["run", "--rm", "-T", "--entrypoint", "promtool", "prometheus-replay"],
          ...["tsdb", "create-blocks-from", "openmetrics", "/logs/games.om", "/prometheus"],
        );
        await compose("restart", "prometheus-replay");
        // A second per turn, the first one at midnight.
        const time = String(Date.parse("2000-01-01T00:00:00Z") / 1000 + RECORDED_TURNS - 1);
        const turns = await until(
          "the recorded game",
          () => query("tours_completes", { port: 9091, time }),
        );
        assert.equal(turns, RECORDED_TURNS);
      });

      await test.step("a restart loses nothing of what was seen", async () => {
        const seen = (await query("tours_completes"))!;
        await compose("restart", "exporter");
        const text = await until("the exporter", () => get("http://localhost:8000/metrics"));
        const [, turns] = /^tours_completes (\d+)/m.exec(text) ?? [];
        assert.ok(Number(turns) >= seen, `${turns} after ${seen}`);
      });

      await test.step("a recorded game takes the place of the exporter", async () => {
        await compose("stop", "exporter");
        const id = await compose(
          ...["run", "-d", "--use-aliases", "--service-ports", "exporter"],
          ...["replay", "/logs/metrics.jsonl", "--speed", "50", "--loop", "--detail"],
          ...["--host", "0.0.0.0", "--allowed-host", "exporter"],
        );
        try {
          const turns = 'tradesim_exporter_turns_seen_total{source="replay"} > 0';
          await until("the replay in Prometheus", () => query(turns));
          const page = await get("http://localhost:8000/api/sessions");
          assert.equal(JSON.parse(page!).exporter.replay.file, "metrics.jsonl");
        } finally {
          await docker("rm", "--force", id.trim().split("\n").at(-1)!);
          await compose("start", "exporter");
        }
      });

      await test.step("Prometheus has its rules, takes over others, and finds Alertmanager", async () => {
        const rules = JSON.parse((await get("http://localhost:9090/api/v1/rules")) ?? "{}");
        assert.ok(rules.data.groups.length > 0);
        const extra = "groups: [{ name: extra, rules: [{ record: a:b:c, expr: vector(1) }] }]";
        await Deno.writeTextFile(`${dir}/prometheus/rules/extra.yml`, extra);
        await compose("kill", "-s", "HUP", "prometheus");
        await until(
          "the rule that was added",
          async () => (await get("http://localhost:9090/api/v1/rules"))?.includes("a:b:c"),
        );
        await until(
          "Alertmanager",
          async () =>
            (await get("http://localhost:9090/api/v1/alertmanagers"))?.includes(":9093/api"),
        );
      });

      await test.step("Grafana's admin gets a password once, and the language is told", async () => {
        const told = async () => await docker("logs", container("grafana"));
        const shown = /^Grafana's user is admin, the password (\S+)$/m;
        const log = await told();
        assert.match(log, /^GF_USERS_DEFAULT_LANGUAGE=fr-FR$/m);
        const [, password = ""] = shown.exec(log) ?? [];
        assert.match(password, /^[\w-]{24}$/);
        await compose("restart", "--timeout", "1", "grafana");
        const used = await until("the second start", async () => {
          const all = [...(await told()).matchAll(/^GF_SECURITY_ADMIN_PASSWORD=(.*)$/gm)];
          return all.length === 2 && all.map(([, word]) => word);
        });
        assert.deepEqual(used, [password, password]);
        assert.doesNotMatch((await told()).slice(log.length), shown);

        const grafana = (...words: readonly string[]) =>
          run(["docker-compose", "run", "--rm", "-T", ...words], { cwd: dir, env: engine.env });
        const wrong = await grafana("--no-deps", "-e", "TRADESIM_LANG=de", "grafana");
        assert.equal(wrong.code, 2);
        assert.match(wrong.stderr, /Cannot start Grafana with TRADESIM_LANG=de: expected fr or en/);
      });

      await test.step("all of it stops in time, and what was kept is there afterwards", async () => {
        await compose("stop");
        for (const service of ["exporter", "simulation", "prometheus"]) {
          const state = await docker(
            "inspect",
            "--format={{.State.ExitCode}}",
            container(service),
          );
          assert.equal(state, "0", service);
        }
        await compose("down");
        const volumes = await docker("volume", "ls", "--quiet");
        for (const name of ["exporter", "prometheus", "grafana"]) {
          assert.match(volumes, new RegExp(`^stack_${name}$`, "m"));
        }
      });
    }),
});
