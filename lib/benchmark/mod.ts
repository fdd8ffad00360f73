/** The load benchmark: which games are played, how, and how the results are computed and shown. @module */

export { bench, type BenchIo } from "./bench.ts";
export { BenchmarkError, BenchmarkStopped } from "./error.ts";
export { formatTable, resultPage } from "./html.ts";
export * from "./plan.ts";
export { player, type PlayerSetup } from "./player.ts";
export { ownProgram, PLAYER_COMMAND, type Program } from "./program.ts";
export * from "./result.ts";
export { playBenchmark, type RunOptions } from "./run.ts";
export {
  type Bin,
  type BootstrapOptions,
  DURATION_BUCKETS,
  Durations,
  type DurationsJson,
  type Estimate,
  estimateOverhead,
  type Interval,
  type Overhead,
  type Pair,
  seededRandom,
} from "./statistics.ts";
