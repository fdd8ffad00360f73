/**
 * Scrapes per second at 10 000 series beside prometheus-pushgateway with the same series; whether
 * every scrape shows the newest report; and what scrapes take while reports come in.
 *
 * @module
 */

import { type RunningExporter, startExporter, valueOf } from "../tests/harness/exporter.ts";
import { manySeriesReport } from "./data.ts";
import { alternated, describeMachine, median, print, rounds, short, verdict } from "./figures.ts";
import { startPushgateway } from "./pushgateway.ts";
import { type Load, load } from "./wrk.ts";

const TARGET_TIMES = 20;
const ROUNDS = 5;
const SECONDS = 3;
const FRESHNESS_REPORTS = 300;
const SCRAPERS = 4;
const CHANGE_ROUNDS = 3;
const CHANGE_SECONDS = 5;
const CHANGE_INTERVAL_MS = 100;

const SESSION = "banc_lecture";

let turn = 0;

async function report(exporter: RunningExporter): Promise<void> {
  const response = await exporter.post(manySeriesReport(SESSION, ++turn));
  await response.body?.cancel();
  if (response.status !== 200) throw new Error(`A report was answered ${response.status}`);
}

/** The series of a text, each as its name and labels, without those that a pushgateway adds. */
function seriesOf(text: string): Set<string> {
  const series = new Set<string>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const name = line.slice(0, line.lastIndexOf(" "));
    const labels = name.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [];
    const own = labels.filter((label) => label !== 'instance=""' && label !== 'job="banc"');
    // Go writes the bound 1.0 as 1.
    const plain = own.map((label) => label.replace(/^(le="\d+)\.0"$/, '$1"'));
    series.add(`${/^[^{]+/.exec(name)![0]}{${plain.toSorted().join()}}`);
  }
  return series;
}

function checkSame(exporterText: string, pushgatewayText: string): void {
  const own = seriesOf(exporterText);
  const pushed = seriesOf(pushgatewayText);
  const missing = [...own].filter((series) => !pushed.has(series));
  print(
    `Series: exporter ${own.size} (${short(exporterText.length / 1000)} kB), ` +
      `pushgateway ${pushed.size} (${short(pushgatewayText.length / 1000)} kB), ` +
      `of the exporter's missing there: ${missing.length}`,
  );
  if (missing.length > 0) throw new Error(`Not the same series, for example ${missing[0]}`);
}

function describe(name: string, loads: readonly Load[]): string {
  return `  ${name.padEnd(12)} ${
    short(median(loads.map((one) => one.perSecond))).padStart(6)
  }/s, p50 ${short(median(loads.map((one) => one.p50Ms)))} ms, p99 ${
    short(median(loads.map((one) => one.p99Ms)))
  } ms  per second in rounds ${rounds(loads.map((one) => one.perSecond))}`;
}

/** Compares both, nothing changing; returns the pushgateway's rounds. */
async function compareIdle(ownUrl: string, rivalUrl: string, gzip: boolean): Promise<Load[]> {
  const own: Load[] = [];
  const rival: Load[] = [];
  const targets = [{ url: ownUrl, loads: own }, { url: rivalUrl, loads: rival }];
  for (const { url } of targets) await load(url, 1, gzip);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { url, loads } of alternated(targets, round)) {
      loads.push(await load(url, SECONDS, gzip));
    }
  }
  const times = median(own.map((one) => one.perSecond)) /
    median(rival.map((one) => one.perSecond));
  print(`\nNothing changing, ${gzip ? "gzip" : "plain"}, ${ROUNDS} rounds of ${SECONDS} s`);
  print(describe("exporter", own));
  print(describe("pushgateway", rival));
  print(
    `  ${short(times)} times as many, target ${TARGET_TIMES}: ${verdict(times >= TARGET_TIMES)}`,
  );
  return rival;
}

