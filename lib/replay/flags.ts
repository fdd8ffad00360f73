/** The command `replay`: its flags and its options. @module */

import { type Command, type Flag, onCommandLine, onOff, optional, single } from "../cli/flag.ts";
import { decimal, FILE } from "../cli/kinds.ts";
import type { Layer } from "../cli/layers.ts";
import { UsageError } from "../cli/usage_error.ts";
import { commandLineValues } from "../cli/values.ts";
import { SERVE } from "../exporter/flags.ts";
import { readServe, type ServeOptions } from "../exporter/options.ts";

/** Flags of `serve` that a replay has too. */
const SHARED = [
  ...["port", "host", "webListenAddress", "webTelemetryPath", "webConfigFile"] as const,
  ...["labels", "detail", "allKeys", "systemInterval", "staleAfter"] as const,
  ...["maxSeries", "historyTurns", "maxBody", "allowedHost", "logLevel", "logFormat"] as const,
];
const SHARED_FLAGS = Object.fromEntries(
  SHARED.map((name): [string, Flag] => [name, SERVE.flags[name]]),
) as Pick<typeof SERVE.flags, typeof SHARED[number]>;

const REPLAY_FLAGS = onCommandLine({
  file: optional({
    name: "file",
    unit: "<FILE>",
    positional: true,
    kind: FILE,
    help:
      "Journal or turn log to replay, plain or gzip. Files that rotation made of it (FILE.1, FILE.2.gz, …) come first.",
  }),
  speed: single({
    name: "speed",
    unit: "<NUMBER>",
    kind: decimal(0.01, 1_000_000),
    defaultValue: 1,
    help: "How many times as fast as the game was played.",
  }),
  loop: onOff({
    name: "loop",
    help: "Begin again when the recording is over.",
  }),
  ...SHARED_FLAGS,
});

export const REPLAY = {
  summary: "Serves a recorded game as if it were being played.",
  flags: REPLAY_FLAGS,
  example: "tradesim-exporter replay logs/metrics.jsonl --speed 50",
} as const satisfies Command;

/** What `replay` is to do. */
export interface ReplayOptions {
  readonly path: string;
  /** How many times as fast as it was played. */
  readonly speed: number;
  /** Whether it begins again when it is over. */
  readonly loop: boolean;
  /** The exporter that shows it: it follows nothing and keeps no state. */
  readonly serve: ServeOptions;
}

/**
 * Reads the options of `replay`.
 *
 * @throws {UsageError} When something is wrong.
 */
export function readReplay(fromArguments: Layer): ReplayOptions {
  const { file, speed, loop } = commandLineValues(REPLAY.flags, fromArguments);
  if (file === undefined) {
    throw new UsageError(
      "Cannot replay: expected a journal or a turn log, such as logs/metrics.jsonl",
    );
  }
  const own = ["file", "speed", "loop"];
  const exporter = new Map([...fromArguments].filter(([property]) => !own.includes(property)));
  exporter.set("state", { name: "state", texts: ["none"] });
  const nothing = () => undefined;
  const { options } = readServe(exporter, nothing, Deno.readTextFileSync);
  return { path: file, speed, loop, serve: { ...options, follow: [], isStateChosen: false } };
}
