/**
 * How soon the live page shows a long game, and how soon it shows a report: `deno task bench:page`.
 * Needs chromium.
 *
 * @module
 */

import { type RunningExporter, startExporter } from "../tests/harness/exporter.ts";
import { until, withTempDir } from "../tests/harness/waiting.ts";
import { type OpenPage, withBrowser } from "../tests/browser/browser.ts";
import { turnsOf } from "../tests/browser/fake_exporter.ts";
import { describeMachine, median, print, quantile, rounds, verdict } from "./figures.ts";

const TURNS = 10_000;
const PER_REPORT = 500;
const OPENINGS = 7;
const REPORTS = 100;
const PAUSE_MS = 130;

const FIRST_CHART_MS = 1000;
const UPDATE_MS = 200;

/** Notes when the first line is drawn, since the page was asked for. */
const FIRST_STROKE = `
  const first = CanvasRenderingContext2D.prototype.stroke;
  CanvasRenderingContext2D.prototype.stroke = function (...args) {
    window.firstStroke ??= performance.now();
    return first.apply(this, args);
  };
`;

/** Notes when each turn became the last one on the screen, and how long frames took meanwhile. */
const WATCH_TURNS = `
  window.shownAt = {};
  window.frames = [];
  new MutationObserver(() => {
    const turn = document.getElementById("back").max;
    requestAnimationFrame(() => window.shownAt[turn] ??= Date.now());
  }).observe(document.getElementById("back"), { attributeFilter: ["max"] });
  let last = performance.now();
  const frame = (now) => {
    window.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
`;

function report(rapport: number, from: number, to: number): Record<string, unknown> {
  return {
    type: "tradesim.report",
    version: 1,
    session: "bench",
    rapport,
    tour: to,
    timestamp: Date.now() / 1000,
    budget_total: 150_000,
    produits_total: 20,
    entreprises_total: 3,
    colonnes: turnsOf(from, to),
  };
}

type Open = (url: string) => Promise<OpenPage>;

/** How long the first chart takes, in milliseconds, in new profiles. */
async function timeOpenings(open: Open, url: string): Promise<number[]> {
  const openings: number[] = [];
  for (let round = 0; round < OPENINGS; round++) {
    // The first opening of a new browser waits for the browser.
    const { page } = await open("about:blank");
    await page.addInitScript(FIRST_STROKE);
    await page.goto(url);
    const firstStroke = async () =>
      (await page.evaluate("window.firstStroke") as number | undefined) ?? false;
    openings.push(await until("a chart", firstStroke));
    await page.context().close();
  }
  return openings;
}

/** How late each report is on the screen, and the time between frames, in milliseconds. */
async function timeReports(open: Open, url: string, post: (turn: number) => Promise<void>) {
  const { page, text } = await open(url);
  await until("the charts", async () => (await text("#where")).endsWith("of 10,000"));
  await page.evaluate(WATCH_TURNS);
  const posted = new Map<number, number>();
  for (let turn = TURNS + 1; turn <= TURNS + REPORTS; turn++) {
    posted.set(turn, Date.now());
    await post(turn);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  await until("the last turn", async () => (await text("#where")).endsWith("of 10,100"));
  const shownAt = await page.evaluate("window.shownAt") as Record<string, number>;
  const delays = Object.entries(shownAt).flatMap(([turn, at]) => {
    const from = posted.get(Number(turn));
    return from === undefined ? [] : [at - from];
  });
  return { delays, frames: await page.evaluate("window.frames") as number[] };
}

async function measure(exporter: RunningExporter): Promise<void> {
  let rapport = 0;
  const post = async (from: number, to: number) => {
    const response = await exporter.post(report(++rapport, from, to));
    if (!response.ok) throw new Error(`A report was refused: ${await response.text()}`);
    await response.body?.cancel();
  };
  for (let turn = 1; turn <= TURNS; turn += PER_REPORT) await post(turn, turn + PER_REPORT - 1);
  await withBrowser(async (open) => {
    const openings = await timeOpenings(open, exporter.url);
    const first = median(openings);
    print(
      `first chart of ${TURNS} turns: ${first.toFixed(0)} ms of ${FIRST_CHART_MS}, ` +
        `${verdict(first <= FIRST_CHART_MS)} ${rounds(openings)}`,
    );
    const { delays, frames } = await timeReports(open, exporter.url, (turn) => post(turn, turn));
    const late = quantile(delays, 0.95);
    print(
      `report on the screen: median ${median(delays).toFixed(0)} ms, p95 ` +
        `${late.toFixed(0)} ms of ${UPDATE_MS}, ${verdict(late <= UPDATE_MS)}, ` +
        `${delays.length} of ${REPORTS} seen one by one`,
    );
    print(
      `frames meanwhile: median ${median(frames).toFixed(1)} ms, p99 ` +
        `${quantile(frames, 0.99).toFixed(1)} ms`,
    );
  });
}

if (import.meta.main) {
  print(describeMachine());
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd, args: ["--state", "none"] });
    try {
      await measure(exporter);
    } finally {
      await exporter.stop();
    }
  });
}
