/** The axes of a chart: positions and labels of their ticks. @module */

import type uPlot from "uplot";
import type { Format, Unit } from "./format.ts";
import type { Palette } from "./palette.ts";

const DAY = 86_400;
const STEPS = Array.from(
  { length: 18 },
  (_, power) => [1, 2, 5].map((digit) => digit * 10 ** (power - 3)),
).flat();
const WHOLE_STEPS = STEPS.filter((step) => step >= 1);
const TIME_STEPS = [
  ...STEPS.filter((step) => step < 1),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800],
  ...[1, 2, 4, 8, 12, 24, 48, 168, 720, 2160, 8760].map((hours) => hours * 3600),
];

/** What an x axis counts: turns, the time of day, or the time since the game began. */
export type XAxis = "turn" | "time" | "elapsed";

/** Offset of UTC to local time, in seconds. */
function offsetAt(time: number): number {
  return new Date(time * 1000).getTimezoneOffset() * 60;
}

/** Full hours and days of local time, also across a change to or from summer time. */
export function localTicks(low: number, high: number, step: number): number[] {
  const ticks: number[] = [];
  for (let at = Math.ceil((low - offsetAt(low)) / step);; at++) {
    const local = at * step;
    const tick = local + offsetAt(local + offsetAt(low));
    if (tick > high) return ticks;
    if (tick >= low) ticks.push(tick);
  }
}

/** @param isLong Whether the view is longer than a day, so that a time of day is ambiguous. */
export function xAxis(
  kind: XAxis,
  isLong: boolean,
  format: Format,
): Pick<uPlot.Axis, "incrs" | "splits" | "space" | "values"> {
  const write = (x: number, step: number) => {
    if (kind === "turn") return format.whole(x);
    if (kind === "elapsed") return step < 1 ? format.seconds(x) : format.clock(x);
    if (isLong) return step < DAY ? format.dayTime(x) : format.day(x);
    return step < 1 ? format.fineTime(x) : format.time(x);
  };
  return {
    incrs: kind === "turn" ? WHOLE_STEPS : TIME_STEPS,
    space: isLong ? 100 : 64,
    ...(kind === "time" && isLong
      ? { splits: (_plot, _axis, low, high, step) => localTicks(low, high, step) }
      : {}),
    values: (_plot, splits, _axis, _space, step) => splits.map((x) => write(x, step)),
  };
}

/**
 * @param isWhole Whether only whole numbers are meaningful.
 */
export function yAxis(
  unit: Unit,
  isWhole: () => boolean,
  format: Format,
): Pick<uPlot.Axis, "incrs" | "size" | "values"> {
  return {
    ...(unit === "count" || unit === "rate"
      ? { incrs: () => isWhole() ? WHOLE_STEPS : STEPS }
      : {}),
    values: (_plot, splits, _axis, _space, step) =>
      splits.map((y) => y === null ? "" : format.tick(unit, y, step)),
    size: (_plot, values) => 16 + 6.6 * Math.max(3, ...(values ?? []).map((text) => text.length)),
  };
}

/** What the axes of all charts look like. */
export function axisLook(colours: Palette): uPlot.Axis {
  return {
    stroke: colours.muted,
    font: "12px system-ui, sans-serif",
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    border: { show: false },
  };
}

/** The ends of a y axis. */
export function yRange(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const room = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.1 || 1;
  // Starts at zero, unless most of the plot would be empty.
  return [low >= 0 && low < high * 0.5 ? 0 : low - room, high + room];
}
