/** Plays the rounds of a benchmark: starts the processes, lets them take turns and collects their results. @module */

import { Stopped, UserError } from "../error/mod.ts";
import { type ExporterProcess, type Reading, startExporter } from "./exporter_process.ts";
import { type Plan, PLANNED_SHARE, type PlannedRound, planRounds, progressOf } from "./plan.ts";
import type { Played, PlayerSetup } from "./player.ts";
import { type PlayerProcess, startPlayer } from "./player_process.ts";
import type { Program } from "./program.ts";
import type { Publisher, Round, Run, Variant, World } from "./result.ts";
import { Durations } from "./statistics.ts";

export interface RunOptions {
  readonly worlds: readonly World[];
  readonly publishers: readonly Publisher[];
  /** Simulations at once; more than one play at {@linkcode PACE_SECONDS}. */
  readonly sessions: number;
  /** How long everything may take, and the time between two scrapes, in seconds. */
  readonly duration: number;
  readonly scrapeInterval: number;
  /** By what share turns are made longer unless they are played without monitoring; for tests. */
  readonly slower?: number;
}

/** How far the benchmark is. */
export interface Progress {
  readonly doing: string;
  /** From 0 to 1; undefined while that is not known. */
  readonly fraction?: number;
  readonly secondsLeft?: number;
}

export interface RunIo {
  /** The program that is measured. */
  readonly program: Program;
  readonly onProgress: (progress: Progress) => void;
  /** Aborted when the benchmark is asked to end. */
  readonly stop: AbortSignal;
}

/** Seconds from turn to turn of each of several simulations. */
const PACE_SECONDS = 0.1;

/** A turn that is timed by itself comes after so many seconds, for the clock takes a while, too. */
const SAMPLE_SECONDS = 0.001;
/** How long one measured turn after the other is played to find out how long they take. */
const CALIBRATION_SECONDS = 0.25;
/** Rounds of several simulations. */
const SESSIONS_ROUNDS = 2;
/** Their warm-up. With 200, five seconds of turns. */
const WARM_UP_TURNS_PER_SESSION = 0.25;
/** How long the exporter may take to know of the last report. */
const PATIENCE_SECONDS = 10;
const STEP_MS = 20;

/** What all runs have in common. */
interface Rig {
  readonly options: RunOptions;
  readonly io: RunIo;
  readonly exporter: ExporterProcess;
  readonly folder: string;
  readonly turnSeconds: Map<World, number>;
  /** Takes the scrapes of the part that is being played. */
  scrapes: Durations;
}

function now(): number {
  return performance.now() / 1000;
}

/** @param round Undefined for games that are not measured. */
function startGames(rig: Rig, world: World, variant: Variant, round?: number) {
  const { sessions, slower = 0 } = rig.options;
  const turn = rig.turnSeconds.get(world) ?? SAMPLE_SECONDS / 1000;
  const setup: PlayerSetup = {
    world,
    variant,
    // The runs of a round play the same games.
    seed: 1 + (round ?? 0) * sessions,
    sessions,
    pace: sessions > 1 ? PACE_SECONDS : 0,
    sampleEvery: Math.max(1, Math.round(SAMPLE_SECONDS / turn)),
    name: `${world}-${round ?? "first"}-${variant}`,
    folder: rig.folder,
    url: rig.exporter.reportUrl,
    slower,
  };
  return startPlayer(rig.io.program, setup);
}

function warmUpTurns({ sessions }: RunOptions): number {
  return Math.ceil(WARM_UP_TURNS_PER_SESSION * sessions);
}

/** Measures how long a turn takes in a world, and starting and ending its process. */
async function calibrate(rig: Rig, world: World): Promise<{ turn: number; start: number }> {
  const begun = now();
  const player = await startGames(rig, world, "http");
  try {
    let start = now() - begun;
    let turn = PACE_SECONDS;
    if (rig.options.sessions > 1) {
      await player.play(warmUpTurns(rig.options));
      start = now() - begun;
    } else {
      for (let turns = 1, seconds = 0; seconds < CALIBRATION_SECONDS; turns *= 2) {
        ({ seconds } = await player.play(turns));
        turn = seconds / turns;
      }
    }
    const ending = now();
    await player.end();
    start += now() - ending;
    return { turn, start };
  } finally {
    await player.kill();
  }
}