/** Posts reports one after the other while others scrape; counts scrapes that show an older one. */
async function checkFreshness(exporter: RunningExporter): Promise<void> {
  let answered = turn;
  let isOver = false;
  let scrapes = 0;
  let misses = 0;
  const scraper = async (encoding: string) => {
    while (!isOver) {
      const expected = answered;
      const response = await fetch(`${exporter.url}/metrics`, {
        headers: { "accept-encoding": encoding },
      });
      const shown = valueOf(await response.text(), "simulation_tour") ?? -1;
      scrapes++;
      if (shown < expected) misses++;
    }
  };
  const scrapers = Array.from(
    { length: SCRAPERS },
    (_, index) => scraper(index % 2 === 0 ? "gzip" : "identity"),
  );
  for (let i = 0; i < FRESHNESS_REPORTS; i++) {
    await report(exporter);
    answered = turn;
    // Those that begin right after the answer are the ones in question.
    const text = await exporter.scrape();
    scrapes++;
    if (valueOf(text, "simulation_tour") !== turn) misses++;
  }
  isOver = true;
  await Promise.all(scrapers);
  print(
    `\nFreshness: ${FRESHNESS_REPORTS} reports, ${scrapes} scrapes begun after a 200, ` +
      `${misses} without that report, target 0: ${verdict(misses === 0)}`,
  );
}

/** Loads the exporter while ten reports a second change all series. */
async function loadUnderChange(exporter: RunningExporter, gzip: boolean): Promise<Load> {
  const before = turn;
  let isOver = false;
  const reports = (async () => {
    for (let due = performance.now(); !isOver; due += CHANGE_INTERVAL_MS) {
      await report(exporter);
      const rest = due + CHANGE_INTERVAL_MS - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)));
    }
  })();
  const result = await load(`${exporter.url}/metrics`, CHANGE_SECONDS, gzip);
  isOver = true;
  await reports;
  const posted = turn - before;
  if (posted < CHANGE_SECONDS * 1000 / CHANGE_INTERVAL_MS * 0.9) {
    throw new Error(`Only ${posted} reports were taken in ${CHANGE_SECONDS} s`);
  }
  return result;
}

const dir = await Deno.makeTempDir({ prefix: "tradesim-bench-" });
const exporter = await startExporter({
  cwd: dir,
  args: ["--state", `${dir}/state.json`, "--detail"],
});
const pushgateway = await startPushgateway();
try {
  print(`Scrapes, ${describeMachine()}; wrk with 4 connections`);
  await report(exporter);
  const text = await exporter.scrape();
  await pushgateway.push(text);
  const ownUrl = `${exporter.url}/metrics`;
  const rivalUrl = `${pushgateway.url}/metrics`;
  checkSame(text, await (await fetch(rivalUrl)).text());

  const idle = new Map<boolean, Load[]>();
  for (const gzip of [false, true]) idle.set(gzip, await compareIdle(ownUrl, rivalUrl, gzip));

  await checkFreshness(exporter);

  for (const gzip of [false, true]) {
    const loads: Load[] = [];
    for (let round = 0; round < CHANGE_ROUNDS; round++) {
      loads.push(await loadUnderChange(exporter, gzip));
    }
    const own = median(loads.map((one) => one.p99Ms));
    const rival = median(idle.get(gzip)!.map((one) => one.p99Ms));
    print(
      `\nTen reports a second change all series, ${gzip ? "gzip" : "plain"}, ` +
        `${CHANGE_ROUNDS} rounds of ${CHANGE_SECONDS} s`,
    );
    print(describe("exporter", loads));
    print(
      `  p99 ${short(own)} ms ${rounds(loads.map((one) => one.p99Ms))}, ` +
        `pushgateway idle ${short(rival)} ms: ${verdict(own < rival)}`,
    );
  }
} finally {
  await pushgateway.stop();
  await exporter.stop();
  await Deno.remove(dir, { recursive: true });
}
