/**
 * Draws a board as an HTML page without scripts. It shows what a reader would see, by the panels'
 * own settings, but it is not Grafana's picture.
 *
 * @module
 */

import { escapeHtml } from "../../lib/html/mod.ts";
import { cells, chart, type Line, type Look, PALETTE } from "./chart.ts";
import { formatValue } from "./format.ts";

/** A series of an answer, with values over time or one of now. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [time: number, value: string])[];
  readonly value?: readonly [time: number, value: string];
}

interface Override {
  readonly matcher: { readonly options: string };
  readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
}

/** What is drawn of a panel. */
export interface DrawnPanel {
  readonly id: number;
  readonly type: string;
  readonly title?: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly legendFormat?: string }[];
  readonly transformations?: readonly {
    readonly id: string;
    readonly options: { readonly renameByName?: Readonly<Record<string, string>> };
  }[];
  readonly options?: { readonly textMode?: string };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly noValue?: string;
      readonly mappings?: readonly {
        readonly options: Readonly<Record<string, { readonly text: string }>>;
      }[];
      readonly thresholds?: {
        readonly steps: readonly { readonly value: number | null; readonly color: string }[];
      };
      readonly custom?: {
        readonly drawStyle?: string;
        readonly stacking?: { readonly mode: string };
        readonly axisSoftMin?: number;
        readonly thresholdsStyle?: { readonly mode: string };
      };
    };
    readonly overrides: readonly Override[];
  };
}

export interface DrawnBoard {
  readonly title: string;
  readonly panels: readonly DrawnPanel[];
}

export interface Setting {
  readonly language: string;
  /** What `$instance` stands for. */
  readonly instance: string;
  /** The last moment that is shown, in seconds since 1970. */
  readonly end: number;
  /** The answers to a panel's queries, in their order. */
  readonly answers: (panel: DrawnPanel) => readonly (readonly Series[])[];
}

/** Pixels of a column and of a row of the grid. */
const COLUMN = 44;
const ROW = 30;
const GAP = 6;
const TITLE = 26;

interface Named {
  readonly name: string;
  readonly series: Series;
}

/** The name of a line by the legend of its query. */
function nameOf(legend: string, { metric }: Series): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? "");
}

function namedSeries(panel: DrawnPanel, answers: readonly (readonly Series[])[]): Named[] {
  return answers.flatMap((answer, index) =>
    answer.map((series) => ({
      name: nameOf(panel.targets?.[index]?.legendFormat ?? "", series),
      series,
    }))
  );
}

function lineOf({ name, series }: Named): Line {
  const points = (series.values ?? []).map(([time, text]) => [time, Number(text)] as const);
  return { name, points: points.filter(([, value]) => Number.isFinite(value)) };
}

function legend(names: readonly string[]): string {
  const items = names.filter((name) => name !== "").map((name, index) =>
    `<span><i style="background:${PALETTE[index % PALETTE.length]}"></i>${escapeHtml(name)}</span>`
  );
  return `<p class="legend">${items.slice(0, 9).join("")}${items.length > 9 ? "…" : ""}</p>`;
}

type Draw = (
  panel: DrawnPanel,
  answers: readonly (readonly Series[])[],
  setting: Setting,
) => string;

const unitOf = (panel: DrawnPanel) => panel.fieldConfig?.defaults.unit ?? "locale";
const nothing = (panel: DrawnPanel) =>
  `<p class="none">${escapeHtml(panel.fieldConfig?.defaults.noValue ?? "–")}</p>`;

/** The colour from whose value on a number stands. */
function colorOf(panel: DrawnPanel, value: number): string {
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  if (steps.length < 2) return "#222";
  const reached = steps.filter((step) => step.value === null || step.value <= value).at(-1);
  const shades: Readonly<Record<string, string>> = {
    green: "#2e8b57",
    orange: "#d9822b",
    red: "#c0392b",
  };
  return shades[reached?.color ?? ""] ?? "#222";
}

const stat: Draw = (panel, answers, { language }) => {
  const all = namedSeries(panel, answers);
  if (all.length === 0) return nothing(panel);
  const isNamed = panel.options?.textMode === "name";
  const mapped = panel.fieldConfig?.defaults.mappings?.[0]?.options ?? {};
  return `<div class="stats">${
    all.map(({ name, series }) => {
      const value = Number(series.value?.[1]);
      const text = mapped[String(value)]?.text ?? formatValue(value, unitOf(panel), language);
      const small = isNamed || all.length === 1 ? "" : `<small>${escapeHtml(name)}</small>`;
      return `<b style="color:${colorOf(panel, value)}">${small}${
        escapeHtml(isNamed ? name : text)
      }</b>`;
    }).join("")
  }</div>`;
};

