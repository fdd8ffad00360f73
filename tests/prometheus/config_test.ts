/** Tests that Prometheus takes its configurations, and that they agree with each other. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { testWithPrometheus } from "../harness/engines.ts";

const DIR = fileURLToPath(new URL("../../prometheus/", import.meta.url));

interface Job {
  readonly job_name: string;
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

interface Config {
  readonly global: { readonly scrape_interval: string };
  readonly scrape_configs: readonly Job[];
  readonly [section: string]: unknown;
}

const read = (name: string): Config => parse(Deno.readTextFileSync(DIR + name));

for (const name of ["prometheus.yml", "local.yml", "replay.yml"]) {
  testWithPrometheus(
    `promtool check config finds ${name} and its rules right`,
    async ({ promtool }) => {
      const { success, stdout, stderr } = await new Deno.Command(promtool, {
        args: ["check", "config", DIR + name],
      }).output();
      const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
      assert.ok(success, text);
      assert.equal(/\b2 rule files found/.test(text), name !== "replay.yml", text);
    },
  );
}

Deno.test("local.yml is prometheus.yml without the other containers", () => {
  const { alerting: _, scrape_configs: jobs, ...rest } = read("prometheus.yml");
  const expected = jobs.map((job) =>
    job.job_name === "tradesim"
      ? { ...job, static_configs: [{ targets: ["localhost:8000"] }] }
      : job
  );
  assert.deepEqual(read("local.yml"), { ...rest, scrape_configs: expected });
});

Deno.test("prometheus.yml scrapes the game every second, the rest every 15, and limits all", () => {
  const { global, scrape_configs: jobs } = read("prometheus.yml");
  assert.equal(global.scrape_interval, "15s");
  const limits = { sample_limit: 20000, body_size_limit: "16MB" };
  const job = (job_name: string, target: string) => ({
    job_name,
    ...limits,
    static_configs: [{ targets: [target] }],
  });
  assert.deepEqual(jobs, [
    { ...job("tradesim", "exporter:8000"), scrape_interval: "1s", scrape_timeout: "1s" },
    job("prometheus", "localhost:9090"),
  ]);
});
