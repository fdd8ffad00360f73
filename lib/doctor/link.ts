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
