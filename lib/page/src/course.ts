/** The data of a chart, as numbers and text: the rows of one or two games. @module */

import type { Table } from "./card.ts";
import { type ChartDefinition, type Rows, rowsOf } from "./charts.ts";
import { csv } from "./csv.ts";
import type { Format, Unit } from "./format.ts";
import type { Game } from "./game.ts";
import { marksBetween } from "./marks.ts";
import { type Data, joined, under } from "./overlay.ts";
import { EVENT_COLOURS } from "./palette.ts";
import type { Key } from "./picture.ts";
import { placesOf, rowsBetween, type Scene, timeWriter, xOfTurn } from "./scene.ts";
import type { Texts } from "./texts.ts";
import { rowAfter, rowAt } from "../../turns/row_at.ts";
import { eventName, gameLine } from "./wording.ts";

/** Rows of the table that stands for a chart. */
const TABLE_ROWS = 50;

export class Course {
  readonly rows: Rows;
  /** Positions of the rows on the x axis. */
  readonly xs: ArrayLike<number>;
  /** The rows of the second game, and their positions. */
  readonly laid: { readonly rows: Rows; readonly xs: ArrayLike<number> } | undefined;
  /** Start and end of the view on the x axis. */
  readonly ends: readonly [number, number];

  constructor(
    readonly definition: ChartDefinition,
    readonly scene: Scene,
    private readonly around: { readonly texts: Texts; readonly format: Format },
  ) {
    const { game, other, window } = scene;
    this.ends = [xOfTurn(scene, window[0]), xOfTurn(scene, window[1])];
    const read = (shown: Game) => {
      const rows = rowsOf(
        definition,
        shown.turns,
        shown.summary?.values ?? {},
        rowsBetween(scene, shown, this.ends),
        scene.isPerTurn,
      );
      return { rows, xs: placesOf(scene, shown, rows) };
    };
    ({ rows: this.rows, xs: this.xs } = read(game));
    this.laid = other !== undefined && other.turns.length > 0 ? read(other) : undefined;
  }

  /** As a plot takes it. */
  get data(): Data {
    const own: Data = [this.xs, ...this.rows.values];
    return this.laid === undefined ? own : joined(own, [this.laid.xs, ...this.laid.rows.values]);
  }

  /** Text next to the title: the unit of the values, and which turns are drawn. */
  get unitText(): string {
    const { kind } = this.definition;
    const perTurn = kind === "total" && this.scene.isPerTurn ? this.around.texts.unitPerTurn : "";
    return [perTurn, this.#thinning()].filter((part) => part !== "").join(", ");
  }

  /** The row of the other game for a row of this game, if there is one. */
  #laidRow(row: number): number | undefined {
    if (this.laid === undefined || this.xs.length === 0) return undefined;
    const [low, high] = this.ends;
    // As far as a dot reaches.
    return under(this.laid.xs, this.xs[row]!, (high - low) / 100);
  }

  /** What the values count. */
  get unit(): Unit {
    const { kind, unit } = this.definition;
    return kind === "total" && unit === "count" && this.scene.isPerTurn ? "rate" : unit;
  }

