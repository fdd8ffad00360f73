/** What can be set in the Kubernetes files, and which values are possible. @module */

/** A kind of value: a test, and words that follow "expected". */
interface Kind {
  readonly expected: string;
  readonly isRight: (text: string) => boolean;
}

export interface Parameter {
  /** Begins in upper case and ends with a full stop. */
  readonly help: string;
  /** Undefined: a value that follows from other files, as `defaultText` says. */
  readonly defaultValue?: string;
  readonly defaultText?: string;
  readonly kind: Kind;
}

/** A name as Kubernetes takes it for namespaces (RFC 1123, a label). */
export const LABEL_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** The same with dots, for most other objects. */
const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
/** The part of a label's key behind its prefix, and its value where it is not empty. */
const WORD = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Parts `release=main` at its first equals sign. */
export function splitPair(text: string): [string, string] {
  const [key = ""] = text.split("=", 1);
  return [key, text.slice(key.length + 1)];
}

/** Whether a text is the key of a label (Kubernetes, "Labels and Selectors"). */
function isLabelKey(key: string): boolean {
  const [name = "", prefix] = key.split("/").toReversed();
  const hasPrefix = prefix === undefined || (prefix.length <= 253 && SUBDOMAIN.test(prefix));
  return key.split("/").length <= 2 && WORD.test(name) && hasPrefix;
}

function isLabelValue(value: string): boolean {
  return value === "" || WORD.test(value);
}

function isLabel(text: string): boolean {
  const [key, value] = splitPair(text);
  return text.includes("=") && isLabelKey(key) && isLabelValue(value);
}

const LABEL: Kind = {
  expected: "a label KEY=VALUE, such as grafana_dashboard=1",
  isRight: isLabel,
};

/** Labels as the parameter writes them. */
export function labelPairs(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(",").map(splitPair));
}

/** The selectors of monitors and of rules may ask for different labels. */
const LABELS: Kind = {
  expected: "one or more labels KEY=VALUE, such as release=main or release=main,team=games",
  isRight: (text) => {
    const labels = text.split(",");
    return labels.every(isLabel) && Object.keys(labelPairs(text)).length === labels.length;
  },
};

const NAMESPACE: Kind = {
  expected: "a namespace: at most 63 lower-case letters, digits and hyphens",
  isRight: (text) => LABEL_NAME.test(text),
};

const OBJECT: Kind = {
  expected: "a name of lower-case letters, digits, hyphens and dots",
  isRight: (text) => text.length <= 253 && SUBDOMAIN.test(text),
};

/**
 * Without a tag, or with `latest`, nobody knows which version runs. Its name has at most 255 characters
 * (github.com/distribution/reference).
 */
const IMAGE: Kind = {
  expected: "an image with a tag other than latest, or with a digest",
  isRight: (text) => {
    const [, tag, digest] =
      /^(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d+)?\/)?(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*\/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::(\w[\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/
        .exec(text) ?? [];
    const name = text.replace(/@.*$/, "").replace(/:[\w.-]*$/, "");
    return name.length <= 255 &&
      (digest !== undefined || (tag !== undefined && tag !== "latest"));
  },
};

/** Grafana's sidecar makes a directory of it. */
const FOLDER: Kind = {
  expected: "the name of a folder, without slashes",
  isRight: (text) => /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,62}$/u.test(text),
};

const COUNT: Kind = {
  expected: "a whole number from 1 to 1000000000000",
  isRight: (text) => /^[1-9]\d*$/.test(text) && Number(text) <= 1e12,
};

/** All parameters by name. */
export const PARAMETERS = {
  "image": {
    help: "Image of the exporter and of the demo game.",
    defaultText: "that of compose.yml",
    kind: IMAGE,
  },
  "web-image": {
    help: "Image of the FastAPI application in the overlay web.",
    defaultText: "tradesim-web in the exporter's version",
    kind: IMAGE,
  },
  "monitor-label": {
    help:
      "Labels by which the operator's Prometheus selects monitors and rules, with commas between.",
    defaultValue: "release=kube-prometheus-stack",
    kind: LABELS,
  },
  "prometheus-namespace": {
    help: "Namespace of a Prometheus outside of this one, which may scrape too.",
    defaultValue: "monitoring",
    kind: NAMESPACE,
  },
  "board-label": {
    help: "Label by which Grafana's sidecar finds dashboards.",
    defaultValue: "grafana_dashboard=1",
    kind: LABEL,
  },
  "board-folder": {
    help: "Folder of the dashboards in Grafana.",
    defaultValue: "TradeSim",
    kind: FOLDER,
  },
  "storage-class": {
    help: "Storage class of the volumes.",
    defaultText: "that of the cluster",
    kind: OBJECT,
  },
  "tours": {
    help: "Turns of the game in the overlay sidecar.",
    defaultValue: "1000",
    kind: COUNT,
  },
} as const satisfies Readonly<Record<string, Parameter>>;

export type ParameterName = keyof typeof PARAMETERS;

/** Values by name; undefined: it was not set, and its value follows from other files. */
export type Parameters = {
  readonly [Name in ParameterName]: (typeof PARAMETERS)[Name] extends { defaultValue: string }
    ? string
    : string | undefined;
};

export const PARAMETER_NAMES = Object.keys(PARAMETERS) as readonly ParameterName[];

/** Why a parameter cannot be read: its name is unknown, or what its value should be. */
export type ParameterFault = { readonly name: string; readonly expected: string | undefined };

/** Reads `NAME=VALUE` texts over the defaults; the first fault is returned instead. */
export function readParameters(texts: readonly string[]): Parameters | ParameterFault {
  const values = new Map<ParameterName, string | undefined>(
    PARAMETER_NAMES.map((name) => [name, (PARAMETERS[name] as Parameter).defaultValue]),
  );
  const set = new Set<ParameterName>();
  for (const text of texts) {
    const [given, value] = splitPair(text);
    const name = PARAMETER_NAMES.find((known) => known === given);
    if (name === undefined) return { name: given, expected: undefined };
    const { kind } = PARAMETERS[name];
    if (!kind.isRight(value)) return { name, expected: kind.expected };
    // Which of two values is meant, nobody knows.
    if (set.has(name)) return { name, expected: "one value, but it is set twice" };
    set.add(name);
    values.set(name, value);
  }
  return Object.fromEntries(values) as Parameters;
}
