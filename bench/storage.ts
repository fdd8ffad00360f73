/**
 * What Prometheus needs for a game: bytes of a sample on disk, bytes of a series in memory, and what
 * 10, 1000 and 100 000 simulations come to.
 *
 * A game is played against the real exporter and scraped, with pauses that only the game's clock
 * knows; what was scraped is then written into a real Prometheus as that of many exporters over
 * almost three hours, which is as much as Prometheus ever keeps in memory.
 *
 * @module
 */

import { type RunningPrometheus, startPrometheus } from "../tests/harness/prometheus.ts";
import { describeMachine, print, short } from "./figures.ts";
import { labelsOf, recordGame, type Recording } from "./recording.ts";
import { remoteWrite, type TimeSeries } from "./remote_write.ts";
import { costRows, type Measured, measuredCells, readMeasured } from "./storage_cost.ts";

/** Shorter than the three hours after which Prometheus writes a block and forgets. */
const COVERED_SECONDS = 10_200;
/**
 * Scrape intervals in seconds, each with two numbers of exporters: what Prometheus uses more for the
 * larger one is the series' own, without what it uses anyway.
 */
const ROUNDS = [{ interval: 1, few: 4, many: 16 }, { interval: 15, few: 20, many: 80 }];
/** Scrapes that are written in one request. */
const BATCH = 60;
/** `up` and four more that Prometheus adds to every target, and the rules' series of a game. */
const ADDED_SERIES = 5 + 5;

/** Writes the recording as that of several exporters, up to now; returns the number of samples. */
async function write(
  url: string,
  recording: Recording,
  interval: number,
  exporters: number,
): Promise<number> {
  const scrapes = COVERED_SECONDS / interval;
  const start = Date.now() - COVERED_SECONDS * 1000;
  const instances = Array.from({ length: exporters }, (_, index) => `10.0.0.${index}:8000`);
  const labelled = Array.from(recording, ([series, values]) => ({
    values,
    labels: instances.map((instance) => labelsOf(series, { job: "tradesim", instance })),
  }));
  let samples = 0;
  for (let from = 0; from < scrapes; from += BATCH) {
    const batch = labelled.flatMap(({ values, labels }): TimeSeries[] => {
      const there = Array.from({ length: Math.min(BATCH, scrapes - from) }, (_, at) => from + at)
        .filter((scrape) => values[scrape] !== undefined);
      const own = there.map((scrape) => values[scrape]!);
      const times = there.map((scrape) => start + scrape * interval * 1000);
      return own.length === 0 ? [] : labels.map((one) => ({ labels: one, values: own, times }));
    });
    samples += batch.reduce((sum, { values }) => sum + values.length, 0);
    await remoteWrite(url, batch);
  }
  return samples;
}

/** Go's pools outlive one collection, and what they held the next. */
const COLLECTIONS = 3;

/** Bytes that Prometheus uses once its garbage is collected. */
async function bytesInUse(prometheus: RunningPrometheus): Promise<number> {
  for (let round = 0; round < COLLECTIONS; round++) {
    const collected = await fetch(`${prometheus.url}/debug/pprof/heap?gc=1`);
    await collected.arrayBuffer();
  }
  const metrics = await (await fetch(`${prometheus.url}/metrics`)).text();
  return Number(/^go_memstats_heap_alloc_bytes (\S+)$/m.exec(metrics)![1]);
}

/** Bytes of all files below a folder. */
function sizeOf(folder: string): number {
  let size = 0;
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    size += isDirectory ? sizeOf(path) : Deno.statSync(path).size;
  }
  return size;
}

/** Makes a block of what Prometheus holds; returns its size in bytes. */
async function blockSize(
  prometheus: RunningPrometheus,
  dir: string,
  expected: { readonly numSeries: number; readonly numSamples: number },
): Promise<number> {
  const response = await fetch(`${prometheus.url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
  const { data } = await response.json();
  const folder = `${dir}/data/snapshots/${data.name}`;
  const [block] = Deno.readDirSync(folder);
  const { stats } = JSON.parse(Deno.readTextFileSync(`${folder}/${block!.name}/meta.json`));
  const { numSeries, numSamples } = stats;
  if (numSeries !== expected.numSeries || numSamples !== expected.numSamples) {
    throw new Error(
      `The block has ${numSeries} series and ${numSamples} samples, ` +
        `expected ${expected.numSeries} and ${expected.numSamples}`,
    );
  }
  return sizeOf(folder);
}

/** What a Prometheus came to that has the recording of so many exporters, in bytes. */
interface Filled {
  readonly series: number;
  readonly samples: number;
  readonly inUse: number;
  readonly wal: number;
  readonly block: number;
}

async function fill(recording: Recording, interval: number, exporters: number): Promise<Filled> {
  const dir = await Deno.makeTempDir({ prefix: "tradesim-bench-" });
  try {
    const prometheus = await startPrometheus({
      dir,
      targetPort: 0,
      change: () => "global: {}\n",
      args: ["--web.enable-remote-write-receiver", "--web.enable-admin-api"],
    });
    try {
      const samples = await write(prometheus.url, recording, interval, exporters);
      const series = recording.size * exporters;
      const inUse = await bytesInUse(prometheus);
      const wal = sizeOf(`${dir}/data/wal`);
      const block = await blockSize(prometheus, dir, { numSeries: series, numSamples: samples });
      print(
        `every ${interval} s: ${exporters} × ${recording.size} series, ${samples} samples; ` +
          `in use ${short(inUse / 1e6)} MB, log ${short(wal / 1e6)} MB, ` +
          `block ${short(block / 1e6)} MB`,
      );
      return { series, samples, inUse, wal, block };
    } finally {
      await prometheus.stop();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function measure({ interval, few, many }: typeof ROUNDS[number]): Promise<Measured> {
  const recording = await recordGame({ interval, scrapes: COVERED_SECONDS / interval });
  const small = await fill(recording, interval, few);
  const large = await fill(recording, interval, many);
  const memoryBytes = (large.inUse - small.inUse) / (large.series - small.series);
  // Rounded as they are shown, so that whoever reads them comes to the same costs.
  return readMeasured(measuredCells({
    interval,
    series: recording.size + ADDED_SERIES,
    blockBytes: large.block / large.samples,
    walBytes: large.wal / large.samples,
    memoryBytes: Math.round(memoryBytes / 100) * 100,
  }));
}

function printRows(rows: readonly (readonly string[])[]): void {
  for (const cells of rows) print(`| ${cells.join(" | ")} |`);
}

if (import.meta.main) {
  print(describeMachine());
  const measured: Measured[] = [];
  for (const round of ROUNDS) measured.push(await measure(round));
  print(
    "\ninterval, series of a simulation, bytes: of a sample in a block, in the log; of a series",
  );
  printRows(measured.map(measuredCells));
  print("\nsimulations, interval, series, samples a second, blocks a day, log, memory");
  printRows(costRows(measured));
}
