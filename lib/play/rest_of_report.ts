/** Adds to reports what does not change with every turn. @module */

import type { ReportMoment, RestOfReport } from "../publish/mod.ts";
import { createRepartitions } from "./repartitions.ts";
import { EVENT_TYPES, type EventType, type Game, PRODUCT_TYPES } from "../simulation/mod.ts";

/** Events whose total is money. */
const IN_CENTS: readonly EventType[] = ["inflation", "recharge_budget"];

/** Reading a whole world takes time: larger ones are reported without their detail. */
const MAX_DETAIL_CELLS = 5000;
/** Detail is for tables, which nobody reads faster. */
const DETAIL_INTERVAL = 1;
/** Maximum number of events in a report. */
const MAX_EVENTS = 100;

function euros(cents: number): number {
  return cents / 100;
}

function detailOf({ world, shares }: Game): NonNullable<RestOfReport["detail"]> {
  const { produits, entreprises, fournisseurs } = world;
  const types = PRODUCT_TYPES.length;
  const purchases = (firm: number) =>
    shares.bought.subarray(firm * types, (firm + 1) * types).reduce((sum, count) => sum + count, 0);
  return {
    produits: produits.map(({ nom, prix, type, actif }) => ({
      nom,
      prix: euros(prix),
      type,
      actif,
    })),
    entreprises: entreprises.map((firm, index) => ({
      nom: firm.nom,
      budget: euros(firm.budget),
      budget_initial: euros(firm.budgetInitial),
      continent: firm.continent,
      strategie: firm.strategie,
      achats: purchases(index),
      stocks: [...firm.stocks],
    })),
    fournisseurs: fournisseurs.map(({ nom, continent, stocks, prix }) => ({
      nom,
      continent,
      stocks: [...stocks],
      // The game's 0 is a product that he has no price of.
      prix: prix.map((cents) => cents === 0 ? null : euros(cents)),
    })),
  };
}

function sum(values: Readonly<Float64Array>): number {
  return values.reduce((total, value) => total + value, 0);
}

function valuesOf({ numbers, shares }: Game, opening: number): Record<string, number> {
  return {
    budget_moyen: euros(numbers.budgetTotal / numbers.entreprises),
    entreprises_total: numbers.entreprises,
    entreprises_solvables: numbers.entreprisesSolvables,
    produits_prix_min: euros(numbers.prixMin),
    produits_prix_max: euros(numbers.prixMax),
    argent_initial_euros: euros(opening),
    argent_entre_euros_total: euros(numbers.recharges),
    transactions_unites_total: numbers.volume,
    livraisons_unites_total: numbers.livraisons,
    stock_fournisseurs_unites: sum(shares.units),
    stock_entreprises_unites: sum(shares.held),
    produits_epuises: shares.units.reduce((count, units) => count + Number(units === 0), 0),
  };
}

/**
 * Makes the function that a publisher asks for the rest of each report: further values, breakdowns, the
 * times of events, the last of them and, once a second in worlds that are not too large, the detail.
 */
export function createRestOfReport(game: Game): (moment: ReportMoment) => RestOfReport {
  const { numbers, lastEvents } = game;
  const opening = numbers.budgetTotal - numbers.recharges + numbers.montant;
  const cells = (numbers.entreprises + numbers.fournisseurs) * numbers.produits;
  let told = game.recentEvents.count;
  const seen = new Map<string, { turn: number; time: number }>();
  const repartitions = createRepartitions(game);
  let nextDetail = 0;

  /** An event has the time of the first report after it, because a turn has no time. */
  function events(timestamp: number): Record<string, number> {
    const times: Record<string, number> = {};
    for (const type of EVENT_TYPES) {
      const turn = lastEvents[type];
      if (turn === 0) continue;
      const known = seen.get(type);
      const time = known?.turn === turn ? known.time : timestamp;
      seen.set(type, { turn, time });
      times[type] = time;
    }
    return times;
  }

  /** Events since the last report. If there are more, they pass too fast to be read one by one. */
  function recents(fini: boolean): RestOfReport["evenements_recents"] {
    const happened = game.recentEvents.count - told;
    if (happened === 0) return undefined;
    told += happened;
    if (happened > MAX_EVENTS && !fini) return undefined;
    return game.recentEvents.last(Math.min(happened, MAX_EVENTS)).map((event) =>
      // Amounts that are not money are units.
      IN_CENTS.includes(event.type) ? { ...event, total: euros(event.total) } : event
    );
  }

  return ({ timestamp, fini }) => {
    const isDetailDue = cells <= MAX_DETAIL_CELLS && (fini || timestamp >= nextDetail);
    const evenements_recents = recents(fini);
    if (isDetailDue) nextDetail = timestamp + DETAIL_INTERVAL;
    return {
      values: valuesOf(game, opening),
      evenements: events(timestamp),
      repartitions: repartitions(),
      ...(evenements_recents === undefined ? {} : { evenements_recents }),
      ...(isDetailDue ? { detail: detailOf(game) } : {}),
    };
  };
}