/** The results of a run, part by part. */
class RunTally {
  readonly #turnSeconds = new Durations();
  readonly #publishSeconds = new Durations();
  readonly #scrapeSeconds = new Durations();
  #turns = 0;
  #seconds = 0;
  #reports = 0;
  #exporterSeconds = 0;
  #exporterCpu = 0;
  #exporterMemory = 0;

  add(played: Played, before: Reading, after: Reading, scrapes: Durations): void {
    this.#turnSeconds.merge(Durations.from(played.turn_seconds));
    this.#publishSeconds.merge(Durations.from(played.publish_seconds));
    this.#scrapeSeconds.merge(scrapes);
    this.#turns += played.turns;
    this.#seconds += played.seconds;
    this.#reports += played.reports;
    this.#exporterSeconds += after.time - before.time;
    this.#exporterCpu += after.cpuSeconds - before.cpuSeconds;
    this.#exporterMemory = Math.max(this.#exporterMemory, after.memoryBytes);
  }

  run(variant: Variant, sessions: number): Run {
    return {
      variant,
      sessions,
      turns: this.#turns,
      seconds: this.#seconds,
      turn_seconds: this.#turnSeconds.toJSON(),
      reports: this.#reports,
      publish_seconds: this.#publishSeconds.toJSON(),
      exporter_seconds: this.#exporterSeconds,
      exporter_cpu_seconds: Math.max(0, this.#exporterCpu),
      exporter_memory_bytes: this.#exporterMemory,
      scrape_seconds: this.#scrapeSeconds.toJSON(),
    };
  }
}

/** Waits until the exporter has counted as many turns as it should. Returns how many it has not. */
async function lostTurns({ exporter }: Rig, expected: number): Promise<number> {
  const end = now() + PATIENCE_SECONDS;
  while (true) {
    const { turns } = await exporter.read();
    if (turns >= expected || now() > end) return Math.max(0, expected - turns);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** Removes the journals of a round, which the exporter has read by now. */
function removeJournals(folder: string): void {
  for (const { name } of Deno.readDirSync(folder)) Deno.removeSync(`${folder}/${name}`);
}

async function playRound(
  rig: Rig,
  { world, round, warmUpTurns, sliceTurns, order }: PlannedRound,
  tell: (variant: Variant) => void,
): Promise<Round> {
  const players = new Map<Variant, { player: PlayerProcess; tally: RunTally }>();
  const before = await rig.exporter.read();
  let published = 0;
  const variants = [...new Set(order)];
  const isInParts = order.length > variants.length;
  /** Starts a variant's games and warms them up; those that take turns are started together. */
  const ready = async (variant: Variant) => {
    const player = await startGames(rig, world, variant, round);
    players.set(variant, { player, tally: new RunTally() });
    await player.play(warmUpTurns);
  };
  try {
    for (const [place, variant] of order.entries()) {
      rig.io.stop.throwIfAborted();
      tell(variant);
      if (!players.has(variant)) {
        // Wait until all have started or failed, so that none is left behind.
        const starts = await Promise.allSettled((isInParts ? variants : [variant]).map(ready));
        for (const start of starts) if (start.status === "rejected") throw start.reason;
      }
      const { player, tally } = players.get(variant)!;
      const reading = await rig.exporter.read();
      rig.scrapes = new Durations();
      const played = await player.play(sliceTurns);
      tally.add(played, reading, await rig.exporter.read(), rig.scrapes);
      if (order.lastIndexOf(variant) === place) published += await player.end();
    }
    const lost = await lostTurns(rig, before.turns + published);
    removeJournals(rig.folder);
    const { sessions } = rig.options;
    const runs = variants.map((variant) => players.get(variant)!.tally.run(variant, sessions));
    return { world, round, runs, lost_turns: lost };
  } finally {
    for (const { player } of players.values()) await player.kill();
  }
}

/**
 * Plans two long rounds, the second in the opposite order: several simulations are a steady load, for
 * which parts would be too short.
 *
 * @throws {UserError} When they do not fit into `limit` seconds.
 */
function planSessions(options: RunOptions, start: number, limit: number): Plan {
  const { worlds, publishers } = options;
  const order: readonly Variant[] = ["off", ...publishers];
  const seconds = PLANNED_SHARE * limit / (SESSIONS_ROUNDS * worlds.length);
  const sliceTurns = Math.floor((seconds / order.length - start) / PACE_SECONDS);
  if (sliceTurns < 1) {
    throw new UserError(
      `Cannot plan the benchmark: starting and ending the simulations takes ${
        start.toFixed(1)
      } s ` +
        `each time, expected a longer --duration`,
    );
  }
  const rounds = Array.from(
    { length: SESSIONS_ROUNDS },
    (_, round) =>
      worlds.map((world): PlannedRound => ({
        world,
        round,
        warmUpTurns: warmUpTurns(options),
        sliceTurns,
        slices: 1,
        order: round % 2 === 0 ? order : order.toReversed(),
        seconds,
      })),
  ).flat();
  return { rounds, seconds: PLANNED_SHARE * limit, limit };
}

/** Finds out how long turns take, and plans what fits into the time that is left. */
async function makePlan(rig: Rig, begun: number): Promise<Plan> {
  const { worlds, publishers, sessions, duration } = rig.options;
  let startSeconds = 0;
  for (const world of worlds) {
    rig.io.stop.throwIfAborted();
    rig.io.onProgress({ doing: `finding out how long a turn takes, ${world}` });
    const { turn, start } = await calibrate(rig, world);
    rig.turnSeconds.set(world, turn);
    startSeconds = Math.max(startSeconds, start);
  }
  const seconds = duration - (now() - begun);
  if (sessions > 1) return planSessions(rig.options, startSeconds, seconds);
  try {
    return planRounds({
      turnSeconds: Object.fromEntries(rig.turnSeconds),
      startSeconds,
      publishers,
      seconds,
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(error.message, { cause: error });
    throw error;
  }
}

async function playRounds(rig: Rig, plan: Plan): Promise<Round[]> {
  const begun = now();
  const count = plan.rounds.length / rig.options.worlds.length;
  const rounds: Round[] = [];
  for (const planned of plan.rounds) {
    const { world, round } = planned;
    const started = now();
    const { fraction, secondsLeft, goOn } = progressOf(plan, rounds.length, started - begun);
    // A result needs two rounds.
    if (!goOn && round >= 2) break;
    const tell = (variant: Variant) =>
      rig.io.onProgress({
        doing: `round ${round + 1} of ${count}, ${world}, ${variant}`,
        fraction,
        secondsLeft: Math.max(0, secondsLeft - (now() - started)),
      });
    rounds.push(await playRound(rig, planned, tell));
  }
  return rounds;
}

/**
 * Plays games with and without monitoring, with an exporter beside them that is scraped.
 *
 * @throws {UserError} When it takes longer than it may.
 * @throws {Stopped} When it was asked to end.
 */
export async function playBenchmark(options: RunOptions, io: RunIo): Promise<Round[]> {
  const begun = now();
  const folder = Deno.makeTempDirSync({ prefix: "tradesim-exporter-bench-" });
  let exporter: ExporterProcess | undefined;
  try {
    exporter = await startExporter(io.program, `${folder}/metrics-*.jsonl`);
    const rig: Rig = {
      options,
      io,
      exporter,
      folder,
      turnSeconds: new Map(),
      scrapes: new Durations(),
    };
    exporter.scrapeEvery(options.scrapeInterval, (seconds) => rig.scrapes.add(seconds));
    return await playRounds(rig, await makePlan(rig, begun));
  } catch (error) {
    // A signal reaches the players as well: then it is they who ended first.
    throw io.stop.aborted ? new Stopped("Stopped before the end: there is no result") : error;
  } finally {
    await exporter?.stop();
    Deno.removeSync(folder, { recursive: true });
  }
}
