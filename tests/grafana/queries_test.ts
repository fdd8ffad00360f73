/** Asks a real Prometheus, which has scraped real games, everything that the boards ask. @module */

import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { type RunningExporter, startExporter, startProgram } from "../harness/exporter.ts";
import { type PrometheusVersion, testWithPrometheus } from "../harness/engines.ts";
import { type RunningPrometheus, startPrometheus } from "../harness/prometheus.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { serveRequests } from "../harness/web_process.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { type Board, boardsIn, type Choice, interpolate, labelValues } from "./boards.ts";
import {
  askingOf,
  DETAIL,
  documentedEmpties,
  emptyAnswers,
  EVENTS,
  MARKET,
  PUBLISHING,
  questions,
  QUIET,
  type View,
} from "./questions.ts";

/** Scrapes of a game that are enough for every rate. */
const SCRAPES = 6;

/** The values that a variable offers. */
async function valuesOf(
  prometheus: RunningPrometheus,
  board: Board,
  name: string,
  choices: Readonly<Record<string, Choice>>,
): Promise<readonly string[]> {
  const variable = board.templating.list.find((variable) => variable.name === name);
  const asked = variable && labelValues(variable);
  assert.ok(asked !== undefined, name);
  const series = interpolate(asked.series, askingOf(board, choices));
  return await prometheus.api(`label/${asked.label}/values`, { "match[]": series }) as string[];
}

/** The project's configuration with both exporters, and with Prometheus where `self` says it is. */
function withTargets(config: string, ports: readonly number[], self: string): string {
  const parsed = parse(config);
  for (const job of parsed.scrape_configs) {
    if (job.job_name === "tradesim") {
      job.static_configs = [{ targets: ports.map((port) => `127.0.0.1:${port}`) }];
    } else {
      assert.equal(job.job_name, "prometheus");
      delete job.static_configs;
      Object.assign(job, {
        scrape_interval: "1s",
        scrape_timeout: "1s",
        file_sd_configs: [{ files: [self], refresh_interval: "1s" }],
      });
    }
  }
  return stringify(parsed);
}

interface Scene {
  readonly prometheus: RunningPrometheus;
  /** Instances: with --detail and labels, without, and with those for TradeSim's own reports. */
  readonly rich: string;
  readonly plain: string;
  readonly tradesim: string;
}

const LABELS = "continent,produit_type";

/** Posts a turn of TradeSim's again and again. */
function playTradesim(exporter: RunningExporter): AsyncDisposable {
  let turn = 0;
  let isOver = false;
  const playing = (async () => {
    while (!isOver) {
      const response = await exporter.post(payloadAt({ session: "tradesim" }, ++turn));
      assert.equal(response.status, 200, await response.text());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await playing;
    },
  };
}

/** Plays games, with everything shown and with what is shown unasked, until graphs have points. */
async function withScene(
  version: PrometheusVersion,
  use: (scene: Scene) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    await using running = new AsyncDisposableStack();
    const start = async (...args: readonly string[]) => {
      const exporter = await startExporter({
        cwd: dir,
        args: ["--system-interval", "1s", ...args],
      });
      running.defer(async () => void await exporter.stop());
      return exporter;
    };
    const simulate = (exporter: RunningExporter) => {
      const how = ["--infinite", "--pause", "20ms", "--with-metrics", "--publish-to", exporter.url];
      const game = startProgram({ cwd: dir, args: ["simulate", ...how] });
      running.defer(async () => void await game.stop());
    };
    const exporters = await Promise.all([
      start("--detail", "--labels", `${LABELS},session`),
      start(),
      start("--detail", "--labels", LABELS),
    ]);
    const [rich, plain, tradesim] = exporters;
    simulate(rich);
    simulate(plain);
    running.use(playTradesim(tradesim));
    for (const exporter of exporters) {
      running.use(serveRequests(exporter, [
        { count: 5, sum: 0.01 },
        { route: "/achats", method: "POST", status: 500, error: "ValueError", sum: 1 },
      ]));
    }
    const ports = exporters.map(({ port }) => port);
    const self = `${dir}/self.json`;
    const prometheus = await startPrometheus({
      version,
      dir,
      targetPort: rich.port,
      rulesEvery: "1s",
      change: (config) => withTargets(config, ports, self),
    });
    running.defer(() => prometheus.stop());
    Deno.writeTextFileSync(
      `${self}.new`,
      JSON.stringify([{ targets: [new URL(prometheus.url).host] }]),
    );
    Deno.renameSync(`${self}.new`, self);
    const counts: Readonly<Record<string, number>> = {
      [`count_over_time(tours_completes[1m]) >= ${SCRAPES}`]: 3,
      "count_over_time(prometheus_tsdb_head_series[1m]) >= 2": 1,
      // Every kind of event in both games that tell of them.
      'evenement_dernier_timestamp_seconds{type!="inconnu"}': 10,
    };
    for (const [query, count] of Object.entries(counts)) {
      await until(
        `${query} to have ${count}`,
        async () => (await prometheus.query(query)).length >= count,
      );
    }
    const instance = ({ port }: RunningExporter) => `127.0.0.1:${port}`;
    await use({
      prometheus,
      rich: instance(rich),
      plain: instance(plain),
      tradesim: instance(tradesim),
    });
  });
}

