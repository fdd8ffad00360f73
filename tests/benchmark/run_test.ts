/** Tests of the benchmark's rounds, played by real processes beside a real exporter. @module */

import assert from "node:assert/strict";
import {
  benchmarkOf,
  ownProgram,
  playBenchmark,
  type RunOptions,
  verdict,
} from "../../lib/benchmark/mod.ts";
import { Stopped, UserError } from "../../lib/error/mod.ts";
import { BENCHMARK_SHAPE } from "../../lib/benchmark/shape.ts";
import { MACHINE } from "./synthetic.ts";

const OPTIONS: RunOptions = {
  worlds: ["default"],
  publishers: ["none"],
  sessions: 1,
  duration: 16,
  scrapeInterval: 0.2,
};

/** The program as a user runs it, in the place of these tests. */
function program() {
  const own = ownProgram();
  const main = new URL("../../main.ts", import.meta.url).href;
  return { ...own, args: own.args.map((arg) => arg === Deno.mainModule ? main : arg) };
}

/** Plays, and collects what is said of the progress. */
async function play(options: RunOptions, stop = new AbortController().signal) {
  const said: string[] = [];
  const rounds = await playBenchmark(options, {
    program: program(),
    stop,
    onProgress: ({ doing }) => said.push(doing),
  });
  return { rounds, said };
}

Deno.test("playBenchmark() finds by how much turns were made longer, and says that its control was", async () => {
  const slower = 1;
  const { rounds, said } = await play({ ...OPTIONS, slower });
  const benchmark = benchmarkOf(MACHINE, rounds);
  BENCHMARK_SHAPE.parse(benchmark);
  const { overhead_ratio: ratio, overhead_ratio_ci95: [low, high] } = benchmark.results[0]!;
  const shown = `${ratio} [${low}, ${high}]`;
  // As near as few rounds come to it on a machine that is busy with other tests.
  assert.ok(low < slower + 0.3 && high > slower - 0.3, shown);
  assert.ok(low > 0 && Math.abs(ratio - slower) < 0.5, shown);

  assert.ok(rounds.length >= 2);
  for (const { runs } of rounds) {
    assert.deepEqual(runs.map(({ variant }) => variant).toSorted(), ["none", "off"]);
    assert.equal(new Set(runs.map(({ turns }) => turns)).size, 1);
  }
  // On a busy machine fewer rounds are played than were planned.
  assert.ok(said.some((line) => /^round 1 of \d+, default, off$/.test(line)), said.join("\n"));

  const { exitCode, reasons } = verdict(benchmark.results);
  assert.equal(exitCode, 3, reasons.join());
});

Deno.test("playBenchmark() refuses a duration in which nothing can be measured", async () => {
  const isExpected = (error: unknown) =>
    error instanceof UserError && /^Cannot plan the benchmark: .*expected/.test(error.message);
  await assert.rejects(play({ ...OPTIONS, duration: 1 }), isExpected);
  await assert.rejects(play({ ...OPTIONS, sessions: 2, duration: 1 }), isExpected);
});

Deno.test("playBenchmark() says when a process cannot be started", async () => {
  const broken = { ...program(), args: ["eval", "console.error('broken'); Deno.exit(7)", "--"] };
  await assert.rejects(
    playBenchmark(OPTIONS, {
      program: broken,
      stop: new AbortController().signal,
      onProgress: () => {},
    }),
    /Cannot start the exporter: it said\nbroken/,
  );
});

Deno.test("playBenchmark() ends when it is asked to", async () => {
  await assert.rejects(play(OPTIONS, AbortSignal.abort()), Stopped);
});
