/** The page in one language: creates, arranges and draws all of its parts. @module */

import type { Sessions, Summary, Values } from "../../live/api.ts";
import { Chart, type Surroundings } from "./chart.ts";
import { CHARTS } from "./charts.ts";
import { Distribution } from "./distribution.ts";
import { h, setText } from "./dom.ts";
import { EventsList } from "./events_list.ts";
import { createFormat, type Format, type Language } from "./format.ts";
import type { Game } from "./game.ts";
import { type Connection, Header } from "./header.ts";
import { Health } from "./health.ts";
import { type Palette, readPalette } from "./palette.ts";
import type { Moves } from "./pointer.ts";
import type { Extent, Range } from "./range.ts";
import type { Axis, Scene } from "./scene.ts";
import { DetailTables } from "./tables.ts";
import { TEXTS, type Texts } from "./texts.ts";
import { Tiles } from "./tiles.ts";
import { MarksLegend, Toolbar } from "./toolbar.ts";
import { gameLine, gameName } from "./wording.ts";

/** What the reader chose. */
export interface Choices {
  language: Language;
  isDark: boolean;
  /** Whether names of metrics and queries are shown. */
  isDeveloper: boolean;
  axis: Axis;
  isPerTurn: boolean;
  areMarksShown: boolean;
  /** A session; undefined for the newest. */
  session: string | undefined;
  other: string | undefined;
}

/** Everything that the screen shows. */
export interface Shown {
  readonly choices: Choices;
  readonly range: Range;
  readonly extent: Extent;
  readonly connection: Connection;
  readonly exporter: Sessions["exporter"] | undefined;
  readonly sessions: readonly Summary[];
  readonly game: Game | undefined;
  readonly other: Game | undefined;
  readonly values: { readonly exporter: Values; readonly system: Values };
  /** The exporter's time, in seconds since 1970. */
  readonly now: number;
}

/** What the reader does. */
export interface Actions extends Moves {
  setSession(session: string | undefined): void;
  setOther(session: string | undefined): void;
  switchLanguage(): void;
  switchTheme(): void;
  switchDeveloper(): void;
  setAxis(axis: Axis): void;
  setPerTurn(isPerTurn: boolean): void;
  setMarks(areShown: boolean): void;
  slide(turn: number): void;
  goLive(): void;
  /** Shows a turn with some turns around it. */
  goTo(turn: number): void;
  /** Requests that everything is drawn again. */
  redraw(): void;
}

/** The command that plays a simulated game that reports to this exporter. */
function simulateCommand(command: string): string {
  const exporter = new URL(".", location.href).href;
  return `${command} simulate --infinite --pause 250ms --with-metrics --publish-to ${exporter}`;
}

function createHeader(language: Language, { texts, format }: Surroundings, actions: Actions) {
  return new Header({
    texts,
    format,
    otherLanguage: language === "fr" ? "en" : "fr",
    onSession: actions.setSession,
    onOther: actions.setOther,
    onLanguage: actions.switchLanguage,
    onTheme: actions.switchTheme,
  });
}

function createToolbar({ texts, format }: Surroundings, actions: Actions) {
  return new Toolbar({
    texts,
    format,
    onAxis: actions.setAxis,
    onPerTurn: actions.setPerTurn,
    onMarks: actions.setMarks,
    onSlide: actions.slide,
    onZoom: (factor) => actions.zoom(factor),
    onAll: actions.showAll,
    onLive: actions.goLive,
  });
}

/** Tells cards whether they are on the screen, or close to it. */
function watchSeen(cards: readonly (Chart | Distribution)[], redraw: () => void) {
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const chart = cards.find(({ card }) => card.root === target);
      if (chart !== undefined) chart.isSeen = isIntersecting;
    }
    redraw();
  }, { rootMargin: "200px" });
  for (const { card } of cards) observer.observe(card.root);
  return observer;
}

export class Screen {
  readonly #texts: Texts;
  readonly #format: Format;
  readonly #header: Header;
  readonly #tiles: Tiles;
  readonly #toolbar: Toolbar;
  readonly #marksLegend: MarksLegend;
  readonly #charts: readonly Chart[];
  readonly #distribution: Distribution;
  readonly #events: EventsList;
  readonly #tables: DetailTables;
  readonly #health: Health;
  readonly #name = h("p", { id: "name", class: "muted" });
  readonly #about: HTMLElement;
  readonly #simulate = h("code");
  readonly #metricsLink: HTMLAnchorElement;
  readonly #developer: HTMLButtonElement;
  readonly #empty: HTMLElement;
  readonly #content: HTMLElement;
  readonly #live = h("p", { class: "aside", role: "status", "aria-live": "polite" });
  readonly #seen: IntersectionObserver;
  readonly #sizes: ResizeObserver;
  #palette: Palette | undefined;
  #state = "";

