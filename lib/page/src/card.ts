/** The frame that all charts share: title, metrics, legend, queries, table and files. @module */

import { code, copyText, download, h, setText } from "./dom.ts";
import { type Key, picture } from "./picture.ts";
import { scroller } from "./scroll.ts";
import type { Texts } from "./texts.ts";

/** A chart's data as a table, for readers who cannot see the chart. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface CardOptions {
  readonly id: string;
  readonly title: string;
  readonly texts: Texts;
  readonly metrics: readonly string[];
  readonly legend: readonly Key[];
  readonly onToggle?: (series: number, isShown: boolean) => void;
  /** Undefined before anything is drawn. */
  readonly table: () => Table | undefined;
  readonly csv: () => string;
  /** Draws the chart if it is not drawn yet; undefined where there is nothing to draw. */
  readonly canvas: () => HTMLCanvasElement | undefined;
  /** What a picture names besides the legend: other colours and the games. */
  readonly more: () => { readonly keys: readonly Key[]; readonly games: readonly string[] };
  /** Announces something to screen readers. */
  readonly announce: (text: string) => void;
}

export class Card {
  readonly root: HTMLElement;
  /** Where the chart is drawn. */
  readonly plot: HTMLElement;
  readonly #options: CardOptions;
  readonly #values: HTMLElement[];
  /** The same for a second game. */
  readonly #others: HTMLElement[];
  readonly #note: HTMLElement;
  readonly #queries: HTMLElement;
  readonly #details: HTMLDetailsElement;
  readonly #table: HTMLElement;
  readonly #caption: HTMLElement;
  readonly #unit: HTMLElement;
  #shownQueries: readonly string[] = [];

  constructor(options: CardOptions) {
    this.#options = options;
    const { id, title, texts, metrics } = options;
    this.#values = options.legend.map(() => h("span", { class: "value" }, "–"));
    this.#others = options.legend.map(() => h("span", { class: "other", hidden: true }));
    this.#unit = h("span", { class: "unit" });
    this.#note = h("p", { class: "note", hidden: true });
    this.plot = h("div", { class: "plot", role: "group", "aria-label": title });
    this.#queries = h("ul", { class: "queries" });
    this.#caption = h("caption", {}, texts.tableCaption(title));
    this.#table = h("table");
    this.#details = h(
      "details",
      { name: `foot-${id}` },
      h("summary", {}, texts.table),
      scroller(texts.tableCaption(title), texts.scrolls, this.#table),
    );
    this.#details.addEventListener("toggle", () => this.refreshTable());
    const legend = options.legend.map((key, index) => this.#legendKey(key, index));
    this.root = h(
      "figure",
      { class: "card", id: `chart-${id}` },
      h(
        "figcaption",
        {},
        h("h3", {}, title, " ", this.#unit),
        h("p", { class: "metrics developer" }, ...metrics.map(code)),
        h("div", { class: "legend" }, ...legend),
      ),
      this.plot,
      this.#note,
      this.#foot(),
    );
  }

  #legendKey({ label, colour }: Key, index: number): HTMLElement {
    const { legend, onToggle } = this.#options;
    const inner = [
      h("i", { class: `swatch ${colour}` }),
      `${label} `,
      this.#values[index]!,
      this.#others[index]!,
    ];
    // A single series cannot be hidden, because nothing would be left.
    if (onToggle === undefined || legend.length < 2) return h("span", { class: "key" }, ...inner);
    const button = h("button", { class: "key", type: "button", "aria-pressed": "true" }, ...inner);
    button.addEventListener("click", () => {
      const isShown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isShown));
      onToggle(index, isShown);
    });
    return button;
  }

  /** Queries, table and downloads. */
  #foot(): HTMLElement {
    const { id, title, texts, csv, canvas, more } = this.#options;
    const file = (label: string, name: string, save: () => void) =>
      h("button", { type: "button", class: "small", "aria-label": name, click: save }, label);
    const savePng = async () => {
      const drawn = canvas();
      if (drawn === undefined) return;
      // uPlot draws new data only after the current code has ended.
      await new Promise(requestAnimationFrame);
      picture(this.root, more(), drawn)
        .toBlob((blob) => blob && download(`${id}.png`, blob));
    };
    return h(
      "div",
      { class: "foot" },
      h(
        "details",
        { class: "developer", name: `foot-${id}` },
        h("summary", {}, texts.queries),
        this.#queries,
      ),
      this.#details,
      h(
        "span",
        { class: "files" },
        file(texts.asCsv, texts.saveCsv(title), () => {
          download(`${id}.csv`, new Blob([csv()], { type: "text/csv" }));
        }),
        file(texts.asPng, texts.savePng(title), savePng),
      ),
    );
  }

  setUnit(text: string): void {
    setText(this.#unit, text);
  }

  /** @param other The value of a second game; undefined without one. */
  setValue(series: number, text: string, other?: string): void {
    setText(this.#values[series]!, text);
    this.#others[series]!.hidden = other === undefined;
    setText(this.#others[series]!, other ?? "");
  }

  /** Shows why nothing is drawn; undefined if something is. */
  setNote(text: string | undefined): void {
    this.#note.hidden = text === undefined;
    this.plot.hidden = text !== undefined;
    setText(this.#note, text ?? "");
  }

  setQueries(queries: readonly string[]): void {
    if (queries.join("\n") === this.#shownQueries.join("\n")) return;
    this.#shownQueries = queries;
    const { texts, announce } = this.#options;
    this.#queries.replaceChildren(...queries.map((query) => {
      const button = h("button", {
        type: "button",
        class: "small",
        "aria-label": texts.copyQuery(query),
      }, texts.copy);
      button.addEventListener("click", async () => {
        const said = await copyText(query).then(() => texts.copied, () => texts.notCopied);
        setText(button, said);
        announce(said);
        setTimeout(() => setText(button, texts.copy), 2000);
      });
      return h("li", {}, code(query), button);
    }));
  }

  /** Updates the table if it is open. */
  refreshTable(): void {
    if (!this.#details.open) return;
    const { header, rows } = this.#options.table() ?? { header: [], rows: [] };
    const head = h("tr", {}, ...header.map((text) => h("th", { scope: "col" }, text)));
    const body = rows.map(([first = "", ...rest]) =>
      h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((text) => h("td", {}, text)))
    );
    this.#table.replaceChildren(this.#caption, h("thead", {}, head), h("tbody", {}, ...body));
  }
}
