/** Parses the Prometheus text format 0.0.4 and finds errors in it. @module */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Scrape {
  readonly samples: readonly Sample[];
  readonly families: number;
}

/** A text is not in the format; the message names the line. */
export class TextFormatError extends Error {
  override readonly name = "TextFormatError";
}

const TYPES = ["counter", "gauge", "histogram", "summary", "untyped"];
const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
// The format ends lines by \n alone: a text may hold every other line break.
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME})(?: (.*))?$`, "s");
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)(?: -?\\d+)?$`, "s");
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;

function valueOf(text: string): number | undefined {
  const infinite = /^([+-]?)Inf$/.exec(text);
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity;
  const value = Number(text);
  return Number.isNaN(value) && text !== "NaN" ? undefined : value;
}

function labelsOf(text: string): Readonly<Record<string, string>> | undefined {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  for (let at = 0; at < text.length; at = LABEL.lastIndex) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined || Object.hasOwn(labels, name)) return undefined;
    labels[name] = value.replaceAll(/\\(.)/g, (_, letter) => letter === "n" ? "\n" : letter);
  }
  return labels;
}

/** The family that a sample belongs to, of those whose type is known. */
function familyOf(name: string, types: ReadonlyMap<string, string>): string | undefined {
  if (types.has(name)) return name;
  const [, base = "", suffix] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
  const type = types.get(base);
  const isPart = type === "histogram" || (type === "summary" && suffix !== "bucket");
  return isPart ? base : undefined;
}

/** The labels of a series except one, in a fixed order. */
function keyOf({ name, labels }: Sample, without?: string): string {
  const pairs = Object.entries(labels).filter(([label]) => label !== without);
  return JSON.stringify([name, ...pairs.toSorted(([a], [b]) => a < b ? -1 : 1)]);
}

/** Checks that the last bucket of each histogram equals its count. */
function checkHistograms(samples: readonly Sample[], types: ReadonlyMap<string, string>): void {
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const base = sample.name.replace(/_count$/, "");
    if (types.get(base) === "histogram") counts.set(keyOf({ ...sample, name: base }), sample.value);
  }
  for (const sample of samples) {
    const base = sample.name.replace(/_bucket$/, "");
    if (types.get(base) !== "histogram" || base === sample.name || sample.labels.le !== "+Inf") {
      continue;
    }
    const key = keyOf({ ...sample, name: base }, "le");
    if (counts.get(key) !== sample.value) {
      throw new TextFormatError(`histogram ${base} has a count that differs from its buckets`);
    }
    counts.delete(key);
  }
  const [incomplete] = counts.keys();
  if (incomplete !== undefined) {
    throw new TextFormatError(`histogram ${JSON.parse(incomplete)[0]} has no bucket for +Inf`);
  }
}

/**
 * Reads a scrape. This is less than `promtool check metrics` finds: names and units are not judged.
 *
 * @throws {TextFormatError}
 */
export function readScrape(text: string): Scrape {
  const types = new Map<string, string>();
  const samples: Sample[] = [];
  const seen = new Set<string>();
  const closed = new Set<string>();
  let family: string | undefined;
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new TextFormatError("its last line is not terminated");

  lines.forEach((line, index) => {
    const expect = (isRight: boolean, fault: string) => {
      if (!isRight) throw new TextFormatError(`line ${index + 1}: ${fault}`);
    };
    const enter = (name: string) => {
      if (name === family) return;
      if (family !== undefined) closed.add(family);
      expect(!closed.has(name), `the lines of ${name} do not stand together`);
      family = name;
    };
    if (line === "") return;
    if (line.startsWith("#")) {
      const [, keyword, name, rest = ""] = COMMENT.exec(line) ?? [];
      if (keyword === undefined || name === undefined) return;
      enter(name);
      if (keyword !== "TYPE") return;
      expect(TYPES.includes(rest), `${name} has the unknown type ${rest}`);
      expect(!types.has(name), `${name} has its type twice`);
      types.set(name, rest);
      return;
    }
    const [, name = "", labelText = "", valueText = ""] = SAMPLE.exec(line) ?? [];
    expect(name !== "", "it is neither a comment nor a sample");
    const labels = labelsOf(labelText);
    const value = valueOf(valueText);
    const base = familyOf(name, types);
    expect(base !== undefined, `${name} has no type before it`);
    enter(base ?? name);
    if (labels === undefined || value === undefined) {
      throw new TextFormatError(
        `line ${index + 1}: ${labels === undefined ? "its labels" : "its value"} cannot be read`,
      );
    }
    const sample = { name, labels, value };
    const key = keyOf(sample);
    expect(!seen.has(key), `${name} is there twice with the same labels`);
    seen.add(key);
    samples.push(sample);
  });
  checkHistograms(samples, types);
  return { samples, families: types.size };
}

/** The sum of a metric's series that have these labels, or undefined where there is none. */
export function sumOf(
  { samples }: Scrape,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter((sample) =>
    sample.name === name &&
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  );
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0);
}
