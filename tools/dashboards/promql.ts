/** Pieces of the queries: series of the chosen targets and games, and what is done with them. @module */

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
