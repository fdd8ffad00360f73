/** Presents the results of a benchmark: a table for the terminal, and a page with charts. @module */

import { escapeHtml } from "../html/mod.ts";
import { bytes, percent } from "../text/mod.ts";
import {
  type Benchmark,
  type Budget,
  CONTROL_TOLERANCE,
  meanTurn,
  overheadIn,
  pairsOf,
  pooled,
  type Publisher,
  type Result,
  type Round,
  type Run,
  runsOf,
  type Variant,
  type Verdict,
  verdict,
  type World,
  WORLDS,
} from "./result.ts";
import type { Durations } from "./statistics.ts";

const TIME_UNITS = [[1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]] as const;
type Unit = (typeof TIME_UNITS)[number];

/** The unit in which a time has one to three digits before the point. */
function unitFor(seconds: number): Unit {
  return TIME_UNITS.find(([size]) => Math.abs(seconds) >= size) ?? TIME_UNITS[3];
}

/** Three digits that mean something, but none smaller than a thousandth. */
function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
}

function signed(text: string): string {
  if (/^-?[0.]+$/.test(text)) return text.replace("-", "");
  return text.startsWith("-") ? text : `+${text}`;
}

function time(seconds: number | null): string {
  if (seconds === null) return "-";
  const [size, unit] = unitFor(seconds);
  return `${digits(seconds / size)} ${unit}`;
}

/** A number with its sign, in the unit that fits `scale`. */
interface Signed {
  readonly number: string;
  readonly unit: string;
}

/** A mean with enough digits to distinguish runs. */
function fineTime(seconds: number): string {
  const [size, unit] = unitFor(seconds);
  return `${(seconds / size).toPrecision(4)} ${unit}`;
}

/** A round number without the zeros behind the point. */
function tickTime(seconds: number): string {
  const [size, unit] = unitFor(seconds * 1.001);
  return `${Number(digits(seconds / size))} ${unit}`;
}

function addedTime(seconds: number, scale: number): Signed {
  const [size, unit] = unitFor(scale);
  return { number: signed(digits(seconds / size)), unit };
}

function addedShare(ratio: number): Signed {
  return { number: signed((100 * ratio).toFixed(2)), unit: "%" };
}

function inWords({ number, unit }: Signed): string {
  return `${number} ${unit}`;
}

/** An overhead with its interval, in one unit. */
function withInterval(
  value: number,
  [low, high]: readonly [number, number],
  show: (value: number, scale: number) => Signed,
): string {
  const scale = Math.max(Math.abs(low), Math.abs(high));
  return `${inWords(show(value, scale))} [${show(low, scale).number}, ${show(high, scale).number}]`;
}

function whole(value: number): string {
  return value.toLocaleString("en-GB").replaceAll(",", "\u202f");
}

/** What an exporter and its reports took during runs. */
interface Use {
  readonly reportsPerSecond: number;
  /** Cores: 1 = one core wholly busy. */
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly scrapes: Durations;
}

function useOf(runs: readonly Run[]): Use {
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0);
  const watched = sum((run) => run.exporter_seconds);
  return {
    reportsPerSecond: watched > 0 ? sum((run) => run.reports) / watched : 0,
    cpu: watched > 0 ? sum((run) => run.exporter_cpu_seconds) / watched : 0,
    memoryBytes: runs.reduce((most, run) => Math.max(most, run.exporter_memory_bytes), 0),
    scrapes: pooled(runs, "scrape_seconds"),
  };
}

/** Columns of the table, after the first one; the terminal shows them in two parts. */
const TURN_COLUMNS = ["p50", "p95", "p99", "added to a turn [95 %]", "ratio [95 %]"] as const;
const REPORT_COLUMNS = [
  "report p50",
  "report p99",
  "reports/s",
  "exporter CPU",
  "memory",
  "scrape p99",
] as const;

interface TableRow {
  readonly variant: Variant;
  readonly cells: readonly string[];
}

function tableRow(rounds: readonly Round[], result: Result): TableRow {
  const { p50, p95, p99 } = result.turn_seconds_on;
  const use = useOf(pairsOf(rounds, result.world, result.publisher).map(({ on }) => on));
  return {
    variant: result.publisher,
    cells: [
      time(p50),
      time(p95),
      time(p99),
      withInterval(
        result.overhead_seconds_per_turn,
        result.overhead_seconds_per_turn_ci95,
        addedTime,
      ),
      withInterval(result.overhead_ratio, result.overhead_ratio_ci95, addedShare),
      time(result.publish_seconds.p50),
      time(result.publish_seconds.p99),
      use.reportsPerSecond > 0 ? digits(use.reportsPerSecond) : "-",
      use.cpu > 0 ? percent(use.cpu, 1) : "-",
      use.memoryBytes > 0 ? bytes(use.memoryBytes) : "-",
      use.scrapes.count > 0 ? time(use.scrapes.quantile(0.99)) : "-",
    ],
  };
}

