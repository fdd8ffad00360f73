/** Real receivers get every turn of a game: each sample is read back from Prometheus, VictoriaMetrics and Thanos. @module */

import assert from "node:assert/strict";
import { builtEngine, PINNED } from "../harness/engines.ts";
import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { testWith } from "../harness/programs.ts";
import { type PrometheusApi, startPrometheus } from "../harness/prometheus.ts";
import { startReceiver } from "../harness/receiver.ts";
import { startThanos } from "../harness/thanos.ts";
import { freePort } from "../harness/ports.ts";
import { startVictoriaMetrics } from "../harness/victoria_metrics.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const TURNS = 1000;
/** Milliseconds between two turns. */
const STEP_MS = 2;

/** What a game tells after a turn, from the moment on at which its turn 0 would have been. */
function reportAt(turn: number, begun: number, session = "game") {
  return {
    type: "tradesim.report",
    version: 1,
    session,
    rapport: turn,
    tour: turn,
    timestamp: (begun + STEP_MS * turn) / 1000,
    budget_total: 100_000 - 13.25 * turn,
    transactions_total: 3 * turn,
    transactions_montant_total: 13.25 * turn,
    produits_actifs: 20 + turn % 5,
    temps_simulation_tour_seconds: {
      le: [1e-6, 1e-3],
      counts: [0, turn, 0],
      sum: turn / 4096,
    },
  };
}

async function play(exporter: RunningExporter, begun: number, from = 1, to = TURNS): Promise<void> {
  for (let turn = from; turn <= to; turn++) {
    const response = await exporter.post(reportAt(turn, begun));
    assert.equal(response.status, 200, await response.text());
  }
}

function flagsFor(url: string): string[] {
  return [
    ...["--remote-write", url, "--remote-write.queue", "queue", "--remote-write.queue-size"],
    ...["16MiB", "--state", "state.json", "--follow", "none"],
  ];
}

async function isSent(exporter: RunningExporter): Promise<boolean> {
  return valueOf(await exporter.scrape(), "tradesim_exporter_remote_write_queue_bytes") === 0;
}

type Samples = readonly (readonly [time: number, value: number])[];

/** All samples of each series, by its name and labels, its times in milliseconds since 1970. */
type Stored = ReadonlyMap<string, Samples>;

/** Labels that the exporter or a receiver adds to all series. */
const ADDED = ["__name__", "job", "instance", "receive", "tenant_id"];

/** A series as Prometheus writes it, its labels in order. */
function nameOf(metric: Readonly<Record<string, string>>): string {
  const pairs = Object.keys(metric).filter((name) => !ADDED.includes(name)).sort()
    .map((name) => `${name}="${metric[name]}"`).join();
  return `${metric.__name__}${pairs && `{${pairs}}`}`;
}

/** Reads all that a store has of the exporter's game, without what rules have recorded of it. */
async function storedIn(store: PrometheusApi): Promise<Stored> {
  const series = await store.query('{instance=~".*/turns", __name__!~".*:.*"}[1h]');
  return new Map(series.map(({ metric, values }) => [
    nameOf(metric),
    values!.map(([time, value]) => [Math.round(time * 1000), Number(value)] as const),
  ]));
}

/** What every receiver must have: what an independent decoder found in the messages for one that fails never. */
async function expectedFor(begun: number): Promise<Stored> {
  return await withTempDir(async (cwd) => {
    const receiver = startReceiver();
    const exporter = await startExporter({ args: flagsFor(receiver.url), cwd });
    await play(exporter, begun);
    await until("all messages", () => isSent(exporter));
    await exporter.stop();
    await receiver.stop();
    return new Map(
      Array.from(
        receiver.samples,
        ([series, samples]) => [nameOf(receiver.labels.get(series)!), samples],
      ),
    );
  });
}

/** Compares all series, but for times of arrival, which are those of each run. */
function assertStored(stored: Stored, expected: Stored, tolerance = 0): void {
  const isOfRun = (series: string) => series.startsWith("simulation_dernier_rapport");
  const names = (of: Stored) => [...of.keys()].filter((series) => !isOfRun(series)).sort();
  assert.deepEqual(names(stored), names(expected));
  assert.ok(names(stored).length > 50);
  for (const series of names(expected)) {
    const [found, wanted] = [stored.get(series)!, expected.get(series)!];
    assert.deepEqual(found.map(([time]) => time), wanted.map(([time]) => time), series);
    found.forEach(([time, value], place) => {
      const difference = Math.abs(value - wanted[place]![1]);
      assert.ok(difference <= tolerance * Math.abs(value), `${series} at ${time} is ${value}`);
    });
  }
  assert.equal(stored.get("tours_completes")!.length, TURNS + 1);
  assert.deepEqual(stored.get("tours_completes")!.at(-1)![1], TURNS);
}

/** Flags of Prometheus and its configuration that docs/remote-write.md gives. */
const PROMETHEUS_ARGS = [
  "--web.enable-remote-write-receiver",
  "--enable-feature=st-storage,use-start-timestamps",
];
const WINDOW = "\nstorage:\n  tsdb:\n    out_of_order_time_window: 1h\n";

function startPinned(
  dir: string,
  targetPort: number,
  more: readonly string[] = [],
  window = WINDOW,
) {
  return startPrometheus({
    version: PINNED,
    dir,
    targetPort,
    change: (config) => config.replaceAll(/scrape_interval: 1s/g, "scrape_interval: 5s") + window,
    args: [...PROMETHEUS_ARGS, ...more],
  });
}

