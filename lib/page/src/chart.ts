/** A chart of a game over time: drawn by uPlot, moved by mouse, touch and keyboard. @module */

import uPlot from "uplot";
import { axisLook, xAxis, yAxis, yRange } from "./axes.ts";
import { Card } from "./card.ts";
import { type ChartDefinition, queriesOf } from "./charts.ts";
import { Course } from "./course.ts";
import { h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import { drawMarks, LANES_HEIGHT, marksAt, marksBetween } from "./marks.ts";
import { nearest, under } from "./overlay.ts";
import { faint, type Palette } from "./palette.ts";
import { HEIGHT, Plotted } from "./plotted.ts";
import { listenToPointer, mouseBindings, type Moves } from "./pointer.ts";
import { isElapsed, isLong, type Scene, xOfTurn } from "./scene.ts";
import type { Texts } from "./texts.ts";
import { rowAt } from "../../turns/row_at.ts";
import { eventLine } from "./wording.ts";

/** Maximum number of events in a tooltip. */
const TIP_EVENTS = 4;
/** Maximum distance of the cursor from the last turn of a game, in CSS pixels. */
const REACH = 8;
const NOWHERE = { left: -10, top: -10 };
/** All charts share the position of the cursor. */
const SYNC = "course";

export interface Surroundings {
  readonly texts: Texts;
  readonly format: Format;
  readonly palette: () => Palette;
  readonly moves: Moves;
  readonly announce: (text: string) => void;
}

export class Chart extends Plotted {
  readonly card: Card;
  readonly #definition: ChartDefinition;
  readonly #around: Surroundings;
  readonly #tip = h("div", { class: "tip", hidden: true });
  /** What was drawn last. */
  #course: Course | undefined;
  #hidden = new Set<number>();
  /** The turn that was selected with the keyboard. */
  #turn: number | undefined;

  constructor(definition: ChartDefinition, around: Surroundings) {
    super();
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
          if (this.plot?.series[at] !== undefined) this.plot.setSeries(at, { show: isShown });
        }
      },
      table: () => this.#course?.table(),
      csv: () => this.#course?.csv() ?? "",
      canvas: () => {
        this.isSeen = true;
        if (this.#course !== undefined) this.draw(this.#course.scene);
        return this.plot?.ctx.canvas;
      },
      more: () => this.#course!.more(),
      announce,
    });
    this.card.plot.tabIndex = 0;
    this.card.plot.setAttribute("aria-describedby", "keys");
    this.card.plot.addEventListener("keydown", (event) => this.#onKey(event));
    this.card.plot.addEventListener("mousemove", () => this.#turn = undefined);
    this.card.plot.addEventListener("blur", () => {
      if (this.#turn === undefined) return;
      this.#turn = undefined;
      this.#setCursor(NOWHERE);
    });
    listenToPointer(this.card.plot, () => this.plot, around.moves);
  }

  /** Updates the chart: always its texts, and its lines while they are on the screen. */
  draw(scene: Scene): void {
    const { texts } = this.#around;
    const course = new Course(this.#definition, scene, this.#around);
    this.#course = course;
    this.card.setQueries(queriesOf(this.#definition, scene.isPerTurn));
    this.card.setUnit(course.unitText);
    const isKnown = course.rows.values.some((column) => column !== undefined);
    this.card.setNote(isKnown ? undefined : texts.noColumn);
    if (!isKnown) return;
    if (this.isSeen) this.#show(course);
    this.#readOut();
    this.card.refreshTable();
    const title = texts.charts[this.#definition.id];
    this.card.plot.setAttribute("aria-label", texts.summary(title, course.legendText()));
  }

  /** Moves the cursor back to its turn, once all charts show the same view. */
  keepCursor(): void {
    if (this.#turn === undefined || this.plot === undefined) return;
    const x = xOfTurn(this.#course!.scene, this.#turn);
    const { min = 0, max = 0 } = this.plot.scales.x!;
    const isInView = x >= min && x <= max;
    if (!isInView) this.#turn = undefined;
    this.#setCursor(isInView ? this.#placeOf(x) : NOWHERE);
  }

  /** Here and on all other charts. */
  #setCursor(place: { readonly left: number; readonly top: number }): void {
    if (this.plot === undefined) return;
    // uPlot's types lack the parameter that publishes the cursor to other charts.
    const set = this.plot.setCursor as (at: typeof place, fire: boolean, publish: boolean) => void;
    set(place, true, true);
  }

  #placeOf(x: number): { left: number; top: number } {
    const { over } = this.plot!;
    return { left: this.plot!.valToPos(x, "x"), top: over.clientHeight / 2 };
  }

  #show({ data, ends: [min, max], scene, unit }: Course): void {
    const columns = data.slice(1).map((column) => column !== undefined);
    const made = JSON.stringify([
      ...[scene.axis, isElapsed(scene), isLong(scene), unit],
      columns,
    ]);
    const given = [
      data[0],
      ...data.slice(1).map((column) => column ?? []),
    ] as unknown as uPlot.AlignedData;
    if (this.plot === undefined || this.made !== made) {
      this.destroy();
      this.made = made;
      this.plot = new uPlot(this.#options(columns), given, this.card.plot);
      this.plot.over.append(this.#tip);
    }
    // At once, so that positions can be computed.
    this.plot.batch((plot: uPlot) => {
      plot.setData(given, false);
      // A single turn has a position but no width.
      plot.setScale("x", max > min ? { min, max } : { min: min - 1, max: max + 1 });
    });
  }

  #options(columns: readonly boolean[]): uPlot.Options {
    const { palette, format, moves } = this.#around;
    const colours = palette();
    const { scene, unit } = this.#course!;
    const { band, isLogarithmic } = this.#definition;
    const kind = isElapsed(scene) ? "elapsed" : scene.axis;
    const isFar = scene.axis === "time" && isLong(scene);
    return {
      width: Math.max(this.card.plot.clientWidth, 200),
      height: HEIGHT,
      padding: [LANES_HEIGHT, isFar ? 44 : scene.axis === "time" ? 30 : 12, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, auto: false },
        y: isLogarithmic ? { distr: 3 } : { range: (_plot, low, high) => yRange(low, high) },
      },
      axes: [
        { ...axisLook(colours), size: 30, ...xAxis(kind, isFar, format) },
        {
          ...axisLook(colours),
          space: isLogarithmic ? 22 : 34,
          ...yAxis(unit, () => !this.#course!.rows.areMeans, format),
        },
      ],
      series: [{}, ...this.#lines(columns, colours)],
      ...(band === undefined ? {} : {
        bands: [{ series: [band[0] + 1, band[1] + 1], fill: faint(colours.blue, 0.1) }],
      }),
      cursor: {
        y: false,
        points: { size: 7 },
        drag: { x: true, y: false, setScale: false },
        sync: { key: SYNC, setSeries: false },
        bind: mouseBindings(moves),
        dataIdx: (plot, index, row, x) => this.#pointOf(plot, index, row, x),
      },
      hooks: {
        setSelect: [(plot) => {
          const { left, width } = plot.select;
          if (width < 3) return;
          moves.select(plot.posToVal(left, "x"), plot.posToVal(left + width, "x"));
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        }],
        setCursor: [() => this.#readOut()],
        draw: [(plot) => drawMarks(plot, this.#course!.scene, palette())],
      },
    };
  }

  /** How the series are drawn; those of the other game come last. */
  #lines(columns: readonly boolean[], colours: Palette): uPlot.Series[] {
    const { series, isStepped } = this.#definition;
    const { xs } = this.#course!;
    const paths = isStepped ? { paths: uPlot.paths.stepped!({ align: 1 }) } : {};
    return columns.map((isKnown, index): uPlot.Series => {
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
        points: { show: xs.length < 40 && !isOther, size: 4, fill: colour },
        ...paths,
      };
    });
  }

  /** The row under the cursor, or the last one in view. */
  #rowOf(course: Course): number {
    const left = this.plot?.cursor.left ?? -1;
    if (left < 0 || this.plot === undefined) return course.lastRow;
    return nearest(course.xs, this.plot.posToVal(left, "x"));
  }

  /** The row of a series' dot, among the rows of its own game; null for no dot. */
  #pointOf(plot: uPlot, index: number, row: number, x: number): number | null {
    const { xs, laid } = this.#course!;
    if (laid === undefined) return row;
    const own = index <= this.#definition.series.length ? xs : laid.xs;
    const at = under(own, x, plot.posToVal(REACH, "x") - plot.posToVal(0, "x"));
    return at === undefined ? null : rowAt(plot.data[0], own[at]!);
  }

  /** Shows the values at the cursor in the legend, and the events in the tooltip. */
  #readOut(): void {
    const plot = this.plot;
    const course = this.#course!;
    const row = this.#rowOf(course);
    this.#definition.series.forEach((_series, index) => {
      this.card.setValue(index, course.valueAt(index, row), course.laidValueAt(index, row));
    });
    if (plot === undefined) return;
    const left = plot.cursor.left ?? -1;
    // Unless the mouse is over this plot, the cursor follows that of another one.
    const isHere = left >= 0 && (plot.over.matches(":hover") || this.card.plot.matches(":focus"));
    this.#tip.hidden = !isHere;
    if (!isHere) return;
    const { texts, format } = this.#around;
    const marks = marksAt(plot, course.scene, left);
    const lines = marks.slice(0, TIP_EVENTS).map((event) => {
      const line = eventLine(event, texts, format);
      // If turns are thinned, the nearest drawn one may be another.
      const isOfRow = event.at === course.rows.tours[row];
      return isOfRow ? line : `${texts.turn} ${format.whole(event.at)} · ${line}`;
    });
    if (marks.length > TIP_EVENTS) {
      lines.push(texts.more(format.whole(marks.length - TIP_EVENTS)));
    }
    setText(this.#tip, [course.nameOfRow(row), ...lines].join("\n"));
    this.#tip.classList.toggle("left", left > plot.over.clientWidth / 2);
    this.#tip.style.left = `${left}px`;
  }

  /** Moves the cursor to a row, and announces its values. */
  #goTo(row: number): void {
    const { texts, format, announce } = this.#around;
    const course = this.#course!;
    const { scene, rows, xs } = course;
    const turn = rows.tours[row]!;
    this.#turn = turn;
    this.#setCursor(this.#placeOf(xs[row]!));
    const events = scene.areMarksShown ? marksBetween(scene.game.events, turn, turn) : [];
    const said = [
      course.nameOfRow(row),
      course.legendText(row),
      ...events.map((event) => eventLine(event, texts, format)),
    ];
    announce(said.join(". "));
  }

  #onKey(event: KeyboardEvent): void {
    const course = this.#course;
    if (event.target !== this.card.plot || this.plot === undefined || !course) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const { moves } = this.#around;
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    const last = course.xs.length - 1;
    if (step !== 0 && event.shiftKey) moves.pan(step * 0.1);
    else if (step !== 0) this.#goTo(Math.min(Math.max(this.#rowOf(course) + step, 0), last));
    else if (event.key === "Home") this.#goTo(0);
    else if (event.key === "End") this.#goTo(last);
    else if (event.key === "+" || event.key === "=") moves.zoom(0.5, this.#cursorPlace());
    else if (event.key === "-") moves.zoom(2, this.#cursorPlace());
    else if (event.key === "Escape") moves.showAll();
    else return;
    event.preventDefault();
  }

  #cursorPlace(): number | undefined {
    const left = this.plot?.cursor.left ?? -1;
    return left < 0 ? undefined : this.plot!.posToVal(left, "x");
  }
}
