/** Runs the real program on a journal that was long before it was followed. @module */

import assert from "node:assert/strict";
import { runExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const TURNS = 220;

Deno.test("a file that is followed late gives the page its whole past, and each byte is read once", async () => {
  await withTempDir(async (cwd) => {
    const path = `${cwd}/metrics.jsonl`;
    // So long that what is followed at the start holds a few turns only.
    const filling = "x".repeat(1_000_000);
    const encoder = new TextEncoder();
    using file = Deno.openSync(path, { write: true, create: true });
    for (let turn = 1; turn <= TURNS; turn++) {
      const line = JSON.stringify({ ...payloadAt({ session: "late" }, turn), filling });
      file.writeSync(encoder.encode(`${line}\n`));
    }
    const { size } = Deno.statSync(path);
    const exporter = await startExporter({ cwd, args: ["--state=none", "--follow", path] });
    try {
      const tours = async () => {
        const response = await fetch(`${exporter.url}/api/history?session=late&points=1000`);
        return (await response.json()).columns.tour as number[];
      };
      await until("the past", async () => (await tours()).length === TURNS);
      assert.deepEqual(await tours(), Array.from({ length: TURNS }, (_, index) => index + 1));
      // Those that were read later count as seen too, each once.
      const counted = async (what: string) =>
        valueOf(
          await exporter.scrape(),
          `tradesim_exporter_turns_${what}_total{source="follow"}`,
        );
      assert.deepEqual([await counted("seen"), await counted("missed")], [TURNS, 0]);
      const told = /msg="Read the earlier turns of followed files" bytes=(\d+)/;
      const log = await until("what is told of it", () => told.exec(exporter.log()) ?? undefined);
      const followed = valueOf(
        await exporter.scrape(),
        "tradesim_exporter_follow_bytes_total",
      )!;
      assert.ok(followed < size / 10, `${followed} of ${size} were followed`);
      // The search for a line to begin at reads a little.
      const read = Number(log[1]) + followed;
      assert.ok(read >= size && read < size * 1.05, `${read} of ${size}`);
    } finally {
      await exporter.stop();
    }
  });
});

Deno.test("the page gets every turn of a game that keeps a turn log, at its end and after a restart", async () => {
  await withTempDir(async (cwd) => {
    const start = () => startExporter({ cwd, args: ["--state=none"] });
    let exporter = await start();
    const tours = async () => {
      const response = await fetch(`${exporter.url}/api/history?points=20000`);
      const { columns } = await response.json();
      return (columns?.tour ?? []) as number[];
    };
    try {
      const args = ["simulate", "--tours", "3000", "--with-metrics", "--every-turn"];
      const { code, stderr } = await runExporter({ cwd, args });
      assert.equal(code, 0, stderr);
      const all = Array.from({ length: 3000 }, (_, index) => index + 1);
      await until("every turn", async () => (await tours()).length === all.length);
      assert.deepEqual(await tours(), all);
      await exporter.stop();
      exporter = await start();
      await until("every turn again", async () => (await tours()).length === all.length);
    } finally {
      await exporter.stop();
    }
  });
});
