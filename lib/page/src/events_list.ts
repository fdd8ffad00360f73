/** The events in view as a list with links to their turns. @module */

import { h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import { marksBetween } from "./marks.ts";
import { EVENT_COLOURS } from "./palette.ts";
import { isLong, type Scene, timeWriter } from "./scene.ts";
import { scroller } from "./scroll.ts";
import type { Texts } from "./texts.ts";
import { eventEffect, eventName } from "./wording.ts";

const MAX_ROWS = 100;

export class EventsList {
  readonly root: HTMLElement;
  readonly #body = h("tbody");
  readonly #count = h("span", { class: "muted" });
  readonly #note: HTMLElement;
  #shown = "";

  constructor(
    private readonly around: {
      readonly texts: Texts;
      readonly format: Format;
      readonly onTurn: (turn: number) => void;
    },
  ) {
    const { texts } = around;
    const head = [texts.turn, texts.time, texts.type, texts.effectHeader];
    this.#note = h("p", { class: "note" }, texts.noEvents);
    this.root = h(
      "section",
      { class: "panel", id: "events" },
      h("header", {}, h("h3", {}, texts.eventsTitle, " ", this.#count)),
      this.#note,
      scroller(
        texts.eventsTitle,
        texts.scrolls,
        h(
          "table",
          {},
          h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
          this.#body,
        ),
      ),
    );
  }

  draw(scene: Scene): void {
    const { texts, format, onTurn } = this.around;
    const events = marksBetween(scene.game.events, ...scene.window);
    const shown = events.slice(-MAX_ROWS).reverse();
    const first = shown[0];
    const time = timeWriter(scene, format);
    const version = [events.length, first?.at, first?.type, scene.game.session, isLong(scene)]
      .join();
    if (version === this.#shown) return;
    this.#shown = version;
    this.#note.hidden = events.length > 0;
    setText(
      this.#count,
      events.length > shown.length
        ? texts.eventCount(format.whole(shown.length), format.whole(events.length))
        : format.whole(events.length),
    );
    const focused = document.activeElement?.getAttribute("data-event");
    this.#body.replaceChildren(...shown.map((event) => {
      const key = `${event.at} ${event.type}`;
      const button = h("button", {
        type: "button",
        class: "link",
        "data-event": key,
        "aria-label": texts.goTo(format.whole(event.at)),
        click: () => onTurn(event.at),
      }, format.whole(event.at));
      return h(
        "tr",
        {},
        h("td", { class: "number" }, button),
        h("td", {}, time(event.timestamp)),
        h(
          "th",
          { scope: "row" },
          h("i", { class: `swatch ${EVENT_COLOURS[event.type] ?? "muted"}` }),
          eventName(event, texts),
        ),
        h("td", {}, eventEffect(event, texts, format)),
      );
    }));
    // Rows are created again, so the focus is restored.
    if (focused) {
      this.#body.querySelector<HTMLElement>(`[data-event="${CSS.escape(focused)}"]`)?.focus();
    }
  }
}