  constructor(language: Language, actions: Actions) {
    const texts = TEXTS[language];
    const format = createFormat(language);
    this.#texts = texts;
    this.#format = format;
    const around: Surroundings = {
      texts,
      format,
      palette: () => this.#palette ??= readPalette(),
      moves: actions,
      // A new node, so that the same text is announced a second time.
      announce: (text) => this.#live.replaceChildren(text),
    };
    this.#header = createHeader(language, around, actions);
    this.#tiles = new Tiles(around);
    this.#toolbar = createToolbar(around, actions);
    this.#marksLegend = new MarksLegend(texts);
    this.#charts = CHARTS.map((definition) => new Chart(definition, around));
    this.#distribution = new Distribution(around);
    this.#events = new EventsList({ texts, format, onTurn: actions.goTo });
    this.#tables = new DetailTables(around);
    this.#health = new Health(around);
    this.#about = h("span");
    this.#developer = h(
      "button",
      { type: "button", id: "developer", class: "small", click: actions.switchDeveloper },
      texts.developer,
    );
    this.#metricsLink = h("a", { href: "./metrics" }, texts.metricsLink);
    this.#empty = h(
      "section",
      { class: "empty", hidden: true },
      h("h2", {}, texts.waiting),
      h("p", {}, texts.waitingHint),
      h("p", {}, this.#simulate),
    );
    const cards = [...this.#charts, this.#distribution];
    this.#content = this.#createContent(cards);
    this.#show(language);
    this.#seen = watchSeen(cards, actions.redraw);
    this.#sizes = new ResizeObserver(() => {
      for (const card of cards) card.resize();
    });
    for (const { card } of cards) this.#sizes.observe(card.root);
  }

  #createContent(cards: readonly (Chart | Distribution)[]): HTMLElement {
    const texts = this.#texts;
    return h(
      "div",
      { hidden: true },
      this.#name,
      this.#tiles.root,
      h("h2", { class: "aside" }, texts.chartsTitle),
      this.#toolbar.root,
      this.#marksLegend.root,
      h("div", { class: "charts" }, ...cards.map(({ card }) => card.root)),
      h("p", { id: "keys", class: "hint" }, texts.keys),
      this.#events.root,
      this.#tables.root,
      this.#health.root,
    );
  }

  /** Adds everything to the document. */
  #show(language: Language): void {
    const texts = this.#texts;
    document.documentElement.lang = language;
    document.title = `${texts.title} – ${texts.subtitle}`;
    document.body.replaceChildren(
      h("a", { class: "skip", href: "#main" }, texts.skip),
      this.#header.root,
      this.#live,
      h("main", { id: "main", tabindex: -1 }, this.#empty, this.#content),
      h(
        "footer",
        {},
        this.#about,
        " · ",
        this.#metricsLink,
        " · ",
        h("a", { href: "./about" }, texts.about),
        " ",
        this.#developer,
      ),
    );
  }

  /** Reads the colours again, and creates every chart again. */
  repaint(): void {
    this.#palette = undefined;
    for (const chart of [...this.#charts, this.#distribution]) chart.destroy();
  }

  /** Draws what is off the screen too, for printing. */
  seeAll(): void {
    for (const chart of [...this.#charts, this.#distribution]) chart.isSeen = true;
  }

  draw(shown: Shown): void {
    const texts = this.#texts;
    const format = this.#format;
    const { choices, game, other, exporter, sessions, range, extent, values } = shown;
    this.#header.showConnection(shown.connection);
    this.#header.showTheme(choices.isDark);
    this.#developer.setAttribute("aria-pressed", String(choices.isDeveloper));
    this.#header.showSessions(sessions, {
      shown: choices.session,
      current: game?.summary,
      other: choices.other,
    });
    if (exporter !== undefined) {
      setText(this.#simulate, simulateCommand(exporter.command));
      this.#metricsLink.href = `.${exporter.telemetryPath}`;
      const uptime = texts.uptime(format.clock(Math.max(0, shown.now - exporter.started)));
      if (exporter.replay !== undefined) this.#header.showReplay(exporter.replay);
      setText(this.#about, `${texts.version(exporter.version)}, ${uptime}`);
    }
    const isEmpty = game === undefined || (game.turns.length === 0 && game.summary === undefined);
    this.#empty.hidden = !isEmpty || shown.connection === "connecting";
    this.#content.hidden = isEmpty;
    this.#health.draw(values.system, values.exporter, game, exporter?.replay?.speed);
    if (isEmpty) return;
    this.#tiles.draw(game, shown.now, shown.connection === "reconnecting");
    this.#announceState(game);
    const laid = other?.summary ?? sessions.find(({ session }) => session === other?.session);
    const otherName = laid && gameLine(laid, texts, format);
    this.#toolbar.draw(range, extent, choices);
    this.#marksLegend.draw(game.events, otherName);
    this.#tables.draw(game.detail);
    const name = game.summary === undefined ? "" : gameLine(game.summary, texts, format);
    setText(this.#name, name);
    this.#distribution.draw(game.turnSeconds, name);
    if (game.turns.length === 0) return;
    const scene: Scene = { ...choices, game, other, window: range.window(extent) };
    for (const chart of this.#charts) chart.draw(scene);
    for (const chart of this.#charts) chart.keepCursor();
    this.#events.draw(scene);
  }

  #announceState({ summary }: Game): void {
    if (summary === undefined) return;
    const texts = this.#texts;
    const said = texts.stateChanged(
      gameName(summary, texts, this.#format),
      texts.states[summary.state],
    );
    if (said === this.#state) return;
    // The state at the opening of the page is not announced, because the page shows it.
    if (this.#state !== "") setText(this.#live, said);
    this.#state = said;
  }

  close(): void {
    this.#seen.disconnect();
    this.#sizes.disconnect();
    for (const chart of [...this.#charts, this.#distribution]) chart.destroy();
  }
}
