/** One chart of a game's course: drawn by uPlot, moved by mouse, finger and keyboard. @module */

import uPlot from "uplot";
import { Card, type Table } from "./card.ts";
import { type ChartDefinition, queriesOf, type Rows, rowsOf } from "./charts.ts";
import { csv } from "./csv.ts";
import { h, setText } from "./dom.ts";
import type { Format, Unit } from "./format.ts";
import type { Game } from "./game.ts";
import { drawMarks, LANES_HEIGHT, marksAt, marksBetween } from "./marks.ts";
import { faint, type Palette } from "./palette.ts";
import { isElapsed, placesOf, rowsBetween, type Scene, xOfTurn } from "./scene.ts";
import type { Texts } from "./texts.ts";
import { rowAfter, rowAt } from "./turns.ts";
import { eventLine } from "./wording.ts";

const HEIGHT = 216;
/** Rows of the table that stands for a chart. */
const TABLE_ROWS = 50;
/** Events that a tip names. */
const TIP_EVENTS = 4;
/** All charts have their cursor at the same place. */
const SYNC = "course";

/** What a chart asks of the page. Places are on the x axis. */
export interface Moves {
  select(from: number, to: number): void;
  zoom(factor: number, at?: number): void;
  /** Moves the view by a share of its width. */
  pan(share: number): void;
  showAll(): void;
}

export interface Surroundings {
  readonly texts: Texts;
  readonly format: Format;
  /** What the exporter sets before each name of game and system. */
  readonly palette: () => Palette;
  readonly moves: Moves;
  readonly announce: (text: string) => void;
}

type Data = [
  xs: ArrayLike<number>,
  ...values: (ArrayLike<number | null | undefined> | undefined)[],
];

export class Chart {
  readonly card: Card;
  /** Whether any of it is on the screen. */
  isSeen = true;
  readonly #definition: ChartDefinition;
  readonly #around: Surroundings;
  readonly #tip = h("div", { class: "tip", hidden: true });
  #plot: uPlot | undefined;
  /** What a plot is made for; another needs another plot. */
  #made = "";
  #scene: Scene | undefined;
  #rows: Rows | undefined;
  /** The rows of the game that is laid over, and their places. */
  #laid: { readonly rows: Rows; readonly xs: ArrayLike<number> } | undefined;
  #xs: ArrayLike<number> = [];
  #hidden = new Set<number>();

