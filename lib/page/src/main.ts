/** The page: updates the games from the exporter, and draws them when something has changed. @module */

import type { Sessions, Summary, Values } from "../../live/api.ts";
import { askSessions, askState } from "./api.ts";
import { recall, remember } from "./dom.ts";
import { openFeed } from "./feed.ts";
import type { Language } from "./format.ts";
import { Game } from "./game.ts";
import type { Connection } from "./header.ts";
import { type Extent, Range } from "./range.ts";
import { type Scene, turnAt } from "./scene.ts";
import { type Actions, type Choices, Screen } from "./screen.ts";

/** Ages change without news. */
const TICK_MS = 1000;
/** How long a hidden tab keeps its event stream, so that a short absence loses nothing. */
const REST_AFTER_MS = 5000;
/** Number of turns to show around a selected one. */
const AROUND = 25;

const dark = matchMedia("(prefers-color-scheme: dark)");

function chosenLanguage(): Language {
  const language = recall("language") ?? document.documentElement.lang;
  return language === "fr" ? "fr" : "en";
}

const choices: Choices = {
  language: chosenLanguage(),
  isDark: (recall("theme") ?? (dark.matches ? "dark" : "light")) === "dark",
  isDeveloper: recall("developer") === "true",
  axis: "turn",
  isPerTurn: true,
  areMarksShown: true,
  session: undefined,
  other: undefined,
};
const range = new Range();
let connection: Connection = "connecting";
/** How often the exporter has found earlier turns. */
let past = 0;
let exporter: Sessions["exporter"] | undefined;
let sessions: readonly Summary[] = [];
let game: Game | undefined;
let other: Game | undefined;
let values: { readonly exporter: Values; readonly system: Values } = { exporter: {}, system: {} };
/** Offset of the exporter's clock to this one, in seconds. */
let ahead = 0;
let isAsked = false;
let resting: ReturnType<typeof setTimeout> | undefined;

function showLook(): void {
  const { dataset } = document.documentElement;
  dataset.theme = choices.isDark ? "dark" : "light";
  dataset.developer = String(choices.isDeveloper);
}

function extent(): Extent {
  const first = game?.turns.first ?? 0;
  return [first, Math.max(game?.turns.last ?? 0, first)];
}

function draw(): void {
  isAsked = false;
  screen.draw({
    choices,
    range,
    extent: extent(),
    connection,
    exporter,
    sessions,
    game,
    other,
    values,
    now: Date.now() / 1000 + ahead,
  });
}

/** Draws once before the next frame, and not at all in a hidden tab. */
function redraw(): void {
  if (isAsked || document.hidden) return;
  isAsked = true;
  requestAnimationFrame(draw);
}

/** Changes the view, and shows it. */
function change(how: () => void): void {
  how();
  redraw();
}

/** A turn from a place on the x axis. */
function turnOf(x: number): number {
  if (game === undefined) return x;
  const scene: Scene = { ...choices, game, other, window: range.window(extent()) };
  return turnAt(scene, x);
}

const actions: Actions = {
  select: (from, to) => change(() => range.select(turnOf(from), turnOf(to), extent())),
  zoom: (factor, at) =>
    change(() => range.zoom(factor, extent(), at === undefined ? undefined : turnOf(at))),
  pan: (share) => change(() => range.pan(share, extent())),
  showAll: () => change(() => range.showAll()),
  slide: (turn) => change(() => range.slide(turn, extent())),
  goLive: () => change(() => range.goLive()),
  goTo: (turn) => change(() => range.select(turn - AROUND, turn + AROUND, extent())),
  setAxis: (axis) => change(() => choices.axis = axis),
  setPerTurn: (isPerTurn) => change(() => choices.isPerTurn = isPerTurn),
  setMarks: (areShown) => change(() => choices.areMarksShown = areShown),
  setSession(session) {
    choices.session = session;
    feed.follow(session);
  },
  setOther(session) {
    choices.other = session;
    other = session === undefined ? undefined : new Game(session, redraw);
    if (other !== undefined) open(other);
    redraw();
  },
  switchLanguage() {
    choices.language = choices.language === "fr" ? "en" : "fr";
    remember("language", choices.language);
    makeScreen();
    document.getElementById("language")!.focus();
    redraw();
  },
  switchTheme() {
    choices.isDark = !choices.isDark;
    remember("theme", choices.isDark ? "dark" : "light");
    showLook();
    change(() => screen.repaint());
  },
  switchDeveloper() {
    choices.isDeveloper = !choices.isDeveloper;
    remember("developer", String(choices.isDeveloper));
    showLook();
    redraw();
  },
  redraw,
};

