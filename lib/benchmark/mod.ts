/** The benchmark's pure half: which games to play, what their times say, and how that is shown. @module */

export { formatTable, resultPage } from "./html.ts";
export * from "./plan.ts";
export * from "./result.ts";
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
