/** The data of all charts: games, view and axis. @module */

import type { Format } from "./format.ts";
import type { Game } from "./game.ts";
import { rowAfter, rowAt } from "../../turns/row_at.ts";
import { type Turns } from "./turns.ts";

export type Axis = "turn" | "time";

export interface Scene {
  readonly game: Game;
  /** A second game, drawn over the first. */
  readonly other: Game | undefined;
  /** The first and the last turn in view. */
  readonly window: readonly [from: number, to: number];
  readonly axis: Axis;
  readonly isPerTurn: boolean;
  readonly areMarksShown: boolean;
}

/** Whether times count from the start of the game, because two games are overlaid. */
export function isElapsed({ axis, other }: Scene): boolean {
  return axis === "time" && other !== undefined;
}

function beginning(turns: Turns): number {
  return turns.column("timestamp")?.[0] ?? 0;
}

/** When a turn ended, in seconds since 1970. */
function timeOf({ turns }: Game, turn: number): number {
  const row = Math.min(rowAt(turns.column("tour")!, turn), turns.length - 1);
  return turns.column("timestamp")?.[row] ?? 0;
}

/** The position of a turn on the x axis. */
export function xOfTurn(scene: Scene, turn: number): number {
  if (scene.axis === "turn") return turn;
  return timeOf(scene.game, turn) - (isElapsed(scene) ? beginning(scene.game.turns) : 0);
}

/** Whether the view is longer than a day, so that a time of day is ambiguous. */
export function isLong({ game, window: [from, to] }: Scene): boolean {
  return timeOf(game, to) - timeOf(game, from) > 86_400;
}

/** Formats times for the view: with a date if it is longer than a day. */
export function timeWriter(scene: Scene, { moment, time }: Format): (at: number) => string {
  return isLong(scene) ? moment : time;
}

/** The turn at a position on the x axis. */
export function turnAt(scene: Scene, x: number): number {
  if (scene.axis === "turn") return x;
  const { turns } = scene.game;
  const time = x + (isElapsed(scene) ? beginning(turns) : 0);
  const row = Math.min(rowAt(turns.column("timestamp") ?? [], time), turns.length - 1);
  return turns.column("tour")![Math.max(row, 0)] ?? 0;
}

/** The rows of a game between two positions on the x axis, with one beyond each end. */
export function rowsBetween(
  scene: Scene,
  game: Game,
  [low, high]: readonly [number, number],
): readonly [number, number] {
  const { turns } = game;
  const shift = isElapsed(scene) ? beginning(turns) : 0;
  const places = turns.column(scene.axis === "turn" ? "tour" : "timestamp") ?? [];
  const from = Math.max(rowAt(places, low + shift) - 1, 0);
  // Turns of a fast game end in the same millisecond: this returns the last of them.
  return [from, Math.max(Math.min(rowAfter(places, high + shift) + 1, turns.length), from)];
}

/** Positions of rows on the x axis. */
export function placesOf(
  scene: Scene,
  game: Game,
  rows: { readonly tours: ArrayLike<number>; readonly times: ArrayLike<number> },
): ArrayLike<number> {
  if (scene.axis === "turn") return rows.tours;
  if (!isElapsed(scene)) return rows.times;
  const start = beginning(game.turns);
  return Array.from(rows.times, (time) => time - start);
}
