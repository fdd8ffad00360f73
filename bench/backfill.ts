/**
 * What a backfill costs: text of a million turns, beside reading the log and writing the same bytes;
 * and blocks of ten thousand turns, beside promtool with its default flags on the same text.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { builtEngine } from "../tests/harness/engines.ts";
import { isInstalled } from "../tests/harness/programs.ts";
import { describeMachine, median, print, rounds, short, verdict } from "./figures.ts";
import { residentMegabytes } from "./resident.ts";

const ROOT = new URL("../", import.meta.url);
const TEXT_TURNS = 1_000_000;
const BLOCK_TURNS = 10_000;
const ROUNDS = 3;
const MOST_RATIO = 3;
const MOST_MEGABYTES = 200;
const MOST_SHARE = 0.5;
const SAMPLE_MS = 50;

const program = [
  ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-run", "--allow-env"],
  fileURLToPath(new URL("main.ts", ROOT)),
];

interface Ran {
  readonly seconds: number;
  /** Most memory that it ever held. */
  readonly megabytes: number;
  readonly bytes: number;
}

/** Runs a program to its end, and reads all that it writes. */
async function run(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  const begun = performance.now();
  const child = new Deno.Command(command, { args: [...args], cwd, stdout: "piped", stderr: "null" })
    .spawn();
  let megabytes = 0;
  const timer = setInterval(async () => {
    try {
      megabytes = Math.max(megabytes, (await residentMegabytes(child.pid)).most);
    } catch {
      // It has just ended.
    }
  }, SAMPLE_MS);
  let bytes = 0;
  for await (const chunk of child.stdout) bytes += chunk.length;
  const { success } = await child.status;
  clearInterval(timer);
  if (!success) throw new Error(`${command} ${args.join(" ")} failed`);
  return { seconds: (performance.now() - begun) / 1000, megabytes, bytes };
}

async function play(turns: number, cwd: string): Promise<void> {
  const args = ["simulate", "--tours", String(turns), "--with-metrics", "--every-turn"];
  await run(Deno.execPath(), [...program, ...args], cwd);
}

const SPACED = (
  seconds: number,
) => ["logs/turns.jsonl", "--anchor", "2000-01-01", "--turn-seconds", String(seconds)];

async function measureText(cwd: string): Promise<void> {
  await play(TEXT_TURNS, cwd);
  const backfill = [...program, "backfill", ...SPACED(1), "--out", "-"];
  const file = await Deno.open(`${cwd}/text`, { write: true, create: true });
  const made = new Deno.Command(Deno.execPath(), {
    args: backfill,
    cwd,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  await made.stdout.pipeTo(file.writable);
  await made.status;
  const times = { text: [] as number[], rival: [] as number[] };
  let most = 0;
  let size = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { seconds, megabytes, bytes } = await run(Deno.execPath(), backfill, cwd);
    times.text.push(seconds);
    most = Math.max(most, megabytes);
    size = bytes;
    // The same reader at the other end of the same pipe.
    times.rival.push((await run("cat", ["logs/turns.jsonl", "text"], cwd)).seconds);
  }
  await Deno.remove(`${cwd}/text`);
  const ratio = median(times.text) / median(times.rival);
  print(`text of ${TEXT_TURNS} turns, ${short(size / 1e9)} GB: ${rounds(times.text)} s`);
  print(`reading the log and writing the same bytes: ${rounds(times.rival)} s`);
  print(`ratio ${short(ratio)}, target ${MOST_RATIO}: ${verdict(ratio <= MOST_RATIO)}`);
  print(
    `memory ${short(most)} MB, target ${MOST_MEGABYTES} MB: ${verdict(most <= MOST_MEGABYTES)}`,
  );
}

async function measureBlocks(promtool: string, cwd: string): Promise<void> {
  const times = { blocks: [] as number[], rival: [] as number[] };
  const text = await Deno.open(`${cwd}/text`, { write: true, create: true });
  const made = new Deno.Command(Deno.execPath(), {
    args: [...program, "backfill", ...SPACED(60), "--out", "-"],
    cwd,
    stdout: "piped",
    stderr: "null",
  }).spawn();
  await made.stdout.pipeTo(text.writable);
  await made.status;
  for (let round = 0; round < ROUNDS; round++) {
    const own = ["backfill", ...SPACED(60), "--promtool", promtool, "--out", `own${round}`];
    times.blocks.push((await run(Deno.execPath(), [...program, ...own], cwd)).seconds);
    const rival = ["tsdb", "create-blocks-from", "openmetrics", "text", `rival${round}`];
    times.rival.push((await run(promtool, rival, cwd)).seconds);
  }
  const share = median(times.blocks) / median(times.rival);
  print(`blocks of ${BLOCK_TURNS} turns a minute apart, ${promtool}: ${rounds(times.blocks)} s`);
  print(`promtool with its default flags: ${rounds(times.rival)} s`);
  print(`ratio ${short(share)}, target ${MOST_SHARE}: ${verdict(share <= MOST_SHARE)}`);
}

print(describeMachine());
const dir = await Deno.makeTempDir({ prefix: "tradesim-exporter-backfill-" });
try {
  await Deno.mkdir(`${dir}/text`);
  await measureText(`${dir}/text`);
  await Deno.mkdir(`${dir}/blocks`);
  await play(BLOCK_TURNS, `${dir}/blocks`);
  for (const promtool of ["promtool", builtEngine("promtool")]) {
    if (isInstalled(promtool)) await measureBlocks(promtool, `${dir}/blocks`);
    for (const { name } of Deno.readDirSync(`${dir}/blocks`)) {
      if (/^(?:own|rival)\d$/.test(name)) {
        await Deno.remove(`${dir}/blocks/${name}`, { recursive: true });
      }
    }
  }
} finally {
  await Deno.remove(dir, { recursive: true });
}
