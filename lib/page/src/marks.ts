/** Draws the events of a game above a chart: a lane per type, and lines if there is room. @module */

import type uPlot from "uplot";
import type { Mark } from "./game.ts";
import { EVENT_COLOURS, faint, type Palette } from "./palette.ts";
import { type Scene, xOfTurn } from "./scene.ts";

/** One per type; the last one is for all other types. */
const LANES = [...Object.keys(EVENT_COLOURS), "other"];
const LANE_HEIGHT = 4;
/** Height of the lanes above the plot, in CSS pixels. */
export const LANES_HEIGHT = LANES.length * LANE_HEIGHT + 4;
/** Minimum distance of lines through the plot; closer ones would hide it. */
const ROOM_FOR_LINES = 14;
/** Maximum distance at which a mark is selected. */
const REACH = 4;

/** The events from one turn to another. */
export function marksBetween(events: readonly Mark[], from: number, to: number): readonly Mark[] {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (events[middle]!.at < from) low = middle + 1;
    else high = middle;
  }
  let end = low;
  while (end < events.length && events[end]!.at <= to) end++;
  return events.slice(low, end);
}

/** The lane of a type of event, counted from the top. */
function laneOf(type: string): number {
  return Object.hasOwn(EVENT_COLOURS, type) ? LANES.indexOf(type) : LANES.length - 1;
}

/** Draws onto the canvas of a chart, which has its own pixels. */
export function drawMarks(chart: uPlot, scene: Scene, palette: Palette): void {
  if (!scene.areMarksShown) return;
  const events = marksBetween(scene.game.events, ...scene.window);
  if (events.length === 0) return;
  const { ctx, bbox } = chart;
  const scale = devicePixelRatio;
  const hasLines = bbox.width / scale / events.length > ROOM_FOR_LINES;
  /** The pixel up to which a lane is drawn. */
  const drawn = new Map<number, number>();
  ctx.save();
  for (const event of events) {
    const x = Math.round(chart.valToPos(xOfTurn(scene, event.at), "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    const lane = laneOf(event.type);
    const colour = palette[EVENT_COLOURS[event.type] ?? "muted"];
    if (x > (drawn.get(lane) ?? -Infinity)) {
      ctx.fillStyle = colour;
      const y = bbox.top - (LANES_HEIGHT - lane * LANE_HEIGHT) * scale;
      ctx.fillRect(x - scale, y, 2 * scale, (LANE_HEIGHT - 1) * scale);
      drawn.set(lane, x + scale);
    }
    if (hasLines) {
      ctx.fillStyle = faint(colour, 0.35);
      ctx.fillRect(x, bbox.top, scale, bbox.height);
    }
  }
  ctx.restore();
}

/** The events at a position of the plot, in CSS pixels from its left edge. */
export function marksAt(chart: uPlot, scene: Scene, left: number): readonly Mark[] {
  if (!scene.areMarksShown) return [];
  return marksBetween(scene.game.events, ...scene.window).filter((event) =>
    Math.abs(chart.valToPos(xOfTurn(scene, event.at), "x") - left) <= REACH
  );
}
