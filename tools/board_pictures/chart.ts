/** Charts as SVG: lines, bars and cells over an x axis. @module */

import { escapeHtml } from "../../lib/html/mod.ts";

export const PALETTE = [
  "#3f7fbf",
  "#d9822b",
  "#3d9970",
  "#b10dc9",
  "#c0392b",
  "#7f8c8d",
  "#16a085",
];

export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Look {
  readonly width: number;
  readonly height: number;
  /** How values and places on the x axis are written. */
  readonly y: (value: number) => string;
  readonly x: (value: number) => string;
  readonly kind: "lines" | "bars" | "points";
  readonly isStacked: boolean;
  readonly fromZero: boolean;
  /** Values at which a dashed line stands. */
  readonly marks: readonly number[];
}

const LEFT = 74;
const BOTTOM = 20;
const TOP = 6;
const RIGHT = 16;

/** Round numbers within a range, about so many. */
function ticks(from: number, to: number, about: number): number[] {
  const rough = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((step) => step >= rough)!;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

/** Each line on those before it. A line without a value at some x adds nothing there. */
function stack(lines: readonly Line[]): Line[] {
  const below = new Map<number, number>();
  return lines.map(({ name, points }) => ({
    name,
    points: points.map(([x, y]) => {
      const sum = (below.get(x) ?? 0) + y;
      below.set(x, sum);
      return [x, sum] as const;
    }),
  }));
}

interface Scale {
  (value: number): number;
}

function scale(from: number, to: number, start: number, end: number): Scale {
  return (value) => start + (value - from) / (to - from || 1) * (end - start);
}

function at(number: number): string {
  return String(Math.round(number * 10) / 10);
}

function drawLine({ points }: Line, color: string, x: Scale, y: Scale, look: Look): string {
  const places = points.map(([a, b]) => `${at(x(a))},${at(y(b))}`);
  if (look.kind === "bars") {
    return points.filter(([, value]) => value > 0).map(([a, b]) =>
      `<rect x="${at(x(a) - 2)}" width="4" y="${at(y(b))}" height="${
        at(Math.max(y(0) - y(b), 0))
      }" fill="${color}"/>`
    ).join("");
  }
  const line = `<polyline points="${
    places.join(" ")
  }" fill="none" stroke="${color}" stroke-width="1.5"/>`;
  if (look.kind === "lines" && points.length > 1) {
    if (!look.isStacked) return line;
    const [first, last] = [points[0]!, points.at(-1)!].map(([a]) => `${at(x(a))},${at(y(0))}`);
    const area = `<polygon points="${first} ${places.join(" ")} ${last}" fill="${color}"/>`;
    return `<g opacity="0.6">${area}</g>${line}`;
  }
  return line +
    points.map(([a, b]) => `<circle cx="${at(x(a))}" cy="${at(y(b))}" r="1.5" fill="${color}"/>`)
      .join("");
}

function axes(x: Scale, y: Scale, range: readonly number[], look: Look): string {
  const [fromX, toX, fromY, toY] = range as [number, number, number, number];
  const right = look.width - RIGHT;
  const lines = ticks(fromY, toY, 4).map((value) =>
    `<line x1="${LEFT}" x2="${right}" y1="${at(y(value))}" y2="${at(y(value))}" class="grid"/>` +
    `<text x="${LEFT - 6}" y="${at(y(value) + 3)}" text-anchor="end">${
      escapeHtml(look.y(value))
    }</text>`
  );
  const places = ticks(fromX, toX, 5).map((value) =>
    `<text x="${at(x(value))}" y="${look.height - 4}" text-anchor="middle">${
      escapeHtml(look.x(value))
    }</text>`
  );
  const marks = look.marks.filter((value) => value >= fromY && value <= toY).map((value) =>
    `<line x1="${LEFT}" x2="${right}" y1="${at(y(value))}" y2="${at(y(value))}" class="mark"/>`
  );
  return [...lines, ...places, ...marks].join("");
}

function svg(look: Look, inner: string): string {
  return `<svg width="${look.width}" height="${look.height}">${inner}</svg>`;
}

/** A chart of lines, bars or points, without a legend. */
export function chart(lines: readonly Line[], look: Look): string {
  const drawn = look.isStacked ? stack(lines) : lines;
  const all = drawn.flatMap(({ points }) => points);
  const xs = all.map(([x]) => x);
  const ys = [...all.map(([, y]) => y), ...look.fromZero ? [0] : []];
  const fromX = Math.min(...xs), toX = Math.max(...xs);
  const fromY = Math.min(...ys);
  const toY = Math.max(...ys) > fromY ? Math.max(...ys) : fromY + 1;
  const x = scale(fromX, toX, LEFT, look.width - RIGHT);
  const y = scale(fromY, toY, look.height - BOTTOM, TOP);
  // The lowest of a stack is drawn last, over the bars of those above it.
  const shapes = drawn.map((line, index) =>
    drawLine(line, PALETTE[index % PALETTE.length]!, x, y, look)
  ).toReversed();
  return svg(look, axes(x, y, [fromX, toX, fromY, toY], look) + shapes.join(""));
}

/** How often each class was hit, darker for more; the first line is the lowest class. */
export function cells(lines: readonly Line[], look: Look): string {
  const xs = [...new Set(lines.flatMap(({ points }) => points.map(([x]) => x)))];
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([, y]) => y)));
  const x = scale(Math.min(...xs), Math.max(...xs), LEFT, look.width - RIGHT);
  const height = (look.height - BOTTOM - TOP) / lines.length;
  const width = (look.width - LEFT - RIGHT) / xs.length;
  const rows = lines.map(({ name, points }, index) => {
    const top = look.height - BOTTOM - (index + 1) * height;
    const hit = points.filter(([, value]) => value > 0).map(([place, value]) =>
      `<rect x="${at(x(place) - width)}" y="${at(top)}" width="${at(width)}" height="${
        at(height - 1)
      }" fill="#d9822b" opacity="${at(0.2 + 0.8 * Math.sqrt(value / most))}"/>`
    );
    const label = `<text x="${LEFT - 6}" y="${at(top + height / 2 + 3)}" text-anchor="end">${
      escapeHtml(name)
    }</text>`;
    return label + hit.join("");
  });
  const places = ticks(Math.min(...xs), Math.max(...xs), 5).map((value) =>
    `<text x="${at(x(value))}" y="${look.height - 4}" text-anchor="middle">${
      escapeHtml(look.x(value))
    }</text>`
  );
  return svg(look, [...rows, ...places].join(""));
}