/** What a table shows of one world; a row without monitoring is the first. */
interface WorldTable {
  readonly world: World;
  readonly title: string;
  readonly results: readonly Result[];
  readonly rows: readonly TableRow[];
}

function worldTables({ results, raw_rounds: rounds }: Benchmark): WorldTable[] {
  return WORLDS.flatMap((world) => {
    const inWorld = results.filter((result) => result.world === world);
    const [first] = inWorld;
    if (first === undefined) return [];
    const { p50, p95, p99 } = first.turn_seconds_off;
    const off: TableRow = {
      variant: "off",
      cells: [time(p50), time(p95), time(p99)],
    };
    return [{
      world,
      title: `${world}: ${whole(first.turns)} turns, ${first.rounds} rounds`,
      results: inWorld,
      rows: [off, ...inWorld.map((result) => tableRow(rounds, result))],
    }];
  });
}

const VERDICT_WORDS = { 0: "Conclusive", 1: "Above the budget", 3: "Inconclusive" } as const;

function verdictText({ exitCode, reasons }: Verdict): string {
  return [VERDICT_WORDS[exitCode], ...reasons].join("\n  ");
}

function textTable(
  tables: readonly WorldTable[],
  columns: readonly string[],
  cellsOf: (row: TableRow) => readonly string[],
): string[] {
  const groups = tables.map(({ title, rows }) => ({
    title,
    rows: rows.map((row) => ({ variant: row.variant, cells: cellsOf(row) })),
  }));
  const widths = columns.map((column, index) =>
    groups.flatMap(({ rows }) => rows)
      .reduce((most, { cells }) => Math.max(most, cells[index]?.length ?? 0), column.length)
  );
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(9) + cells.map((cell, index) => "  " + cell.padStart(widths[index]!)).join("");
  return groups.flatMap(({ title, rows }) => [
    title,
    line("", columns),
    ...rows.filter(({ cells }) => cells.some((cell) => cell !== "-"))
      .map(({ variant, cells }) => line(`  ${variant}`, cells)),
    "",
  ]);
}

/** The results as lines of plain text, each ended by a newline, and the verdict below them. */
export function formatTable(benchmark: Benchmark, budget?: Budget): string {
  const tables = worldTables(benchmark);
  const turnWidth = TURN_COLUMNS.length;
  return [
    ...textTable(tables, TURN_COLUMNS, ({ cells }) => cells.slice(0, turnWidth)),
    ...textTable(tables, REPORT_COLUMNS, ({ cells }) => cells.slice(turnWidth)),
    verdictText(verdict(benchmark.results, budget)),
    "",
  ].join("\n");
}

// ---- Drawings. Lengths are in units of the drawings' own, which the page scales.

const WIDTH = 720;
const coordinate = (value: number) => value.toFixed(1);

/** Round numbers between two, about `wanted` of them. */
function linearTicks(low: number, high: number, wanted: number): number[] {
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
  const first = Math.ceil(low / step);
  return Array.from(
    { length: Math.max(0, Math.floor(high / step) - first + 1) },
    (_, index) => (first + index) * step,
  );
}

/** Room that the text of a tick takes on a distribution's axis. */
const TICK_ROOM = 50;

/** Durations to mark on a logarithmic axis: steps of 1, 2, 5 where it is long, else even ones. */
function logTicks({ low, high, x }: Scale): number[] {
  const ticks: number[] = [];
  if (high / low < 5) ticks.push(...linearTicks(low, high, 8));
  else {
    for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
      ticks.push(power, 2 * power, 5 * power);
    }
  }
  let end = -Infinity;
  return ticks.filter((tick) => {
    const fits = tick >= low && tick <= high && x(tick) >= end + TICK_ROOM;
    if (fits) end = x(tick);
    return fits;
  });
}

interface Scale {
  readonly low: number;
  readonly high: number;
  readonly x: (value: number) => number;
}

