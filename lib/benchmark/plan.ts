/** Plans which games the benchmark plays, in which order, and how many. @module */

import {
  LEAST_ROUNDS,
  type Publisher,
  USUAL_PUBLISHERS,
  type Variant,
  type World,
  WORLDS,
} from "./result.ts";

/** How long a run's measured turns shall take. */
const RUN_SECONDS = 1.2;
/**
 * Parts that a run is played in. The runs of a round take turns part by part, which a machine that
 * drifts from slow to fast burdens alike: on a busy two-core machine the ratio of two equal games
 * then spread 3.7 % from pair to pair, and 6.3 % when one was played after the other. A part begins
 * with a report, because one is due since the last part: the shorter the parts, the more reports.
 */
const SLICES = 3;
/** Runs that are started at the same time take so much less together: most machines have two cores. */
const START_SHARE = 0.5;
/** Unmeasured play at the beginning of a run, in which the engine compiles. */
export const WARM_UP_SECONDS = 0.3;
/** The default run as a whole. */
export const MOST_SECONDS = 600;
/** What of the time is planned; the rest is for what turns out slower. */
export const PLANNED_SHARE = 0.88;
const MOST_ROUNDS = 200;

export interface PlanOptions {
  /** Seconds of one turn without monitoring, measured; worlds that are not named are not played. */
  readonly turnSeconds: Readonly<Partial<Record<World, number>>>;
  /** Seconds per run besides its turns: starting the process, making the world, ending. */
  readonly startSeconds: number;
  /** Default: all. */
  readonly publishers?: readonly Publisher[];
  /** How long everything may take. Default: {@linkcode MOST_SECONDS}. */
  readonly seconds?: number;
  /** 1 = the runs of a round are played one after the other. Default: {@linkcode SLICES}. */
  readonly slices?: number;
}

/** One run of each variant in a world. All variants warm up and play the same numbers of turns. */
export interface PlannedRound {
  readonly world: World;
  /** From 0, in each world. */
  readonly round: number;
  readonly warmUpTurns: number;
  readonly sliceTurns: number;
  readonly slices: number;
  /**
   * Whose slice is played when; each variant is named `slices` times. Where there
   * is more than one, all variants' processes start and warm up together before the first, and wait
   * between their slices.
   */
  readonly order: readonly Variant[];
  /** How long the round is expected to take. */
  readonly seconds: number;
}

export interface Plan {
  readonly rounds: readonly PlannedRound[];
  /** How long all rounds are expected to take. */
  readonly seconds: number;
  /** How long they may take. */
  readonly limit: number;
}

/**
 * Orders in which `size` things are played such that over all rows each is played at each place
 * equally often, and directly after each other one equally often: Williams 1949, "Experimental
 * designs balanced for the estimation of residual effects of treatments".
 */
export function balancedOrders(size: number): number[][] {
  // 0, 1, last, 2, last but one, …; each further row is one more, round the corner.
  const first = Array.from(
    { length: size },
    (_, place) => place === 0 ? 0 : place % 2 === 1 ? (place + 1) / 2 : size - place / 2,
  );
  const rows = first.map((_, shift) => first.map((index) => (index + shift) % size));
  return size % 2 === 0 ? rows : [...rows, ...rows.map((row) => row.toReversed())];
}

type WorldPlan = Omit<PlannedRound, "round" | "order">;

function planWorld(
  world: World,
  turn: number,
  runs: number,
  start: number,
  mostSlices: number,
): WorldPlan {
  const slices = Math.min(mostSlices, Math.max(1, Math.round(RUN_SECONDS / turn)));
  const sliceTurns = Math.max(1, Math.round(RUN_SECONDS / slices / turn));
  const warmUpTurns = Math.max(2, Math.ceil(WARM_UP_SECONDS / turn));
  const share = slices > 1 ? START_SHARE : 1;
  const seconds = runs * (share * (start + turn * warmUpTurns) + turn * slices * sliceTurns);
  return { world, warmUpTurns, sliceTurns, slices, seconds };
}

/**
 * Fits rounds into the time. Worlds alternate round by round, so that all have equally many however
 * early the end comes. The number of rounds is a multiple of that after which the orders are
 * balanced, where time allows that.
 *
 * @throws {RangeError} When not even two rounds of each world fit, or a measured time is not above 0.
 */
export function planRounds(options: PlanOptions): Plan {
  const {
    turnSeconds,
    startSeconds,
    publishers = USUAL_PUBLISHERS,
    seconds: limit = MOST_SECONDS,
  } = options;
  const variants: readonly Variant[] = ["off", ...publishers];
  const worlds = WORLDS.flatMap((world) => {
    const turn = turnSeconds[world];
    if (turn === undefined) return [];
    if (!(turn > 0 && turn < Infinity)) {
      throw new RangeError(
        `Cannot plan world "${world}": a turn took ${turn} s, expected more than 0`,
      );
    }
    return [planWorld(world, turn, variants.length, startSeconds, options.slices ?? SLICES)];
  });
  const orders = balancedOrders(variants.length);
  const each = worlds.reduce((sum, { seconds }) => sum + seconds, 0);
  const fitting = Math.min(MOST_ROUNDS, Math.floor(PLANNED_SHARE * limit / each));
  if (fitting < 2) {
    throw new RangeError(
      `Cannot plan the benchmark: a round takes ${each.toFixed(1)} s, ` +
        `expected two within ${limit} s`,
    );
  }
  const balanced = fitting - fitting % orders.length;
  const count = balanced >= LEAST_ROUNDS ? balanced : fitting;
  const rounds = Array.from({ length: count }, (_, round) =>
    worlds.map((world): PlannedRound => ({
      ...world,
      round,
      order: Array.from(
        { length: world.slices },
        (_, slice) => orders[(round + slice) % orders.length]!.map((index) => variants[index]!),
      ).flat(),
    }))).flat();
  return { rounds, seconds: secondsOf(rounds), limit };
}

function secondsOf(rounds: readonly PlannedRound[]): number {
  return rounds.reduce((sum, { seconds }) => sum + seconds, 0);
}

export interface Progress {
  /** Progress by time, from 0 to 1. */
  readonly fraction: number;
  readonly secondsLeft: number;
  /** Whether the next round will end in time, at the pace so far; false when there is none. */
  readonly goOn: boolean;
}

/**
 * How far the plan is.
 *
 * @param done Rounds that are finished.
 * @param elapsed Seconds since the first began.
 */
export function progressOf(plan: Plan, done: number, elapsed: number): Progress {
  const planned = secondsOf(plan.rounds.slice(0, done));
  const pace = planned > 0 ? elapsed / planned : 1;
  const next = plan.rounds[done];
  return {
    fraction: next === undefined ? 1 : planned / plan.seconds,
    secondsLeft: secondsOf(plan.rounds.slice(done)) * pace,
    goOn: next !== undefined && elapsed + next.seconds * pace <= plan.limit,
  };
}
