/**
 * What the boards cost Prometheus, by its own clock, in queries of `up`: each board's queries over
 * the five minutes that it shows at first, after 1,000 turns at four a second.
 *
 * @module
 */

import assert from "node:assert/strict";
import { PINNED } from "../harness/engines.ts";
import { withStore, writeGame } from "../harness/past.ts";
import { testWith } from "../harness/programs.ts";
import type { RunningPrometheus } from "../harness/prometheus.ts";
import { questions, RANGE_SECONDS, requestOf } from "./questions.ts";

/** Every second, of four turns each. */
const SCRAPES = 250;
const TARGET = { job: "tradesim", instance: "exporter:8000" };
const ROUNDS = 15;

/** Most queries of `up` that a board may cost: twice what docs/dashboards.md says. */
const MOST = new Map(
  Array.from(
    Deno.readTextFileSync(new URL("../../docs/dashboards.md", import.meta.url))
      .matchAll(/^\| `(\w+)` +\| (\d+) +\| (\d+) +\|$/gm),
    ([, board, queries, cost]) =>
      [board!, { queries: Number(queries), most: 2 * Number(cost) }] as const,
  ),
);

const NAMES = ["instance", "baseline", "session", "entreprise", "produit", "fournisseur"];
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
  await withStore(async (prometheus) => {
    const end = await writeGame(prometheus, { scrapes: SCRAPES, target: TARGET });
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
    for (const [board, { queries, most }] of MOST) {
      await test.step(board, () => {
        const own = asked.filter((question) => question.board.file === board);
        assert.equal(own.length, queries);
        const cost = own.reduce((sum, { name }) => sum + median(costs.get(name)!), 0);
        // deno-lint-ignore no-console
        console.log(`${board}: ${own.length} queries cost ${cost.toFixed(1)} of "up"`);
        assert.ok(
          cost < most,
          `${board} costs ${cost} queries of "up", expected at most ${most}`,
        );
      });
    }
    assert.deepEqual(new Set(asked.map(({ board }) => board.file)), new Set(MOST.keys()));
  });
});
