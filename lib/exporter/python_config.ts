/** Reads the exporter's settings from TradeSim's config.py, without running it. @module */

import type { Given, Layer } from "../cli/layers.ts";
import { badValue } from "../cli/usage_error.ts";

export interface PythonConfig {
  readonly layer: Layer;
  /** False when the file switches metrics off. */
  readonly enabled: boolean;
  /** What the user should know about constants that are not used, one sentence each. */
  readonly notes: readonly string[];
}

/** A literal, or undefined for an expression that only Python can work out. */
type Literal = string | number | boolean | null | undefined;

const NUMBER = /^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?$/;

function readLiteral(source: string): Literal {
  if (source === "True") return true;
  if (source === "False") return false;
  if (source === "None") return null;
  if (NUMBER.test(source)) return Number(source.replaceAll("_", ""));
  return /^(["'])((?:(?!\1)[^\\\n])*)\1$/.exec(source)?.[2];
}

/** Where the string that begins at `start` ends, and whether it is one in triple quotes. */
function skipString(text: string, start: number): number {
  const quote = text[start] ?? "";
  const triple = text.startsWith(quote.repeat(3), start);
  const end = triple ? quote.repeat(3) : quote;
  for (let at = start + end.length; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text.startsWith(end, at)) return at + end.length;
    else if (text[at] === "\n" && !triple) return at;
  }
  return text.length;
}

/** The statements of a program, without comments; each is one line unless it is a longer one. */
function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const character = text[at] ?? "";
    let next = at + 1;
    if (character === "#") {
      const end = text.indexOf("\n", at);
      at = end < 0 ? text.length : end;
      continue;
    }
    if (character === '"' || character === "'") next = skipString(text, at);
    else if (character === "\\") next = at + 2;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth = Math.max(0, depth - 1);
    else if (character === "\n" && depth === 0) {
      lines.push(line);
      line = "";
      at = next;
      continue;
    }
    line += text.slice(at, next);
    at = next;
  }
  return [...lines, line];
}

/** The right side of the last assignment to each METRICS_ name at the left margin. */
function lastAssignments(text: string): ReadonlyMap<string, string> {
  const assignments = new Map<string, string>();
  for (const line of logicalLines(text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n"))) {
    // A type annotation may follow the name; with an operator, only Python knows the value.
    const [, name, operator, value = ""] =
      /^(METRICS_\w+)\s*(?::[^=]*)?([-+*\/%&|^@<>]*)=(?!=)(.*)$/s.exec(line) ?? [];
    if (name !== undefined) assignments.set(name, operator === "" ? value.trim() : line);
  }
  return assignments;
}

/** Reads constants of a type; one that only Python can work out is noted. */
class Constants {
  readonly notes: string[] = [];
  readonly #assignments: ReadonlyMap<string, string>;
  readonly #file: string;

  constructor(assignments: ReadonlyMap<string, string>, file: string) {
    this.#assignments = assignments;
    this.#file = file;
  }

  number(name: string, expected: string, instead: string): number | undefined {
    const value = this.#literal(name, instead);
    if (value === undefined || typeof value === "number") return value;
    throw this.#wrongType(name, expected);
  }

  boolean(name: string, instead: string): boolean | undefined {
    const value = this.#literal(name, instead);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.#wrongType(name, "True or False");
  }

  #literal(name: string, instead: string): Literal {
    const source = this.#assignments.get(name);
    const value = source === undefined ? undefined : readLiteral(source);
    if (source !== undefined && value === undefined) {
      this.notes.push(
        `${name} in ${this.#file} is ignored, because it is not a plain literal: ${instead}`,
      );
    }
    return value;
  }

  #wrongType(name: string, expected: string) {
    return badValue(name, this.#assignments.get(name) ?? "", expected, this.#file);
  }
}

/**
 * Reads config.py's text.
 *
 * @param file Its name, for messages.
 * @throws {UsageError} When a constant that is used is a literal of the wrong type.
 */
export function readPythonConfig(text: string, file: string): PythonConfig {
  const assignments = lastAssignments(text);
  const constants = new Constants(assignments, file);
  const layer = new Map<string, Given>();
  const give = (property: string, name: string, given: string) =>
    layer.set(property, { name, texts: [given], file });

  const portName = "METRICS_EXPORTER_PORT";
  const port = constants.number(portName, "a whole number", "give --port instead");
  if (port !== undefined) give("port", portName, String(port));

  const intervals = [
    ["collectInterval", "METRICS_COLLECTION_INTERVAL", "give --collect-interval instead"],
    ["systemInterval", "METRICS_SYSTEM_INTERVAL", "give --system-interval instead"],
  ] as const;
  for (const [property, name, instead] of intervals) {
    const seconds = constants.number(name, "a number of seconds", instead);
    if (seconds !== undefined) give(property, name, `${seconds}s`);
  }
  if (constants.boolean("METRICS_SYSTEM_ENABLED", "give --system-interval instead") === false) {
    give("systemInterval", "METRICS_SYSTEM_ENABLED", "0");
  }

  const isSet = (name: string) => constants.boolean(name, "give --labels instead");
  const labels = [];
  if (isSet("METRICS_LABELS_CONTINENT")) labels.push("continent");
  if (isSet("METRICS_LABELS_PRODUIT_TYPE")) labels.push("produit_type");
  if (isSet("METRICS_LABELS_ENABLED")) {
    give("labels", "METRICS_LABELS_ENABLED", labels.join(","));
  }

  const { notes } = constants;
  const host = assignments.get("METRICS_EXPORTER_HOST");
  if (host !== undefined) {
    notes.push(`METRICS_EXPORTER_HOST = ${host} is ignored: only --host opens the network`);
  }
  const enabled = constants.boolean("METRICS_ENABLED", "metrics stay on") ?? true;
  return { layer, enabled, notes };
}
