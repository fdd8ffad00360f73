/** Controls of the charts: axis, purchases per turn or in total, and part of the game. @module */

import type { PastEvent } from "../../live/api.ts";
import { h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import { EVENT_COLOURS } from "./palette.ts";
import type { Extent, Range } from "./range.ts";
import type { Axis } from "./scene.ts";
import type { Texts } from "./texts.ts";

export interface ToolbarOptions {
  readonly texts: Texts;
  readonly format: Format;
  readonly onAxis: (axis: Axis) => void;
  readonly onPerTurn: (isPerTurn: boolean) => void;
  readonly onMarks: (areShown: boolean) => void;
  readonly onSlide: (turn: number) => void;
  readonly onZoom: (factor: number) => void;
  readonly onAll: () => void;
  readonly onLive: () => void;
}

/** Buttons, one of which is pressed. */
function choice<T>(
  label: string,
  entries: readonly (readonly [value: T, text: string, id: string])[],
  onChoice: (value: T) => void,
): { root: HTMLElement; show: (value: T) => void } {
  const buttons = entries.map(([value, text, id]) =>
    h("button", { type: "button", id, click: () => onChoice(value) }, text)
  );
  return {
    root: h("div", { class: "choice", role: "group", "aria-label": label }, ...buttons),
    show: (shown) => {
      for (const [index, [value]] of entries.entries()) {
        buttons[index]!.setAttribute("aria-pressed", String(value === shown));
      }
    },
  };
}

export class Toolbar {
  readonly root: HTMLElement;
  readonly #options: ToolbarOptions;
  readonly #axis: ReturnType<typeof choice<Axis>>;
  readonly #counting: ReturnType<typeof choice<boolean>>;
  readonly #marks: HTMLButtonElement;
  readonly #live: HTMLButtonElement;
  readonly #slider: HTMLInputElement;
  readonly #where = h("output", { for: "back", id: "where" });

  constructor(options: ToolbarOptions) {
    this.#options = options;
    const { texts } = options;
    this.#axis = choice<Axis>(texts.xAxis, [
      ["turn", texts.byTurn, "by-turn"],
      ["time", texts.byTime, "by-time"],
    ], options.onAxis);
    this.#counting = choice<boolean>(texts.counting, [
      [true, texts.perTurn, "per-turn"],
      [false, texts.total, "total"],
    ], options.onPerTurn);
    this.#marks = h("button", { type: "button", id: "marks" }, texts.showEvents);
    this.#marks.addEventListener("click", () => {
      options.onMarks(this.#marks.getAttribute("aria-pressed") !== "true");
    });
    this.#live = h("button", { type: "button", id: "live", click: options.onLive }, texts.live);
    this.#slider = h("input", {
      type: "range",
      id: "back",
      step: 1,
      input: () => options.onSlide(Number(this.#slider.value)),
    });
    const button = (id: string, text: string, name: string, click: () => void) =>
      h("button", { type: "button", id, "aria-label": name, title: name, click }, text);
    this.root = h(
      "div",
      { class: "toolbar", role: "group", "aria-label": texts.view },
      this.#axis.root,
      this.#counting.root,
      this.#marks,
      h(
        "div",
        { class: "way" },
        h("label", { for: "back", class: "aside" }, texts.back),
        this.#slider,
        this.#where,
      ),
      h(
        "div",
        { class: "choice" },
        button("zoom-out", "−", texts.zoomOut, () => options.onZoom(2)),
        button("zoom-in", "+", texts.zoomIn, () => options.onZoom(0.5)),
        h("button", { type: "button", id: "all", click: options.onAll }, texts.all),
      ),
      this.#live,
    );
  }

  draw(
    range: Range,
    extent: Extent,
    { axis, isPerTurn, areMarksShown }: {
      readonly axis: Axis;
      readonly isPerTurn: boolean;
      readonly areMarksShown: boolean;
    },
  ): void {
    const { texts, format } = this.#options;
    this.#axis.show(axis);
    this.#counting.show(isPerTurn);
    this.#marks.setAttribute("aria-pressed", String(areMarksShown));
    this.#live.setAttribute("aria-pressed", String(range.isLive));
    const [first, last] = extent;
    const [from, to] = range.window(extent);
    this.#slider.min = String(first);
    this.#slider.max = String(last);
    this.#slider.value = String(Math.round(to));
    const where = texts.inView(format.whole(from), format.whole(to), format.whole(last));
    this.#slider.setAttribute("aria-valuetext", where);
    setText(this.#where, where);
  }
}

/** The legend of the marks above the charts. */
export class MarksLegend {
  readonly root: HTMLElement;
  readonly #others: HTMLElement;
  readonly #laid = h("li", { class: "other", hidden: true });

  constructor(texts: Texts) {
    const entry = (colour: string, text: string) =>
      h("li", {}, h("i", { class: `swatch ${colour}` }), text);
    this.#others = entry("muted", texts.otherEvents);
    this.root = h(
      "ul",
      { class: "marks-legend" },
      ...Object.entries(EVENT_COLOURS).map(([type, colour]) =>
        entry(colour, texts.events[type] ?? type)
      ),
      this.#others,
      this.#laid,
    );
  }

  /** @param other The name of the second game. */
  draw(events: readonly PastEvent[], other: string | undefined): void {
    this.#laid.hidden = other === undefined;
    setText(this.#laid, other ?? "");
    this.#others.hidden = events.every(({ type }) => Object.hasOwn(EVENT_COLOURS, type));
  }
}
