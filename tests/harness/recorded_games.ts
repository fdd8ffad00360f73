/** Runs a real Prometheus that has recorded games, as the profile replay of the stack has it. @module */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import type { PrometheusVersion } from "./engines.ts";
import { runExporter } from "./exporter.ts";
import { type RunningPrometheus, startPrometheus } from "./prometheus.ts";
import { until, withTempDir } from "./waiting.ts";

/** When both games begin, in seconds since 1970, and their turns, a second each. */
export const ANCHOR = Date.parse("2000-01-01T00:00:00Z") / 1000;
export const TURNS = { long: 300, short: 200 } as const;

/** Plays a game with a turn log, and gives its session. */
async function play(cwd: string, name: keyof typeof TURNS, seed: number): Promise<string> {
  const { code, stderr } = await runExporter({
    cwd,
    args: [
      ...["simulate", "--tours", String(TURNS[name]), "--seed", String(seed)],
      ...["--with-metrics", "--every-turn", "--journal", `${name}.jsonl`],
    ],
  });
  assert.equal(code, 0, stderr);
  const [line] = Deno.readTextFileSync(`${cwd}/turns-${name}.jsonl`).split("\n");
  return JSON.parse(line!).session;
}

/** The folder of a program that is named by its path. */
function folderOf(program: string): string[] {
  return program.includes("/") ? [dirname(program)] : [];
}

/** Lends a Prometheus as the profile replay has it, with two games from one time on. */
export async function withRecordedGames(
  version: PrometheusVersion,
  use: (prometheus: RunningPrometheus, sessions: readonly [string, string]) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const sessions = [await play(dir, "long", 1), await play(dir, "short", 2)] as const;
    const { code, stderr } = await runExporter({
      cwd: dir,
      // It may start the promtool that is found first, and no other program.
      env: { PATH: [...folderOf(version.promtool), Deno.env.get("PATH")].join(":") },
      args: [
        ...["backfill", "turns-long.jsonl", "turns-short.jsonl", "--out", "data"],
        ...["--anchor", "2000-01-01", "--turn-seconds", "1"],
      ],
    });
    assert.equal(code, 0, stderr);
    const config = new URL("../../prometheus/replay.yml", import.meta.url);
    const prometheus = await startPrometheus({
      version,
      dir,
      targetPort: 0,
      change: () => Deno.readTextFileSync(config),
      args: ["--storage.tsdb.retention.time=100y"],
    });
    try {
      await until("the blocks", async () => {
        const found = await prometheus.query("last_over_time(tours_completes[1d])", ANCHOR + 3600);
        return found.length === sessions.length;
      });
      await use(prometheus, sessions);
    } finally {
      await prometheus.stop();
    }
  });
}
