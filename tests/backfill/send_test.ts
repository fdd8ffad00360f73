/** Tests that a backfill by remote write sends what its text would say. @module */

import assert from "node:assert/strict";
import { BackfillError } from "../../lib/backfill/error.ts";
import { UsageError } from "../../lib/cli/mod.ts";
import { PINNED } from "../harness/engines.ts";
import { testWith } from "../harness/programs.ts";
import { startPrometheus } from "../harness/prometheus.ts";
import { startReceiver } from "../harness/receiver.ts";
import { freePort } from "../harness/ports.ts";
import { withTempDir } from "../harness/waiting.ts";
import { run, seriesOf, START, turnsLine } from "./support.ts";

/** Lends a turn log of two games, one of which needs several messages. */
function withLog(use: (path: string) => Promise<void>, start = START): Promise<void> {
  return withTempDir(async (dir) => {
    const path = `${dir}/turns.jsonl`;
    const lines = [
      turnsLine("a", 1, 9000, { start, step: 0.002 }),
      turnsLine("b", 1, 5, { start }),
    ];
    await Deno.writeTextFile(path, lines.join(""));
    await use(path);
  });
}

Deno.test("backfill --remote-write sends each sample that --out - would write, over failures too", () =>
  withLog(async (path) => {
    const { stdout: text } = await run([path, "--out", "-"]);
    for (const protocol of ["1.0", "2.0"]) {
      const receiver = startReceiver({
        reply: (number) => ({ status: number % 2 === 0 ? 503 : 204 }),
      });
      const { code, stderr } = await run([
        ...[path, "--remote-write", receiver.url, "--remote-write.protocol", protocol],
      ]);
      await receiver.stop();
      assert.equal(code, 0, stderr);
      assert.ok(receiver.requests.length > 4, "several messages");
      // The receiver leaves out the job and the instance, which tell the games apart.
      const expected = new Map<string, (readonly [number, number])[]>();
      let samples = 0;
      for (const [series, points] of seriesOf(text)) {
        const [, name = "", labels = ""] = /^([^{]+)\{job="[^"]*",instance="[^"]*",?(.*)\}$/.exec(
          series,
        )!;
        const sorted = labels.split(/,(?=[a-z]+=)/).sort().join();
        const own = name + (sorted && `{${sorted}}`);
        expected.set(own, [...expected.get(own) ?? [], ...points]);
        samples += points.length;
      }
      assert.deepEqual([...receiver.samples.keys()].sort(), [...expected.keys()].sort());
      const sorted = (points: readonly (readonly [number, number])[]) =>
        points.toSorted(([a, x], [b, y]) => a - b || x - y);
      for (const [series, points] of expected) {
        assert.deepEqual(sorted(receiver.samples.get(series)!), sorted(points), series);
      }
      assert.match(stderr, new RegExp(`Sent ${samples} samples to `));
    }
  }));

Deno.test("backfill --remote-write says since when the counters of a whole game count", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/turns.jsonl`;
    // Turn 1 is a second after START. Of a log that begins later nobody knows.
    for (const [first, begun] of [[1, START * 1000 + 999], [100, 0]] as const) {
      await Deno.writeTextFile(path, turnsLine("a", first, 5, { start: START }));
      const receiver = startReceiver();
      await run([path, "--remote-write", receiver.url, "--remote-write.protocol", "2.0"]);
      await receiver.stop();
      const startsOf = (name: string) =>
        [...receiver.starts].filter(([series]) => series.startsWith(name)).flatMap(
          ([, starts]) => [...starts],
        );
      assert.deepEqual(startsOf("tours_completes"), [begun]);
      assert.deepEqual(startsOf("budget_total"), [0], "a gauge has no start");
    }
  }));

Deno.test("backfill --remote-write says how many samples were refused, and why", () =>
  withLog(async (path) => {
    const receiver = startReceiver({ reply: () => ({ status: 400 }) });
    await assert.rejects(run([path, "--remote-write", receiver.url]), (error) => {
      assert.ok(error instanceof BackfillError);
      assert.match(error.message, /^Cannot send (\d+) of \1 samples to .*: it says "\(no text\)"$/);
      return true;
    });
    await receiver.stop();
  }));

Deno.test("backfill refuses --remote-write beside --out, and its options without it", async () => {
  for (
    const args of [
      ["--out", "-", "--remote-write", "http://a/"],
      ["--dry-run", "--remote-write.protocol", "1.0"],
      ["--remote-write", "http://a/", "--remote-write.ca-file", "c"],
    ]
  ) await assert.rejects(async () => await run(["x", ...args]), UsageError);
});

testWith(
  PINNED.prometheus,
  "Prometheus 3.16 has what backfill --remote-write sent, as --verify says",
  () =>
    withLog(async (path) => {
      await withTempDir(async (dir) => {
        const prometheus = await startPrometheus({
          version: PINNED,
          dir,
          targetPort: freePort(),
          change: (config) => `${config}\nstorage:\n  tsdb:\n    out_of_order_time_window: 1h\n`,
          args: ["--web.enable-remote-write-receiver"],
        });
        const url = `${prometheus.url}/api/v1/write`;
        const args = [path, "--remote-write", url, "--verify", prometheus.url];
        const { code, stderr } = await run(args, { now: Date.now });
        await prometheus.stop();
        assert.equal(code, 0, stderr);
        assert.match(stderr, /number and sum are the same/);
      });
    }, Math.floor(Date.now() / 1000) - 60),
);
