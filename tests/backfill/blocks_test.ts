/** Tests of making blocks: what fails or is killed leaves none, and can be begun again. @module */

import assert from "node:assert/strict";
import { BackfillError } from "../../lib/backfill/error.ts";
import { Stopped } from "../../lib/error/mod.ts";
import { RecordingError } from "../../lib/recording/mod.ts";
import { ROOT } from "../harness/deno.ts";
import { DEBIAN, testWithPrometheus } from "../harness/engines.ts";
import { testWith } from "../harness/programs.ts";
import { testWithSmallDisk } from "../harness/small_disk.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { run, turnsLine } from "./support.ts";

const ANCHOR = ["--anchor", "2000-01-01"];
const DAY_MS = 86_400_000;

function namesIn(dir: string): string[] {
  try {
    return Array.from(Deno.readDirSync(dir), ({ name }) => name).toSorted();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

interface Meta {
  readonly minTime: number;
  readonly maxTime: number;
  readonly stats: { readonly numSamples: number; readonly numSeries: number };
}

/** What is said of each block in a folder, the earliest first. */
function blocksIn(dir: string): Meta[] {
  return namesIn(dir).map((name): Meta =>
    JSON.parse(Deno.readTextFileSync(`${dir}/${name}/meta.json`))
  ).toSorted((a, b) => a.minTime - b.minTime);
}

/** A promtool that does as told when it makes blocks; the folder for blocks is `$out`. */
function fakePromtool(dir: string, command: string): string {
  const path = `${dir}/promtool`;
  Deno.writeTextFileSync(
    path,
    `#!/bin/sh\ncase "$*" in *--help*) echo create-blocks-from; exit 0;; esac\n` +
      `for out; do :; done\n${command}\n`,
    { mode: 0o755 },
  );
  return path;
}

/** What a test of one game begins with. */
interface Used {
  readonly dir: string;
  /** The arguments that name the game, and the folder for its blocks. */
  readonly args: readonly string[];
  /** The folder for its blocks, which is not there yet. */
  readonly out: string;
}

/**
 * Lends a folder with a game of some turns.
 *
 * @param given.parent Where the folder for blocks will be. Default: in the same one.
 */
function withGame(
  use: (used: Used) => Promise<void>,
  { turns = 3, parent }: { readonly turns?: number; readonly parent?: string } = {},
): Promise<void> {
  return withTempDir((dir) => {
    const path = `${dir}/turns.jsonl`;
    Deno.writeTextFileSync(path, turnsLine("a", 1, turns));
    const out = `${parent ?? dir}/data`;
    return use({ dir, args: [path, ...ANCHOR, "--out", out], out });
  });
}

testWithPrometheus(
  "backfill --out makes blocks of all samples, and nothing besides",
  async (version) => {
    await withTempDir(async (dir) => {
      const path = `${dir}/turns.jsonl`;
      // 36 hours, with two games.
      Deno.writeTextFileSync(path, turnsLine("a", 1, 2161) + turnsLine("b", 1, 10));
      const out = `${dir}/new/data`;
      const args = [path, ...ANCHOR, "--turn-seconds", "60", "--promtool", version.promtool];
      const { code } = await run([...args, "--out", out]);
      assert.equal(code, 0);
      const blocks = blocksIn(out);
      const series = blocks[0]!.stats.numSeries;
      const samples = blocks.reduce((sum, { stats }) => sum + stats.numSamples, 0);
      assert.equal(samples, series * 2171);
      if (version !== DEBIAN) assert.equal(blocks.length, 2, "one for each game");
      const forMimir = `${dir}/mimir`;
      assert.equal(
        (await run([...args, "--session", "a", "--for", "mimir", "--out", forMimir])).code,
        0,
      );
      const cut = blocksIn(forMimir);
      assert.equal(cut.reduce((sum, { stats }) => sum + stats.numSamples, 0), series * 2161);
      if (version !== DEBIAN) assert.equal(cut.length, 2, "one for each day");
      for (const { minTime, maxTime } of cut) {
        assert.equal(Math.floor(minTime / DAY_MS), Math.floor((maxTime - 1) / DAY_MS));
      }
    });
  },
);

Deno.test("a backfill that fails leaves no block, and says what promtool said", () =>
  withGame(async ({ dir, args, out }) => {
    const promtool = fakePromtool(
      dir,
      "mkdir -p $out/01ARZ3NDEKTSV4RRFFQ69G5FAV; echo no room left >&2; exit 1",
    );
    await assert.rejects(run([...args, "--promtool", promtool]), (error) => {
      assert.ok(error instanceof BackfillError);
      assert.match(error.message, /^Cannot make blocks of game "a": promtool says no room left$/);
      return true;
    });
    assert.deepEqual(namesIn(out), []);
  }));

Deno.test("a backfill of files that cannot be read writes nothing", () =>
  withTempDir(async (dir) => {
    const out = `${dir}/data`;
    const bad: Record<string, string | Uint8Array> = {
      "hostile": `${
        turnsLine("a", 1, 3)
      }{"type":"tradesim.turns","version":1,"session":"a","tour":4,"tours":1e9}\n`,
      "deep": `${turnsLine("a", 1, 3)}${"[".repeat(100_000)}\n`,
      "binary": Uint8Array.from({ length: 5000 }, (_, at) => at % 251),
      "cut gzip": Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1),
    };
    for (const [name, content] of Object.entries(bad)) {
      const path = `${dir}/${name}`;
      if (typeof content === "string") Deno.writeTextFileSync(path, content);
      else Deno.writeFileSync(path, content);
      await assert.rejects(run([path, ...ANCHOR, "--out", out]), (error) => {
        assert.ok(error instanceof RecordingError, String(error));
        assert.match(error.message, /^Cannot read "[^"]*", line \d+: \S/, name);
        return true;
      });
      assert.deepEqual(namesIn(out), [], name);
    }
  }));

testWithSmallDisk("a backfill that finds no room leaves nothing", async (disk) => {
  await withGame(async ({ args, out }) => {
    await assert.rejects(run(args), (error) => {
      assert.ok(error instanceof BackfillError, String(error));
      assert.match(error.message, /^Cannot write ".*": No space left on device/);
      return true;
    });
    assert.deepEqual(namesIn(out), []);
  }, { turns: 3000, parent: disk });
});

Deno.test("a backfill says that there is no promtool", () =>
  withGame(async ({ dir, args, out }) => {
    const start = (promtool: string) => run([...args, "--promtool", promtool]);
    await assert.rejects(start(`${dir}/none`), /there is no such program; --promtool names it/);
    await assert.rejects(start("true"), /it knows no create-blocks-from/);
    assert.deepEqual(namesIn(out), []);
  }));

Deno.test("a backfill that is stopped ends promtool, and leaves nothing", () =>
  withGame(async ({ dir, args, out }) => {
    const promtool = fakePromtool(
      dir,
      `echo "$TMPDIR" >${dir}/tmp; echo $$ >${dir}/pid; exec sleep 1000`,
    );
    const stop = new AbortController();
    const running = run([...args, "--promtool", promtool], { stop: stop.signal });
    const ended = assert.rejects(running, Stopped);
    await until("promtool", () => namesIn(dir).includes("pid"));
    stop.abort();
    await ended;
    assert.deepEqual(namesIn(out), []);
    // What promtool keeps meanwhile would stay after a kill if it were elsewhere.
    assert.ok(Deno.readTextFileSync(`${dir}/tmp`).startsWith(`${out}/backfill-`));
    const pid = Number(Deno.readTextFileSync(`${dir}/pid`));
    await until("its end", () => {
      try {
        Deno.kill(pid, "SIGCONT");
        return false;
      } catch {
        return true;
      }
    });
  }));

testWith(
  "promtool",
  "a backfill that is killed leaves no block, and can be begun again",
  () =>
    withGame(async ({ dir, args, out }) => {
      const promtool = fakePromtool(
        dir,
        `mkdir -p $out/01ARZ3NDEKTSV4RRFFQ69G5FAV; echo $$ >${dir}/pid; exec sleep 1000`,
      );
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-run", "--allow-env"],
          ...["main.ts", "backfill", ...args, "--promtool", promtool],
        ],
        cwd: ROOT,
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      await until("promtool", () => namesIn(dir).includes("pid"));
      child.kill("SIGKILL");
      await child.status;
      Deno.kill(Number(Deno.readTextFileSync(`${dir}/pid`)), "SIGKILL");
      // Only the folder that no server reads is there, and the next run removes it.
      const left = namesIn(out);
      assert.equal(left.length, 1);
      assert.match(left[0]!, /^backfill-.*\.tmp$/);
      assert.equal((await run(args)).code, 0);
      const blocks = namesIn(out);
      assert.ok(blocks.length > 0);
      for (const name of blocks) assert.match(name, /^[0-9A-Z]{26}$/);
    }),
);

testWith(
  "promtool",
  "a backfill leaves another one's folder alone while that is running",
  () =>
    withGame(async ({ dir, args, out }) => {
      const promtool = fakePromtool(dir, `echo $$ >${dir}/pid; exec sleep 1000`);
      const stop = new AbortController();
      const first = assert.rejects(
        run([...args, "--promtool", promtool], { stop: stop.signal }),
        Stopped,
      );
      await until("promtool", () => namesIn(dir).includes("pid"));
      assert.equal((await run(args)).code, 0);
      assert.equal(namesIn(out).filter((name) => name.endsWith(".tmp")).length, 1);
      stop.abort();
      await first;
      assert.equal(namesIn(out).filter((name) => name.endsWith(".tmp")).length, 0);
    }),
);