/** Shares of all durations in even steps of a logarithmic axis. */
function density(durations: Durations, { low, high }: Scale, steps: number): number[] {
  const shares = new Array<number>(steps).fill(0);
  const at = (value: number) => steps * Math.log(value / low) / Math.log(high / low);
  for (const { from, to, count } of durations.bins()) {
    if (from === 0) continue;
    // A bucket's share is divided among the steps that it overlaps, to avoid aliasing.
    const [left, right] = [at(from), at(to)];
    for (let step = Math.max(0, Math.floor(left)); step < Math.min(steps, right); step++) {
      const overlap = Math.min(right, step + 1) - Math.max(left, step);
      shares[step]! += count / durations.count * overlap / (right - left);
    }
  }
  return shares;
}

const SMALL_WIDTH = 380;

/** How long turns took without and with a publisher, on a logarithmic axis. */
function distributionSvg(label: string, off: Durations, on: Durations): string {
  const edge = (q: number, pick: (...values: number[]) => number) =>
    pick(off.quantile(q), on.quantile(q));
  // A coarse clock measures 0: the axis begins above it.
  const high = Math.max(edge(0.99, Math.max) * 1.15, 1e-9);
  const low = Math.min(Math.max(edge(0.001, Math.min) / 1.05, high / 1e4), high / 1.2);
  const [left, right, top, base] = [30, SMALL_WIDTH - 24, 6, 150];
  const x = (value: number) =>
    left + (right - left) * Math.log(Math.max(value, low) / low) / Math.log(high / low);
  const scale: Scale = { low, high, x };
  const steps = 120;
  const curves = ([["off", off], ["on", on]] as const).map(([name, durations]) => ({
    name,
    shares: density(durations, scale, steps),
    quantiles: [0.5, 0.95, 0.99].map((q) => durations.quantile(q)),
  }));
  const most = Math.max(...curves.flatMap(({ shares }) => shares), Number.MIN_VALUE);
  const areas = curves.map(({ name, shares }) => {
    const points = shares.map((share, step) =>
      `${coordinate(left + (right - left) * (step + 0.5) / steps)},${
        coordinate(base - (base - top) * share / most)
      }`
    ).join(" ");
    return `<polyline class="curve ${name}" points="${left},${base} ${points} ${right},${base}"/>`;
  });
  const ticks = logTicks(scale).map((tick) =>
    `<line class="tick" x1="${coordinate(x(tick))}" x2="${coordinate(x(tick))}" y1="${base}" y2="${
      base + 5
    }"/><text x="${coordinate(x(tick))}" y="${base + 18}" text-anchor="middle">${
      tickTime(tick)
    }</text>`
  );
  const lanes = curves.map(({ name, quantiles }, index) => {
    const y = base + 38 + 22 * index;
    const [p50 = 0, p95 = 0, p99 = 0] = quantiles;
    const marks = ([["p50", p50, 5], ["p95", p95, 4], ["p99", p99, 3]] as const).map(
      ([word, value, radius]) =>
        `<circle class="${name}" cx="${
          coordinate(x(value))
        }" cy="${y}" r="${radius}"><title>${name} ${word}: ${time(value)}</title></circle>`,
    );
    return `<text class="lane" x="0" y="${y + 4}">${name}</text>` +
      `<line class="${name}" x1="${coordinate(x(p50))}" x2="${
        coordinate(x(p99))
      }" y1="${y}" y2="${y}"/>${marks.join("")}`;
  });
  return `<svg viewBox="0 0 ${SMALL_WIDTH} ${base + 68}" role="img" aria-label="${
    escapeHtml(label)
  }">
${areas.join("\n")}
<line class="axis" x1="${left}" x2="${right}" y1="${base}" y2="${base}"/>
${ticks.join("\n")}
${lanes.join("\n")}
</svg>`;
}

