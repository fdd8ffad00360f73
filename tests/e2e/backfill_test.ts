/** Tests of turn logs and backfills with the real program. @module */

import assert from "node:assert/strict";
import { runExporter } from "../harness/exporter.ts";
import { withTempDir } from "../harness/waiting.ts";

const LOG = "logs/turns.jsonl";
const SPACED = ["--turn-seconds", "1", "--anchor", "2000-01-01"];

Deno.test("backfill writes every turn that simulate --every-turn has played", async () => {
  await withTempDir(async (cwd) => {
    const turns = 5000;
    const game = await runExporter({
      args: ["simulate", "--tours", String(turns), "--with-metrics", "--every-turn", "--json"],
      cwd,
    });
    assert.deepEqual([game.code, game.stderr], [0, ""]);
    const summary = JSON.parse(game.stdout);
    const { code, stdout, stderr } = await runExporter({
      args: ["backfill", LOG, ...SPACED, "--out", "-"],
      cwd,
    });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^\S+: 5000 turns, \d+ series, 2000-01-01T00:00:00\.000Z to /);
    const lines = stdout.split("\n");
    assert.deepEqual(lines.splice(-2), ["# EOF", ""]);
    const count = new Map<string, number>();
    const last = new Map<string, string>();
    for (const line of lines) {
      const [, series, value] = /^(.*) (\S+) (\S+)$/.exec(line)!;
      count.set(series!, (count.get(series!) ?? 0) + 1);
      last.set(series!.replace(/\{.*\}/, ""), value!);
    }
    for (const [series, samples] of count) assert.equal(samples, turns, series);
    assert.equal(Number(last.get("budget_total")), summary.budget_total);
    assert.equal(Number(last.get("transactions_total")), summary.transactions);
    assert.equal(Number(last.get("transactions_montant_total")), summary.transactions_montant);
    assert.equal(Number(last.get("evenements_total")), summary.evenements);
    assert.equal(Number(last.get("tours_completes")), turns);
  });
});

Deno.test("backfill ends with two lines and exit code 2 where the user is wrong", async () => {
  await withTempDir(async (cwd) => {
    await Deno.writeTextFile(`${cwd}/bad.jsonl`, "{}\n");
    const cases: readonly (readonly [string[], RegExp])[] = [
      [["none.jsonl", "--dry-run"], /Cannot read "none\.jsonl": there is no such file/],
      [["bad.jsonl", "--dry-run"], /Cannot read "bad\.jsonl", line 1: /],
      [["bad.jsonl"], /expected --out, .*--dry-run or --verify/],
    ];
    for (const [args, message] of cases) {
      const { code, stdout, stderr } = await runExporter({ args: ["backfill", ...args], cwd });
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, message);
      assert.equal(stderr.split("\n").length, 3, stderr);
      assert.match(stderr, /\nTry: .*backfill --help\n$/);
    }
  });
});
