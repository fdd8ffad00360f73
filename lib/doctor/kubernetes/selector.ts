/** Tells which requirements of a label selector an object does not meet. @module */

import type { Selector } from "./objects.ts";

type Labels = Readonly<Record<string, string>>;

/** A requirement that is not met. */
export interface Unmet {
  /** What is required, as kubectl writes it: `release=main`, `team in (a,b)`, `!skip`. */
  readonly text: string;
  /** The argument of `kubectl label` that meets it: `release=main`, or `skip-` to remove one. */
  readonly change: string;
}

/** Selectors of services have labels only. */
export function selectorOfLabels(matchLabels: Labels): Selector {
  return { matchLabels: { ...matchLabels }, matchExpressions: [] };
}

/** The requirements that labels do not meet; none: the selector selects them. */
export function unmetBy(labels: Labels, { matchLabels, matchExpressions }: Selector): Unmet[] {
  const unmet = Object.entries(matchLabels).filter(([key, value]) => labels[key] !== value)
    .map(([key, value]) => ({ text: `${key}=${value}`, change: `${key}=${value}` }));
  for (const { key, operator, values } of matchExpressions) {
    const value = labels[key];
    const list = `(${values.join(",")})`;
    if (operator === "In" && (value === undefined || !values.includes(value))) {
      unmet.push({ text: `${key} in ${list}`, change: `${key}=${values[0] ?? ""}` });
    } else if (operator === "NotIn" && value !== undefined && values.includes(value)) {
      unmet.push({ text: `${key} notin ${list}`, change: `${key}-` });
    } else if (operator === "Exists" && value === undefined) {
      unmet.push({ text: key, change: `${key}=true` });
    } else if (operator === "DoesNotExist" && value !== undefined) {
      unmet.push({ text: `!${key}`, change: `${key}-` });
    }
  }
  return unmet;
}

/** A selector as kubectl writes it. */
export function selectorText({ matchLabels, matchExpressions }: Selector): string {
  const texts = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values }) => {
      if (operator === "Exists") return key;
      if (operator === "DoesNotExist") return `!${key}`;
      return `${key} ${operator === "In" ? "in" : "notin"} (${values.join(",")})`;
    }),
  ];
  return texts.length === 0 ? "everything" : texts.join(",");
}

/** The requirements in words: `the label release=main`. */
export function requirements(unmet: readonly Unmet[]): string {
  return `the label${unmet.length > 1 ? "s" : ""} ${unmet.map(({ text }) => text).join(", ")}`;
}
