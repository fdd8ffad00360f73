/** Makes what a game's reports carry besides the numbers of a turn. @module */

import type { ReportMoment, RestOfReport } from "../publish/mod.ts";
import { EVENT_TYPES, type EventType, type Game, type World } from "../simulation/mod.ts";

/** Events whose total is money. */
const IN_CENTS: readonly EventType[] = ["inflation", "recharge_budget"];

/** Reading a whole world takes time: larger ones are reported without their detail. */
const MAX_DETAIL_CELLS = 5000;
/** As many parts as a report may have of a value, and bytes that fit into a label whatever the text. */
const MAX_PARTS = 100;
const MAX_LABEL = 42;
/** As many events as a report may tell of. */
const MAX_EVENTS = 100;

function euros(cents: number): number {
  return cents / 100;
}

function detailOf(world: World): NonNullable<RestOfReport["detail"]> {
  return {
    produits: world.produits.map(({ nom, prix }) => ({ nom, prix: euros(prix) })),
    entreprises: world.entreprises.map(({ nom, budget, stocks }) => ({
      nom,
      budget: euros(budget),
      stocks: [...stocks],
    })),
    fournisseurs: world.fournisseurs.map(({ nom, stocks }) => ({ nom, stocks: [...stocks] })),
  };
}

/** Adds up what shares a label. */
function partsBy<Item, Label extends "continent" | "produit_type">(
  label: Label,
  items: readonly Item[],
  labelOf: (item: Item) => string,
  valueOf: (item: Item) => number,
  unit = 1,
) {
  const sums = new Map<string, number>();
  for (const item of items) {
    const name = labelOf(item);
    // What no label can hold is shown as the rest.
    if (name === "" || name.length > MAX_LABEL || name.includes("\0")) continue;
    sums.set(name, (sums.get(name) ?? 0) + valueOf(item));
  }
  return Array.from(sums, ([name, sum]) => ({ [label]: name, valeur: sum / unit }))
    .slice(0, MAX_PARTS);
}

/** The values of now by continent of the firms and by type of the products. */
function repartitionsOf(
  { entreprises, produits }: World,
): NonNullable<RestOfReport["repartitions"]> {
  const firms = (valueOf: (firm: World["entreprises"][number]) => number, unit?: number) =>
    partsBy("continent", entreprises, ({ continent }) => continent, valueOf, unit);
  const products = (valueOf: (product: World["produits"][number]) => number) =>
    partsBy("produit_type", produits, ({ type }) => type, valueOf);
  return {
    budget_total: firms(({ budget }) => budget, 100),
    entreprises_total: firms(() => 1),
    entreprises_solvables: firms(({ budget }) => budget > 0 ? 1 : 0),
    produits_actifs: products(({ actif }) => actif ? 1 : 0),
    produits_inactifs: products(({ actif }) => actif ? 0 : 1),
    produits_total: products(() => 1),
  };
}

/**
 * Makes the function that a publisher asks for the rest of each report: further values, the times of
 * events, the last of them and, in worlds that are not too large, values in parts and the detail. Each
 * report has them, so that what a scrape shows of the parts and of the whole is of the same turn.
 */
export function createRestOfReport(game: Game): (moment: ReportMoment) => RestOfReport {
  const { numbers, lastEvents } = game;
  const cells = (numbers.entreprises + numbers.fournisseurs) * numbers.produits;
  let told = game.recentEvents.count;
  const seen = new Map<string, { turn: number; time: number }>();

  /** An event's time is that of the first report after it: a turn has no time of its own. */
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

  /** Events since the last report. More than may be told pass too fast to be looked at one by one. */
  function recents(fini: boolean): RestOfReport["evenements_recents"] {
    const happened = game.recentEvents.count - told;
    if (happened === 0) return undefined;
    told += happened;
    if (happened > MAX_EVENTS && !fini) return undefined;
    return game.recentEvents.last(Math.min(happened, MAX_EVENTS)).map((event) =>
      // What is no money is counted in units.
      IN_CENTS.includes(event.type) ? { ...event, total: euros(event.total) } : event
    );
  }

  return ({ timestamp, fini }) => {
    const evenements_recents = recents(fini);
    const world = cells <= MAX_DETAIL_CELLS ? game.world : undefined;
    return {
      values: {
        budget_moyen: euros(numbers.budgetTotal / numbers.entreprises),
        entreprises_total: numbers.entreprises,
        entreprises_solvables: numbers.entreprisesSolvables,
        produits_prix_min: euros(numbers.prixMin),
        produits_prix_max: euros(numbers.prixMax),
      },
      evenements: events(timestamp),
      ...(evenements_recents === undefined ? {} : { evenements_recents }),
      ...(world === undefined
        ? {}
        : { repartitions: repartitionsOf(world), detail: detailOf(world) }),
    };
  };
}