/** Overheads of one world: the interval of each publisher, and its pairs as dots. */
function intervalSvg(
  world: World,
  results: readonly Result[],
  rounds: readonly Round[],
  budget: Budget | undefined,
): string {
  const unit = budget?.unit ?? "ratio";
  const rows = results.map((result) => ({
    publisher: result.publisher,
    ...overheadIn(unit, result),
    dots: pairsOf(rounds, world, result.publisher).map(({ off, on }) => {
      const added = meanTurn(on) - meanTurn(off);
      return unit === "ratio" ? added / meanTurn(off) : added;
    }),
  }));
  const tolerance = unit === "ratio" ? CONTROL_TOLERANCE : undefined;
  const ends = [0, ...rows.flatMap(({ ci95 }) => ci95)];
  if (budget !== undefined) ends.push(budget.limit);
  if (tolerance !== undefined) ends.push(-tolerance, tolerance);
  const reach = Math.max(Math.max(...ends) - Math.min(...ends), 1e-12);
  // A pair far outside would press all else together: it is drawn at the edge.
  const low = Math.min(...ends) - 0.25 * reach;
  const high = Math.max(...ends) + 0.25 * reach;
  const [left, right] = [80, WIDTH - 34];
  const x = (value: number) =>
    left + (right - left) * (Math.min(high, Math.max(low, value)) - low) / (high - low);
  const rowHeight = 40;
  const [top, base] = [22, 22 + rowHeight * rows.length];
  const scale = Math.max(Math.abs(low), Math.abs(high));
  const show = (value: number) =>
    inWords(unit === "ratio" ? addedShare(value) : addedTime(value, scale));
  const upright = (name: string, value: number) =>
    `<line class="${name}" x1="${coordinate(x(value))}" x2="${
      coordinate(x(value))
    }" y1="${top}" y2="${base}"/>`;
  const parts: string[] = [];
  if (tolerance !== undefined) {
    parts.push(
      `<rect class="tolerance" x="${coordinate(x(-tolerance))}" y="${top}" width="${
        coordinate(x(tolerance) - x(-tolerance))
      }" height="${rowHeight}"><title>What the control may be off</title></rect>`,
    );
  }
  for (const tick of linearTicks(low, high, 6)) {
    parts.push(
      upright("grid", tick),
      `<text x="${coordinate(x(tick))}" y="${base + 16}" text-anchor="middle">${show(tick)}</text>`,
    );
  }
  parts.push(upright("zero", 0));
  if (budget !== undefined) {
    parts.push(
      upright("budget", budget.limit),
      `<text class="budget" x="${coordinate(x(budget.limit))}" y="${
        top - 7
      }" text-anchor="middle">budget ${show(budget.limit).slice(1)}</text>`,
    );
  }
  rows.forEach(({ publisher, value, ci95: [from, to], dots }, index) => {
    const y = top + rowHeight * (index + 0.5);
    const isOver = budget !== undefined && publisher !== "none" && to > budget.limit;
    const kind = publisher === "none" ? "off" : isOver ? "over" : "on";
    parts.push(
      `<text class="lane" x="${left - 10}" y="${y + 4}" text-anchor="end">${publisher}</text>`,
      ...dots.map((dot) =>
        `<circle class="pair${dot < low || dot > high ? " outside" : ""}" cx="${
          coordinate(x(dot))
        }" cy="${y + 11}" r="2.5"><title>one pair: ${show(dot)}</title></circle>`
      ),
      `<g class="interval ${kind}"><title>${publisher}: ${show(value)} [${show(from)}, ${
        show(to)
      }]</title><line x1="${coordinate(x(from))}" x2="${coordinate(x(to))}" y1="${y - 3}" y2="${
        y - 3
      }"/><circle cx="${coordinate(x(value))}" cy="${y - 3}" r="5"/></g>`,
    );
  });
  return `<svg viewBox="0 0 ${WIDTH} ${base + 24}" role="img" aria-label="Overhead in world ${
    escapeHtml(world)
  }, with 95 % intervals">
${parts.join("\n")}
</svg>`;
}

// ---- The page

