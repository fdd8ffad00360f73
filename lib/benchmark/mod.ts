/** The load benchmark: which games are played, how, and how the results are computed and shown. @module */

export { bench } from "./bench.ts";
export { formatTable, resultPage } from "./html.ts";
export * from "./plan.ts";
export { player, type PlayerSetup } from "./player.ts";
export { ownProgram, PLAYER_COMMAND } from "./program.ts";
export * from "./result.ts";
export { playBenchmark, type RunOptions } from "./run.ts";
export {
  DURATION_BUCKETS,
  Durations,
  estimateOverhead,
  type Overhead,
  type Pair,
  seededRandom,
} from "./statistics.ts";
