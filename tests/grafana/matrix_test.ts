/**
 * Asks every engine that docs/scaling.md names everything that the boards ask: of one exporter, of two,
 * of two agents that call their exporter alike; scraped every second and every 15; with and without
 * detail and labels. The past is written, not waited for.
 *
 * @module
 */

import assert from "node:assert/strict";
import { recordGame } from "../../bench/recording.ts";
import { remoteWrite, type TimeSeries } from "../../bench/remote_write.ts";
import { builtEngine, PROMETHEUS_VERSIONS } from "../harness/engines.ts";
import { ADDED, OWN, seriesOf, steady } from "../harness/past.ts";
import { testWith } from "../harness/programs.ts";
import { type PrometheusApi, startPrometheus } from "../harness/prometheus.ts";
import { startThanos } from "../harness/thanos.ts";
import { startVictoriaMetrics } from "../harness/victoria_metrics.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { DETAIL, documentedEmpties, emptyAnswers, QUIET, type View } from "./questions.ts";

const SCRAPES = 60;
const INTERVALS = [1, 15] as const;
const FLAGS = {
  plain: [],
  rich: ["--detail", "--labels", "continent,produit_type,session"],
} as const;

/** The targets of each case, by their labels beside the job. */
const TOPOLOGIES: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  "one exporter": [{ instance: "10.0.0.1:8000" }],
  "two exporters": [{ instance: "10.0.0.1:8000" }, { instance: "10.0.0.2:8000" }],
  "two agents with equal instances": [
    { instance: "localhost:8000", prometheus: "agent-1" },
    { instance: "localhost:8000", prometheus: "agent-2" },
  ],
};

interface Case {
  readonly name: string;
  readonly job: string;
  readonly interval: number;
  readonly flags: keyof typeof FLAGS;
  readonly targets: readonly Readonly<Record<string, string>>[];
}

const CASES: readonly Case[] = INTERVALS.flatMap((interval) =>
  (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).flatMap((flags) =>
    Object.entries(TOPOLOGIES).map(([topology, targets], index) => ({
      name: `${topology}, ${flags}, every ${interval} s`,
      job: `${flags}-${interval}-${index}`,
      interval,
      flags,
      targets,
    }))
  )
);

interface Past {
  readonly end: number;
  readonly series: readonly TimeSeries[];
}

/** All cases at once, each under a job of its own. */
async function past(): Promise<Past> {
  const end = Math.floor(Date.now() / 1000);
  const series = seriesOf(
    steady(OWN, SCRAPES),
    { job: "prometheus", instance: "localhost:9090" },
    15,
    end,
  );
  for (const interval of INTERVALS) {
    for (const [flags, args] of Object.entries(FLAGS)) {
      const recording = await recordGame({ interval, scrapes: SCRAPES, args, hasWeb: true });
      const whole = new Map([...recording, ...steady(ADDED, SCRAPES)]);
      for (
        const { job, targets } of CASES.filter((one) =>
          one.interval === interval && one.flags === flags
        )
      ) {
        for (const target of targets) {
          series.push(...seriesOf(whole, { job, ...target }, interval, end));
        }
      }
    }
  }
  return { end, series };
}

interface Engine extends PrometheusApi {
  /** Where samples are written to: an address and a path. */
  readonly receiver: readonly [url: string, path: string];
  stop(): Promise<void>;
}

const ENGINES: Readonly<
  Record<string, { readonly program: string; readonly start: (dir: string) => Promise<Engine> }>
> = {
  ...Object.fromEntries(PROMETHEUS_VERSIONS.map((version) => [version.name, {
    program: version.prometheus,
    start: async (dir: string) => {
      const prometheus = await startPrometheus({
        version,
        dir,
        targetPort: 0,
        change: () => "global: {}\n",
        args: ["--web.enable-remote-write-receiver"],
      });
      return { ...prometheus, receiver: [prometheus.url, "/api/v1/write"] as const };
    },
  }])),
  "VictoriaMetrics 1.151": {
    program: builtEngine("victoria-metrics"),
    start: async (dir) => {
      const victoria = await startVictoriaMetrics(dir, builtEngine("victoria-metrics"));
      return { ...victoria, receiver: [victoria.url, "/api/v1/write"] };
    },
  },
  "Thanos 0.42": {
    program: builtEngine("thanos"),
    start: async (dir) => {
      const thanos = await startThanos(dir);
      return { ...thanos, receiver: [thanos.receive, "/api/v1/receive"] };
    },
  },
};

const NAMES = ["instance", "baseline", "session", "entreprise", "produit", "fournisseur"];
const BATCH = 500;
let recorded: Promise<Past> | undefined;

for (const [name, { program, start }] of Object.entries(ENGINES)) {
  testWith(program, `${name} answers everything that the boards ask`, async (test) => {
    const { end, series } = await (recorded ??= past());
    await withTempDir(async (dir) => {
      const engine = await start(dir);
      try {
        for (let from = 0; from < series.length; from += BATCH) {
          const [url, path] = engine.receiver;
          await remoteWrite(url, series.slice(from, from + BATCH), path);
        }
        await until("what was written", async () => {
          const found = await engine.query("count by (job) (tours_completes)", end);
          return found.length === CASES.length;
        });
        for (const { name, job, interval, flags } of CASES) {
          await test.step(name, async () => {
            const view: View = {
              timeInterval: interval,
              choices: {
                ...Object.fromEntries(NAMES.map((name) => [name, "all"] as const)),
                job: [job],
              },
              mayBeEmpty: [QUIET, ...flags === "rich" ? [] : [DETAIL]],
            };
            assert.deepEqual(await emptyAnswers(engine, view, end), documentedEmpties(view));
          });
        }
      } finally {
        await engine.stop();
      }
    });
  });
}
