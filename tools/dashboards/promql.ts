/** Parts of queries: series of the chosen targets and games, and operations on them. @module */

const TARGETS = ['job=~"$job"', 'instance=~"$instance"'];

/** Series of the chosen exporters that no session splits, with further matchers. */
export function own(name: string, ...matchers: readonly string[]): string {
  return `${name}{${[...TARGETS, ...matchers].join(", ")}}`;
}

/** Series of the chosen games. Without `--labels session` the variable is `.*`, which fits them all. */
export function game(name: string, ...matchers: readonly string[]): string {
  return own(name, 'session=~"$session"', ...matchers);
}

export function rate(series: string): string {
  return `rate(${series}[$__rate_interval])`;
}

/** The labels that break a value of one game into parts. */
const PARTS = "continent, produit_type";

/** Sum of the parts of each game's value: one series a game, whatever else tells games apart. */
export function whole(series: string): string {
  return `sum without (${PARTS}) (${series})`;
}

/**
 * Sum by a label that only some series have. What lacks it is named "total", so that no line is
 * called "Value".
 */
export function byPart(expr: string, label: string): string {
  return `label_replace(${sum(expr, label)}, "${label}", "total", "${label}", "")`;
}

/** What a rule has recorded or, in a store without rules, the same from what was scraped. */
export function recorded(rule: string, otherwise: string): string {
  return `${game(`game:${rule}`)} or ${otherwise}`;
}

/** Sum over everything but the named labels. */
export function sum(expr: string, ...by: readonly string[]): string {
  return by.length === 0 ? `sum(${expr})` : `sum by (${by.join(", ")}) (${expr})`;
}

/** One number by another, where the other is not 0. */
export function ratio(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`;
}

/** A quantile of a histogram over the last moments, by the name of its buckets. */
export function quantile(share: number, buckets: string): string {
  return `histogram_quantile(${share}, ${sum(rate(buckets), "le")})`;
}

/** The number of turns that the chosen games have played together: what graphs by turn have as x. */
export const TURNS = sum(game("tours_completes"));

/**
 * Turns a second. Without rules it is taken from a count of turns whose name says that it counts,
 * since Prometheus warns of rates of `tours_completes`.
 */
export const TURN_RATE = sum(
  recorded("tours_completes:rate1m", rate(game("simulation_tour_intervalle_seconds_count"))),
);

/** Purchases that succeeded so far. */
export const SUCCEEDED = sum(
  recorded("transactions_reussies:sum", whole(game("transactions_reussies_total"))),
);
