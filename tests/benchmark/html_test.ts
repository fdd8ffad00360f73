/** Tests of the terminal's table and of the page. @module */

import assert from "node:assert/strict";
import { benchmarkOf, formatTable, resultPage, type Round } from "../../lib/benchmark/mod.ts";
import { MACHINE, syntheticRounds } from "./synthetic.ts";

const ROUNDS = syntheticRounds(8, { added: { journal: 0.003, http: 0.02 } });
const BENCHMARK = benchmarkOf(MACHINE, ROUNDS);
const BUDGET = { unit: "ratio", limit: 0.01 } as const;

/** Numbers that went wrong on their way into text. */
const BROKEN = /NaN|Infinity|undefined|\[object/;

Deno.test("formatTable() shows every variant of every world, in lines that fit a terminal", () => {
  const text = formatTable(BENCHMARK, BUDGET);
  const lines = text.split("\n");
  const count = (variant: string) =>
    lines.filter((line) => line.startsWith(`  ${variant} `)).length;
  assert.deepEqual(["off", "none", "journal", "http"].map(count), [3, 6, 6, 6]);
  for (const line of lines) assert.ok(line.length <= 100, line);
  assert.doesNotMatch(text, BROKEN);
  assert.match(text, /^Above the budget\n {2}default, http: up to 2\.\d\d % a turn/m);
  assert.ok(text.endsWith("\n"));
});

Deno.test("formatTable() shows an overhead with its interval in one unit", () => {
  const [result] = BENCHMARK.results;
  const table = formatTable({
    ...BENCHMARK,
    results: [{
      ...result!,
      overhead_seconds_per_turn: -4e-10,
      overhead_seconds_per_turn_ci95: [-1.234e-6, 2e-6],
      overhead_ratio: 0.00004,
      overhead_ratio_ci95: [-0.0123, 0.5],
    }],
  });
  assert.ok(table.includes(" 0.00 µs [-1.23, +2.00]"), table);
  assert.ok(table.includes(" 0.00 % [-1.23, +50.00]"), table);
});

Deno.test("resultPage() needs nothing from elsewhere and runs nothing", () => {
  const page = resultPage(BENCHMARK, BUDGET);
  const outside = /:\/\/|src=|href=|<script|<link|<img|<iframe|@import|url\(|\son\w+=/;
  assert.equal(page.match(outside)?.[0], undefined);
  assert.match(page, /default-src 'none'/);
  assert.match(page, /prefers-color-scheme:dark/);
  assert.match(page, /@media print/);
});

Deno.test("resultPage() draws each result and each world, and lists each round", () => {
  const page = resultPage(BENCHMARK, BUDGET);
  const count = (pattern: RegExp) => page.match(pattern)?.length ?? 0;
  assert.equal(count(/<svg /g), 12);
  assert.equal(count(/<\/svg>/g), 12);
  assert.equal(count(/class="curve off"/g), 9);
  assert.equal(count(/class="curve on"/g), 9);
  assert.equal(count(/<line class="budget"/g), 3);
  // http is above the budget in all worlds, journal in none.
  assert.equal(count(/<g class="interval over"/g), 3);
  assert.equal(count(/<g class="interval on"/g), 3);
  const rows = page.slice(page.indexOf("Raw rounds")).match(/<tr><th scope="row">/g);
  assert.equal(rows?.length, ROUNDS.length);
  assert.doesNotMatch(page, BROKEN);
});

Deno.test("resultPage() keeps coordinates within its drawings, and shows a spoilt pair hollow", () => {
  const [first, ...rest] = ROUNDS;
  const runs = first!.runs.map((run) =>
    run.variant === "off" ? run : { ...run, seconds: 9 * run.seconds }
  );
  const page = resultPage(benchmarkOf(MACHINE, [{ ...first!, runs }, ...rest]), BUDGET);
  assert.match(
    page,
    /class="pair outside" cx="[\d.]+" cy="[\d.]+" r="[\d.]+"><title>one pair: \+[78]/,
  );
  for (const [, width, drawing] of page.matchAll(/<svg viewBox="0 0 (\d+) \d+"(.*?)<\/svg>/gs)) {
    for (const [, x] of drawing!.matchAll(/\s(?:x|x1|x2|cx)="(-?[\d.]+)"/g)) {
      assert.ok(Number(x) >= 0 && Number(x) <= Number(width), `${x} of ${width}`);
    }
  }
});

Deno.test("resultPage() escapes what it is given", () => {
  const cpu = `<script>alert("1" & '2')</script>`;
  const page = resultPage({ ...BENCHMARK, machine: { ...MACHINE, cpu } });
  assert.ok(!page.includes("<script"));
  assert.ok(page.includes("&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;"));
});

Deno.test("resultPage() shows the verdict, and seconds where the budget is in seconds", () => {
  assert.match(resultPage(BENCHMARK, BUDGET), /class="verdict exit1"><strong>Above the budget/);
  assert.match(resultPage(BENCHMARK), /class="verdict exit0"><strong>Conclusive<\/strong><\/div>/);
  const wide = benchmarkOf(MACHINE, syntheticRounds(9, { noise: 0.05 }));
  assert.match(resultPage(wide, BUDGET), /class="verdict exit3"><strong>Inconclusive/);
  const page = resultPage(BENCHMARK, { unit: "seconds", limit: 0.01 });
  assert.match(page, /budget 10\.0 ms</);
  assert.match(page, /every upper bound is within the budget/);
});

Deno.test("resultPage() copes with a clock that saw no turn take any time, and with equal runs", () => {
  const nothing = { buckets: [], counts: [] };
  const rounds = ROUNDS.filter(({ world }) => world === "default").map((round): Round => ({
    ...round,
    runs: round.runs.map((run) => ({
      ...run,
      seconds: 1,
      turn_seconds: { buckets: [0], counts: [run.turns] },
      reports: 0,
      publish_seconds: nothing,
      exporter_seconds: 0,
      exporter_cpu_seconds: 0,
      exporter_memory_bytes: 0,
      scrape_seconds: nothing,
    })),
  }));
  const benchmark = benchmarkOf(MACHINE, rounds);
  for (const budget of [undefined, BUDGET, { unit: "seconds", limit: 0 } as const]) {
    assert.doesNotMatch(resultPage(benchmark, budget), BROKEN);
    assert.doesNotMatch(formatTable(benchmark, budget), BROKEN);
  }
});
