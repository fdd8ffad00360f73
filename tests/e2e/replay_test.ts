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
    const play = ["simulate", "--tours", "300", "--pause", "1ms", "--with-metrics", "--every-turn"];
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

Deno.test("a replayed turn log shows every turn of a game whose journal is thinned", async () => {
  await withTempDir(async (cwd) => {
    const play = ["simulate", "--tours", "20000", "--with-metrics", "--every-turn"];
    const played = await runExporter({ cwd, args: [...play, "--journal", "ours.jsonl"] });
    assert.equal(played.code, 0, played.stderr);
    const turnsOf = async (path: string) => {
      const exporter = await startExporter({ cwd, args: ["replay", path, "--speed", "1000"] });
      try {
        await until("the end", () => exporter.log().includes('msg="The replay is over"'));
        const scrape = await exporter.scrape();
        const points = await (await fetch(`${exporter.url}/api/history?points=20000`)).json();
        return {
          seen: valueOf(scrape, 'tradesim_exporter_turns_seen_total{source="replay"}')!,
          missed: valueOf(scrape, 'tradesim_exporter_turns_missed_total{source="replay"}')!,
          finished: valueOf(scrape, 'simulation_etat{etat="finished"}'),
          turns: points.turns as number,
          // What a turn log of the game holds.
          game: gameOf(scrape).filter((line) =>
            /^(tours_|temps_|budget_(total|m..) |transactions_(total|reuss|echou|montant))/.test(
              line,
            )
          ),
        };
      } finally {
        await exporter.stop();
      }
    };
    const thinned = await turnsOf("ours.jsonl");
    assert.equal(thinned.seen + thinned.missed, 20_000);
    assert.ok(thinned.seen < 10_000, `${thinned.seen}`);
    const { game, ...whole } = await turnsOf("turns-ours.jsonl");
    assert.deepEqual(whole, { seen: 20_000, missed: 0, finished: 1, turns: 20_000 });
    assert.ok(game.length > 30);
    const rounded = (lines: readonly string[]) =>
      lines.map((line) => line.replace(/\d+\.\d{4,}(e-\d+)?$/, (text) => Number(text).toFixed(4)));
    assert.deepEqual(rounded(game), rounded(thinned.game));
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
        [[], "Cannot replay: expected a journal or a turn log, such as .*"],
        [
          ["none.jsonl"],
          'Cannot replay "none\\.jsonl": there is no such file, expected a journal .*',
        ],
        [
          ["empty.jsonl"],
          'Cannot read <FILE> "empty\\.jsonl": expected a journal or .* no reports.*',
        ],
        [["x.py"], 'Cannot replay "x\\.py", line 1: .*, expected reports.*'],
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
          `^tradesim-exporter: error: ${message}\nTry: .*replay --help\n$`,
        ),
      );
    }
  });
});
