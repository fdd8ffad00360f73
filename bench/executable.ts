/**
 * What the executable costs: its size, how soon it answers a scrape, what it holds when idle, and
 * scrapes per second; beside the source run by the same Deno, and by the Deno of the tasks.
 *
 * @module
 */

import { DIST, ROOT, run } from "../tools/executable.ts";
import { TEST_DENO } from "../tools/test_runtime.ts";
import { startExporter } from "../tests/harness/exporter.ts";
import settings from "../deno.json" with { type: "json" };
import { manySeriesReport } from "./data.ts";
import { alternated, describeMachine, median, print, rounds, short, verdict } from "./figures.ts";
import { residentMegabytes } from "./resident.ts";
import { type Load, load } from "./wrk.ts";

const TARGET_START_MS = 120;
const TARGET_IDLE_MB = 80;
const TARGET_SIZE_MB = 105;
/** As fast as under `deno run`, but for what one run differs from the next. */
const TARGET_SHARE = 0.95;

const START_ROUNDS = 15;
const IDLE_ROUNDS = 5;
const IDLE_MS = 3000;
const SCRAPE_ROUNDS = 7;
const SCRAPE_SECONDS = 3;

interface Way {
  readonly name: string;
  /** The program, with the arguments before its own. */
  readonly program: readonly string[];
}

const EXECUTABLE = `${DIST}/for-tests/tradesim-exporter`;

/** The start task's own words, with another Deno. */
function fromSource(deno: string): readonly string[] {
  const [, ...args] = settings.tasks.start.command.split(" ");
  return [deno, ...args.map((arg) => arg === "main.ts" ? `${ROOT}main.ts` : arg)];
}

/** Says where a Deno lies, and its version; `npx` itself would take time at every start. */
async function find(deno: readonly string[]): Promise<{ path: string; version: string }> {
  const code = "console.log(Deno.execPath()); console.log(Deno.version.deno)";
  const { success, stdout, stderr } = await run([...deno, "eval", code]);
  const [path, version] = stdout.trim().split("\n").slice(-2);
  if (!success || path === undefined || version === undefined) throw new Error(stderr);
  return { path, version };
}

const dir = await Deno.makeTempDir({ prefix: "tradesim-bench-" });

function start({ program }: Way, ...args: readonly string[]) {
  return startExporter({ program, cwd: dir, args: ["--state", "none", ...args] });
}

/** Milliseconds from the process' start to the end of its first answered scrape. */
async function timeStart(way: Way): Promise<number> {
  const before = performance.now();
  const exporter = await start(way);
  try {
    await exporter.scrape();
    return performance.now() - before;
  } finally {
    await exporter.stop();
  }
}

/** Megabytes that it holds some seconds after its first scrape. */
async function measureIdle(way: Way): Promise<number> {
  const exporter = await start(way);
  try {
    await exporter.scrape();
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return (await residentMegabytes(exporter.pid)).now;
  } finally {
    await exporter.stop();
  }
}

/** The figures of each way, one per round; the order of the ways is turned round in every other. */
async function inRounds<Figure>(
  count: number,
  ways: readonly Way[],
  measure: (way: Way) => Promise<Figure>,
): Promise<ReadonlyMap<Way, Figure[]>> {
  const figures = new Map(ways.map((way): [Way, Figure[]] => [way, []]));
  for (let round = 0; round < count; round++) {
    for (const way of alternated(ways, round)) figures.get(way)!.push(await measure(way));
  }
  return figures;
}

function printFigures(figures: ReadonlyMap<Way, readonly number[]>, unit: string): void {
  for (const [{ name }, values] of figures) {
    print(`  ${name.padEnd(20)} ${short(median(values)).padStart(6)} ${unit}  ${rounds(values)}`);
  }
}

function printVerdict(figure: number, unit: string, target: number): void {
  print(`  ${short(figure)} ${unit}, target at most ${target}: ${verdict(figure <= target)}`);
}

/** Scrapes of 10 000 series, each way in a process that goes on through all rounds. */
async function compareScrapes(ways: readonly Way[]): Promise<void> {
  const exporters = new Map<Way, Awaited<ReturnType<typeof start>>>();
  try {
    for (const way of ways) {
      const exporter = await start(way, "--detail");
      exporters.set(way, exporter);
      const response = await exporter.post(manySeriesReport("banc_executable", 1));
      await response.body?.cancel();
      if (response.status !== 200) throw new Error(`A report was answered ${response.status}`);
    }
    for (const gzip of [false, true]) {
      const scrape = (way: Way): Promise<Load> =>
        load(`${exporters.get(way)!.url}/metrics`, SCRAPE_SECONDS, gzip);
      for (const way of ways) await scrape(way);
      const loads = await inRounds(SCRAPE_ROUNDS, ways, scrape);
      const perSecond = new Map(
        Array.from(loads, ([way, all]) => [way, all.map((one) => one.perSecond)]),
      );
      print(`\nScrapes a second, ${gzip ? "gzip" : "plain"}, ${SCRAPE_ROUNDS} rounds`);
      printFigures(perSecond, "/s");
      const [own, ...rivals] = [...perSecond.values()];
      for (const [index, rival] of rivals.entries()) {
        // Of the two of one round, because the machine is not the same from one to the next.
        const share = median(rival.map((value, round) => own![round]! / value));
        print(
          `  ${short(share)} of ${ways[index + 1]!.name}, target ${TARGET_SHARE}: ` +
            verdict(share >= TARGET_SHARE),
        );
      }
    }
  } finally {
    for (const exporter of exporters.values()) await exporter.stop();
  }
}

try {
  const older = await find(TEST_DENO);
  const ways: readonly Way[] = [
    { name: "executable", program: [EXECUTABLE] },
    { name: `deno run ${older.version}`, program: fromSource(older.path) },
    { name: `deno run ${Deno.version.deno}`, program: fromSource(Deno.execPath()) },
  ];
  const own = ways[0]!;
  print(`The executable, ${describeMachine()}`);

  const size = Deno.statSync(EXECUTABLE).size / 1e6;
  print("\nSize");
  printVerdict(size, "MB", TARGET_SIZE_MB);

  print(`\nFrom start to first answered scrape, ${START_ROUNDS} rounds`);
  for (const way of ways) await timeStart(way);
  const starts = await inRounds(START_ROUNDS, ways, timeStart);
  printFigures(starts, "ms");
  printVerdict(median(starts.get(own)!), "ms", TARGET_START_MS);

  print(`\nResident when idle, ${IDLE_ROUNDS} rounds`);
  const idle = await inRounds(IDLE_ROUNDS, ways, measureIdle);
  printFigures(idle, "MB");
  printVerdict(median(idle.get(own)!), "MB", TARGET_IDLE_MB);

  await compareScrapes(ways);
} finally {
  await Deno.remove(dir, { recursive: true });
}
