/** The links of the chain from a game to Grafana, and the result of a check. @module */

/** In the order of the checks: each relies on those before it. */
export const LINKS = [
  "configuration",
  "port",
  "exporter",
  "metrics",
  "file",
  "simulation",
  "prometheus",
  "grafana",
] as const;
export type LinkName = (typeof LINKS)[number];

/** The result of a check. The text begins in lower case and has no full stop. */
export type Result =
  | { readonly state: "ok" | "skip"; readonly text: string }
  | { readonly state: "FAIL"; readonly text: string; readonly remedy: string };

export function ok(text: string): Result {
  return { state: "ok", text };
}

/** The link is missing or cannot be checked, and is not required. */
export function skip(text: string): Result {
  return { state: "skip", text };
}

/** @param remedy What to do, in the imperative. */
export function broken(text: string, remedy: string): Result {
  return { state: "FAIL", text, remedy };
}

/** A time span in seconds as text, such as `0.4 s` or `3 min`, never negative. */
export function span(seconds: number): string {
  const units = [["d", 86_400], ["h", 3600], ["min", 60]] as const;
  const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? ["s", 1];
  const amount = Math.max(0, seconds / size);
  return `${amount < 10 && unit === "s" ? Number(amount.toFixed(1)) : Math.floor(amount)} ${unit}`;
}

/** A number of things, such as `1 session` or `2 sessions`. */
export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
