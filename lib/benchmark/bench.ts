/** Runs the benchmark from the command line: progress, files and results. @module */

import { cpus } from "node:os";
import { createStatusLine } from "../cli/status_line.ts";
import type { BenchOptions } from "./flags.ts";
import { formatTable, resultPage } from "./html.ts";
import { MOST_SECONDS } from "./plan.ts";
import { benchmarkOf, type Machine, type Round, verdict, WORLDS } from "./result.ts";
import { playBenchmark, type Progress, type RunIo } from "./run.ts";

export interface BenchIo extends Pick<RunIo, "program" | "stop"> {
  /** The program's version. */
  readonly version: string;
  /** Standard output and standard error. */
  readonly write: (text: string) => void;
  readonly say: (text: string) => void;
  /** Whether a person watches standard error. */
  readonly isTerminal: boolean;
  /** Throws when a file, named by a flag, cannot be written. */
  readonly checkWritable: (path: string, flag: string) => void;
}

/** Several sessions are a steady load, of which less is enough. */
const SESSIONS_SECONDS = 180;
const EXIT_LOST = 1;

function timeLeft(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.round(seconds % 60)];
  return minutes > 0 ? `${minutes} min ${rest} s` : `${rest} s`;
}

function progressText({ doing, fraction, secondsLeft }: Progress): string {
  if (fraction === undefined || secondsLeft === undefined) return doing;
  return `${doing}: ${Math.round(100 * fraction)} % done, ${timeLeft(secondsLeft)} left`;
}

function describeMachine(version: string): Machine {
  const processors = cpus();
  const [load = 0] = Deno.loadavg();
  return {
    program: version,
    deno: Deno.version.deno,
    os: Deno.build.os,
    arch: Deno.build.arch,
    cpu: processors[0]?.model ?? "unknown",
    cores: Math.max(1, processors.length),
    memory_bytes: Deno.systemMemoryInfo().total,
    load1_before: load,
    load1_after: load,
    started_at: new Date().toISOString(),
  };
}

/** What many sessions are about: whether all of it arrived. */
function lostLine(rounds: readonly Round[]): string {
  const lost = rounds.reduce((sum, round) => sum + round.lost_turns, 0);
  return `Turns that were published and did not arrive: ${lost}\n`;
}

/**
 * Runs `bench`. With several sessions, whose turns are too far apart to tell a control from another,
 * an inconclusive control is no failure unless there is a budget to keep to; lost turns always are.
 *
 * @returns The exit code: 0 = fine, 1 = above the budget or turns were lost, 3 = inconclusive.
 * @throws {UserError} When the benchmark cannot be run.
 * @throws {Stopped} When it was asked to end.
 */
export async function bench(options: BenchOptions, io: BenchIo): Promise<number> {
  const { sessions, budget, json, html } = options;
  // Found out before the time is spent.
  if (json !== undefined) io.checkWritable(json, "--json");
  if (html !== undefined) io.checkWritable(html, "--html");
  const machine = describeMachine(io.version);
  // The first line is shown at once.
  const status = createStatusLine({
    ...{ write: io.say, isTerminal: io.isTerminal, started: -Infinity },
  });
  const onProgress = (progress: Progress) =>
    status.show(performance.now(), progress.fraction, () => progressText(progress));
  let rounds: Round[];
  try {
    rounds = await playBenchmark({
      ...options,
      // Without the control nothing can be concluded.
      publishers: [...new Set(["none" as const, ...options.publishers])],
      worlds: options.worlds ?? (sessions > 1 ? ["default"] : WORLDS),
      duration: options.duration ?? (sessions > 1 ? SESSIONS_SECONDS : MOST_SECONDS),
    }, { program: io.program, stop: io.stop, onProgress });
  } finally {
    status.clear();
  }
  const [load = 0] = Deno.loadavg();
  const benchmark = benchmarkOf({ ...machine, load1_after: load }, rounds);
  if (json !== undefined) Deno.writeTextFileSync(json, `${JSON.stringify(benchmark)}\n`);
  if (html !== undefined) Deno.writeTextFileSync(html, resultPage(benchmark, budget));
  io.write(formatTable(benchmark, budget) + lostLine(rounds));
  if (rounds.some((round) => round.lost_turns > 0)) return EXIT_LOST;
  return sessions > 1 && budget === undefined ? 0 : verdict(benchmark.results, budget).exitCode;
}
