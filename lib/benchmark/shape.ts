/** The schema of a benchmark's JSON. The program itself only uses its types. @module */

import * as z from "zod";
import { DURATION_BUCKETS } from "./statistics.ts";
import { PUBLISHERS, VARIANTS, WORLDS } from "./variants.ts";

const count = z.int().min(0);
const seconds = z.number().min(0);

const durations = z.strictObject({
  buckets: z.array(z.int().min(0).max(DURATION_BUCKETS - 1)).readonly(),
  counts: z.array(z.int().min(1)).readonly(),
}).refine(
  ({ buckets, counts }) =>
    buckets.length === counts.length &&
    buckets.every((bucket, index) => index === 0 || bucket > buckets[index - 1]!),
  "expected ascending buckets and a count for each",
).describe("Counts in buckets less than 1 % wide; lib/benchmark/statistics.ts has their edges.");

const run = z.strictObject({
  variant: z.enum(VARIANTS),
  sessions: z.int().min(1).describe("Simulations that played at once."),
  turns: z.int().min(1).describe("Measured turns of all simulations, without the warm-up."),
  seconds: z.number().positive().describe(
    "What these turns took by the clock, added up over the simulations.",
  ),
  turn_seconds: durations,
  reports: count.describe("Reports that left during the measured turns."),
  publish_seconds: durations.describe("What each of these took on the simulation's thread."),
  exporter_seconds: seconds.describe("How long the exporter was watched for the next two."),
  exporter_cpu_seconds: seconds,
  exporter_memory_bytes: count.describe("Resident memory at its highest."),
  scrape_seconds: durations,
});

/** One game in a fresh process, or several at once. */
export type Run = z.infer<typeof run>;

const round = z.strictObject({
  world: z.enum(WORLDS),
  round: count,
  runs: z.array(run).min(2).readonly().describe("In the order in which they began."),
  lost_turns: count.describe("Turns that were published and that the exporter did not count."),
});

/** One run of each variant in one world, close to each other in time. */
export type Round = z.infer<typeof round>;

const quantiles = z.strictObject({ p50: seconds, p95: seconds, p99: seconds });
const interval = z.tuple([z.number(), z.number()]).readonly();

const result = z.strictObject({
  world: z.enum(WORLDS),
  publisher: z.enum(PUBLISHERS),
  turns: z.int().min(1).describe("Measured turns of one run; every run of a world plays as many."),
  rounds: z.int().min(2).describe("Pairs of runs, without and with monitoring."),
  turn_seconds_off: quantiles,
  turn_seconds_on: quantiles,
  overhead_seconds_per_turn: z.number(),
  overhead_seconds_per_turn_ci95: interval,
  overhead_ratio: z.number(),
  overhead_ratio_ci95: interval,
  publish_seconds: z.strictObject({ p50: seconds.nullable(), p99: seconds.nullable() })
    .describe("Of one report, on the simulation's thread; null where none left."),
});

/** What one publisher costs in one world. */
export type Result = z.infer<typeof result>;

const machine = z.strictObject({
  program: z.string().describe("Version of tradesim-exporter."),
  deno: z.string(),
  os: z.string(),
  arch: z.string(),
  cpu: z.string(),
  cores: z.int().min(1),
  memory_bytes: count,
  load1_before: seconds.describe("Load average of the last minute before the first run."),
  load1_after: seconds,
  started_at: z.iso.datetime(),
});

/** On what the benchmark ran, and how busy that was. */
export type Machine = z.infer<typeof machine>;

/** The shape of the file that `--json` writes. */
export const BENCHMARK_SHAPE = z.strictObject({
  schema: z.literal(1),
  machine,
  conclusive: z.boolean(),
  results: z.array(result).readonly(),
  raw_rounds: z.array(round).readonly(),
});
export type Benchmark = z.infer<typeof BENCHMARK_SHAPE>;