showLook();
let screen = new Screen(choices.language, actions);

/** Creates the screen again, in another language. */
function makeScreen(): void {
  screen.close();
  screen = new Screen(choices.language, actions);
}

/** The game of a session; replaces the one that is shown if it is another. */
function gameOf(session: string): Game {
  if (game?.session === session) return game;
  game = new Game(session, redraw);
  game.summary = sessions.find((summary) => summary.session === session);
  range.showAll();
  if (choices.other === session) actions.setOther(undefined);
  open(game);
  return game;
}

/** Fetches what is known of a game; the stream sends what comes later. */
function open(asked: Game): void {
  asked.fill();
  const { detail } = asked;
  askState(asked.session).then((state) => {
    if (state === undefined) return;
    values = { exporter: state.exporter, system: state.system };
    // The stream may have sent a later state already.
    if (state.summary.last_arrival >= (asked.summary?.last_arrival ?? 0)) asked.show(state);
    // The same is true of the detail; the stream does not send known detail again.
    if (asked.detail === detail) asked.detail = state.detail ?? undefined;
    redraw();
  }, () => {});
}

/** Selects the newest game if the exporter no longer knows the selected one. */
async function leaveForgotten(): Promise<void> {
  const { session } = choices;
  if (session === undefined) return;
  try {
    const isKnown = await askState(session) !== undefined;
    if (!isKnown && choices.session === session) actions.setSession(undefined);
  } catch {
    // The exporter cannot be reached; the stream tries again.
  }
}

const feed = openFeed({
  async hello({ session, past: known }) {
    connection = "connected";
    if (known !== past) {
      // Everything is fetched again from the start.
      past = known;
      game = undefined;
      if (other !== undefined) actions.setOther(other.session);
    }
    const shown = game;
    if (session !== null && gameOf(session) === shown) open(shown);
    other?.fill();
    redraw();
    try {
      const answer = await askSessions();
      if (answer === undefined) return;
      ({ exporter, sessions } = answer);
      ahead = exporter.now - Date.now() / 1000;
      redraw();
    } catch {
      // The exporter is gone again; the stream reports this too.
    }
  },
  turns(message) {
    if (message.session === other?.session) other.take(message);
    else gameOf(message.session).take(message);
  },
  state(state) {
    values = { exporter: state.exporter, system: state.system };
    gameOf(state.summary.session).show(state);
  },
  detail(detail) {
    if (game === undefined) return;
    game.detail = detail;
    redraw();
  },
  sessions(message) {
    sessions = message;
    redraw();
  },
  lost() {
    connection = "reconnecting";
    redraw();
    leaveForgotten();
  },
});
feed.follow(undefined);

/** Listens while the tab is visible; what a hidden tab misses is fetched when it is visible again. */
function listenWhileSeen(): void {
  clearTimeout(resting);
  if (document.hidden) {
    resting = setTimeout(() => {
      feed.rest();
      connection = "connecting";
    }, REST_AFTER_MS);
    return;
  }
  feed.wake();
  redraw();
}
// A tab may be opened in the background.
listenWhileSeen();

setInterval(() => {
  // The stream sends only the followed game, but the second one may be running too.
  const laid = sessions.find(({ session }) => session === other?.session);
  if (laid?.state === "running" && !document.hidden) other?.fill();
  redraw();
}, TICK_MS);
document.addEventListener("visibilitychange", listenWhileSeen);
dark.addEventListener("change", () => {
  if (recall("theme") !== undefined) return;
  choices.isDark = dark.matches;
  showLook();
  change(() => screen.repaint());
});
matchMedia("(forced-colors: active)").addEventListener("change", () => {
  change(() => screen.repaint());
});
// Paper is white, has another width, and shows the whole page.
matchMedia("print").addEventListener("change", () => {
  screen.repaint();
  screen.seeAll();
  draw();
});
