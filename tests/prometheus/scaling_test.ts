/** Tests that docs/scaling.md is right: its configurations, its sums, and that remote write loses nothing. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { costOf, costRows, readMeasured } from "../../bench/storage_cost.ts";
import { type RunningExporter, startExporter } from "../harness/exporter.ts";
import { builtEngine, PINNED, testWithPrometheus } from "../harness/engines.ts";
import { type RunningPrometheus, startPrometheus } from "../harness/prometheus.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { startVictoriaMetrics, type StoredSeries } from "../harness/victoria_metrics.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

type Config = Readonly<Record<string, unknown>>;

interface Block {
  /** The heading above it. */
  readonly heading: string;
  /** Whether it is a whole configuration, for an agent; else sections for prometheus.yml. */
  readonly isAgent: boolean;
  readonly sections: Config;
}

function blocksOf(text: string): Block[] {
  return text.split(/^#+ /m).flatMap((section) =>
    [...section.matchAll(/^```yaml( agent)?\n([\s\S]*?)^```$/gm)].map(([, agent, yaml]) => ({
      heading: section.slice(0, section.indexOf("\n")),
      isAgent: agent !== undefined,
      sections: parse(yaml!),
    }))
  );
}

const BLOCKS = blocksOf(Deno.readTextFileSync(`${ROOT}docs/scaling.md`));

function blockOf(heading: string): Block {
  const block = BLOCKS.find((block) => block.heading.startsWith(heading));
  assert.ok(block, heading);
  return block;
}

/** The block in its place in the project's configuration, as text; an agent's stands alone. */
function configWith({ isAgent, sections }: Block, base: string): string {
  return stringify(isAgent ? sections : { ...parse(base), ...sections });
}

testWithPrometheus(
  "promtool check config takes every configuration of docs/scaling.md",
  async ({ promtool }) => {
    const base = Deno.readTextFileSync(`${ROOT}prometheus/prometheus.yml`);
    assert.ok(BLOCKS.length >= 8);
    await withTempDir(async (dir) => {
      await Deno.symlink(`${ROOT}prometheus/rules`, `${dir}/rules`);
      for (const block of BLOCKS) {
        await Deno.writeTextFile(`${dir}/prometheus.yml`, configWith(block, base));
        const { success, stderr } = await new Deno.Command(promtool, {
          args: [
            ...["check", "config", `${dir}/prometheus.yml`],
            ...block.isAgent ? ["--agent"] : [],
          ],
        }).output();
        assert.ok(success, `${block.heading}: ${new TextDecoder().decode(stderr)}`);
      }
    });
  },
);

Deno.test("docs/scaling.md says what the boards must know of another scrape interval", () => {
  interface Job {
    readonly job_name: string;
    readonly scrape_interval?: string;
  }
  const page = Deno.readTextFileSync(`${ROOT}docs/scaling.md`);
  const path = "grafana/provisioning/datasources/prometheus.yml";
  const [stack] = parse(Deno.readTextFileSync(ROOT + path)).datasources;
  const intervals = BLOCKS.flatMap(({ sections }) => (sections["scrape_configs"] ?? []) as Job[])
    .filter(({ job_name: name }) => name === "tradesim")
    .flatMap(({ scrape_interval: interval }) => interval ?? []);
  const others = new Set(intervals.filter((interval) => interval !== stack.jsonData.timeInterval));
  assert.deepEqual([...others], ["15s"]);
  assert.match(page, new RegExp(`\`timeInterval: 15s\` in\\s+\`${path}\``));
});

