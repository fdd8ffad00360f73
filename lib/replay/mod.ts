/** The command `replay`: serves a recorded game as if it were being played. @module */

import { serve } from "../exporter/mod.ts";
import { otherRecord } from "../ingest/mod.ts";
import { readReport } from "../report/mod.ts";
import { isTurns, readTurns } from "../turnlog/mod.ts";
import type { ReplayOptions } from "./flags.ts";
import { checkRecording } from "./recording.ts";
import { createReplay } from "./source.ts";

/**
 * Replays a recording until a signal ends it; its last state stays when it is over.
 *
 * @throws {UsageError} When the recording has no report.
 */
export async function replay(
  { path, speed, loop, serve: options }: ReplayOptions,
): Promise<void> {
  const maxLine = options.maxBody;
  await checkRecording(path, {
    maxLine,
    read(value) {
      if (isTurns(value)) return readTurns(value);
      return otherRecord(value) === undefined ? readReport(value) : undefined;
    },
  });
  await serve(options, [], createReplay({ path, speed, loop, maxLine }));
}
