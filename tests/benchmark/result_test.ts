/** Tests of the benchmark's JSON and of the verdict on it. @module */

import assert from "node:assert/strict";
import {
  benchmarkOf,
  type Budget,
  parseBudget,
  type Publisher,
  type Result,
  type Round,
  summarize,
  USUAL_PUBLISHERS,
  verdict,
  type World,
  WORLDS,
} from "../../lib/benchmark/mod.ts";
import { BENCHMARK_SHAPE } from "../../lib/benchmark/shape.ts";
import { MACHINE, syntheticRounds } from "./synthetic.ts";

Deno.test("benchmarkOf() gives nine results with the promised fields", () => {
  const benchmark = benchmarkOf(MACHINE, syntheticRounds(1));
  const names = benchmark.results.map(({ world, publisher }) => `${world} ${publisher}`);
  assert.deepEqual(
    names,
    WORLDS.flatMap((world) => USUAL_PUBLISHERS.map((publisher) => `${world} ${publisher}`)),
  );
  const promised = ["schema", "machine", "conclusive", "results", "raw_rounds"];
  assert.deepEqual(Object.keys(benchmark), promised);
  assert.deepEqual(Object.keys(benchmark.results[1]!), [
    "world",
    "publisher",
    "turns",
    "rounds",
    "turn_seconds_off",
    "turn_seconds_on",
    "overhead_seconds_per_turn",
    "overhead_seconds_per_turn_ci95",
    "overhead_ratio",
    "overhead_ratio_ci95",
    "publish_seconds",
  ]);
  assert.equal(benchmark.schema, 1);
  assert.equal(benchmark.conclusive, true);
});

Deno.test("BENCHMARK_SHAPE takes what benchmarkOf() gives, after a way through JSON", () => {
  const benchmark = benchmarkOf(MACHINE, syntheticRounds(2, { rounds: 6 }));
  assert.deepEqual(BENCHMARK_SHAPE.parse(JSON.parse(JSON.stringify(benchmark))), benchmark);
  const run = benchmark.raw_rounds[0]!.runs[0]!;
  const unsorted = { ...run, turn_seconds: { buckets: [2, 1], counts: [1, 1] } };
  const wrong: Record<string, unknown> = {
    "another schema": { ...benchmark, schema: 2 },
    "a further key": { ...benchmark, more: 1 },
    "unsorted buckets": {
      ...benchmark,
      raw_rounds: [{ ...benchmark.raw_rounds[0], runs: [run, unsorted] }],
    },
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.equal(BENCHMARK_SHAPE.safeParse(value).success, false, name);
  }
});

Deno.test("summarize() finds what publishers were made to add", () => {
  const added: Partial<Record<Publisher, number>> = { journal: 0.004, http: 0.02 };
  for (const result of summarize(syntheticRounds(3, { added, rounds: 16 }))) {
    const { publisher, overhead_ratio_ci95: [low, high], rounds, turns } = result;
    const truth = added[publisher] ?? 0;
    assert.ok(low <= truth && truth <= high, `${publisher}: ${truth} in ${low} to ${high}`);
    assert.ok(high - low < 0.003, `${high - low}`);
    const { p50 } = result.turn_seconds_off;
    const seconds = result.overhead_seconds_per_turn;
    assert.ok(Math.abs(seconds / p50 - result.overhead_ratio) < 0.002, `${seconds}`);
    assert.deepEqual([rounds, turns], [16, 400]);
  }
});

Deno.test("summarize() puts turn times of all rounds together, and says null of no reports", () => {
  const [none, journal] = summarize(syntheticRounds(4, { worlds: ["moyen"] }));
  const { p50, p95, p99 } = journal!.turn_seconds_on;
  assert.ok(p50 > 2.7e-4 && p50 < p95 && p95 < p99 && p99 < 9e-4, `${p50} ${p95} ${p99}`);
  assert.deepEqual(none!.publish_seconds, { p50: null, p99: null });
  const { p50: half, p99: most } = journal!.publish_seconds;
  assert.ok(half !== null && most !== null && half > 8e-6 && half < most && most < 2e-5);
});

Deno.test("summarize() leaves a round without its pair out", () => {
  const rounds = syntheticRounds(5, { worlds: ["grand"], rounds: 8 });
  const last = rounds[7]!;
  const cut: Round[] = [
    ...rounds.slice(0, 7),
    { ...last, runs: last.runs.filter(({ variant }) => variant !== "http") },
  ];
  assert.deepEqual(summarize(cut).map((result) => result.rounds), [8, 8, 7]);
});