Deno.test("docs/scaling.md drops more than a quarter, and nothing that rules or doctor ask for", () => {
  const { scrape_configs: [job] } = blockOf("Fewer series").sections as {
    readonly scrape_configs: [{ readonly metric_relabel_configs: [{ readonly regex: string }] }];
  };
  const regex = new RegExp(`^(?:${job.metric_relabel_configs[0].regex})$`);
  const read = (path: string) => Deno.readTextFileSync(ROOT + path);
  const series = read("tests/golden/plain.prom").split("\n").filter((line) => /^\w/.test(line))
    .map((line) => /^\w+/.exec(line)![0]);
  const dropped = series.filter((name) => regex.test(name));
  assert.ok(dropped.length > series.length / 4, `${dropped.length} of ${series.length}`);

  const askers = ["prometheus/rules/alerts.yml", "prometheus/rules/games.yml"];
  const asked = [...askers, "lib/doctor/prometheus.ts"].map(read).join("\n");
  assert.deepEqual(dropped.filter((name) => new RegExp(`\\b${name}\\b`).test(asked)), []);
});

/** Plays a turn of a game on each exporter, again and again; returns what ends that. */
function playOn(exporters: readonly RunningExporter[]): () => Promise<void> {
  let turn = 0;
  let isOver = false;
  const playing = (async () => {
    while (!isOver) {
      turn++;
      for (const [index, exporter] of exporters.entries()) {
        const response = await exporter.post(payloadAt({ session: `partie-${index}` }, turn));
        await response.body?.cancel();
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return () => {
    isOver = true;
    return playing;
  };
}

/** Answers as docs/scaling.md has it: a list of exporters, with a label for each. */
function serveTargets(exporters: readonly RunningExporter[]): Deno.HttpServer<Deno.NetAddr> {
  const list = exporters.map(({ port }, index) => ({
    targets: [`127.0.0.1:${port}`],
    labels: { salle: String(index + 1) },
  }));
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json(list),
  );
}

/** A key that says which series it is, however its labels are ordered. */
function keyOf(metric: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(metric).toSorted(([a], [b]) => a < b ? -1 : 1));
}

/** Every sample of a selector that Prometheus has, as VictoriaMetrics tells it. */
async function samplesOf(
  prometheus: RunningPrometheus,
  selector: string,
  external: Readonly<Record<string, string>>,
): Promise<StoredSeries[]> {
  const series = await prometheus.query(`${selector}[5m]`);
  return series.map(({ metric, values = [] }) => ({
    metric: { ...metric, ...external },
    values: values.map(([, value]) => Number(value)),
    timestamps: values.map(([time]) => Math.round(time * 1000)),
  }));
}

/** What the exporter exposes, whole numbers and cents, and what Prometheus computes from it. */
const SCRAPED =
  '{job="tradesim", __name__=~"tours_completes|budget_total|temps_simulation_tour_seconds_bucket"}';
const RECORDED = '{job="tradesim", __name__="game:tours_completes:rate1m"}';
const SCRAPES = 5;

function externalLabels({ sections }: Block): Readonly<Record<string, string>> {
  const { external_labels: labels } = sections["global"] as {
    readonly external_labels: Readonly<Record<string, string>>;
  };
  return labels;
}

function byKey(series: readonly StoredSeries[]): Map<string, StoredSeries> {
  return new Map(series.map((series) => [keyOf(series.metric), series]));
}

testWithPrometheus(
  "remote write brings every sample of every exporter to VictoriaMetrics",
  async (version, test) => {
    await withTempDir(async (dir) => {
      const subdirectory = (name: string) => {
        Deno.mkdirSync(`${dir}/${name}`);
        return `${dir}/${name}`;
      };
      await using stack = new AsyncDisposableStack();
      const victoria = await startVictoriaMetrics(
        dir,
        version === PINNED ? builtEngine("victoria-metrics") : undefined,
      );
      stack.defer(() => victoria.stop());
      const exporters: RunningExporter[] = [];
      for (const name of ["a", "b"]) {
        const exporter = await startExporter({ cwd: subdirectory(name) });
        exporters.push(exporter);
        stack.defer(() => exporter.stop().then(() => {}));
      }
      stack.defer(playOn(exporters));
      const discovery = serveTargets(exporters);
      stack.defer(() => discovery.shutdown());

      const targetPort = exporters[0]!.port;
      /** The page's addresses, in the places where these run. */
      const here = (config: string) =>
        config.replaceAll("localhost:8428", new URL(victoria.url).host)
          .replaceAll("localhost:9000", `127.0.0.1:${discovery.addr.port}`)
          .replaceAll("localhost:8000", `127.0.0.1:${targetPort}`)
          .replaceAll("interval: 15s", "interval: 1s");
      const single = blockOf("VictoriaMetrics, single");
      const many = blockOf("Many exporters");
      const agent = blockOf("Scrape only");

      const prometheus = await startPrometheus({
        version,
        dir: subdirectory("server"),
        rulesEvery: "1s",
        targetPort,
        change: (base) => here(configWith(many, configWith(single, base))),
      });
      stack.defer(() => prometheus.stop());
      const scraper = await startPrometheus({
        version,
        dir: subdirectory("agent"),
        targetPort,
        change: (base) => here(configWith(agent, base)),
        isAgent: true,
      });
      stack.defer(() => scraper.stop());

      await test.step("from a Prometheus that finds exporters by HTTP", async () => {
        await until("scrapes of both exporters", async () => {
          const found = await prometheus.query(`count_over_time(${RECORDED}[5m]) >= ${SCRAPES}`);
          return found.length === 2;
        });
        const external = externalLabels(single);
        // It keeps about twelve digits: enough for what is counted, nearly for what is computed.
        for (const [selector, error] of [[SCRAPED, 0], [RECORDED, 1e-11]] as const) {
          const sent = await samplesOf(prometheus, selector, external);
          const stored = await until("the last samples", async () => {
            const stored = byKey(await victoria.export(selector));
            const isComplete = sent.every(({ metric, timestamps }) =>
              stored.get(keyOf(metric))?.timestamps.includes(timestamps.at(-1)!)
            );
            return isComplete && stored;
          });
          const rooms = new Set(sent.map(({ metric }) => metric["salle"]));
          assert.deepEqual([...rooms].toSorted(), ["1", "2"]);
          for (const { metric, values, timestamps } of sent) {
            // More may have been scraped since.
            const found = stored.get(keyOf(metric))!;
            assert.deepEqual(found.timestamps.slice(0, timestamps.length), timestamps);
            values.forEach((value, index) => {
              const off = Math.abs(found.values[index]! - value);
              assert.ok(off <= error * Math.abs(value), `${found.values[index]}, not ${value}`);
            });
          }
        }
      });

      await test.step("from an agent", async () => {
        const { prometheus: name } = externalLabels(agent);
        const turns = await until("its scrapes", async () => {
          const [series] = await victoria.export(
            `tours_completes{job="tradesim", prometheus="${name}"}`,
          );
          return series !== undefined && series.values.length >= SCRAPES && series.values;
        });
        assert.ok(turns[0]! < turns.at(-1)!, `turns ${turns}`);
        assert.deepEqual(turns, turns.toSorted((a, b) => a - b));
      });
    });
  },
);

/** The rows of a table of the page, as cells, found by the text of its first heading cell. */
function rowsOf(page: string, heading: string): string[][] {
  const lines = page.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  assert.ok(first >= 0, heading);
  const end = lines.findIndex((line, index) => index > first && !line.startsWith("|"));
  return lines.slice(first + 2, end).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
}

Deno.test("the costs of docs/scaling.md follow from its measured figures", () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/scaling.md`);
  const measured = rowsOf(page, "Scraped every").map(readMeasured);
  assert.deepEqual(measured.map(({ interval }) => interval), [1, 15]);
  assert.deepEqual(rowsOf(page, "Simulations"), costRows(measured));
});

Deno.test("costOf() is what a formula by hand comes to", () => {
  const measured = { interval: 10, series: 200, blockBytes: 2, walBytes: 5, memoryBytes: 3000 };
  assert.deepEqual(costOf(1000, measured), {
    series: 200_000,
    samplesPerSecond: 20_000,
    blocksPerDay: 3_456_000_000,
    wal: 1_080_000_000,
    memory: 1_200_000_000,
  });
});
