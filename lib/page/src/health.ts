/** The state of the machine and the exporter, by metric. @module */

import type { Values } from "../../live/api.ts";
import { costOf } from "./cost.ts";
import { code, h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import type { Game } from "./game.ts";
import { scroller } from "./scroll.ts";
import type { Texts } from "./texts.ts";

class MetricTable {
  readonly root: HTMLElement;
  readonly #note: HTMLElement;
  readonly #body = h("tbody");
  readonly #cells = new Map<string, HTMLElement>();

  constructor(
    title: string,
    private readonly around: { readonly texts: Texts; readonly format: Format },
  ) {
    const { texts } = around;
    this.#note = h("p", { class: "note" }, texts.noHealth);
    const head = h(
      "tr",
      {},
      h("th", { scope: "col" }, texts.metricHeader),
      h("th", { scope: "col", class: "number" }, texts.valueHeader),
    );
    this.root = h(
      "section",
      { class: "panel" },
      h("header", {}, h("h3", {}, title)),
      this.#note,
      scroller(title, texts.scrolls, h("table", {}, h("thead", {}, head), this.#body)),
    );
  }

  draw(values: Values): void {
    const entries = Object.entries(values);
    this.#note.hidden = entries.length > 0;
    for (const [name, value] of entries) {
      let cell = this.#cells.get(name);
      if (cell === undefined) {
        cell = h("td", { class: "number" });
        this.#cells.set(name, cell);
        const { metrics } = this.around.texts;
        const words = Object.hasOwn(metrics, name) ? metrics[name]! : "";
        const metric = h("span", { class: "developer" }, code(name));
        // Metrics without a description are for developers only.
        this.#body.append(
          h(
            "tr",
            { class: words === "" ? "developer" : "" },
            h("th", { scope: "row" }, words, " ", metric),
            cell,
          ),
        );
      }
      setText(cell, this.around.format.metric(name, value));
    }
  }
}

export class Health {
  readonly root: HTMLElement;
  readonly #system: MetricTable;
  readonly #exporter: MetricTable;
  readonly #cost = h("p", { id: "cost", class: "note" });

  constructor(
    private readonly around: { readonly texts: Texts; readonly format: Format },
  ) {
    const { texts } = around;
    this.#system = new MetricTable(texts.system, around);
    this.#exporter = new MetricTable(texts.exporter, around);
    this.root = h(
      "section",
      { id: "health", "aria-labelledby": "health-title" },
      h("h2", { id: "health-title" }, texts.healthTitle),
      this.#cost,
      h("div", { class: "panels" }, this.#system.root, this.#exporter.root),
    );
  }

  draw(system: Values, exporter: Values, game: Game | undefined, speed: number | undefined): void {
    this.#system.draw(system);
    this.#exporter.draw(exporter);
    const cost = game && costOf(game.summary?.values ?? {}, game.turnSeconds, game.turns, speed);
    this.#cost.hidden = cost === undefined;
    if (cost === undefined) return;
    const { texts, format } = this.around;
    const { seconds, real } = cost;
    const share = real === undefined
      ? ""
      : texts.costShare(format.percent(seconds / real), format.seconds(real));
    setText(this.#cost, `${texts.cost(format.seconds(seconds))}${share}.`);
  }
}
