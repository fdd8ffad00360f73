/** Reads flags from the command line and the environment, and parses their values. @module */

import { parseArgs } from "node:util";
import { environmentName, type Flag, type Flags, isNegatable } from "./flag.ts";
import { nearest } from "./suggest.ts";
import { badValue, UsageError } from "./usage_error.ts";

/** What one layer says about one flag. */
export interface Given {
  /** How the layer names the flag: `--port`, `TRADESIM_EXPORTER_PORT`, `port`. */
  readonly name: string;
  /** One text; of a repeatable flag, one or more. */
  readonly texts: readonly string[];
  /** The configuration file, if it is in one. */
  readonly file?: string;
}

/** What one layer says, by the property of the flag. */
export type Layer = ReadonlyMap<string, Given>;

/** Looks up an environment variable. */
export type Environment = (name: string) => string | undefined;

interface Meaning {
  readonly property: string;
  readonly flag: Flag;
  /** True for the `--no-…` form. */
  readonly negated: boolean;
}

function flagMeanings(flags: Flags): ReadonlyMap<string, Meaning> {
  const meanings = new Map<string, Meaning>();
  for (const [property, flag] of Object.entries(flags)) {
    if (flag.positional) continue;
    meanings.set(flag.name, { property, flag, negated: false });
    if (isNegatable(flag)) meanings.set("no-" + flag.name, { property, flag, negated: true });
  }
  return meanings;
}

function unknownFlag(argument: string, names: readonly string[]): UsageError {
  const written = argument.replace(/=.*$/s, "");
  const meant = nearest(written.replace(/^-+/, ""), names);
  return new UsageError(
    `Unknown flag ${written}` + (meant === undefined ? "" : `: did you mean --${meant}?`),
  );
}

/**
 * Sorts arguments by flag without reading their values.
 *
 * @throws {UsageError} When a flag is unknown, lacks its value, has one too many or stands there
 * twice, and when an argument belongs to no flag.
 */
export function readArguments(flags: Flags, args: readonly string[]): Layer {
  const meanings = flagMeanings(flags);
  const [argument] = Object.entries(flags).find(([, { positional }]) => positional) ?? [];
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      [...meanings].map(([name, { flag: { unit, short } }]) => [name, {
        type: unit === undefined ? "boolean" : "string",
        ...(short === undefined ? {} : { short }),
      }]),
    ),
    // Strict parsing would report errors in node's own words; its rules are applied below.
    strict: false,
    tokens: true,
  });
  const layer = new Map<string, Given>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      const shown = JSON.stringify(token.value);
      const before = argument === undefined ? undefined : layer.get(argument);
      const isOneTooMany = before !== undefined && flags[argument!]?.repeatable === undefined;
      if (argument === undefined || isOneTooMany) {
        const after = before?.texts[0] ?? "the command";
        throw new UsageError(`Cannot use argument ${shown}: expected only flags after ${after}`);
      }
      layer.set(argument, { name: "argument", texts: [...before?.texts ?? [], token.value] });
      continue;
    }
    const meaning = meanings.get(token.name);
    if (meaning === undefined) {
      throw unknownFlag(args[token.index] ?? token.rawName, [...meanings.keys()]);
    }
    const { property, flag, negated } = meaning;
    const name = "--" + token.name;
    let text = token.value;
    if (flag.unit === undefined) {
      if (text !== undefined) throw badValue(name, JSON.stringify(text), "no value");
      text = String(!negated);
    } else if (text === undefined || (!token.inlineValue && /^-\D/s.test(text))) {
      // Another flag instead of the value: the value was forgotten.
      throw new UsageError(`Cannot read ${name} without a value: expected ${name}=${flag.unit}`);
    }
    const earlier = layer.get(property);
    if (earlier !== undefined && flag.repeatable === undefined) {
      throw new UsageError(`Cannot take --${flag.name} more than once`);
    }
    layer.set(property, { name, texts: [...earlier?.texts ?? [], text] });
  }
  return layer;
}

/**
 * Kubernetes sets such variables for every service: one called `tradesim-exporter` makes a
 * `TRADESIM_EXPORTER_PORT` (Kubernetes' "Accessing the Service", environment variables).
 */
const KUBERNETES_FORM = /^(?:tcp|udp|sctp):\/\/\S+:\d+$/;

/** The settings of the environment. Empty variables and those of Kubernetes' own form are ignored. */
export function readEnvironment(flags: Flags, env: Environment): Layer {
  const layer = new Map<string, Given>();
  for (const [property, flag] of Object.entries(flags)) {
    const name = environmentName(flag);
    const text = name === undefined ? undefined : env(name);
    if (name === undefined || text === undefined || text === "") continue;
    if (KUBERNETES_FORM.test(text)) continue;
    const texts = flag.repeatable ? text.split(",").map((part) => part.trim()) : [text];
    layer.set(property, { name, texts });
  }
  return layer;
}

/**
 * Reads the values that one layer gives.
 *
 * @throws {UsageError} When a text is not of the flag's kind.
 */
export function readValues(flags: Flags, layer: Layer): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [property, { name, texts, file }] of layer) {
    const flag = flags[property];
    if (flag === undefined) throw new Error(`No flag has the property ${property}`);
    const parsed = texts.map((text) => {
      const value = flag.kind.parse(text);
      if (value !== undefined) return value;
      throw badValue(name, JSON.stringify(text), flag.kind.expected, file);
    });
    values.set(property, flag.repeatable ? parsed : parsed[0]);
  }
  return values;
}