  /** Which of the turns in view are drawn, if not all. */
  #thinning(): string {
    const { texts, format } = this.around;
    const { tours, areMeans } = this.rows;
    const [first, end] = this.#inView();
    const drawn = end - first;
    const all = drawn > 0 ? tours[end - 1]! - tours[first]! + 1 : 0;
    if (all <= drawn) return "";
    return areMeans
      ? texts.means(format.whole(all / drawn))
      : texts.thinned(format.whole(drawn), format.whole(all));
  }

  /** The rows in view, the last excluded, with one beyond each end to draw lines to. */
  #inView(): readonly [number, number] {
    const [from, to] = this.scene.window;
    return [rowAt(this.rows.tours, from), rowAfter(this.rows.tours, to)];
  }

  #rowsInView(): readonly number[] {
    const [first, end] = this.#inView();
    return Array.from({ length: Math.max(end - first, 0) }, (_, index) => first + index);
  }

  /** The last row in view. */
  get lastRow(): number {
    return Math.max(this.#inView()[1] - 1, 0);
  }

  /** A value as it is written. */
  valueAt(series: number, row: number): string {
    return this.around.format.value(this.unit, this.rows.values[series]?.[row]);
  }

  /** The other game's value beside it; undefined without another game. */
  laidValueAt(series: number, row: number): string | undefined {
    if (this.laid === undefined) return undefined;
    const at = this.#laidRow(row);
    const { texts, format } = this.around;
    if (at === undefined) return texts.notThere;
    return format.value(this.unit, this.laid.rows.values[series]?.[at]);
  }

  /** Which turn a row is of, and when it was. */
  nameOfRow(row: number): string {
    const { texts, format } = this.around;
    const time = timeWriter(this.scene, format)(this.rows.times[row]!);
    return `${texts.turn} ${format.whole(this.rows.tours[row])}, ${time}`;
  }

  /** The values of a row in one line. */
  legendText(row = this.lastRow): string {
    const { texts } = this.around;
    return this.definition.series
      .map(({ label }, index) => {
        const laid = this.laidValueAt(index, row);
        return `${texts.series[label]} ${this.valueAt(index, row)}` +
          (laid === undefined ? "" : ` (${texts.otherGame} ${laid})`);
      })
      .join(", ");
  }

  /** What is in view as a table of a few rows. */
  table(): Table {
    const { texts, format } = this.around;
    const { series } = this.definition;
    const header = [texts.turn, texts.time, ...series.map(({ label }) => texts.series[label])];
    const { tours, times } = this.rows;
    const time = timeWriter(this.scene, format);
    const rows = this.#rowsInView();
    const stride = Math.max(1, rows.length / TABLE_ROWS);
    const shown = Array.from(
      { length: Math.min(rows.length, TABLE_ROWS) },
      (_, index) => rows[rows.length - 1 - Math.floor(index * stride)]!,
    );
    return {
      header,
      rows: shown.map((row) => [
        format.whole(tours[row]),
        time(times[row]!),
        ...series.map((_series, index) => this.valueAt(index, row)),
      ]),
    };
  }

  /** All that is in view; both games, where there are two. */
  csv(): string {
    const { series, kind } = this.definition;
    const suffix = kind === "total" && this.scene.isPerTurn ? "_par_tour" : "";
    const header = ["tour", "timestamp", ...series.map(({ metric }) => metric + suffix)];
    const linesOf = ({ tours, times, values }: Rows, rows: readonly number[]) =>
      rows.map((row) => [tours[row], times[row], ...values.map((column) => column?.[row])]);
    const lines = linesOf(this.rows, this.#rowsInView());
    const { game, other } = this.scene;
    if (this.laid === undefined) return csv(header, lines);
    return csv(["session", ...header], [
      ...lines.map((line) => [game.session, ...line]),
      ...linesOf(this.laid.rows, this.#laidInView()).map((line) => [other!.session, ...line]),
    ]);
  }

  #laidInView(): readonly number[] {
    const [low, high] = this.ends;
    return Array.from(this.laid!.xs, (x, row) => x >= low && x <= high ? row : -1)
      .filter((row) => row >= 0);
  }

  /** What a picture names besides the lines: marks and games. */
  more(): { readonly keys: readonly Key[]; readonly games: readonly string[] } {
    const { texts, format } = this.around;
    const { game, other, window, areMarksShown } = this.scene;
    const marks = areMarksShown ? marksBetween(game.events, ...window) : [];
    const ofType = new Map(marks.map((event) => [event.type, event]));
    return {
      keys: [...ofType.values()].map((event) => ({
        label: eventName(event, texts),
        colour: EVENT_COLOURS[event.type] ?? "muted",
      })),
      games: [game, ...this.laid === undefined ? [] : [other!]].map(({ summary, session }) =>
        summary === undefined ? session : gameLine(summary, texts, format)
      ),
    };
  }
}
