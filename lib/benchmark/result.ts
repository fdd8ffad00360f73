/** What the benchmark hands out: its JSON, how that is made of raw rounds, and the verdict on it. @module */

import * as z from "zod";
import { DURATION_BUCKETS, Durations, estimateOverhead } from "./statistics.ts";

/** Worlds, from small to large. */
export const WORLDS = ["default", "moyen", "grand"] as const;
export type World = (typeof WORLDS)[number];

/** What is held against a game without monitoring; `none` is such a game again, as a control. */
export const PUBLISHERS = ["none", "journal", "http"] as const;
export type Publisher = (typeof PUBLISHERS)[number];

/** How a run was played. */
export const VARIANTS = ["off", ...PUBLISHERS] as const;
export type Variant = (typeof VARIANTS)[number];

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

/** The runs of a variant in a world, over all rounds. */
export function runsOf(rounds: readonly Round[], world: World, variant: Variant): Run[] {
  return rounds.filter((round) => round.world === world)
    .flatMap(({ runs }) => runs.filter((run) => run.variant === variant));
}

/** One distribution of many runs put together. */
export function pooled(
  runs: readonly Run[],
  key: "turn_seconds" | "publish_seconds" | "scrape_seconds",
): Durations {
  const all = new Durations();
  for (const run of runs) all.merge(Durations.from(run[key]));
  return all;
}

function threeQuantiles(durations: Durations): z.infer<typeof quantiles> {
  return {
    p50: durations.quantile(0.5),
    p95: durations.quantile(0.95),
    p99: durations.quantile(0.99),
  };
}

/** Mean seconds per turn. */
export function meanTurn({ seconds, turns }: Run): number {
  return seconds / turns;
}

/** The runs without and with a publisher of one round. */
export interface RunPair {
  readonly round: number;
  readonly off: Run;
  readonly on: Run;
}

/** The pairs of a publisher in a world; a round that lacks one of the two gives none. */
export function pairsOf(
  rounds: readonly Round[],
  world: World,
  publisher: Publisher,
): readonly RunPair[] {
  return rounds.filter((round) => round.world === world).flatMap(({ round, runs }) => {
    const off = runs.find(({ variant }) => variant === "off");
    const on = runs.find(({ variant }) => variant === publisher);
    return off === undefined || on === undefined ? [] : [{ round, off, on }];
  });
}

function resultOf(
  world: World,
  publisher: Publisher,
  pairs: readonly RunPair[],
  seed: number,
): Result {
  const [off, on] = [pairs.map((pair) => pair.off), pairs.map((pair) => pair.on)];
  const turns = new Set([...off, ...on].map((run) => run.turns));
  if (turns.size !== 1) {
    throw new RangeError(
      `Cannot compare runs of world "${world}": they played ${[...turns].join(", ")} turns, ` +
        "expected equally many",
    );
  }
  const { seconds, ratio } = estimateOverhead(
    pairs.map((pair) => ({ off: meanTurn(pair.off), on: meanTurn(pair.on) })),
    { seed },
  );
  const publishing = pooled(on, "publish_seconds");
  const publishQuantile = (q: number) => publishing.count === 0 ? null : publishing.quantile(q);
  return {
    world,
    publisher,
    turns: [...turns][0]!,
    rounds: pairs.length,
    turn_seconds_off: threeQuantiles(pooled(off, "turn_seconds")),
    turn_seconds_on: threeQuantiles(pooled(on, "turn_seconds")),
    overhead_seconds_per_turn: seconds.value,
    overhead_seconds_per_turn_ci95: seconds.ci95,
    overhead_ratio: ratio.value,
    overhead_ratio_ci95: ratio.ci95,
    publish_seconds: { p50: publishQuantile(0.5), p99: publishQuantile(0.99) },
  };
}

/**
 * The results of all worlds and publishers that were played, worlds from small to large. All
 * publishers of a world are held against the same runs without monitoring.
 *
 * @param seed Of the bootstrap's draws.
 * @throws {RangeError} When a combination was played in one round only, or with unequal turns.
 */
export function summarize(rounds: readonly Round[], seed = 1): Result[] {
  return WORLDS.flatMap((world) =>
    PUBLISHERS.flatMap((publisher) => {
      const pairs = pairsOf(rounds, world, publisher);
      return pairs.length === 0 ? [] : [resultOf(world, publisher, pairs, seed)];
    })
  );
}

/** What a turn may cost more: a share of it, 0.01 = 1 %, or seconds. */
export interface Budget {
  readonly unit: "ratio" | "seconds";
  readonly limit: number;
}

