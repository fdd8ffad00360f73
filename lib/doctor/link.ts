/** The links of the chain from a game to Grafana, and the result of a check. @module */

/** In the order in which they are looked at: each stands on those before it. */
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

/** What was found out about a link, in words that begin small and end without a full stop. */
export type Finding =
  | { readonly state: "ok" | "skip"; readonly text: string }
  | { readonly state: "FAIL"; readonly text: string; readonly remedy: string };

export function ok(text: string): Finding {
  return { state: "ok", text };
}

/** The link is not there or cannot be seen, and nobody asked for it. */
export function skip(text: string): Finding {
  return { state: "skip", text };
}

/** @param remedy What to do, in the imperative. */
export function broken(text: string, remedy: string): Finding {
  return { state: "FAIL", text, remedy };
}

/** A time span in seconds as a person says it, such as `0.4 s` or `3 min`; never a negative one. */
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