testWithPrometheus("every query of every board has an answer", async (version, test) => {
  await withScene(version, async ({ prometheus, rich, plain, tradesim }) => {
    const names = ["instance", "baseline", "session", "entreprise", "produit", "fournisseur"];
    const all: Readonly<Record<string, Choice>> = {
      ...Object.fromEntries(names.map((name) => [name, "all"] as const)),
      job: ["tradesim"],
    };
    const firms = boardsIn("en").find(({ file }) => file === "firms");
    assert.ok(firms !== undefined);
    const offered = (name: string, choices: Readonly<Record<string, Choice>>) =>
      valuesOf(prometheus, firms, name, { ...all, ...choices });

    await test.step("variables offer what there is", async () => {
      assert.deepEqual(await offered("job", {}), ["prometheus", "tradesim"]);
      assert.deepEqual(
        (await offered("instance", {})).toSorted(),
        [rich, plain, tradesim].toSorted(),
      );
      for (const name of ["session", "entreprise", "produit", "fournisseur"]) {
        assert.ok((await offered(name, { instance: [rich] })).length > 0, name);
        assert.deepEqual(await offered(name, { instance: [plain] }), [], name);
      }
    });

    const some: Record<string, Choice> = { ...all, instance: [rich] };
    for (const name of ["session", "entreprise", "produit", "fournisseur"]) {
      // Several at once, where there are.
      some[name] = (await offered(name, some)).slice(0, 12);
    }
    const views: Readonly<Record<string, View>> = {
      "all is chosen": { choices: all, mayBeEmpty: [QUIET] },
      "some are chosen": { choices: some, mayBeEmpty: [QUIET] },
      "the exporter has no flags": {
        choices: { ...all, instance: [plain] },
        mayBeEmpty: [QUIET, DETAIL],
      },
      "the game is TradeSim's": {
        choices: { ...all, instance: [tradesim] },
        mayBeEmpty: [QUIET, PUBLISHING, MARKET, EVENTS],
      },
    };
    for (const [name, view] of Object.entries(views)) {
      await test.step(`every query has an answer when ${name}`, async () => {
        const empty = await emptyAnswers(prometheus, view);
        const asked = questions().map(({ name }) => name);
        assert.deepEqual(empty, documentedEmpties(view));
        for (const { questions, reason } of view.mayBeEmpty) {
          assert.ok(asked.some((name) => questions.test(name)), reason);
        }
      });
    }

    await test.step("what is computed from parts is what the exporter shows", async () => {
      const time = Math.floor(Date.now() / 1000);
      const same = { "Mean budget": "budget_moyen", "Mean price": "produits_prix_moyen" };
      for (const [title, metric] of Object.entries(same)) {
        const { expr, board } = questions().find(({ name }) => name.includes(`: ${title}: A`))!;
        for (const instance of [rich, plain, tradesim]) {
          const asking = askingOf(board, { ...all, instance: [instance] });
          const [computed] = await prometheus.query(interpolate(expr, asking), time);
          const [shown] = await prometheus.query(`${metric}{instance="${instance}"}`, time);
          const [a, b] = [computed, shown].map((series) => Number(series?.value?.[1]));
          // Budgets of TradeSim are sums of rounded ones.
          assert.ok(Math.abs(a! - b!) < 0.02, `${title} of ${instance}: ${a}, ${b}`);
        }
      }
    });

    await test.step("what Prometheus has too is shown of exporters only", async () => {
      const time = Math.floor(Date.now() / 1000);
      const ask = async (title: string) => {
        const { expr, board } = questions().find(({ name }) => name === `exporter: ${title}: A`)!;
        return await prometheus.query(interpolate(expr, askingOf(board, all)), time);
      };
      const scrapes = await ask("Time of a scrape");
      assert.deepEqual(
        scrapes.map(({ metric }) => metric["instance"]).toSorted(),
        [rich, plain, tradesim].toSorted(),
      );
      const [memory] = await ask("The exporter's memory");
      const each = await prometheus.query('process_resident_memory_bytes{job="tradesim"}', time);
      assert.equal(
        Number(memory?.value?.[1]),
        each.reduce((sum, { value }) => sum + Number(value?.[1]), 0),
      );
    });

    await test.step("labels break values down", async () => {
      const parts = await prometheus.query(
        `sum by (continent) (budget_total{instance="${tradesim}"})`,
      );
      assert.ok(parts.length > 1 && parts.every(({ metric }) => metric["continent"] !== ""));
    });
  });
});

Deno.test("boards ask the same in both languages", () => {
  const asked = (["fr", "en"] as const).map((language) =>
    boardsIn(language).map(({ panels, annotations, templating }) => [
      panels.map(({ targets = [] }) => targets.map(({ expr }) => expr)),
      annotations.list.map(({ target }) => target.expr),
      templating.list.map(({ query }) => query),
    ])
  );
  assert.deepEqual(asked[0], asked[1]);
});
