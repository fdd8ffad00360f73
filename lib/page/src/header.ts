/** The top of the page: games, connection and appearance. @module */

import type { Sessions, Summary } from "../../live/api.ts";
import { h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import type { Texts } from "./texts.ts";
import { gameLine, gameName } from "./wording.ts";

type Replay = NonNullable<Sessions["exporter"]["replay"]>;

export type Connection = "connecting" | "connected" | "reconnecting";

export interface HeaderOptions {
  readonly texts: Texts;
  readonly format: Format;
  readonly otherLanguage: string;
  /** A session; undefined for the newest. */
  readonly onSession: (session: string | undefined) => void;
  /** A session; undefined for none. */
  readonly onOther: (session: string | undefined) => void;
  readonly onLanguage: () => void;
  readonly onTheme: () => void;
}

export class Header {
  readonly root: HTMLElement;
  readonly #options: HeaderOptions;
  readonly #sessions: HTMLSelectElement;
  readonly #others: HTMLSelectElement;
  readonly #connection = h("span", { class: "connection", role: "status" });
  readonly #theme: HTMLButtonElement;
  readonly #subtitle: HTMLElement;
  #shown = "";

  constructor(options: HeaderOptions) {
    this.#options = options;
    const { texts } = options;
    this.#sessions = h("select", {
      id: "session",
      change: () => options.onSession(this.#sessions.value || undefined),
    });
    this.#others = h("select", {
      id: "other",
      change: () => options.onOther(this.#others.value || undefined),
    });
    // As wide as its longest text, so that a lost connection moves nothing.
    const words = [texts.connected, texts.connecting, texts.reconnecting];
    this.#connection.dataset.longest = words.toSorted((a, b) => b.length - a.length)[0];
    this.#subtitle = h("small", {}, texts.subtitle);
    this.#theme = h("button", { type: "button", id: "theme", click: options.onTheme });
    this.root = h(
      "header",
      { class: "top" },
      h("h1", {}, texts.title, " ", this.#subtitle),
      this.#connection,
      h("label", { for: "session" }, texts.game, this.#sessions),
      h("label", { for: "other" }, texts.compare, this.#others),
      h(
        "span",
        { class: "switches" },
        h("button", {
          type: "button",
          id: "language",
          lang: options.otherLanguage,
          click: options.onLanguage,
        }, texts.otherLanguage),
        this.#theme,
      ),
    );
  }

  /** Shows that this is a recorded game. */
  showReplay({ file, speed }: Replay): void {
    const { texts, format } = this.#options;
    setText(this.#subtitle, texts.replayed(format.decimal(speed)));
    this.#subtitle.title = file;
    this.#subtitle.className = "replay";
  }

  showConnection(connection: Connection): void {
    this.#connection.dataset.state = connection;
    setText(this.#connection, this.#options.texts[connection]);
  }

  /** Updates the names of the games, except while the reader selects one. */
  #rename(names: ReadonlyMap<string, string>): void {
    for (const select of [this.#sessions, this.#others]) {
      if (select === document.activeElement) continue;
      for (const option of select.options) {
        const name = names.get(option.value);
        if (name !== undefined) setText(option, name);
      }
    }
  }

  showTheme(isDark: boolean): void {
    const { texts } = this.#options;
    setText(this.#theme, isDark ? texts.light : texts.dark);
  }

  /**
   * @param shown The selected session; undefined for the newest.
   * @param current The game that is drawn, as it is now.
   */
  showSessions(
    sessions: readonly Summary[],
    { shown, current, other }: {
      readonly shown: string | undefined;
      readonly current: Summary | undefined;
      readonly other: string | undefined;
    },
  ): void {
    const { texts, format } = this.#options;
    const begun = sessions.map((summary) => gameName(summary, texts, format));
    const isTwice = (name: string) => begun.indexOf(name) !== begun.lastIndexOf(name);
    const names = new Map(sessions.map((known, index) => {
      const { session } = known;
      const summary = session === current?.session ? current : known;
      const name = `${gameLine(summary, texts, format)} · ${texts.states[summary.state]}`;
      // Games that started in the same second.
      return [session, isTwice(begun[index]!) ? `${name} · ${session}` : name];
    }));
    this.#rename(names);
    const version = JSON.stringify([[...names.keys()], shown, current?.session, other]);
    if (version === this.#shown) return;
    this.#shown = version;
    const option = ({ session }: Summary) => h("option", { value: session }, names.get(session)!);
    this.#sessions.replaceChildren(
      h("option", { value: "" }, texts.newest),
      ...sessions.map(option),
    );
    this.#sessions.value = shown ?? "";
    this.#others.replaceChildren(
      h("option", { value: "" }, texts.nothing),
      ...sessions.filter(({ session }) => session !== current?.session).map(option),
    );
    this.#others.value = other ?? "";
    this.#others.parentElement!.hidden = sessions.length < 2 && other === undefined;
  }
}
