/**
 * How many series and how much memory there are after 10 000 turns, what memory 1 000 payloads of
 * 3.4 MB take on their way through, posted and followed, and a million turns that native reports
 * tell of.
 *
 * @module
 */

import { type RunningExporter, startExporter, valueOf } from "../tests/harness/exporter.ts";
import { createPayloads, HISTORY_TURNS, nativeReport } from "./data.ts";
import { describeMachine, median, print, short, verdict } from "./figures.ts";
import { connect } from "./raw_client.ts";
import { residentMegabytes } from "./resident.ts";

const TARGET_MB = 100;
/** The same, and the 32 MiB that the past may take. */
const LONG_GAME_TARGET_MB = 134;
const TURNS = 10_000;
const LARGE_PAYLOADS = 1000;
/** Turns that native reports tell of, and how many one does. */
const NATIVE_TURNS = 1_000_000;
const TURNS_PER_REPORT = 500;
const SAMPLE_MS = 100;
/** A Prometheus scrapes in between, too. */
const PAYLOADS_PER_SCRAPE = 20;
const LINES_PER_FILE = 25;
const PATIENCE_MS = 20_000;

/** Purchases are cheap, so that no firm is broke before the end. */
const GAME = { session: "banc_memoire", price: 0.1 };
const NO_HISTORY_TURNS = 0;
const LARGEST_HISTORY_TURNS = HISTORY_TURNS.at(-1)!;

/** Does the work while it watches the exporter's memory; prints and returns the most. */
async function watch(
  name: string,
  exporter: RunningExporter,
  work: () => Promise<void>,
  target = TARGET_MB,
): Promise<number> {
  const before = await residentMegabytes(exporter.pid);
  const samples: number[] = [];
  let isOver = false;
  const sampling = (async () => {
    while (!isOver) {
      samples.push((await residentMegabytes(exporter.pid)).now);
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  const started = performance.now();
  try {
    await work();
  } finally {
    isOver = true;
    await sampling;
  }
  const { now, most } = await residentMegabytes(exporter.pid);
  print(
    `${name}\n  resident MB: before ${short(before.now)}, median ${short(median(samples))}, ` +
      `after ${short(now)}, most ${short(most)} (${samples.length} samples in ${
        short((performance.now() - started) / 1000)
      } s)\n  at most ${target} MB: ${verdict(most <= target)}`,
  );
  return most;
}

/** The series of a text, without their values. */
function seriesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.slice(0, line.lastIndexOf(" ")));
}

/** Posts turns `from` to `to` of the session. */
async function post(
  exporter: RunningExporter,
  historyTurns: number,
  from: number,
  to: number,
): Promise<void> {
  const payloadOf = createPayloads(historyTurns);
  const client = await connect(exporter.port);
  try {
    for (let turn = from; turn <= to; turn++) {
      const { status } = await client.post(
        "/update_metrics",
        payloadOf(GAME, turn),
      );
      if (status !== 200) throw new Error(`Turn ${turn} was answered ${status}, expected 200`);
      if (turn % PAYLOADS_PER_SCRAPE === 0) await exporter.scrape();
    }
  } finally {
    client.close();
  }
  await checkTurns(exporter, to);
}

/** Posts a long game in native reports. */
async function postNative(exporter: RunningExporter): Promise<void> {
  const client = await connect(exporter.port);
  try {
    for (let last = TURNS_PER_REPORT; last <= NATIVE_TURNS; last += TURNS_PER_REPORT) {
      const report = nativeReport(GAME.session, last, TURNS_PER_REPORT);
      const { status } = await client.post("/update_metrics", report);
      if (status !== 200) throw new Error(`Turn ${last} was answered ${status}, expected 200`);
    }
  } finally {
    client.close();
  }
  await checkTurns(exporter, NATIVE_TURNS);
}

async function checkTurns(exporter: RunningExporter, turns: number): Promise<void> {
  const shown = valueOf(await exporter.scrape(), "tours_completes");
  if (shown !== turns) throw new Error(`The exporter shows ${shown} turns, expected ${turns}`);
}

async function untilTurn(exporter: RunningExporter, turn: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    if (valueOf(await exporter.scrape(), "simulation_tour") === turn) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`The exporter does not show turn ${turn}`);
}

/** Appends turns as lines to a file that the exporter follows, and rotates it now and then. */
async function append(exporter: RunningExporter, path: string, turns: number): Promise<void> {
  const payloadOf = createPayloads(LARGEST_HISTORY_TURNS);
  for (let turn = 1; turn <= turns; turn++) {
    const payload = payloadOf(GAME, turn);
    const file = await Deno.open(path, { create: true, append: true });
    const line = new Uint8Array(payload.length + 1);
    line.set(payload);
    line[payload.length] = "\n".charCodeAt(0);
    for (let at = 0; at < line.length;) at += await file.write(line.subarray(at));
    file.close();
    if (turn % LINES_PER_FILE === 0) {
      await untilTurn(exporter, turn);
      await Deno.rename(path, `${path}.1`);
    }
  }
  await untilTurn(exporter, turns);
  await checkTurns(exporter, turns);
}

async function withExporter(
  args: (dir: string) => readonly string[],
  work: (exporter: RunningExporter, dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "tradesim-bench-" });
  const exporter = await startExporter({
    cwd: dir,
    // The use of the processor is a series only after its second sample, whatever the turns.
    args: ["--state", `${dir}/state.json`, "--system-interval", "0s", ...args(dir)],
  });
  try {
    await work(exporter, dir);
  } finally {
    await exporter.stop();
    await Deno.remove(dir, { recursive: true });
  }
}

print(`Memory, ${describeMachine()}; 1 MB = 1 000 000 bytes\n`);

for (const args of [[], ["--detail", "--labels", "continent,produit_type", "--all-keys"]]) {
  await withExporter(() => args, async (exporter) => {
    await post(exporter, NO_HISTORY_TURNS, 1, 1);
    const first = seriesOf(await exporter.scrape());
    await watch(
      `${TURNS} turns posted ${args.join(" ")}`,
      exporter,
      () => post(exporter, NO_HISTORY_TURNS, 2, TURNS),
    );
    const last = seriesOf(await exporter.scrape());
    print(
      `  series: ${first.length} after the first turn, ${last.length} after the last: ${
        verdict(first.length === last.length)
      }`,
    );
    for (const added of last.filter((one) => !first.includes(one))) print(`  added: ${added}`);
    print();
  });
}

await withExporter(() => [], async (exporter) => {
  await watch(
    `${NATIVE_TURNS} turns in native reports of ${TURNS_PER_REPORT}`,
    exporter,
    () => postNative(exporter),
    LONG_GAME_TARGET_MB,
  );
  const response = await fetch(`http://127.0.0.1:${exporter.port}/api/sessions`);
  const { sessions: [{ points }] } = await response.json();
  print(`  turns that are kept: ${points}\n`);
});

const megabytes = createPayloads(LARGEST_HISTORY_TURNS)(GAME, 1).length / 1e6;
const large = `${LARGE_PAYLOADS} payloads of ${short(megabytes)} MB`;
await withExporter(() => [], async (exporter) => {
  await watch(
    `${large} posted`,
    exporter,
    () => post(exporter, LARGEST_HISTORY_TURNS, 1, LARGE_PAYLOADS),
  );
});
print();
await withExporter((dir) => ["--follow", `${dir}/metrics.jsonl`], async (exporter, dir) => {
  await watch(
    `${large} followed`,
    exporter,
    () => append(exporter, `${dir}/metrics.jsonl`, LARGE_PAYLOADS),
  );
});
