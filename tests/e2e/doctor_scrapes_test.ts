/**
 * Lets real servers scrape an exporter behind TLS and a password, by the job of docs/security.md and
 * by broken ones, and lets the real doctor find what is broken.
 *
 * @module
 */

import assert from "node:assert/strict";
import { hashSync } from "bcryptjs";
import { parse, stringify } from "yaml";
import { makeCertificate } from "../harness/certificate.ts";
import { builtEngine, testWithPrometheus } from "../harness/engines.ts";
import { runExporter, type RunningExporter, startExporter } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { type PrometheusApi, prometheusApi, startPrometheus } from "../harness/prometheus.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { freePort } from "../harness/ports.ts";
import { startVictoriaMetrics } from "../harness/victoria_metrics.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const PAGE = Deno.readTextFileSync(new URL("../../docs/security.md", import.meta.url));
const [, JOB = ""] = /^```yaml scrape job\n([\s\S]*?)^```$/m.exec(PAGE) ?? [];
const PASSWORD = "sésame, ouvre-toi";

type Job = Readonly<Record<string, unknown>>;

/** The configuration of docs/security.md for an exporter on this machine, its job changed. */
function configFor(port: number, change: Job = {}): string {
  const { scrape_configs: [job] } = parse(JOB);
  const targets = [{ targets: [`127.0.0.1:${port}`] }];
  return stringify({ scrape_configs: [{ ...job, static_configs: targets, ...change }] });
}

/** Lends an exporter behind TLS and a password, with a report from a file, in a folder of its own. */
async function withExporter(
  use: (dir: string, exporter: RunningExporter) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    await makeCertificate(dir);
    const files = {
      "web.yml": stringify({
        tls_server_config: { cert_file: "cert.pem", key_file: "key.pem" },
        basic_auth_users: { prometheus: hashSync(PASSWORD, 4) },
      }),
      "c.yml": "web.config.file: web.yml\n",
      "right": `prometheus:${PASSWORD}\n`,
      "wrong": "prometheus:sesame\n",
      "exporter-password": PASSWORD,
      "metrics.jsonl": JSON.stringify(payloadAt({ session: "s" }, 1)) + "\n",
    };
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
    await Deno.copyFile(`${dir}/cert.pem`, `${dir}/exporter-cert.pem`);
    const args = ["--state=none", "--config=c.yml", "--follow=metrics.jsonl"];
    const exporter = await startExporter({ cwd: dir, args });
    try {
      await use(dir, exporter);
    } finally {
      await exporter.stop();
    }
  });
}

interface Said {
  readonly link: string;
  readonly state: string;
  readonly text: string;
  readonly remedy?: string;
}

/** What the doctor says of the last link that it looked at. */
async function diagnose(dir: string, exporter: RunningExporter, ...args: string[]): Promise<Said> {
  const { stdout, stderr } = await runExporter({
    cwd: dir,
    args: [
      ...["doctor", "--json", "--config=c.yml", "--url", exporter.url],
      ...args,
    ],
  });
  assert.equal(stderr, "");
  assert.ok(!stdout.includes(PASSWORD), stdout);
  const { links } = JSON.parse(stdout) as { links: Said[] };
  return links.find(({ state }) => state === "FAIL") ?? links.at(-1)!;
}

/** Waits until a server has scraped its only target, or failed to. */
async function scrapedOnce({ api }: PrometheusApi): Promise<void> {
  await until("a scrape", async () => {
    const { activeTargets: [target] } = await api("targets") as {
      activeTargets: { health: string; lastError: string; lastScrape: string }[];
    };
    return target !== undefined && target.health !== "unknown" &&
      (target.health === "up" || target.lastError !== "");
  });
}

interface Case {
  readonly change: Job;
  readonly isAgent?: true;
  readonly text: RegExp;
  /** Undefined = nothing is broken. */
  readonly remedy?: RegExp;
}

const CASES: Readonly<Record<string, Case>> = {
  "the documented job": { change: {}, text: / scrapes https:\/\/127\.0\.0\.1:\d+\/metrics, / },
  "a job without the password": {
    change: { basic_auth: undefined },
    text: /cannot scrape .*401/,
    remedy: /^set basic_auth in its scrape job/,
  },
  "a job with a wrong password": {
    change: { basic_auth: { username: "prometheus", password: "sesame" } },
    text: /cannot scrape .*401/,
    remedy: /^set basic_auth in its scrape job/,
  },
  "a job of another path": {
    change: { metrics_path: "/m" },
    text: /cannot scrape .*404/,
    remedy: /^set metrics_path: \/metrics in its scrape job$/,
  },
  "a job without TLS": {
    change: { scheme: "http" },
    text: /cannot scrape http:/,
    remedy: /^set scheme: https and tls_config/,
  },
  "a job that does not trust the certificate": {
    change: { tls_config: undefined },
    text: /cannot scrape .*certificate/,
    remedy: /^set tls_config in its scrape job: ca_file/,
  },
  "a job of another name": {
    change: { job_name: "game" },
    text: / calls the job of this exporter game$/,
    remedy: /^name it job_name: tradesim/,
  },
  "an agent, which cannot be asked for series": {
    change: {},
    isAgent: true,
    text: / scrapes https:.* ago; it is an agent: check the server it sends to/,
  },
};