  constructor(definition: ChartDefinition, around: Surroundings) {
    this.#definition = definition;
    this.#around = around;
    const { texts, announce } = around;
    const { id, series } = definition;
    this.card = new Card({
      id,
      title: texts.charts[id],
      texts,
      metrics: series.map(({ metric }) => metric),
      legend: series.map(({ label, colour }) => ({ label: texts.series[label], colour })),
      onToggle: (index, isShown) => {
        if (isShown) this.#hidden.delete(index);
        else this.#hidden.add(index);
        for (const at of [index + 1, index + 1 + series.length]) {
          if (this.#plot?.series[at] !== undefined) this.#plot.setSeries(at, { show: isShown });
        }
      },
      table: () => this.#table(),
      csv: () => this.#csv(),
      canvas: () => {
        this.isSeen = true;
        if (this.#scene !== undefined) this.draw(this.#scene);
        return this.#plot?.ctx.canvas;
      },
      caption: () => this.#legendText(),
      announce,
    });
    this.card.plot.tabIndex = 0;
    this.card.plot.setAttribute("aria-describedby", "keys");
    this.card.plot.addEventListener("keydown", (event) => this.#onKey(event));
    this.card.plot.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    this.#panByFinger();
  }

  get #unit(): Unit {
    const { kind, unit } = this.#definition;
    return kind === "total" && unit === "count" && this.#scene?.isPerTurn ? "rate" : unit;
  }

  /** Brings the chart up to the scene: its words always, its lines while they are on the screen. */
  draw(scene: Scene): void {
    this.#scene = scene;
    const { texts } = this.#around;
    const { game, other, window } = scene;
    const ends = [xOfTurn(scene, window[0]), xOfTurn(scene, window[1])] as const;
    const read = (shown: Game) =>
      rowsOf(
        this.#definition,
        shown.turns,
        shown.summary?.values ?? {},
        rowsBetween(scene, shown, ends),
        scene.isPerTurn,
      );
    const rows = read(game);
    this.#rows = rows;
    this.#xs = placesOf(scene, game, rows);
    this.#laid = undefined;
    if (other !== undefined && other.turns.length > 0) {
      const laid = read(other);
      this.#laid = { rows: laid, xs: placesOf(scene, other, laid) };
    }
    this.card.setQueries(queriesOf(this.#definition, scene.isPerTurn));
    this.card.setUnit(
      this.#definition.kind === "total" && scene.isPerTurn ? texts.unitPerTurn : "",
    );
    if (rows.values.every((column) => column === undefined)) {
      this.card.setNote(texts.noColumn);
      return;
    }
    this.card.setNote(undefined);
    if (this.isSeen) {
      let data: Data = [this.#xs, ...rows.values];
      if (this.#laid !== undefined) {
        data = joined(data, [this.#laid.xs, ...this.#laid.rows.values]);
      }
      this.#show(data, ends);
    }
    this.#readOut();
    this.card.refreshTable();
    this.card.plot.setAttribute("aria-label", this.#summary());
  }

  resize(): void {
    const { clientWidth } = this.card.plot;
    if (this.#plot !== undefined && clientWidth > 0 && clientWidth !== this.#plot.width) {
      this.#plot.setSize({ width: clientWidth, height: HEIGHT });
    }
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#made = "";
  }

  #show(data: Data, [min, max]: readonly [number, number]): void {
    const scene = this.#scene!;
    const columns = data.slice(1).map((column) => column !== undefined);
    const made = JSON.stringify([scene.axis, isElapsed(scene), this.#unit, columns]);
    const given = [
      data[0],
      ...data.slice(1).map((column) => column ?? []),
    ] as unknown as uPlot.AlignedData;
    if (this.#plot === undefined || this.#made !== made) {
      this.destroy();
      this.#made = made;
      this.#plot = new uPlot(this.#options(columns), given, this.card.plot);
      this.#plot.over.append(this.#tip);
    } else {
      this.#plot.setData(given, false);
    }
    // One turn alone has a place, but no width.
    this.#plot.setScale("x", max > min ? { min, max } : { min: min - 1, max: max + 1 });
  }

  #options(columns: readonly boolean[]): uPlot.Options {
    const { palette, format, moves } = this.#around;
    const colours = palette();
    const scene = this.#scene!;
    const { series, band, isStepped, isLogarithmic } = this.#definition;
    const paths = isStepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {};
    const axis = {
      stroke: colours.muted,
      font: "12px system-ui, sans-serif",
      grid: { stroke: colours.grid, width: 1 },
      ticks: { show: false },
      border: { show: false },
    };
    const lines = columns.map((isKnown, index): uPlot.Series => {
      const own = series[index % series.length]!;
      const colour = colours[own.colour];
      const isOther = index >= series.length;
      return {
        show: isKnown && !this.#hidden.has(index % series.length),
        stroke: isOther ? faint(colour, 0.75) : colour,
        width: isOther ? 1.25 : 1.75,
        ...(isOther ? { dash: [5, 4] } : {}),
        // The steps of one game fall between those of the other.
        spanGaps: isOther || columns.length > series.length,
        points: { show: this.#xs.length < 40 && !isOther, size: 4, fill: colour },
        ...paths,
      };
    });
    return {
      width: Math.max(this.card.plot.clientWidth, 200),
      height: HEIGHT,
      padding: [LANES_HEIGHT, scene.axis === "time" ? 30 : 12, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, auto: false },
        y: isLogarithmic ? { distr: 3 } : {
          range: (_plot, low, high) => {
            if (low === null || high === null) return [0, 1];
            const room = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.1 || 1;
            // From zero on, unless that would leave most of the plot empty.
            return [low >= 0 && low < high * 0.5 ? 0 : low - room, high + room];
          },
        },
      },
      axes: [
        {
          ...axis,
          size: 30,
          space: 64,
          ...(scene.axis === "turn" ? { incrs: WHOLE_STEPS } : { incrs: TIME_STEPS }),
          values: (_plot, splits, _axis, _space, step) =>
            splits.map((x) => {
              if (scene.axis === "turn") return format.whole(x);
              if (!isElapsed(scene)) return step < 1 ? format.fineTime(x) : format.time(x);
              return step < 1 ? format.seconds(x) : format.clock(x);
            }),
        },
        {
          ...axis,
          space: isLogarithmic ? 22 : 34,
          values: (_plot, splits, _axis, _space, step) =>
            splits.map((y) => y === null ? "" : format.tick(this.#unit, y, step)),
          size: (_plot, values) =>
            16 + 6.6 * Math.max(3, ...(values ?? []).map((text) => text.length)),
        },
      ],
      series: [{}, ...lines],
      ...(band === undefined ? {} : {
        bands: [{ series: [band[0] + 1, band[1] + 1], fill: faint(colours.blue, 0.1) }],
      }),
      cursor: {
        y: false,
        points: { size: 7 },
        drag: { x: true, y: false, setScale: false },
        sync: { key: SYNC, setSeries: false },
        bind: {
          mousedown: (plot, _target, handler) => (event) => {
            if (event.shiftKey) this.#panByMouse(plot, event);
            else handler(event);
            return null;
          },
          dblclick: () => () => {
            moves.showAll();
            return null;
          },
        },
      },
      hooks: {
        setSelect: [(plot) => {
          const { left, width } = plot.select;
          if (width < 3) return;
          moves.select(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
        setCursor: [() => this.#readOut()],
        draw: [(plot) => drawMarks(plot, this.#scene!, palette())],
      },
    };
  }

  /** The last row in view; one beyond may be there, for lines to be drawn to. */
  get #lastRow(): number {
    const tours = this.#rows?.tours ?? [];
    const to = this.#scene?.window[1] ?? 0;
    return Math.max(rowAfter(tours, to) - 1, 0);
  }

  /** The row under the cursor, or the last one in view. */
  get #row(): number {
    const left = this.#plot?.cursor.left ?? -1;
    if (left < 0 || this.#plot === undefined) return this.#lastRow;
    const x = this.#plot.posToVal(left, "x");
    const row = Math.min(rowAt(this.#xs, x), this.#xs.length - 1);
    return row > 0 && x - this.#xs[row - 1]! < this.#xs[row]! - x ? row - 1 : row;
  }

  #valueAt(series: number, row: number): string {
    return this.#around.format.value(this.#unit, this.#rows?.values[series]?.[row]);
  }

  #nameOfRow(row: number): string {
    const { texts, format } = this.#around;
    const time = this.#rows!.times[row]!;
    return `${texts.turn} ${format.whole(this.#rows!.tours[row])}, ${format.time(time)}`;
  }

  /** Shows the values under the cursor in the legend, and the events in the tip. */
  #readOut(): void {
    const plot = this.#plot;
    if (this.#rows === undefined) return;
    const row = this.#row;
    this.#definition.series.forEach((_series, index) => {
      this.card.setValue(index, this.#valueAt(index, row));
    });
    if (plot === undefined) return;
    const left = plot.cursor.left ?? -1;
    // Without a mouse over this very plot the cursor follows another one's.
    const isHere = left >= 0 && (plot.over.matches(":hover") || this.card.plot.matches(":focus"));
    this.#tip.hidden = !isHere;
    if (!isHere) return;
    const { texts, format } = this.#around;
    const marks = marksAt(plot, this.#scene!, left);
    const lines = marks.slice(0, TIP_EVENTS).map((event) => {
      const line = eventLine(event, texts, format);
      // Where turns are thinned, the nearest one that is drawn may be another.
      const isOfRow = event.at === this.#rows!.tours[row];
      return isOfRow ? line : `${texts.turn} ${format.whole(event.at)} · ${line}`;
    });
    if (marks.length > TIP_EVENTS) {
      lines.push(texts.more(format.whole(marks.length - TIP_EVENTS)));
    }
    setText(this.#tip, [this.#nameOfRow(row), ...lines].join("\n"));
    this.#tip.classList.toggle("left", left > plot.over.clientWidth / 2);
    this.#tip.style.left = `${left}px`;
  }

  #legendText(row = this.#lastRow): string {
    const { texts } = this.#around;
    return this.#definition.series
      .map(({ label }, index) => `${texts.series[label]} ${this.#valueAt(index, row)}`)
      .join(", ");
  }

  #summary(): string {
    const { texts } = this.#around;
    return texts.summary(texts.charts[this.#definition.id], this.#legendText());
  }

  /** The rows in view, without the one beyond either end that lines are drawn to. */
  #rowsInView(): readonly number[] {
    const { tours } = this.#rows!;
    const [from, to] = this.#scene!.window;
    const rows: number[] = [];
    for (let row = 0; row < tours.length; row++) {
      if (tours[row]! >= from && tours[row]! <= to) rows.push(row);
    }
    return rows;
  }

  #table(): Table {
    const { texts, format } = this.#around;
    const { series } = this.#definition;
    const header = [texts.turn, texts.time, ...series.map(({ label }) => texts.series[label])];
    if (this.#rows === undefined) return { header, rows: [] };
    const { tours, times } = this.#rows;
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
        format.time(times[row]!),
        ...series.map((_series, index) => this.#valueAt(index, row)),
      ]),
    };
  }

  #csv(): string {
    const { series, kind } = this.#definition;
    const suffix = kind === "total" && this.#scene?.isPerTurn ? "_par_tour" : "";
    const header = ["tour", "timestamp", ...series.map(({ metric }) => metric + suffix)];
    if (this.#rows === undefined) return csv(header, []);
    const linesOf = ({ tours, times, values }: Rows, rows: readonly number[]) =>
      rows.map((row) => [tours[row], times[row], ...values.map((column) => column?.[row])]);
    const lines = linesOf(this.#rows, this.#rowsInView());
    const { game, other } = this.#scene!;
    if (this.#laid === undefined) return csv(header, lines);
    return csv(["session", ...header], [
      ...lines.map((line) => [game.session, ...line]),
      ...linesOf(this.#laid.rows, this.#laidInView()).map((line) => [other!.session, ...line]),
    ]);
  }

  #laidInView(): readonly number[] {
    const scene = this.#scene!;
    const [low, high] = scene.window.map((turn) => xOfTurn(scene, turn));
    return Array.from(this.#laid!.xs, (x, row) => x >= low! && x <= high! ? row : -1)
      .filter((row) => row >= 0);
  }

  /** Puts the cursor on a row, and says what is there. */
  #goTo(row: number): void {
    const plot = this.#plot!;
    const { texts, format, announce } = this.#around;
    plot.setCursor({ left: plot.valToPos(this.#xs[row]!, "x"), top: plot.over.clientHeight / 2 });
    const turn = this.#rows!.tours[row]!;
    const events = this.#scene!.areMarksShown
      ? marksBetween(this.#scene!.game.events, turn, turn)
      : [];
    const said = [
      this.#nameOfRow(row),
      this.#legendText(row),
      ...events.map((event) => eventLine(event, texts, format)),
    ];
    announce(said.join(". "));
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target !== this.card.plot || this.#plot === undefined) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { moves } = this.#around;
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    const last = this.#xs.length - 1;
    if (step !== 0 && event.shiftKey) moves.pan(step * 0.1);
    else if (step !== 0) this.#goTo(Math.min(Math.max(this.#row + step, 0), last));
    else if (event.key === "Home") this.#goTo(0);
    else if (event.key === "End") this.#goTo(last);
    else if (event.key === "+" || event.key === "=") moves.zoom(0.5, this.#cursorPlace());
    else if (event.key === "-") moves.zoom(2, this.#cursorPlace());
    else if (event.key === "Escape") moves.showAll();
    else return;
    event.preventDefault();
  }

  #cursorPlace(): number | undefined {
    const left = this.#plot?.cursor.left ?? -1;
    return left < 0 ? undefined : this.#plot!.posToVal(left, "x");
  }

  /** The wheel scrolls the page, unless it is plainly meant for the chart. */
  #onWheel(event: WheelEvent): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    const { moves } = this.#around;
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      moves.pan(event.deltaX / plot.over.clientWidth);
      return;
    }
    const isMeant = event.ctrlKey || event.metaKey || this.card.plot.matches(":focus");
    if (!isMeant) return;
    event.preventDefault();
    const left = event.clientX - plot.over.getBoundingClientRect().left;
    moves.zoom(event.deltaY > 0 ? 1.25 : 0.8, plot.posToVal(left, "x"));
  }

  #panByMouse(plot: uPlot, start: MouseEvent): void {
    let last = start.clientX;
    const move = (event: MouseEvent) => {
      this.#around.moves.pan((last - event.clientX) / plot.over.clientWidth);
      last = event.clientX;
    };
    document.addEventListener("mousemove", move);
    document.addEventListener("mouseup", () => {
      document.removeEventListener("mousemove", move);
    }, { once: true });
  }

  #panByFinger(): void {
    let last = 0;
    this.card.plot.addEventListener("touchstart", (event) => {
      last = event.touches[0]!.clientX;
    }, { passive: true });
    this.card.plot.addEventListener("touchmove", (event) => {
      if (this.#plot === undefined || event.touches.length !== 1) return;
      const { clientX } = event.touches[0]!;
      this.#around.moves.pan((last - clientX) / this.#plot.over.clientWidth);
      last = clientX;
    }, { passive: true });
  }
}

const WHOLE_STEPS = Array.from(
  { length: 10 },
  (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power),
).flat();
const TIME_STEPS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800],
  ...[3600, 7200, 14_400, 28_800, 86_400, 172_800, 604_800, 2_592_000],
];

/** Two games on one x axis; a place that only one has is no gap in the other. */
function joined(own: Data, laid: Data): Data {
  const full = ([xs, ...values]: Data) =>
    [
      Array.from(xs),
      ...values.map((column) => column === undefined ? [] : Array.from(column)),
    ] as unknown as uPlot.AlignedData;
  const [xs, ...values] = uPlot.join([full(own), full(laid)]) as unknown as Data;
  const known = [...own.slice(1), ...laid.slice(1)].map((column) => column !== undefined);
  return [xs, ...values.map((column, index) => known[index] ? column : undefined)];
}
