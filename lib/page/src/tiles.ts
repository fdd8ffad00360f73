/** The state of the game as a few large numbers. @module */

import { code, h, setText } from "./dom.ts";
import type { Format } from "./format.ts";
import type { Game } from "./game.ts";
import type { Texts } from "./texts.ts";

type TileName = keyof Texts["tiles"];

const ORDER = [
  "turn",
  "state",
  "budget",
  "transactions",
  "products",
] as const satisfies readonly TileName[];

const METRICS: Readonly<Record<TileName, string>> = {
  turn: "simulation_tour",
  state: "simulation_etat",
  budget: "budget_total",
  transactions: "transactions_total",
  products: "produits_actifs",
};

export class Tiles {
  readonly root: HTMLElement;
  readonly #tiles: Readonly<Record<TileName, { value: HTMLElement; more: HTMLElement }>>;

  constructor(
    private readonly around: {
      readonly texts: Texts;
      readonly format: Format;
    },
  ) {
    const { texts } = around;
    const made = ORDER.map((name) => {
      const value = h("dd", { class: "value", id: `tile-${name}` }, "–");
      const more = h("dd", { class: "more" });
      const root = h(
        "div",
        { class: `tile ${name}` },
        h("dt", {}, texts.tiles[name]),
        value,
        more,
        h("dd", { class: "developer" }, code(METRICS[name])),
      );
      return { name, root, value, more };
    });
    this.#tiles = Object.fromEntries(
      made.map(({ name, value, more }) => [name, { value, more }]),
    ) as Readonly<Record<TileName, { value: HTMLElement; more: HTMLElement }>>;
    this.root = h("dl", { class: "tiles" }, ...made.map(({ root }) => root));
  }

  #set(name: TileName, value: string, more: string): void {
    setText(this.#tiles[name].value, value);
    setText(this.#tiles[name].more, more);
  }

  /**
   * @param now The exporter's time, in seconds since 1970.
   * @param isLost Whether the connection is lost: then nobody knows if a game still runs.
   */
  draw(game: Game, now: number, isLost: boolean): void {
    const { summary } = game;
    if (summary === undefined) return;
    const { texts, format } = this.around;
    const { values, state } = summary;
    const isUnknown = isLost && state === "running";
    this.#set(
      "turn",
      format.whole(summary.turn),
      summary.turns_per_second === null
        ? ""
        // A line of its own, so that nothing moves.
        : isUnknown
        ? "\u00a0"
        : texts.perSecond(format.significant(summary.turns_per_second)),
    );
    const age = Math.max(0, Math.floor(now - summary.last_arrival));
    this.#set(
      "state",
      isUnknown ? texts.unknown : texts.states[state],
      age < 2 ? texts.justNow : texts.lastReport(format.seconds(age)),
    );
    this.#tiles.state.value.dataset.state = isUnknown ? "unknown" : state;
    this.#set(
      "budget",
      format.euros(values.budget_total),
      values.entreprises_total === undefined || values.entreprises_solvables === undefined
        ? ""
        : texts.firms(
          format.whole(values.entreprises_solvables),
          format.whole(values.entreprises_total),
        ),
    );
    const { transactions_total: all, transactions_reussies_total: good } = values;
    this.#set(
      "transactions",
      format.whole(all ?? good),
      all && good !== undefined ? texts.succeeded(format.percent(good / all)) : "",
    );
    const prices = values.produits_prix_min === undefined
      ? ""
      : `, ${
        texts.prices(format.euros(values.produits_prix_min), format.euros(values.produits_prix_max))
      }`;
    this.#set(
      "products",
      format.whole(values.produits_actifs),
      values.produits_total === undefined
        ? ""
        : texts.ofProducts(format.whole(values.produits_total)) + prices,
    );
  }
}
