/** Replays games with the real program. @module */

import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { runExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/** Series of the game whose values do not follow from how and when its reports came. */
function gameOf(scrape: string): string[] {
  return scrape.split("\n").filter((line) =>
    /^[a-z]/.test(line) &&
    !/^(tradesim_exporter_|process_|cpu_|memory_|disk_|load_)/.test(line) &&
    // A replay is faster.
    !/_timestamp_seconds|^simulation_(duree|tour_intervalle)_seconds/.test(line)
  );
}

/** What an exporter shows of a file that it follows. */
async function followed(cwd: string, path: string, turns: number): Promise<string[]> {
  const exporter = await startExporter({ cwd, args: ["--state", "none", "--follow", path] });
  try {
    return gameOf(
      await until("all turns", async () => {
        const scrape = await exporter.scrape();
        return valueOf(scrape, "tours_completes") === turns && scrape;
      }),
    );
  } finally {
    await exporter.stop();
  }
}

Deno.test("a replayed game ends with the same numbers as the game itself, ours and TradeSim's", async () => {
  await withTempDir(async (cwd) => {
    const play = ["simulate", "--tours", "300", "--pause", "1ms", "--with-metrics"];
    const played = await runExporter({ cwd, args: [...play, "--journal", "ours.jsonl"] });
    assert.equal(played.code, 0, played.stderr);
    const lines = Array.from(
      { length: 50 },
      (_, index) => `${JSON.stringify(payloadAt({ session: "20260101_000000" }, index + 1))}\n`,
    );
    await Deno.writeTextFile(`${cwd}/tradesim.jsonl`, lines.join(""));
    // The same, as rotation and compression leave it.
    await Deno.writeFile(`${cwd}/rotated.jsonl.1.gz`, gzipSync(lines.slice(0, 20).join("")));
    await Deno.writeTextFile(`${cwd}/rotated.jsonl`, lines.slice(20).join(""));
    for (
      const [path, original, turns] of [
        ["ours.jsonl", "ours.jsonl", 300],
        ["tradesim.jsonl", "tradesim.jsonl", 50],
        ["rotated.jsonl", "tradesim.jsonl", 50],
      ] as const
    ) {
      const exporter = await startExporter({ cwd, args: ["replay", path, "--speed", "1000"] });
      try {
        await until("the end", () => exporter.log().includes('msg="The replay is over"'));
        const scrape = await exporter.scrape();
        assert.equal(valueOf(scrape, "tours_completes"), turns);
        assert.deepEqual(gameOf(scrape), await followed(cwd, original, turns), path);
      } finally {
        const { code, stderr } = await exporter.stop();
        assert.equal(code, 0, stderr);
      }
    }
  });
});

Deno.test("replay --speed 50 serves a game while it is played, and ends by a signal", async () => {
  await withTempDir(async (cwd) => {
    const begun = Date.now();
    const lines = Array.from({ length: 100 }, (_, index) =>
      `${
        JSON.stringify({
          ...payloadAt({ session: "s" }, index + 1),
          timestamp: new Date(begun + index * 10_000).toISOString(),
        })
      }\n`);
    await Deno.writeTextFile(`${cwd}/m.jsonl`, lines.join(""));
    const exporter = await startExporter({ cwd, args: ["replay", "m.jsonl", "--speed", "50"] });
    try {
      const turns = async () => valueOf(await exporter.scrape(), "tours_completes") ?? 0;
      const seen = new Set<number>();
      await until("five turns, one after the other", async () => seen.add(await turns()).size >= 5);
      assert.ok(Math.max(...seen) < 100);
      assert.equal(valueOf(await exporter.scrape(), 'simulation_etat{etat="running"}'), 1);
      const events = await fetch(`${exporter.url}/api/events`);
      const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      while (!text.includes("event: turns")) text += (await reader.read()).value ?? "";
      await reader.cancel();
    } finally {
      const { code } = await exporter.stop();
      assert.equal(code, 0);
    }
  });
});

Deno.test("replay says in two lines what it cannot replay", async () => {
  await withTempDir(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/x.py`, "import os\n");
    await Deno.writeTextFile(`${cwd}/empty.jsonl`, "");
    for (
      const [args, message] of [
        [[], "Cannot replay: expected the name of a journal"],
        [["none.jsonl"], 'Cannot replay "none\\.jsonl": .*none\\.jsonl.*expected reports.*'],
        [["empty.jsonl"], 'Cannot read <FILE> "empty\\.jsonl": expected a journal with .*'],
        [["x.py"], 'Cannot replay "x\\.py": .* at byte 0, expected reports.*'],
        [
          ["empty.jsonl", "--speed", "0"],
          'Cannot read --speed "0": expected a number from 0\\.01.*',
        ],
        [["empty.jsonl", "--speed", "fast"], 'Cannot read --speed "fast": expected a number .*'],
        [["empty.jsonl", "--state", "x"], "Unknown flag --state.*"],
      ] as const
    ) {
      const { code, stdout, stderr } = await runExporter({ cwd, args: ["replay", ...args] });
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(
        stderr,
        new RegExp(
          `^tradesim-exporter: error: ${message}\nTry: tradesim-exporter replay --help\n$`,
        ),
      );
    }
  });
});
