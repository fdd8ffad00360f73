/** Lets a real Prometheus, with the project's own configuration, scrape the real program. @module */

import assert from "node:assert/strict";
import { type RunningExporter, startExporter } from "../harness/exporter.ts";
import { type PrometheusVersion, testWithPrometheus } from "../harness/engines.ts";
import {
  type QueriedSeries,
  type RunningPrometheus,
  startPrometheus,
} from "../harness/prometheus.ts";
import { type Payload, payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/** The game's own time of turns, in seconds: two quick ones and a slow one, again and again. */
const TURN_SECONDS = [0.0008, 0.0008, 0.004];
const TURNS_PER_SCRAPE = TURN_SECONDS.length;

/** What TradeSim posts after a turn of the game that is played here. */
function reportOf(turn: number): Payload {
  const whole = TURN_SECONDS.reduce((sum, seconds) => sum + seconds, 0);
  const rounds = Math.floor(turn / TURNS_PER_SCRAPE);
  const rest = TURN_SECONDS.slice(0, turn % TURNS_PER_SCRAPE).reduce((sum, next) => sum + next, 0);
  return { ...payloadAt({ session: "partie" }, turn), total_temps: rounds * whole + rest };
}

/** What both sides of a connection said: all of the request, and the response with its headers. */
interface Exchange {
  readonly request: string;
  response: string;
}

interface Wire {
  readonly port: number;
  /** What was said, an entry for each request. */
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

/**
 * Passes what comes to a free port on to an exporter, byte by byte, and notes it. Before each
 * request goes on, `before` has its turn, so that what happens between two scrapes is known.
 */
function tapWire(exporter: RunningExporter, before: () => Promise<void>): Wire {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const exchanges: Exchange[] = [];
  const connections = new Set<Deno.Conn>();
  const decoder = new TextDecoder();

  async function pass(client: Deno.Conn): Promise<void> {
    const server = await Deno.connect({ hostname: "127.0.0.1", port: exporter.port });
    connections.add(client).add(server);
    const back = (async () => {
      for await (const bytes of server.readable) {
        const exchange = exchanges.at(-1)!;
        if (!exchange.response.includes("\r\n\r\n")) exchange.response += decoder.decode(bytes);
        await writeAll(client, bytes);
      }
    })();
    // A scrape has no body and its headers fit one piece, so each piece is a request.
    for await (const bytes of client.readable) {
      await before();
      exchanges.push({ request: decoder.decode(bytes), response: "" });
      await writeAll(server, bytes);
    }
    await back;
  }

  const passing: Promise<void>[] = [];
  const accepting = (async () => {
    // Connections are closed under whoever reads them: how that ends does not matter.
    for await (const client of listener) passing.push(pass(client).catch(() => {}));
  })();
  return {
    port: listener.addr.port,
    exchanges,
    async close() {
      listener.close();
      for (const connection of connections) {
        try {
          connection.close();
        } catch {
          // Its end was read already.
        }
      }
      await Promise.all([accepting, ...passing]);
    },
  };
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

interface Scene {
  readonly prometheus: RunningPrometheus;
  readonly wire: Wire;
}

/** Sets up a game of three turns before each scrape, and Prometheus that scrapes it. */
async function withScene(
  version: PrometheusVersion,
  use: (scene: Scene) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const exporter = await startExporter({ cwd: dir });
    let turn = 0;
    const wire = tapWire(exporter, async () => {
      for (let played = 0; played < TURNS_PER_SCRAPE; played++) {
        const response = await exporter.post(reportOf(++turn));
        assert.equal(response.status, 200, await response.text());
      }
    });
    try {
      const prometheus = await startPrometheus({ version, dir, targetPort: wire.port });
      try {
        await use({ prometheus, wire });
      } finally {
        await prometheus.stop();
      }
    } finally {
      await wire.close();
      await exporter.stop();
    }
  });
}

/** The value of the only series of an answer. */
function only(series: readonly QueriedSeries[]): number {
  assert.equal(series.length, 1, JSON.stringify(series));
  return Number(series[0]!.value![1]);
}

function assertNear(actual: number, expected: number, ratio: number): void {
  const isNear = Math.abs(actual - expected) <= Math.abs(expected) * ratio;
  assert.ok(isNear, `expected ${expected} within ${ratio * 100} %, got ${actual}`);
}

const SCRAPES = 6;
/** Scrapes at the end of the game that must have come on time, an interval of a second apart. */
const STEADY_SCRAPES = 5;

/** Waits until the last scrapes came on time; returns when each was, and the turn that it showed. */
async function steadyScrapes(
  prometheus: RunningPrometheus,
): Promise<readonly { readonly time: number; readonly turn: number }[]> {
  const samples = await until("steady scrapes", async () => {
    const [series] = await prometheus.query(`tours_completes{job="tradesim"}[1m]`);
    const samples = series?.values ?? [];
    const [from, to] = [samples.at(-STEADY_SCRAPES)?.[0], samples.at(-1)?.[0]];
    const isSteady = from !== undefined && to !== undefined && to - from < STEADY_SCRAPES - 0.5;
    return samples.length >= SCRAPES && isSteady && samples;
  });
  return samples.map(([time, value]) => ({ time, turn: Number(value) }));
}

testWithPrometheus("Prometheus scrapes a game as it is played", async (version, test) => {
  await withScene(version, async ({ prometheus, wire }) => {
    const samples = await steadyScrapes(prometheus);
    const [first, last] = [samples.at(-STEADY_SCRAPES)!, samples.at(-1)!];
    const ask = async (expression: string) => only(await prometheus.query(expression, last.time));

    await test.step("each scrape shows the turns that were posted before it, and no others", () => {
      // Three turns go before every scrape, so that one that missed some would be seen.
      const possible = wire.exchanges.map((_, index) => TURNS_PER_SCRAPE * (index + 1));
      const shown = samples.map(({ turn }) => turn);
      assert.deepEqual(shown, possible.filter((turn) => shown.includes(turn)));
    });

    await test.step("budget_total is the game's at each scrape", async () => {
      const [series] = await prometheus.query(`budget_total{job="tradesim"}[1m]`, last.time);
      assert.deepEqual(
        series!.values!.map(([time, value]) => ({ time, budget: Number(value) })),
        samples.map(({ time, turn }) => ({
          time,
          budget: reportOf(turn)["budget_total_entreprises"],
        })),
      );
    });

    await test.step("rate(tours_completes) is the rate at which turns were posted", async () => {
      const posted = TURNS_PER_SCRAPE * (STEADY_SCRAPES - 1) / (last.time - first.time);
      // The scrapes are not exactly a second apart, and Prometheus extrapolates over the window.
      assertNear(await ask(`rate(tours_completes[${STEADY_SCRAPES - 1}s])`), posted, 0.1);
    });

    await test.step("histogram_quantile() finds the durations of the turns", async () => {
      const quantile = (q: number) =>
        ask(
          `histogram_quantile(${q}, sum by (le) (rate(temps_simulation_tour_seconds_bucket[10s])))`,
        );
      // Two turns of three lie in the bucket from 0.5 to 1 ms, one in that from 2.5 to 5 ms.
      assertNear(await quantile(0.5), 0.0005 + 0.0005 * (0.5 / (2 / 3)), 1e-6);
      assertNear(await quantile(0.9), 0.0025 + 0.0025 * ((0.9 - 2 / 3) / (1 / 3)), 1e-6);
      const mean = await ask(
        `rate(temps_simulation_tour_seconds_sum[10s]) / rate(temps_simulation_tour_seconds_count[10s])`,
      );
      assertNear(mean, (0.0008 + 0.0008 + 0.004) / 3, 1e-6);
    });

    await test.step("the target is up, with no error", async () => {
      assert.equal(await ask(`up{job="tradesim"}`), 1);
      const { activeTargets } = await prometheus.api("targets") as {
        readonly activeTargets: readonly Readonly<Record<string, unknown>>[];
      };
      const target = activeTargets.find((target) => target["scrapePool"] === "tradesim");
      assert.deepEqual(
        [target?.["health"], target?.["lastError"], target?.["scrapeInterval"]],
        ["up", "", "1s"],
      );
    });

    await test.step("Prometheus asks for gzip and gets it, in the text format", () => {
      for (const { request, response } of wire.exchanges.slice(0, SCRAPES)) {
        assert.match(request, /^GET \/metrics HTTP\/1\.1\r\n/);
        assert.match(request, /^accept-encoding: .*\bgzip\b/im);
        assert.match(request, /^accept: .*\btext\/plain;\s*version=0\.0\.4\b/im);
        assert.match(response, /^HTTP\/1\.1 200 OK\r\n/);
        assert.match(response, /^content-encoding: gzip\r$/im);
        assert.match(response, /^content-type: text\/plain; version=0\.0\.4; charset=utf-8\r$/im);
      }
    });

    await test.step("a type and a help text are known for every metric of the game", async () => {
      const metadata = await prometheus.api("targets/metadata", {
        match_target: '{job="tradesim"}',
      }) as readonly { readonly metric: string; readonly type: string; readonly help: string }[];
      const known = new Map(metadata.map(({ metric, type, help }) => [metric, { type, help }]));
      assert.deepEqual(
        ["budget_total", "tours_completes", "temps_simulation_tour_seconds"].map((name) =>
          known.get(name)?.type
        ),
        ["gauge", "counter", "histogram"],
      );
      assert.deepEqual(metadata.filter(({ type, help }) => type === "unknown" || help === ""), []);
    });
  });
});
