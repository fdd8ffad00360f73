/** Made-up benchmark rounds with a known effect, on machines of several tempers. @module */

import {
  Durations,
  type Machine,
  type Publisher,
  type Round,
  type Run,
  seededRandom,
  USUAL_PUBLISHERS,
  type World,
  WORLDS,
} from "../../lib/benchmark/mod.ts";

/** A standard normal draw: Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** How fast a machine is at its k-th run, as the logarithm of a factor, from a state of its own. */
export type Machinery = (random: () => number) => (run: number) => number;

/** Machines that do not hold still. */
export const MACHINES: Readonly<Record<string, Machinery>> = {
  "independent noise": (random) => () => 0.02 * normal(random),
  "heavy tails": (random) => () =>
    0.01 * normal(random) / Math.hypot(normal(random), normal(random)) * Math.SQRT2,
  "rare delays": (random) => () =>
    0.005 * normal(random) + (random() < 0.15 ? -0.3 * Math.log(1 - random()) : 0),
  "steady drift": (random) => (run) => 0.01 * run + 0.01 * normal(random),
  "random walk": (random) => {
    let level = 0;
    return () => {
      level += 0.01 * normal(random);
      return level + 0.01 * normal(random);
    };
  },
  "slow spells": (random) => {
    let level = 0;
    return () => {
      if (random() < 0.15) level = random() < 0.5 ? 0 : 0.3;
      return level + 0.01 * normal(random);
    };
  },
};

export const MACHINE: Machine = {
  program: "0.1.0",
  deno: "2.9.6",
  os: "linux",
  arch: "x86_64",
  cpu: "Processor <of> 2 & more",
  cores: 2,
  memory_bytes: 8 * 2 ** 30,
  load1_before: 0.12,
  load1_after: 1.34,
  started_at: "2026-01-02T03:04:05Z",
};

export interface SyntheticOptions {
  readonly rounds?: number;
  readonly worlds?: readonly World[];
  /** What each publisher adds to a turn, as a share of it. */
  readonly added?: Readonly<Partial<Record<Publisher, number>>>;
  /** Spread of a run's mean, as a share of it. */
  readonly noise?: number;
}

const TURN_SECONDS: Readonly<Record<World, number>> = { default: 1.5e-6, moyen: 3e-4, grand: 4e-2 };

const PLAYED = ["off", ...USUAL_PUBLISHERS] as const;

/** Rounds of the usual variants with turn times that have a long tail. */
export function syntheticRounds(seed: number, options: SyntheticOptions = {}): Round[] {
  const { rounds = 12, worlds = WORLDS, added = {}, noise = 0.001 } = options;
  const random = seededRandom(seed);
  const playedRun = (world: World, variant: Run["variant"]): Run => {
    const share = variant === "off" ? 0 : added[variant] ?? 0;
    const mean = TURN_SECONDS[world] * (1 + share) * Math.exp(noise * normal(random));
    const turns = 400;
    const turnTimes = new Durations();
    for (let turn = 0; turn < turns; turn++) {
      const tail = random() < 0.04 ? 1 + 2 * random() : 1;
      turnTimes.add(mean * 0.97 * tail * Math.exp(0.03 * normal(random)));
    }
    const publishes = variant === "journal" || variant === "http";
    const publishTimes = new Durations();
    for (let report = 0; publishes && report < 10; report++) {
      publishTimes.add(1e-5 * Math.exp(0.2 * normal(random)));
    }
    const scrapes = new Durations();
    scrapes.add(2e-3 * Math.exp(0.1 * normal(random)));
    return {
      variant,
      sessions: 1,
      turns,
      seconds: mean * turns,
      turn_seconds: turnTimes.toJSON(),
      reports: publishes ? 10 : 0,
      publish_seconds: publishTimes.toJSON(),
      exporter_seconds: 1.2,
      exporter_cpu_seconds: publishes ? 0.02 : 0.004,
      exporter_memory_bytes: 70 * 2 ** 20,
      scrape_seconds: scrapes.toJSON(),
    };
  };
  return Array.from({ length: rounds }, (_, round) =>
    worlds.map((world): Round => ({
      world,
      round,
      runs: PLAYED.map((_, place) => playedRun(world, PLAYED[(place + round) % 4]!)),
      lost_turns: 0,
    }))).flat();
}
