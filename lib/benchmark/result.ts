/** The result of a benchmark: the JSON that it writes, and its verdict. @module */

import { percent } from "../text/mod.ts";
import type { Benchmark, Machine, Result, Round, Run } from "./shape.ts";
import { Durations, estimateOverhead } from "./statistics.ts";
import { type Publisher, PUBLISHERS, type Variant, type World, WORLDS } from "./variants.ts";

export type { Benchmark, Machine, Result, Round, Run } from "./shape.ts";
export * from "./variants.ts";

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

function threeQuantiles(durations: Durations): Result["turn_seconds_off"] {
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
  readonly off: Run;
  readonly on: Run;
}

/** The pairs of a publisher in a world; a round that lacks one of the two gives none. */
export function pairsOf(
  rounds: readonly Round[],
  world: World,
  publisher: Publisher,
): readonly RunPair[] {
  return rounds.filter((round) => round.world === world).flatMap(({ runs }) => {
    const off = runs.find(({ variant }) => variant === "off");
    const on = runs.find(({ variant }) => variant === publisher);
    return off === undefined || on === undefined ? [] : [{ off, on }];
  });
}

function resultOf(
  world: World,
  publisher: Publisher,
  pairs: readonly RunPair[],
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
 * @throws {RangeError} When a combination was played in one round only, or with unequal turns.
 */
export function summarize(rounds: readonly Round[]): Result[] {
  return WORLDS.flatMap((world) =>
    PUBLISHERS.flatMap((publisher) => {
      const pairs = pairsOf(rounds, world, publisher);
      return pairs.length === 0 ? [] : [resultOf(world, publisher, pairs)];
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
 * This precedes the budget: a machine that measures a difference where there is none can neither
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
export function benchmarkOf(machine: Machine, rounds: readonly Round[]): Benchmark {
  const results = summarize(rounds);
  const { conclusive } = verdict(results);
  return { schema: 1, machine, conclusive, results, raw_rounds: rounds };
}
