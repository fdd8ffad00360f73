/** The top of the page: which games, how the connection is, and how the page looks. @module */

import type { Summary } from "./api.ts";
import { h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import type { Texts } from "./texts.ts";

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
    this.#theme = h("button", { type: "button", id: "theme", click: options.onTheme });
    this.root = h(
      "header",
      { class: "top" },
      h("h1", {}, texts.title, " ", h("small", {}, texts.subtitle)),
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

  showConnection(connection: Connection): void {
    this.#connection.dataset.state = connection;
    setText(this.#connection, this.#options.texts[connection]);
  }

  showTheme(isDark: boolean): void {
    const { texts } = this.#options;
    setText(this.#theme, isDark ? texts.light : texts.dark);
  }

  /**
   * @param shown The session that was chosen; undefined for the newest.
   * @param current The session that is drawn.
   */
  showSessions(
    sessions: readonly Summary[],
    { shown, current, other }: Readonly<
      Record<"shown" | "current" | "other", string | undefined>
    >,
  ): void {
    const { texts, format } = this.#options;
    const version = JSON.stringify([
      sessions.map(({ session, state }) => [session, state]),
      shown,
      current,
      other,
    ]);
    if (version === this.#shown) return;
    this.#shown = version;
    const option = ({ session, state, first_report }: Summary) =>
      h(
        "option",
        { value: session },
        `${session} · ${format.moment(first_report)} · ${texts.states[state]}`,
      );
    this.#sessions.replaceChildren(
      h("option", { value: "" }, texts.newest),
      ...sessions.map(option),
    );
    this.#sessions.value = shown ?? "";
    this.#others.replaceChildren(
      h("option", { value: "" }, texts.nothing),
      ...sessions.filter(({ session }) => session !== current).map(option),
    );
    this.#others.value = other ?? "";
    this.#others.parentElement!.hidden = sessions.length < 2 && other === undefined;
  }
}
