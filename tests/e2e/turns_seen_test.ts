/** Counts turns seen and missed with the real program, over restarts and gaps. @module */

import assert from "node:assert/strict";
import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const line = (turn: number, session = "s") => `${JSON.stringify(payloadAt({ session }, turn))}\n`;

async function counted(exporter: RunningExporter) {
  const scrape = await exporter.scrape();
  const of = (what: string, source: string) =>
    valueOf(scrape, `tradesim_exporter_turns_${what}_total{source="${source}"}`);
  return {
    follow: [of("seen", "follow"), of("missed", "follow")],
    post: [of("seen", "post"), of("missed", "post")],
  };
}

async function post(exporter: RunningExporter, turn: number): Promise<void> {
  const response = await exporter.post(payloadAt({ session: "posted" }, turn));
  assert.equal(response.status, 200, await response.text());
}

Deno.test("turns that were played while no exporter ran are seen if a file has them, and else missed", async () => {
  await withTempDir(async (cwd) => {
    const path = `${cwd}/m.jsonl`;
    const args = ["--follow", path, "--state", `${cwd}/state.json`];
    await Deno.writeTextFile(path, line(1) + line(2) + line(4));
    const first = await startExporter({ cwd, args });
    try {
      await post(first, 1);
      assert.deepEqual(await counted(first), { follow: [3, 1], post: [1, 0] });
    } finally {
      await first.stop();
    }
    await Deno.writeTextFile(path, line(5) + line(6) + line(1, "next"), { append: true });
    const second = await startExporter({ cwd, args });
    try {
      await post(second, 5);
      assert.deepEqual(await counted(second), { follow: [3, 0], post: [1, 3] });
      await Deno.writeTextFile(path, line(9), { append: true });
      await until("the gap", async () => (await counted(second)).follow[1] === 2);
      assert.deepEqual((await counted(second)).follow, [4, 2]);
    } finally {
      await second.stop();
    }
  });
});
