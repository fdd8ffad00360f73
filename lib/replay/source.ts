/** Hands a recorded game to an exporter at the pace at which it was played, or faster. @module */

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { setImmediate } from "node:timers";
import type { Replay, ReplayTarget } from "../exporter/mod.ts";
import { type AnyReading, REPLAY } from "../ingest/mod.ts";
import { turnLogBeside } from "../publish/mod.ts";
import { isTurns, readTurns, type Turns } from "../turnlog/mod.ts";
import type { ReplayOptions } from "./flags.ts";
import { Pace } from "./pace.ts";
import { type Problem, readRecording } from "./recording.ts";
import { Restamp } from "./restamp.ts";
import { TurnReports } from "./turn_reports.ts";

/** How long others wait at most while reports are handed over that are all due. */
const SLICE_MS = 4;

export interface SourceOptions extends Pick<ReplayOptions, "path" | "speed" | "loop"> {
  /** The longest line, in bytes. */
  readonly maxLine: number;
}

/** A wait that can be ended. */
function createWaiting() {
  let end: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    wait: (seconds: number) =>
      new Promise<void>((resolve) => {
        end = resolve;
        timer = setTimeout(resolve, seconds * 1000);
      }),
    end() {
      clearTimeout(timer);
      end?.();
    },
  };
}

function tell({ log, teller }: ReplayTarget, { path, reason, line }: Problem): void {
  if (line === undefined) {
    log.warn("A part of the recording cannot be read", { path, reason });
    return;
  }
  teller.tell(
    `line ${path} ${reason}`,
    (times) => log.warn("A line of the recording is not a report", { path, line, reason, times }),
  );
}

/** Creates the source of an exporter that shows a recorded game. */
export function createReplay(options: SourceOptions): Replay {
  return new RecordedGame(options);
}

class RecordedGame implements Replay {
  readonly file: string;
  readonly speed: number;
  readonly #options: SourceOptions;
  readonly #waiting = createWaiting();
  #isStopped = false;
  #sliceEnd = 0;

  constructor(options: SourceOptions) {
    this.#options = options;
    this.file = basename(options.path);
    this.speed = options.speed;
  }

  async start(target: ReplayTarget): Promise<void> {
    const { path, speed, loop } = this.#options;
    const { log, now } = target;
    log.info("Replaying", { path, speed, loop });
    const turnLog = turnLogBeside(path);
    if (existsSync(turnLog)) {
      log.info("A turn log beside this journal has every turn", { path: turnLog });
    }
    const restamp = new Restamp(new Pace(speed, now));
    for (let round = 1; !this.#isStopped; round++) {
      restamp.begin(round);
      const reports = await this.#play(target, restamp);
      if (this.#isStopped) return;
      log.info("The replay is over", { reports, round });
      // A recording that was removed meanwhile must not be looked for without a pause.
      if (!loop || reports === 0) return;
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#waiting.end();
  }

  /** Replays the recording once. Returns how many reports it has. */
  async #play(target: ReplayTarget, restamp: Restamp): Promise<number> {
    const { path, speed, maxLine } = this.#options;
    const { intake } = target;
    const turnReports = new TurnReports(speed);
    const recording = readRecording<AnyReading | Turns>(path, {
      maxLine,
      read: (value) => isTurns(value) ? readTurns(value) : intake.readLine(value),
      onProblem(problem) {
        if (problem.refusal !== undefined) intake.refuse(REPLAY, problem.refusal);
        tell(target, problem);
      },
    });
    let reports = 0;
    for await (const recorded of recording) {
      for (const reading of "before" in recorded ? turnReports.of(recorded) : [recorded]) {
        await this.#hand(reading, target, restamp);
        if (this.#isStopped) return reports;
        reports++;
      }
    }
    return reports;
  }

  /** Hands one report over when it is due. */
  async #hand(
    recorded: AnyReading,
    { intake, now }: ReplayTarget,
    restamp: Restamp,
  ): Promise<void> {
    if (!("details" in recorded)) {
      intake.takeReading(restamp.web(recorded), REPLAY, now());
      return;
    }
    const { reading, due } = restamp.next(recorded);
    await this.#pause(due - now());
    if (!this.#isStopped) intake.takeReading(reading, REPLAY, now());
  }

  async #pause(seconds: number): Promise<void> {
    if (seconds > 0) await this.#waiting.wait(seconds);
    else if (performance.now() < this.#sliceEnd) return;
    else await new Promise((resolve) => setImmediate(resolve));
    this.#sliceEnd = performance.now() + SLICE_MS;
  }
}