const STYLE = `:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--soft:#5c6670;
--line:#d9dee3;--panel:#f6f7f9;--off:#64748b;--on:#c2540a;--good:#1a7f4b;--bad:#c0262d;--warn:#9a6700}
@media (prefers-color-scheme:dark){:root{--paper:#14171a;--ink:#e4e7ea;--soft:#9aa4ae;--line:#343b42;
--panel:#1c2024;--off:#94a3b8;--on:#fb923c;--good:#4ade80;--bad:#f87171;--warn:#facc15}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:2rem 1rem;
background:var(--paper);color:var(--ink)}
h1{font-size:1.7rem;margin:0 0 1rem}h2{font-size:1.25rem;margin:2.5rem 0 .5rem}
h3{font-size:1rem;margin:0 0 .25rem}p{margin:.5rem 0;max-width:48rem}
.soft,figcaption{color:var(--soft);font-size:.9rem}
.verdict{border-left:5px solid;padding:.6rem 1rem;background:var(--panel);max-width:none}
.verdict ul{margin:.25rem 0;padding-left:1.2rem}
.exit0{border-color:var(--good)}.exit1{border-color:var(--bad)}.exit3{border-color:var(--warn)}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.8rem;font-variant-numeric:tabular-nums;width:100%}
th,td{padding:.3rem .4rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
thead th{color:var(--soft);font-weight:600;vertical-align:bottom;white-space:normal}
th:first-child,.words{text-align:left}tbody th{font-weight:500}
tbody th.group{font-weight:700;padding-top:1rem}
td.strong{font-weight:650}td.over{color:var(--bad)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(19rem,1fr));gap:1rem}
figure{margin:1rem 0;padding:.75rem;max-width:56rem;background:var(--panel);border-radius:6px;break-inside:avoid}
.figures figure{margin:0}
svg{display:block;max-width:50rem;width:100%;height:auto;font:13px system-ui,sans-serif}
svg text{fill:var(--soft)}svg text.lane{fill:var(--ink)}
.axis,.tick{stroke:var(--soft)}.grid{stroke:var(--line)}.zero{stroke:var(--ink)}
line.budget{stroke:var(--bad);stroke-width:2;stroke-dasharray:6 4}svg text.budget{fill:var(--bad)}
.tolerance{fill:var(--soft);opacity:.18}
.curve{stroke-width:2.5;fill-opacity:.18}
.curve.off{stroke:var(--off);fill:var(--off)}.curve.on{stroke:var(--on);fill:var(--on)}
line.off{stroke:var(--off);stroke-width:2}line.on{stroke:var(--on);stroke-width:2}
circle.off{fill:var(--off)}circle.on{fill:var(--on)}
.pair{fill:var(--soft);opacity:.55}.pair.outside{fill:none;stroke:var(--soft)}
.interval line{stroke-width:4;stroke-linecap:round}
.interval.off{stroke:var(--off);fill:var(--off)}.interval.on{stroke:var(--on);fill:var(--on)}
.interval.over{stroke:var(--bad);fill:var(--bad)}
.key{display:inline-block;width:.8em;height:.8em;border-radius:50%;margin:0 .3em 0 .8em}
.key.off{background:var(--off)}.key.on{background:var(--on)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.5rem;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0}
@page{size:A4 landscape;margin:12mm}
@media print{:root{color-scheme:light;--paper:#fff;--ink:#000;--soft:#444;--line:#bbb;--panel:#fff;
--off:#64748b;--on:#c2540a;--good:#1a7f4b;--bad:#c0262d;--warn:#9a6700}
body{font-size:11px;padding:0;max-width:none;print-color-adjust:exact}
h2,h3{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}
table{font-size:9.5px}.wide{overflow:visible}figure{border:1px solid var(--line)}}`;

function verdictHtml(judged: Verdict, budget: Budget | undefined): string {
  const { exitCode, reasons } = judged;
  const within = budget === undefined || exitCode !== 0
    ? ""
    : ": every upper bound is within the budget";
  const list = reasons.length === 0
    ? ""
    : `<ul>${reasons.map((reason) => `<li>${escapeHtml(reason)}`).join("")}</ul>`;
  return `<div class="verdict exit${exitCode}"><strong>${
    VERDICT_WORDS[exitCode]
  }</strong>${within}${list}</div>`;
}

function resultsHtml(tables: readonly WorldTable[], budget: Budget | undefined): string {
  const columns = ["", ...TURN_COLUMNS, ...REPORT_COLUMNS];
  const head = columns.map((column) => `<th scope="col">${column}`).join("");
  const isOver = (results: readonly Result[], variant: Variant) =>
    budget !== undefined && variant !== "none" &&
    results.some((result) =>
      result.publisher === variant && overheadIn(budget.unit, result).ci95[1] > budget.limit
    );
  const bodies = tables.map(({ title, results, rows }) => {
    const lines = rows.map(({ variant, cells }) => {
      const mark = isOver(results, variant) ? "strong over" : "strong";
      const tds = columns.slice(1).map((_, index) =>
        `<td${index === 3 || index === 4 ? ` class="${mark}"` : ""}>${cells[index] ?? ""}`
      );
      return `<tr><th scope="row">${variant}${tds.join("")}`;
    });
    return `<tbody><tr><th class="group" scope="rowgroup" colspan="${columns.length}">${
      escapeHtml(title)
    }
${lines.join("\n")}`;
  });
  return `<div class="wide"><table><thead><tr>${head}</thead>
${bodies.join("\n")}
</table></div>`;
}