Deno.test("summarize() refuses to compare games of different lengths, or a single pair", () => {
  const rounds = syntheticRounds(6, { worlds: ["default"], rounds: 4 });
  const [first, ...rest] = rounds;
  const [run, ...runs] = first!.runs;
  const longer: Round = { ...first!, runs: [{ ...run!, turns: 401 }, ...runs] };
  assert.throws(() => summarize([longer, ...rest]), /played 401, 400 turns, expected equally many/);
  assert.throws(() => summarize([first!]), RangeError);
  assert.deepEqual(summarize([]), []);
});

function resultWith(
  world: World,
  publisher: Publisher,
  ratio: readonly [number, number],
  rounds = 12,
): Result {
  const middle = (ratio[0] + ratio[1]) / 2;
  const quantiles = { p50: 1e-6, p95: 1e-6, p99: 1e-6 };
  return {
    world,
    publisher,
    turns: 1000,
    rounds,
    turn_seconds_off: quantiles,
    turn_seconds_on: quantiles,
    overhead_seconds_per_turn: middle * 1e-6,
    overhead_seconds_per_turn_ci95: [ratio[0] * 1e-6, ratio[1] * 1e-6],
    overhead_ratio: middle,
    overhead_ratio_ci95: ratio,
    publish_seconds: { p50: null, p99: null },
  };
}

Deno.test("verdict() doubts a control that is wide, that is off, or that is missing", () => {
  const journal = resultWith("moyen", "journal", [0.001, 0.002]);
  const control = (low: number, high: number) => resultWith("moyen", "none", [low, high]);
  const cases: Record<string, [Result[], 0 | 3]> = {
    "narrow around zero": [[control(-0.004, 0.004), journal], 0],
    "just narrow enough": [[control(-0.005, 0.005), journal], 0],
    "narrow and a little beside zero": [[control(0.001, 0.006), journal], 0],
    "too wide": [[control(-0.006, 0.005), journal], 3],
    "narrow but above zero": [[control(0.005, 0.007), journal], 3],
    "narrow but below zero": [[control(-0.009, -0.002), journal], 3],
    "not a number": [[control(NaN, NaN), journal], 3],
    missing: [[journal], 3],
    "of another world": [[resultWith("grand", "none", [0, 0]), journal], 3],
    "of too few rounds": [[resultWith("moyen", "none", [0, 0], 5), journal], 3],
    "good, but too few rounds beside it": [
      [control(0, 0), resultWith("moyen", "journal", [0, 0], 5)],
      3,
    ],
    "of no world at all": [[], 3],
  };
  for (const [name, [results, exitCode]] of Object.entries(cases)) {
    const judged = verdict(results);
    assert.equal(judged.exitCode, exitCode, name);
    assert.equal(judged.conclusive, exitCode === 0, name);
    assert.equal(judged.reasons.length > 0, exitCode !== 0, name);
  }
});

Deno.test("verdict() holds upper bounds of publishers against the budget", () => {
  const results = [
    resultWith("default", "none", [-0.004, 0.004]),
    resultWith("default", "journal", [0.1, 0.15]),
    resultWith("default", "http", [0.1, 0.25]),
  ];
  const cases: [string, 0 | 1, number][] = [
    ["25%", 0, 0],
    ["24.9%", 1, 1],
    ["14%", 1, 2],
    // The control is no publisher.
    ["0.1%", 1, 2],
    ["0.25us", 0, 0],
    ["200ns", 1, 1],
  ];
  for (const [text, exitCode, count] of cases) {
    const judged = verdict(results, parseBudget(text));
    assert.deepEqual(
      [judged.exitCode, judged.reasons.length, judged.conclusive],
      [exitCode, count, true],
      text,
    );
  }
  assert.deepEqual(verdict(results, parseBudget("200ns")).reasons, [
    "default, http: up to 0.250 µs a turn, the budget is 0.200 µs",
  ]);
});

Deno.test("verdict() is inconclusive before it is above the budget", () => {
  const results = [
    resultWith("default", "none", [-0.02, 0.02]),
    resultWith("default", "http", [0.1, 0.2]),
  ];
  assert.equal(verdict(results, { unit: "ratio", limit: 0.01 }).exitCode, 3);
});

Deno.test("parseBudget() reads shares and times, and nothing else", () => {
  const cases: Record<string, Budget | undefined> = {
    "1%": { unit: "ratio", limit: 0.01 },
    "0.5%": { unit: "ratio", limit: 0.005 },
    "0.25us": { unit: "seconds", limit: 2.5e-7 },
    "0.25µs": { unit: "seconds", limit: 2.5e-7 },
    "250ns": { unit: "seconds", limit: 2.5e-7 },
    "3ms": { unit: "seconds", limit: 3e-3 },
    "1": undefined,
    "": undefined,
    "%": undefined,
    "-1%": undefined,
    "1 %": undefined,
    "1e3%": undefined,
    "1constructor": undefined,
  };
  for (const [text, budget] of Object.entries(cases)) {
    assert.deepEqual(parseBudget(text), budget, text);
  }
});
