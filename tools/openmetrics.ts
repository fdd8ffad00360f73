/**
 * Writes recorded games as OpenMetrics with their own times, for `promtool tsdb create-blocks-from
 * openmetrics`: `deno task print:openmetrics logs/metrics.jsonl >game.om`. See docs/stack.md.
 *
 * @module
 */

import { basename } from "node:path";
import { createRenderer } from "../lib/exposition/mod.ts";
import { Model } from "../lib/model/mod.ts";
import { type Reading, readReport, Refused } from "../lib/report/mod.ts";

const READ = { breakdowns: false, detail: true, allKeys: false };

const encoder = new TextEncoder();

/** The report of a line, or undefined where it is none. */
function readingOf(line: string): Reading | undefined {
  try {
    return readReport(JSON.parse(line), READ);
  } catch (error) {
    if (error instanceof Refused || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Puts labels before those that a line of a scrape has. */
function withLabels(line: string, labels: string): string {
  const [, name = "", rest = ""] = /^([^{ ]+)(.*)$/.exec(line) ?? [];
  return rest.startsWith("{") ? `${name}{${labels},${rest.slice(1)}` : `${name}{${labels}}${rest}`;
}

/** What became of the lines of a journal. */
export interface Converted {
  /** Reports whose values were written. */
  reports: number;
  /** Lines that are no report, tell no time, or repeat an earlier one. */
  leftOut: number;
}

/**
 * Turns the lines of a journal into what an exporter with `--detail` would have shown after each.
 *
 * @param instance Value of the label `instance`; `job` is that of an exporter of the stack.
 * @returns Whole lines in the order of their times, at least a millisecond apart.
 */
export async function* openMetrics(
  lines: AsyncIterable<string>,
  instance: string,
  counts: Converted,
): AsyncGenerator<string> {
  const model = new Model({
    ...READ,
    breakdowns: [],
    bySession: false,
    maxSessions: 1000,
    staleAfter: Infinity,
  });
  const render = createRenderer();
  const labels = `job="tradesim",instance=${JSON.stringify(instance)}`;
  let last = -Infinity;
  for await (const line of lines) {
    if (line.trim() === "") continue;
    const { report, details } = readingOf(line) ?? {};
    const time = report?.timestamp;
    if (
      report === undefined || time === undefined ||
      model.take(model.games.named(report), time, details?.tables).outcome !== "taken"
    ) {
      counts.leftOut++;
      continue;
    }
    counts.reports++;
    last = Math.max(Math.round(time * 1000), last + 1);
    const at = ` ${last / 1000}\n`;
    let text = "";
    for (const sample of render(model.families(time).families).trimEnd().split("\n")) {
      if (!sample.startsWith("#")) text += withLabels(sample, labels) + at;
    }
    yield text;
  }
  yield "# EOF\n";
}

/** The lines of a file; a last one without its end is one too. */
async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await Deno.open(path);
  let rest = "";
  for await (const chunk of file.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  yield rest;
}

if (import.meta.main) {
  const [path] = Deno.args;
  if (path === undefined) {
    Deno.stderr.writeSync(encoder.encode(
      "Cannot tell what to convert: expected a journal\n" +
        "Try: deno task print:openmetrics logs/metrics.jsonl >game.om\n",
    ));
    Deno.exit(2);
  }
  const counts = { reports: 0, leftOut: 0 };
  const out = Deno.stdout.writable.getWriter();
  for await (const text of openMetrics(linesOf(path), basename(path), counts)) {
    await out.write(encoder.encode(text));
  }
  Deno.stderr.writeSync(
    encoder.encode(`${counts.reports} reports, ${counts.leftOut} lines left out\n`),
  );
}