testWith(
  PINNED.prometheus,
  "Prometheus 3.16 has every turn of a game that is over between two scrapes, and increase() is exact",
  async () => {
    const begun = Date.now() - TURNS * STEP_MS - 1000;
    const expected = await expectedFor(begun);
    await withTempDir(async (dir) => {
      const exporterPort = freePort();
      const prometheus = await startPinned(dir, exporterPort);
      const args = [...flagsFor(`${prometheus.url}/api/v1/write`), "--port", String(exporterPort)];
      const exporter = await startExporter({ args, cwd: dir });
      try {
        const scraped = 'tours_completes{instance!~".*/turns"}';
        await until("a first scrape", async () => (await prometheus.query(scraped)).length > 0);
        await play(exporter, begun);
        await until("all messages", () => isSent(exporter));
        assertStored(await storedIn(prometheus), expected);
        assert.doesNotMatch(exporter.log(), /using 1\.0/);

        const sent = 'tours_completes{instance=~".*/turns"}';
        const last = (begun + STEP_MS * TURNS) / 1000;
        const at = async (query: string, time: number) =>
          Number((await prometheus.query(query, time))[0]?.value?.[1]);
        assert.equal(await at(`increase(${sent}[5m])`, last), TURNS);
        for (const later of [1, 10, 100]) {
          assert.equal(
            await at(`increase(${sent}[5m] anchored)`, last + later),
            TURNS,
            `${later} s`,
          );
        }
        // By scraping, the game is a step between two samples.
        await until(
          "a scrape",
          async () => (await prometheus.query(`${scraped} == ${TURNS}`)).length > 0,
        );
        const byScraping = await prometheus.query(`increase(${scraped}[5m])`);
        const value = Number(byScraping[0]!.value![1]);
        assert.notEqual(value, TURNS, "extrapolation has changed it");
        const samples = await prometheus.query(
          `count_over_time((${scraped} > 0 < ${TURNS})[5m:1s])`,
        );
        assert.deepEqual(samples, [], "no turn between is seen");
      } finally {
        await exporter.stop();
        await prometheus.stop();
      }
    });
  },
);

testWith(
  PINNED.prometheus,
  "Prometheus 3.16 that takes only version 1.0 has every turn, also over its own kill and the exporter's",
  async () => {
    const begun = Date.now() - TURNS * STEP_MS - 1000;
    const expected = await expectedFor(begun);
    await withTempDir(async (dir) => {
      const port = freePort();
      const own = [`--web.listen-address=127.0.0.1:${port}`];
      const start = () =>
        startPrometheus({
          version: PINNED,
          dir,
          targetPort: freePort(),
          change: (config) => config + WINDOW,
          args: [
            "--web.enable-remote-write-receiver",
            "--web.remote-write-receiver.accepted-protobuf-messages=prometheus.WriteRequest",
            ...own,
          ],
        });
      const args = flagsFor(`http://127.0.0.1:${port}/api/v1/write`);
      let exporter = await startExporter({ args, cwd: dir });
      let prometheus = await start();
      try {
        await play(exporter, begun, 1, 300);
        // A message is under way, or is not.
        await prometheus.stop("SIGKILL");
        await play(exporter, begun, 301, 600);
        await exporter.stop("SIGKILL");
        exporter = await startExporter({ args, cwd: dir });
        await play(exporter, begun, 601, 800);
        prometheus = await start();
        await play(exporter, begun, 801, TURNS);
        await until("all messages", () => isSent(exporter));
        await until(
          "what is told of 2.0",
          () => exporter.log().includes("The receiver does not take remote write 2.0; using 1.0"),
        );
        assertStored(await storedIn(prometheus), expected);
      } finally {
        await exporter.stop();
        await prometheus.stop();
      }
    });
  },
);

const VICTORIA_METRICS = { "1.151": builtEngine("victoria-metrics"), "1.79": "victoria-metrics" };

for (const [version, program] of Object.entries(VICTORIA_METRICS)) {
  testWith(program, `VictoriaMetrics ${version} has every turn of a game`, async () => {
    const begun = Date.now() - TURNS * STEP_MS - 1000;
    const expected = await expectedFor(begun);
    await withTempDir(async (dir) => {
      const store = await startVictoriaMetrics(dir, program);
      const exporter = await startExporter({
        args: flagsFor(`${store.url}/api/v1/write`),
        cwd: dir,
      });
      try {
        await play(exporter, begun);
        await until("all messages", () => isSent(exporter));
        await store.flush();
        const exported = await store.export('{instance=~".*/turns"}');
        const stored = new Map(exported.map(({ metric, values, timestamps }) => [
          nameOf(metric),
          values.map((value, place) => [timestamps[place]!, value] as const),
        ]));
        await until(
          "what is told of 2.0",
          () => exporter.log().includes("The receiver does not take remote write 2.0; using 1.0"),
        );
        // It keeps about twelve digits of a value.
        assertStored(stored, expected, 1e-11);
      } finally {
        await exporter.stop();
        await store.stop();
      }
    });
  });
}

testWith(builtEngine("thanos"), "Thanos Receive has every turn of a game", async () => {
  const begun = Date.now() - TURNS * STEP_MS - 1000;
  const expected = await expectedFor(begun);
  await withTempDir(async (dir) => {
    const store = await startThanos(dir, ["--tsdb.out-of-order.time-window=1h"]);
    const url = `${store.receive}/api/v1/receive`;
    const exporter = await startExporter({ args: flagsFor(url), cwd: dir });
    try {
      await play(exporter, begun);
      await until("all messages", () => isSent(exporter));
      await until(
        "Query to find Receive",
        async () => (await store.query("tours_completes")).length > 0,
      );
      assertStored(await storedIn(store), expected);
    } finally {
      await exporter.stop();
      await store.stop();
    }
  });
});
