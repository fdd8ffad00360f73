/** Measures how long a probe of the exporter waits for its answer, in a process of its own. @module */

import assert from "node:assert/strict";
import { startExporter } from "./exporter.ts";
import { withTempDir } from "./waiting.ts";

const PROBES = 40;
/** How many times its idle time a probe's answer may take, under any load. */
const MOST = 10;
const ATTEMPTS = 20;
/** How long one attempt goes on at least. */
const ATTEMPT_MS = 1500;

/** The mean time of an answer to `/-/healthy`, in milliseconds, each on a connection of its own. */
export async function probeMilliseconds(url: string): Promise<number> {
  const { success, stdout } = await new Deno.Command("curl", {
    args: [
      ...["--silent", "--insecure", "--header", "Connection: close", "--max-time", "20"],
      ...["--output", "/dev/null", "--write-out", "%{http_code} %{time_total}\\n"],
      ...Array.from({ length: PROBES }, (_, probe) => `${url}/-/healthy?${probe}`),
    ].flatMap((arg) => arg.startsWith(url) ? ["--output", "/dev/null", arg] : [arg]),
  }).output();
  assert.ok(success, "every probe is answered");
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const seconds = lines.map((line) => {
    const [status, time] = line.split(" ");
    assert.equal(status, "200");
    return Number(time);
  });
  assert.equal(seconds.length, PROBES);
  return 1000 * seconds.reduce((sum, second) => sum + second, 0) / PROBES;
}

/**
 * Asserts that a probe's answer takes at most ten times as long while `load` is on as before, or as that of
 * an exporter beside it that has nothing to do: the load also takes the processors. Tries some times: the
 * machine may be busy with something else.
 *
 * @param idle What `probeMilliseconds` gave before.
 */
export async function assertProbes(url: string, idle: number): Promise<void> {
  const tries: string[] = [];
  await withTempDir(async (cwd) => {
    const beside = await startExporter({ args: ["--follow", "none", "--state", "none"], cwd });
    try {
      while (tries.length < ATTEMPTS) {
        let loaded = 0;
        let free = 0;
        let rounds = 0;
        for (const end = performance.now() + ATTEMPT_MS; performance.now() < end;) {
          loaded += await probeMilliseconds(url);
          free += await probeMilliseconds(beside.url);
          rounds++;
        }
        loaded /= rounds;
        free /= rounds;
        if (loaded <= MOST * Math.max(idle, free)) return;
        tries.push(`${loaded} ms beside ${free} ms`);
      }
    } finally {
      await beside.stop();
    }
  });
  if (tries.length === ATTEMPTS) {
    assert.fail(`A probe takes ${idle} ms, and under load ${tries.join(", ")}`);
  }
}