const BUDGET_UNITS: Readonly<Record<string, [unit: Budget["unit"], divisor: number]>> = {
  "%": ["ratio", 100],
  ns: ["seconds", 1e9],
  us: ["seconds", 1e6],
  µs: ["seconds", 1e6],
  ms: ["seconds", 1e3],
};

/** Reads a budget such as `1%` or `0.25us`; undefined when the text is none. */
export function parseBudget(text: string): Budget | undefined {
  const [, amount, unitName = ""] = /^(\d+(?:\.\d+)?)(%|ns|us|µs|ms)$/.exec(text) ?? [];
  const [unit, divisor] = BUDGET_UNITS[unitName] ?? [];
  if (unit === undefined || divisor === undefined) return undefined;
  return { unit, limit: Number(amount) / divisor };
}

/** A result's overhead in a budget's unit. */
export function overheadIn(
  unit: Budget["unit"],
  result: Result,
): { readonly value: number; readonly ci95: readonly [number, number] } {
  return unit === "ratio"
    ? { value: result.overhead_ratio, ci95: result.overhead_ratio_ci95 }
    : { value: result.overhead_seconds_per_turn, ci95: result.overhead_seconds_per_turn_ci95 };
}

/** How far off a control may be, as a ratio. */
export const CONTROL_TOLERANCE = 0.005;
/** With fewer pairs even a narrow interval may be luck. */
export const LEAST_ROUNDS = 6;

export interface Verdict {
  /** What the program ends with: 0 = fine, 1 = above the budget, 3 = inconclusive. */
  readonly exitCode: 0 | 1 | 3;
  readonly conclusive: boolean;
  /** Why the exit code is not 0: a clause for each cause. */
  readonly reasons: readonly string[];
}

function percent(ratio: number): string {
  return `${(100 * ratio).toFixed(2)} %`;
}

function controlProblems(world: World, results: readonly Result[]): string[] {
  const inWorld = results.filter((result) => result.world === world);
  const control = inWorld.find(({ publisher }) => publisher === "none");
  if (control === undefined) return [`${world}: no control was played`];
  const reasons: string[] = [];
  const rounds = Math.min(...inWorld.map((result) => result.rounds));
  if (rounds < LEAST_ROUNDS) {
    reasons.push(`${world}: ${rounds} rounds, expected at least ${LEAST_ROUNDS}`);
  }
  const [low, high] = control.overhead_ratio_ci95;
  const shown = `${world}: the interval of the control is ${percent(low)} to ${percent(high)}`;
  if (high - low > 2 * CONTROL_TOLERANCE) {
    reasons.push(`${shown}, wider than ±${percent(CONTROL_TOLERANCE)}`);
    // Not a number is beside zero, too.
  } else if (!(Math.abs((low + high) / 2) <= CONTROL_TOLERANCE)) {
    reasons.push(`${shown}, more than ${percent(CONTROL_TOLERANCE)} away from zero`);
  }
  return reasons;
}

/**
 * Judges results. They are inconclusive when in any world the control, `none` against off, has an
 * interval wider than ±0.5 % (1 % from end to end) or one whose middle lies further than 0.5 % from
 * zero, when it was not played, or when a result has fewer than {@linkcode LEAST_ROUNDS} rounds.
 * This goes before the budget: a machine that sees a difference where there is none can neither
 * clear nor convict. Then every interval of `journal` and `http` must end within the budget.
 */
export function verdict(results: readonly Result[], budget?: Budget): Verdict {
  const worlds = WORLDS.filter((world) => results.some((result) => result.world === world));
  const doubts = worlds.length === 0
    ? ["no results"]
    : worlds.flatMap((world) => controlProblems(world, results));
  if (doubts.length > 0) return { exitCode: 3, conclusive: false, reasons: doubts };
  if (budget === undefined) return { exitCode: 0, conclusive: true, reasons: [] };
  const show = budget.unit === "ratio"
    ? percent
    : (seconds: number) => `${(1e6 * seconds).toFixed(3)} µs`;
  const reasons = results
    .filter(({ publisher }) => publisher !== "none")
    .map((result) => ({ result, high: overheadIn(budget.unit, result).ci95[1] }))
    .filter(({ high }) => !(high <= budget.limit))
    .map(({ result: { world, publisher }, high }) =>
      `${world}, ${publisher}: up to ${show(high)} a turn, the budget is ${show(budget.limit)}`
    );
  return { exitCode: reasons.length > 0 ? 1 : 0, conclusive: true, reasons };
}

/** Puts the benchmark's outcome together, as `--json` writes it. */
export function benchmarkOf(machine: Machine, rounds: readonly Round[], seed = 1): Benchmark {
  const results = summarize(rounds, seed);
  const { conclusive } = verdict(results);
  return { schema: 1, machine, conclusive, results, raw_rounds: rounds };
}