testWithPrometheus(
  "promtool check config takes the job of docs/security.md",
  async ({ promtool }) => {
    await withTempDir(async (dir) => {
      await Deno.writeTextFile(`${dir}/prometheus.yml`, JOB);
      await Deno.writeTextFile(`${dir}/exporter-password`, PASSWORD);
      await Deno.writeTextFile(`${dir}/exporter-cert.pem`, "");
      const { success, stderr } = await new Deno.Command(promtool, {
        args: ["check", "config", `${dir}/prometheus.yml`],
      }).output();
      assert.ok(success, new TextDecoder().decode(stderr));
    });
  },
);

testWithPrometheus(
  "doctor finds what is broken between a real Prometheus and a protected exporter",
  async (version, test) => {
    await withExporter(async (dir, exporter) => {
      const look = (url: string) =>
        diagnose(
          ...[dir, exporter, "--user-file", "right"] as const,
          ...["--prometheus", url, "--until", "prometheus"],
        );
      await using servers = new AsyncDisposableStack();
      // All at once: each takes seconds until it finds its target.
      const starting = Object.entries(CASES).map(async ([name, { change, isAgent = false }]) => {
        const own = await Deno.makeTempDir({ dir });
        for (const file of ["exporter-password", "exporter-cert.pem"]) {
          await Deno.copyFile(`${dir}/${file}`, `${own}/${file}`);
        }
        const prometheus = await startPrometheus({
          version,
          dir: own,
          targetPort: 0,
          change: () => configFor(exporter.port, change),
          isAgent,
        });
        servers.defer(() => prometheus.stop());
        await scrapedOnce(prometheus);
        return [name, prometheus.url] as const;
      });
      const urls = new Map(await Promise.all(starting));
      for (const [name, { text, remedy }] of Object.entries(CASES)) {
        await test.step(name, async () => {
          const said = await look(urls.get(name)!);
          assert.deepEqual([said.link, said.state], ["prometheus", remedy ? "FAIL" : "ok"]);
          assert.match(said.text, text);
          if (remedy !== undefined) assert.match(said.remedy!, remedy);
        });
      }
    });
  },
);

testWith("openssl", "doctor tells a wrong password from none", async () => {
  await withExporter(async (dir, exporter) => {
    const none = await diagnose(dir, exporter, "--until", "metrics");
    assert.deepEqual([none.link, none.text], ["metrics", "they require a password"]);
    const wrong = await diagnose(dir, exporter, "--until", "metrics", "--user-file", "wrong");
    assert.equal(wrong.text, "they do not accept the user and password of --user-file");
    assert.match(wrong.remedy!, /basic_auth_users of --web\.config\.file/);
  });
});

/** Starts vmagent with a configuration in `dir`, sending to `store`. */
async function startVmagent(dir: string, config: string, store: string) {
  const port = freePort();
  await Deno.writeTextFile(`${dir}/vmagent.yml`, config);
  const child = new Deno.Command(builtEngine("vmagent"), {
    args: [
      `-promscrape.config=${dir}/vmagent.yml`,
      `-remoteWrite.url=${store}/api/v1/write`,
      `-remoteWrite.tmpDataPath=${await Deno.makeTempDir({ dir })}`,
      `-httpListenAddr=127.0.0.1:${port}`,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const server = prometheusApi(`http://127.0.0.1:${port}`);
  await until("vmagent", () => server.api("targets").then(() => true, () => false));
  return {
    ...server,
    async stop() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

testWith(
  builtEngine("vmagent"),
  "doctor finds its way between vmagent and VictoriaMetrics",
  async (test) => {
    await withExporter(async (dir, exporter) => {
      const look = (url: string) =>
        diagnose(
          ...[dir, exporter, "--user-file", "right"] as const,
          ...["--prometheus", url, "--until", "prometheus"],
        );
      const store = await startVictoriaMetrics(dir, builtEngine("victoria-metrics"));
      const withAgent = async (change: Job, use: (agent: PrometheusApi) => Promise<void>) => {
        // It does not know Prometheus' name of this limit.
        const config = configFor(exporter.port, { body_size_limit: undefined, ...change });
        const agent = await startVmagent(dir, config, store.url);
        try {
          await scrapedOnce(agent);
          await use(agent);
        } finally {
          await agent.stop();
        }
      };
      try {
        await test.step("a store that nobody sends to", async () => {
          const { state, text, remedy } = await look(store.url);
          assert.equal(state, "FAIL");
          assert.match(text, / scrapes nothing, and nobody sends it series of this exporter$/);
          assert.match(remedy!, /^if an agent sends to it, check that one: --prometheus/);
        });
        await test.step("an agent without the password", async () => {
          await withAgent({ basic_auth: undefined }, async (agent) => {
            const { text, remedy } = await look(agent.url);
            assert.match(text, /^the agent at .* cannot scrape https:.*401/);
            assert.match(remedy!, /^set basic_auth in its scrape job/);
          });
        });
        await test.step("an agent that scrapes, and the store that it sends to", async () => {
          await withAgent({}, async (agent) => {
            const said = await look(agent.url);
            assert.equal(said.state, "ok", said.text);
            assert.match(said.text, /^the agent at .* scrapes https:.*; it is an agent/);
            await until(
              "what is sent",
              async () => (await store.export("tradesim_exporter_build_info")).length > 0,
            );
            const stored = await until("the series", async () => {
              const said = await look(store.url);
              return said.state === "ok" && said;
            });
            assert.match(
              stored.text,
              / has its series, sent by another: job tradesim, instance 127\.0\.0\.1:\d+$/,
            );
          });
        });
      } finally {
        await store.stop();
      }
    });
  },
);