function lookOf(panel: DrawnPanel, { language }: Setting): Look {
  const { w, h } = panel.gridPos;
  const { custom, thresholds } = panel.fieldConfig?.defaults ?? {};
  const isMarked = custom?.thresholdsStyle !== undefined;
  return {
    width: w * COLUMN - GAP - 16,
    height: h * ROW - GAP - TITLE - 26,
    y: (value) => formatValue(value, unitOf(panel), language),
    x: (minutes) => `${minutes.toLocaleString(language)} min`,
    kind: custom?.drawStyle === "bars" ? "bars" : "lines",
    isStacked: custom?.stacking?.mode === "normal",
    fromZero: custom?.axisSoftMin === 0,
    marks: isMarked ? (thresholds?.steps ?? []).flatMap(({ value }) => value ?? []) : [],
  };
}

const timeseries: Draw = (panel, answers, setting) => {
  const lines = namedSeries(panel, answers).map(lineOf).filter(({ points }) => points.length > 0);
  if (lines.length === 0) return nothing(panel);
  return chart(minutesBefore(lines, setting.end), lookOf(panel, setting)) +
    legend(lines.map(({ name }) => name));
};

/** Times in minutes before the last one, so that ticks stand at round ones. */
function minutesBefore(lines: readonly Line[], end: number): Line[] {
  return lines.map(({ name, points }) => ({
    name,
    points: points.map(([time, value]) => [(time - end) / 60, value] as const),
  }));
}

const xychart: Draw = (panel, answers, setting) => {
  const [turns, ...lines] = namedSeries(panel, answers).map(lineOf);
  if (turns === undefined || lines.length === 0) return nothing(panel);
  const turnAt = new Map(turns.points);
  const byTurn = lines.map(({ name, points }) => ({
    name,
    points: points.flatMap(([time, value]) => {
      const turn = turnAt.get(time);
      return turn === undefined ? [] : [[turn, value] as const];
    }),
  }));
  const look = lookOf(panel, setting);
  return chart(byTurn, {
    ...look,
    kind: "points",
    x: (value) => formatValue(value, "locale", setting.language),
  }) + legend(lines.map(({ name }) => name));
};

const bargauge: Draw = (panel, answers, { language }) => {
  const all = namedSeries(panel, answers);
  if (all.length === 0) return nothing(panel);
  const most = Math.max(...all.map(({ series }) => Number(series.value?.[1])), 1e-9);
  const rows = all.map(({ name, series }) => {
    const value = Number(series.value?.[1]);
    return `<tr><td>${escapeHtml(name)}</td><td class="bar"><i style="width:${
      Math.max(0, value / most * 100)
    }%"></i></td><td class="number">${
      escapeHtml(formatValue(value, unitOf(panel), language))
    }</td></tr>`;
  });
  return `<table>${rows.slice(0, 8).join("")}</table>`;
};

const table: Draw = (panel, answers, { language }) => {
  const renamed =
    panel.transformations?.find(({ id }) => id === "organize")?.options.renameByName ??
      {};
  const [label = ""] = Object.keys(renamed);
  const columns = answers.map((_, index) =>
    renamed[`Value #${String.fromCharCode(65 + index)}`] ?? ""
  );
  const unitFor = (column: string) =>
    panel.fieldConfig?.overrides.find(({ matcher }) => matcher.options === column)
      ?.properties.find(({ id }) => id === "unit")?.value as string | undefined ?? unitOf(panel);
  const names = [...new Set(answers.flat().map(({ metric }) => metric[label] ?? ""))];
  if (names.length === 0) return nothing(panel);
  const rows = names.map((name) => {
    const values = answers.map((answer, index) => {
      const found = answer.find(({ metric }) => metric[label] === name)?.value?.[1];
      const text = found === undefined
        ? ""
        : formatValue(Number(found), unitFor(columns[index]!), language);
      return `<td class="number">${escapeHtml(text)}</td>`;
    });
    return `<tr><td>${escapeHtml(name)}</td>${values.join("")}</tr>`;
  });
  const heads = [renamed[label] ?? label, ...columns].map((text) => `<th>${escapeHtml(text)}</th>`);
  return `<table><tr>${heads.join("")}</tr>${rows.slice(0, 8).join("")}</table>`;
};

