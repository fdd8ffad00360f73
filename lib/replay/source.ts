/** Hands a recorded game to an exporter at the pace at which it was played, or faster. @module */

import { statSync } from "node:fs";
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

/** Makes the source that an exporter has in place of games that are played. */
export function createReplay({ path, speed, loop, maxLine }: SourceOptions): Replay {
  const waiting = createWaiting();
  let isStopped = false;
  let sliceEnd = 0;

  async function pause(seconds: number): Promise<void> {
    if (seconds > 0) await waiting.wait(seconds);
    else if (performance.now() < sliceEnd) return;
    else await new Promise((resolve) => setImmediate(resolve));
    sliceEnd = performance.now() + SLICE_MS;
  }

  /** Hands one report over when it is due. */
  async function hand(
    recorded: AnyReading,
    { intake, now }: ReplayTarget,
    restamp: Restamp,
  ): Promise<void> {
    if (!("details" in recorded)) {
      intake.takeReading(restamp.web(recorded), REPLAY, now());
      return;
    }
    const { reading, due } = restamp.next(recorded);
    await pause(due - now());
    if (!isStopped) intake.takeReading(reading, REPLAY, now());
  }

  /** Replays the recording once. Returns how many reports it has. */
  async function play(target: ReplayTarget, restamp: Restamp): Promise<number> {
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
        await hand(reading, target, restamp);
        if (isStopped) return reports;
        reports++;
      }
    }
    return reports;
  }

  return {
    file: basename(path),
    speed,
    async start(target) {
      const { log, now } = target;
      log.info("Replaying", { path, speed, loop });
      const turnLog = turnLogBeside(path);
      if (statSync(turnLog, { throwIfNoEntry: false }) !== undefined) {
        log.info("A turn log beside this journal has every turn", { path: turnLog });
      }
      const restamp = new Restamp(new Pace(speed, now));
      for (let round = 1; !isStopped; round++) {
        restamp.begin(round);
        const reports = await play(target, restamp);
        if (isStopped) return;
        log.info("The replay is over", { reports, round });
        // A recording that was removed meanwhile must not be looked for without a pause.
        if (!loop || reports === 0) return;
      }
    },
    stop() {
      isStopped = true;
      waiting.end();
    },
  };
}