function worldHtml(
  { world, title, results }: WorldTable,
  rounds: readonly Round[],
  budget: Budget | undefined,
): string {
  const off = pooled(runsOf(rounds, world, "off"), "turn_seconds");
  const figures = results.map(({ publisher }) => {
    const on = pooled(runsOf(rounds, world, publisher), "turn_seconds");
    if (off.count === 0 || on.count === 0) return "";
    const label = `Turn times in world ${world}, without monitoring and with ${publisher}`;
    return `<figure><h3>${publisher}</h3>
${distributionSvg(label, off, on)}</figure>`;
  });
  return `<section><h2>World ${escapeHtml(title)}</h2>
<figure><h3>Added to a turn</h3>
${intervalSvg(world, results, rounds, budget)}
<figcaption>Bars: 95 % intervals. Small dots: single pairs, hollow where they lie outside.${
    budget?.unit === "seconds" ? "" : " Grey field: what the control may be off."
  }</figcaption></figure>
<h3>How long turns took<span class="key off"></span>off<span class="key on"></span>on</h3>
<div class="figures">
${figures.join("\n")}
</div>
<p class="soft">Logarithmic axis, up to just above the slower p99. Below it: p50, p95, p99.</p>
</section>`;
}

function rawHtml(world: World, rounds: readonly Round[], publishers: readonly Publisher[]): string {
  const inWorld = rounds.filter((round) => round.world === world);
  const lines = inWorld.map(({ round, runs }) => {
    const means = new Map(runs.map((run) => [run.variant, meanTurn(run)]));
    const off = means.get("off");
    const cells = publishers.flatMap((publisher) => {
      const on = means.get(publisher);
      if (on === undefined) return ["-", "-"];
      return [fineTime(on), off === undefined ? "-" : inWords(addedShare(on / off - 1))];
    });
    const shown = [off === undefined ? "-" : fineTime(off), ...cells].map((cell) => `<td>${cell}`);
    const order = runs.map(({ variant }) => variant).join(", ");
    return `<tr><th scope="row">${round + 1}${shown.join("")}<td class="words">${order}`;
  });
  const head = publishers.map((publisher) => `<th scope="col">${publisher}<th scope="col">to off`);
  return `<h3>${world}</h3>
<div class="wide"><table><thead><tr><th scope="col">round<th scope="col">off${
    head.join("")
  }<th scope="col" class="words">order</thead>
<tbody>${lines.join("\n")}</table></div>`;
}

/**
 * The results as one page of HTML that needs nothing else: no script, no font, no picture from
 * elsewhere. Light or dark as the reader's system is; fit for printing.
 */
export function resultPage(benchmark: Benchmark, budget?: Budget): string {
  const { machine, results, raw_rounds: rounds } = benchmark;
  const tables = worldTables(benchmark);
  const facts: readonly (readonly [string, string])[] = [
    ["tradesim-exporter", machine.program],
    ["Deno", machine.deno],
    ["System", `${machine.os}, ${machine.arch}`],
    ["Processor", `${machine.cpu}, ${machine.cores} cores`],
    ["Memory", bytes(machine.memory_bytes)],
    ["Load before and after", `${digits(machine.load1_before)}, ${digits(machine.load1_after)}`],
    ["Started", machine.started_at],
  ];
  const raw = tables.map(({ world, results }) =>
    rawHtml(world, rounds, results.map(({ publisher }) => publisher))
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What monitoring costs a turn</title>
<style>${STYLE}</style>
<h1>What monitoring costs a turn</h1>
${verdictHtml(verdict(results, budget), budget)}
<p><b>off</b> is a game without monitoring; <b>none</b> is the same once more, as a control that must
show no difference; <b>journal</b> and <b>http</b> publish their reports. What is added is the
interquartile mean over pairs of fresh processes, with a 95 % interval by bootstrap over the pairs.
${resultsHtml(tables, budget)}
${tables.map((table) => worldHtml(table, rounds, budget)).join("\n")}
<section><h2>Machine</h2>
<dl>${
    facts.map(([name, value]) => `<dt>${escapeHtml(name)}<dd>${escapeHtml(value)}`).join("\n")
  }</dl>
</section>
<section><h2>Raw rounds</h2>
<p class="soft">Mean time of a turn in each run, and what that is to the run without monitoring.
${raw.join("\n")}
</section>
</html>
`;
}
