/** What the tests of backfilling share: its options, and a world outside it that is all memory. @module */

import { backfill, type BackfillIo } from "../../lib/backfill/mod.ts";
import { type BackfillOptions, readBackfill } from "../../lib/backfill/flags.ts";
import { readArguments } from "../../lib/cli/mod.ts";
import { BACKFILL } from "../../lib/backfill/flags.ts";
import { turnsLine } from "../recording/lines.ts";

export { turnsLine };

/** 2026-11-18T10:13:20Z, in seconds since 1970. */
export const START = 1_795_000_000;
/** A day later, in milliseconds. */
export const NOW = (START + 86_400) * 1000;

/** The options that a command line gives. */
export function optionsOf(...args: readonly string[]): BackfillOptions {
  return readBackfill(readArguments(BACKFILL.flags, args));
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `backfill` with these arguments. */
export async function run(args: readonly string[], io: Partial<BackfillIo> = {}): Promise<Ran> {
  const decoder = new TextDecoder();
  let stdout = "";
  let stderr = "";
  const code = await backfill(optionsOf(...args), {
    writeBytes: (bytes) => stdout += decoder.decode(bytes),
    write: (text) => stdout += text,
    say: (text) => stderr += text,
    isTerminal: false,
    fetch,
    now: () => NOW,
    stop: new AbortController().signal,
    ...io,
  });
  return { code, stdout, stderr };
}

/** Samples of a text: times in milliseconds and values, by series. */
export function seriesOf(text: string): Map<string, [ms: number, value: number][]> {
  const series = new Map<string, [number, number][]>();
  for (const line of text.split("\n")) {
    if (line === "" || line === "# EOF") continue;
    const [, name, value, time] = /^(.*) (\S+) (\S+)$/.exec(line)!;
    const samples = series.get(name!) ?? [];
    series.set(name!, samples);
    samples.push([Math.trunc(Number(time) * 1000), Number(value)]);
  }
  return series;
}
