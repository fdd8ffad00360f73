/** The dashboard of recorded games, laid over each other from one time on; see docs/history.md. @module */

import type { Board } from "../board.ts";
import { bars, graph, number, type Query, UNIT } from "../panels.ts";
import { game, rate, ratio, sum } from "../promql.ts";
import { BOARDS, PANELS } from "../texts.ts";

const LEGEND = "{{instance}}";
/** The games that all others are compared with, of those that are chosen. */
const BASELINE = 'instance=~"$baseline"';

/** A line for each game. */
function each(series: string): string {
  return sum(series, "instance");
}

function line(expr: string): Query {
  return { expr, legend: LEGEND };
}

/** A value as long as the game goes on: minutes after its end a plain query still has the last one. */
function current(name: string, ...matchers: readonly string[]): string {
  return `last_over_time(${game(name, ...matchers)}[$__rate_interval])`;
}

/** A bar for each game, of its last value in view: games end at different turns. */
function last(name: string): Query {
  return line(each(`last_over_time(${game(name)}[$__range])`));
}

/** By how much each game is above the baseline or, where that is several games, above their mean. */
function aboveBaseline(name: string): Query {
  return line(`${each(current(name))} - scalar(avg(${each(current(name, BASELINE))}))`);
}

/** Turns that are counted by a name that says so; Prometheus warns of rates of `tours_completes`. */
const TURNS = each(rate(game("simulation_tour_intervalle_seconds_count")));

export const GAMES: Board = {
  file: "games",
  uid: { fr: "tradesim-parties", en: "tradesim-games" },
  text: BOARDS.games,
  isRecorded: true,
  rows: [{
    isOne: true,
    panels: [
      number({
        text: PANELS.recordedGames,
        unit: UNIT.count,
        queries: [{ expr: `count(${last("tours_completes").expr})` }],
      }),
      bars({
        text: PANELS.turnsOfGames,
        unit: UNIT.count,
        width: 10,
        query: last("tours_completes"),
      }),
      bars({
        text: PANELS.budgetsOfGames,
        unit: UNIT.euros,
        width: 10,
        query: last("budget_total"),
      }),
      graph({
        text: PANELS.budget,
        unit: UNIT.euros,
        queries: [line(each(current("budget_total")))],
      }),
      graph({
        text: PANELS.budgetAboveBaseline,
        unit: UNIT.euros,
        fromZero: false,
        queries: [aboveBaseline("budget_total")],
      }),
      graph({
        text: PANELS.purchasesPerTurn,
        unit: UNIT.count,
        queries: [line(ratio(each(rate(game("transactions_reussies_total"))), TURNS))],
      }),
      graph({
        text: PANELS.spendingPerTurn,
        unit: UNIT.euros,
        queries: [line(ratio(each(rate(game("transactions_montant_total"))), TURNS))],
      }),
      graph({
        text: PANELS.meanPrice,
        unit: UNIT.euros,
        queries: [line(each(current("produits_prix_moyen")))],
      }),
      graph({
        text: PANELS.priceAboveBaseline,
        unit: UNIT.euros,
        fromZero: false,
        queries: [aboveBaseline("produits_prix_moyen")],
      }),
      graph({
        text: PANELS.activeProducts,
        unit: UNIT.count,
        queries: [line(each(current("produits_actifs")))],
      }),
      graph({
        text: PANELS.turnSecondsOfGames,
        unit: UNIT.seconds,
        queries: [line(ratio(
          each(rate(game("temps_simulation_tour_seconds_sum"))),
          each(rate(game("temps_simulation_tour_seconds_count"))),
        ))],
      }),
    ],
  }],
};
