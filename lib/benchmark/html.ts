/** Presents the results of a benchmark as a page with charts. @module */

import { escapeHtml } from "../html/mod.ts";
import { bytes } from "../text/mod.ts";
import {
  type Benchmark,
  type Budget,
  meanTurn,
  overheadIn,
  pooled,
  type Publisher,
  type Result,
  type Round,
  runsOf,
  type Variant,
  type Verdict,
  verdict,
  type World,
} from "./result.ts";
import { distributionSvg, intervalSvg } from "./charts.ts";
import {
  addedShare,
  digits,
  fineTime,
  inWords,
  REPORT_COLUMNS,
  TURN_COLUMNS,
  VERDICT_WORDS,
  type WorldTable,
  worldTables,
} from "./tables.ts";

export { formatTable } from "./tables.ts";

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
