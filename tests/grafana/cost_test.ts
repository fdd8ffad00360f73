/**
 * What the boards cost Prometheus, by its own clock, in queries of `up`: each board's queries over
 * the five minutes that it shows at first, after 1,000 turns at four a second.
 *
 * @module
 */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { labelsOf, recordGame } from "../../bench/recording.ts";
import { remoteWrite, type TimeSeries } from "../../bench/remote_write.ts";
import { PINNED } from "../harness/engines.ts";
import { testWith } from "../harness/programs.ts";
import { type RunningPrometheus, startPrometheus } from "../harness/prometheus.ts";
import { withTempDir } from "../harness/waiting.ts";
import { questions, RANGE_SECONDS, requestOf } from "./questions.ts";

/** Every second, of four turns each. */
const SCRAPES = 250;
const TARGET = { job: "tradesim", instance: "exporter:8000" };
const ROUNDS = 15;

/** Most queries of `up` that a board may cost: half more than what was measured. */
const MOST: Readonly<Record<string, number>> = {
  events: 50,
  exporter: 140,
  finances: 68,
  firms: 18,
  overhead: 145,
  overview: 112,
  products: 53,
  transactions: 70,
};

/** Writes samples, one a second up to `end`. */
function everySecond(
  end: number,
  series: string,
  all: readonly (number | undefined)[],
): TimeSeries {
  const there = Array.from(all.keys()).filter((scrape) => all[scrape] !== undefined);
  return {
    labels: labelsOf(series, TARGET),
    values: there.map((scrape) => all[scrape]!),
    times: there.map((scrape) => (end - (SCRAPES - 1 - scrape)) * 1000),
  };
}

/** Writes a game, and what the rules have recorded of it. */
async function fill(prometheus: RunningPrometheus, end: number): Promise<void> {
  const added = { up: 1, scrape_duration_seconds: 0.004, scrape_samples_scraped: 180 };
  await remoteWrite(prometheus.url, [
    ...Array.from(
      await recordGame({ interval: 1, scrapes: SCRAPES }),
      (pair) => everySecond(end, ...pair),
    ),
    ...Object.entries(added).map(([name, value]) =>
      everySecond(end, name, Array(SCRAPES).fill(value))
    ),
  ]);
  const rules = new URL("../../prometheus/rules/games.yml", import.meta.url);
  const { groups } = parse(await Deno.readTextFile(rules));
  for (const { record, expr } of groups.flatMap(({ rules }: { rules: unknown[] }) => rules)) {
    const { result } = await prometheus.api("query_range", {
      query: expr,
      start: String(end - SCRAPES),
      end: String(end),
      step: "15s",
    }) as { result: { metric: Record<string, string>; values: [number, string][] }[] };
    await remoteWrite(
      prometheus.url,
      result.map(({ metric, values }) => ({
        labels: { ...metric, __name__: record },
        values: values.map(([, text]) => Number(text)),
        times: values.map(([time]) => time * 1000),
      })),
    );
  }
}

const NAMES = ["instance", "session", "entreprise", "produit", "fournisseur"];
const CHOICES = {
  ...Object.fromEntries(NAMES.map((name) => [name, "all"] as const)),
  job: ["tradesim"],
};

/** Seconds that a query takes inside Prometheus, by what it says itself. */
async function secondsOf(
  { api }: RunningPrometheus,
  [path, parameters]: ReturnType<typeof requestOf>,
): Promise<number> {
  const { stats } = await api(path, { ...parameters, stats: "all" }) as {
    stats: { timings: { evalTotalTime: number } };
  };
  return stats.timings.evalTotalTime;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
}

testWith(PINNED.prometheus, "no board costs Prometheus more than is documented", async (test) => {
  await withTempDir(async (dir) => {
    const prometheus = await startPrometheus({
      version: PINNED,
      dir,
      targetPort: 0,
      change: () => "global: {}\n",
      args: ["--web.enable-remote-write-receiver"],
    });
    try {
      const end = Math.floor(Date.now() / 1000);
      await fill(prometheus, end);
      // Marks are off until somebody switches them on.
      const asked = questions().filter(({ name }) => !name.includes(": event "));
      const up = ["query_range", {
        query: "up",
        start: String(end - RANGE_SECONDS),
        end: String(end),
        step: "1",
      }] as const;
      const costs = new Map(asked.map(({ name }) => [name, [] as number[]]));
      for (let round = 0; round < ROUNDS; round++) {
        // In turns, so that a busy machine is as slow for one as for the other.
        for (const question of asked) {
          const before = await secondsOf(prometheus, up);
          const own = await secondsOf(prometheus, requestOf(question, { choices: CHOICES }, end));
          const after = await secondsOf(prometheus, up);
          costs.get(question.name)!.push(2 * own / (before + after));
        }
      }
      for (const [board, most] of Object.entries(MOST)) {
        await test.step(board, () => {
          const own = asked.filter((question) => question.board.file === board);
          assert.ok(own.length > 0);
          const cost = own.reduce((sum, { name }) => sum + median(costs.get(name)!), 0);
          // deno-lint-ignore no-console
          console.log(`${board}: ${own.length} queries cost ${cost.toFixed(1)} of "up"`);
          assert.ok(
            cost < most,
            `${board} costs ${cost} queries of "up", expected at most ${most}`,
          );
        });
      }
      assert.deepEqual(new Set(asked.map(({ board }) => board.file)), new Set(Object.keys(MOST)));
    } finally {
      await prometheus.stop();
    }
  });
});
