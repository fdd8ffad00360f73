/** Draws distributions and intervals of results as SVG. @module */

import { escapeHtml } from "../html/mod.ts";
import {
  type Budget,
  CONTROL_TOLERANCE,
  meanTurn,
  overheadIn,
  pairsOf,
  type Result,
  type Round,
  type World,
} from "./result.ts";
import type { Durations } from "./statistics.ts";
import { addedShare, addedTime, inWords, tickTime, time } from "./tables.ts";

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
export function distributionSvg(label: string, off: Durations, on: Durations): string {
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

/** Room at the left, for names, and at the right; height of a publisher's row, and where the rows begin. */
const [LEFT, RIGHT, ROW, TOP] = [80, 34, 40, 22];

/** One publisher's overhead, and its pairs. */
interface Row {
  readonly publisher: string;
  readonly value: number;
  readonly ci95: readonly [number, number];
  readonly dots: readonly number[];
}

/** Both ends of an axis that has all intervals on it. */
function reachOf(marks: readonly number[]): { readonly low: number; readonly high: number } {
  const [least, most] = [Math.min(...marks), Math.max(...marks)];
  const margin = 0.25 * Math.max(most - least, 1e-12);
  return { low: least - margin, high: most + margin };
}

/** The parts of a chart of intervals that any number of rows has. */
function intervalScale(
  marks: readonly number[],
  rows: readonly Row[],
  unit: Budget["unit"],
) {
  const { low, high } = reachOf(marks);
  const width = WIDTH - RIGHT - LEFT;
  const scale = Math.max(Math.abs(low), Math.abs(high));
  return {
    low,
    high,
    base: TOP + ROW * rows.length,
    /** A pair far outside would press all else together: it is drawn at the edge. */
    x: (value: number) =>
      coordinate(LEFT + width * (Math.min(high, Math.max(low, value)) - low) / (high - low)),
    show: (value: number) =>
      inWords(unit === "ratio" ? addedShare(value) : addedTime(value, scale)),
  };
}

type IntervalScale = ReturnType<typeof intervalScale>;

function upright({ x, base }: IntervalScale, name: string, value: number): string {
  return `<line class="${name}" x1="${x(value)}" x2="${x(value)}" y1="${TOP}" y2="${base}"/>`;
}

/** The grid, what the control may be off, and the budget. */
function background(
  scale: IntervalScale,
  tolerance: number | undefined,
  limit: number | undefined,
) {
  const { low, high, base, x, show } = scale;
  const field = tolerance === undefined ? [] : [
    `<rect class="tolerance" x="${x(-tolerance)}" y="${TOP}" width="${
      coordinate(Number(x(tolerance)) - Number(x(-tolerance)))
    }" height="${ROW}"><title>What the control may be off</title></rect>`,
  ];
  const ticks = linearTicks(low, high, 6).flatMap((tick) => [
    upright(scale, "grid", tick),
    `<text x="${x(tick)}" y="${base + 16}" text-anchor="middle">${show(tick)}</text>`,
  ]);
  const budget = limit === undefined ? [] : [
    upright(scale, "budget", limit),
    `<text class="budget" x="${x(limit)}" y="${TOP - 7}" text-anchor="middle">budget ${
      show(limit).slice(1)
    }</text>`,
  ];
  return [...field, ...ticks, upright(scale, "zero", 0), ...budget];
}

/** A publisher's interval, and its pairs as dots. */
function lane(scale: IntervalScale, row: Row, index: number, limit: number | undefined): string {
  const { low, high, x, show } = scale;
  const { publisher, value, ci95: [from, to], dots } = row;
  const y = TOP + ROW * (index + 0.5);
  const isOver = limit !== undefined && publisher !== "none" && to > limit;
  const kind = publisher === "none" ? "off" : isOver ? "over" : "on";
  const pairs = dots.map((dot) =>
    `<circle class="pair${dot < low || dot > high ? " outside" : ""}" cx="${x(dot)}" cy="${
      y + 11
    }" r="2.5"><title>one pair: ${show(dot)}</title></circle>`
  );
  return `<text class="lane" x="${LEFT - 10}" y="${y + 4}" text-anchor="end">${publisher}</text>
${pairs.join("\n")}
<g class="interval ${kind}"><title>${publisher}: ${show(value)} [${show(from)}, ${
    show(to)
  }]</title><line x1="${x(from)}" x2="${x(to)}" y1="${y - 3}" y2="${y - 3}"/><circle cx="${
    x(value)
  }" cy="${y - 3}" r="5"/></g>`;
}

/** Overheads of one world: the interval of each publisher, and its pairs as dots. */
export function intervalSvg(
  world: World,
  results: readonly Result[],
  rounds: readonly Round[],
  budget: Budget | undefined,
): string {
  const unit = budget?.unit ?? "ratio";
  const rows = results.map((result): Row => ({
    publisher: result.publisher,
    ...overheadIn(unit, result),
    dots: pairsOf(rounds, world, result.publisher).map(({ off, on }) => {
      const added = meanTurn(on) - meanTurn(off);
      return unit === "ratio" ? added / meanTurn(off) : added;
    }),
  }));
  const tolerance = unit === "ratio" ? CONTROL_TOLERANCE : undefined;
  const limit = budget?.limit;
  const fixed = tolerance === undefined ? [0] : [0, -tolerance, tolerance];
  const marks = [
    ...fixed,
    ...rows.flatMap(({ ci95 }) => ci95),
    ...limit === undefined ? [] : [limit],
  ];
  const scale = intervalScale(marks, rows, unit);
  return `<svg viewBox="0 0 ${WIDTH} ${scale.base + 24}" role="img" aria-label="Overhead in world ${
    escapeHtml(world)
  }, with 95 % intervals">
${
    [
      ...background(scale, tolerance, limit),
      ...rows.map((row, index) => lane(scale, row, index, limit)),
    ].join("\n")
  }
</svg>`;
}