const heatmap: Draw = (panel, answers, setting) => {
  const ordered = (answers[0] ?? []).toSorted((a, b) =>
    Number(a.metric["le"]?.replace("+Inf", "Infinity")) -
    Number(b.metric["le"]?.replace("+Inf", "Infinity"))
  );
  const lines = ordered.map((series) => lineOf({ name: series.metric["le"] ?? "", series }));
  // Each bucket counts those below it too.
  const own = lines.map(({ name, points }, index) => {
    const below = new Map(lines[index - 1]?.points ?? []);
    return {
      name: name === "+Inf" ? "∞" : formatValue(Number(name), unitOf(panel), setting.language),
      points: points.map(([x, y]) => [x, y - (below.get(x) ?? 0)] as const),
    };
  });
  const hit = own.filter(({ points }) => points.some(([, value]) => value > 1e-9));
  if (hit.length === 0) return nothing(panel);
  return cells(minutesBefore(hit, setting.end), lookOf(panel, setting));
};

const row: Draw = () => "";

const DRAW: Readonly<Record<string, Draw>> = {
  row,
  stat,
  timeseries,
  xychart,
  bargauge,
  table,
  heatmap,
};

/**
 * A panel as HTML.
 *
 * @throws {Error} When it is of a kind, or has a unit, that is not drawn here.
 */
export function drawPanel(panel: DrawnPanel, setting: Setting): string {
  const draw = DRAW[panel.type];
  if (draw === undefined) throw new Error(`Unknown panel type ${panel.type}`);
  const { x, y, w, h } = panel.gridPos;
  const place = `left:${x * COLUMN}px;top:${y * ROW}px;width:${w * COLUMN - GAP}px;height:${
    h * ROW - GAP
  }px`;
  const title = escapeHtml((panel.title ?? "").replaceAll("$instance", setting.instance));
  return `<section class="${panel.type}" style="${place}"><h2>${title}</h2>${
    draw(panel, setting.answers(panel), setting)
  }</section>`;
}

const STYLE = `
  * { box-sizing: border-box; margin: 0; }
  body { font: 12px "DejaVu Sans", sans-serif; background: #f4f5f5; color: #222; width: ${
  24 * COLUMN + GAP
}px; padding: 6px; }
  h1 { font-size: 17px; height: 32px; }
  main { position: relative; }
  section { position: absolute; background: #fff; border: 1px solid #ddd; padding: 4px 8px; overflow: hidden; }
  section.row { background: none; border: 0; padding: 2px; }
  h2 { font-size: 12px; height: 20px; font-weight: bold; }
  .stats { display: flex; justify-content: space-around; align-items: center; height: calc(100% - 22px); }
  .stats b { font-size: 21px; font-weight: normal; text-align: center; }
  .stats small { display: block; font-size: 11px; color: #666; }
  .none { text-align: center; font-size: 20px; padding-top: 16px; color: #666; }
  .legend { height: 18px; overflow: hidden; white-space: nowrap; font-size: 11px; }
  .legend span { margin-right: 12px; }
  .legend i { display: inline-block; width: 10px; height: 3px; margin-right: 4px; vertical-align: middle; }
  svg text { font-size: 10px; fill: #666; }
  .grid { stroke: #eee; } .mark { stroke: #c0392b; stroke-dasharray: 5 4; }
  table { width: 100%; border-collapse: collapse; }
  td, th { padding: 3px 6px; text-align: left; border-bottom: 1px solid #eee; white-space: nowrap; }
  .number, th:not(:first-child) { text-align: right; }
  .bar { width: 60%; } .bar i { display: block; height: 12px; background: #2e8b57; }
`;

/** A board as a page of its own. */
export function drawBoard({ title, panels }: DrawnBoard, setting: Setting): string {
  const rows = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  return `<!DOCTYPE html><html lang="${setting.language}"><meta charset="utf-8"><style>${STYLE}</style>` +
    `<h1>${escapeHtml(title)}</h1><main style="height:${rows * ROW}px">` +
    panels.map((panel) => drawPanel(panel, setting)).join("\n") + "</main></html>";
}
