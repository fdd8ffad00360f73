/** Tells which requirements of a label selector an object does not meet. @module */

import type { Selector } from "./objects.ts";

type Labels = Readonly<Record<string, string>>;

/** A requirement that is not met. */
export interface Unmet {
  /** The label's key. */
  readonly key: string;
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
    .map(([key, value]) => ({ key, text: `${key}=${value}`, change: `${key}=${value}` }));
  for (const { key, operator, values } of matchExpressions) {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const list = `(${values.join(",")})`;
    if (operator === "In" && (value === undefined || !values.includes(value))) {
      unmet.push({ key, text: `${key} in ${list}`, change: `${key}=${values[0] ?? ""}` });
    } else if (operator === "NotIn" && value !== undefined && values.includes(value)) {
      unmet.push({ key, text: `${key} notin ${list}`, change: `${key}-` });
    } else if (operator === "Exists" && value === undefined) {
      unmet.push({ key, text: key, change: `${key}=true` });
    } else if (operator === "DoesNotExist" && value !== undefined) {
      unmet.push({ key, text: `!${key}`, change: `${key}-` });
    }
  }
  return unmet;
}

/**
 * The change that makes a selector take one more value of a label, as a merge patch: for labels that
 * nobody can set.
 */
export function widened(
  { matchLabels, matchExpressions }: Selector,
  key: string,
  value: string,
): Readonly<Record<string, unknown>> {
  const isOf = ({ key: own }: Selector["matchExpressions"][number]) => own === key;
  const known = Object.hasOwn(matchLabels, key) ? [matchLabels[key]!] : [];
  const wanted = matchExpressions.filter((one) => isOf(one) && one.operator === "In")
    .flatMap(({ values }) => values);
  const unwanted = matchExpressions.filter((one) => isOf(one) && one.operator === "NotIn")
    .map((one) => ({ ...one, values: one.values.filter((other) => other !== value) }))
    .filter(({ values }) => values.length > 0);
  const values = [...new Set([...known, ...wanted, value])];
  return {
    ...known.length > 0 ? { matchLabels: { [key]: null } } : {},
    matchExpressions: [
      ...matchExpressions.filter((one) => !isOf(one)),
      ...values.length > 1 ? [{ key, operator: "In", values }] : [],
      ...unwanted,
    ],
  };
}

/** Labels that controllers give to pods of one version or one run. */
const PASSING =
  /^(pod-template-hash|controller-revision-hash|controller-uid|job-name|batch\.kubernetes\.io\/.*)$/;

/** The change that makes a selector take an object, as a merge patch: by the labels that it is known by. */
export function fitted({ matchLabels, matchExpressions }: Selector, labels: Labels) {
  const lasting = Object.entries(labels).filter(([key]) => !PASSING.test(key));
  const usual = lasting.filter(([key]) => key.startsWith("app.kubernetes.io/"));
  const unmet = Object.entries(matchLabels).filter(([key, value]) => labels[key] !== value)
    .map(([key]) => [key, null] as const);
  return {
    matchLabels: Object.fromEntries<string | null>([
      ...unmet,
      ...usual.length > 0 ? usual : lasting,
    ]),
    matchExpressions: matchExpressions.filter((one) =>
      unmetBy(labels, { matchLabels: {}, matchExpressions: [one] }).length === 0
    ),
  };
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
