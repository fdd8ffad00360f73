/** What a flag and a command are, and flags that several commands have. @module */

import { FILE, FILES, type Kind, YES_OR_NO } from "./kinds.ts";

/** A source of settings. A layer takes precedence over those to its right. */
export type LayerName = "command line" | "environment" | "configuration file";

/** A flag whose texts are each of kind `T` and which in all has the value `V`. */
export interface Flag<T = unknown, V = unknown> {
  /** The name after the two dashes; also the key in a configuration file. */
  readonly name: string;
  /** Its one-letter form. */
  readonly short?: string;
  /** The name of its value in the help, such as `<PORT>`; absent for on/off flags. */
  readonly unit?: string;
  readonly kind: Kind<T>;
  /** True when it may be given several times; its value is then the list of all. */
  readonly repeatable?: true;
  /** True for the argument of a command: a value alone, without a name before it; of a repeatable one, some. */
  readonly positional?: true;
  /** The default. */
  readonly defaultValue: V;
  /** The default in words, for the help; absent if the help says it all. */
  readonly defaultText?: string;
  /** What it does, in sentences. */
  readonly help: string;
  /** The last layer that may set it. Default: the configuration file. */
  readonly layer?: LayerName;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The values of flags, by property. */
export type Values<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends Flag<unknown, infer V> ? V : never;
};

export interface Command {
  /** One sentence. */
  readonly summary: string;
  readonly flags: Flags;
  readonly example: string;
}

/** A flag with a default, which the help tells as it is unless there are words for it. */
export function single<T>(flag: Flag<T, T>): Flag<T, T> {
  return { defaultText: String(flag.defaultValue), ...flag };
}

/** A flag that may have no value, as it has by default; an argument of a command needs no word for that. */
export function optional<T>(flag: Omit<Flag<T>, "defaultValue">): Flag<T, T | undefined> {
  const words = flag.positional ? {} : { defaultText: "none" };
  return { ...words, ...flag, defaultValue: undefined };
}

export function repeatable<T>(
  flag: Omit<Flag<T, readonly T[]>, "repeatable">,
): Flag<T, readonly T[]> {
  return { ...flag, repeatable: true };
}

/** A flag that asks for something else to be done. */
export function action(flag: Omit<Flag, "kind" | "defaultValue">): Flag<boolean, boolean> {
  return { ...flag, kind: YES_OR_NO, defaultValue: false, layer: "command line" };
}

export function onOff(flag: Omit<Flag, "kind" | "defaultValue">): Flag<boolean, boolean> {
  return { defaultText: "off", ...flag, kind: YES_OR_NO, defaultValue: false };
}

export const CONFIG_FLAG = optional({
  name: "config",
  unit: "<FILE>",
  kind: FILE,
  help:
    "YAML file with settings, whose keys are the names of the options, or TradeSim's own config.py.",
  layer: "environment",
});

export const FOLLOW_FLAG = repeatable<string>({
  name: "follow",
  unit: "<FILE>",
  kind: FILES,
  defaultValue: ["logs/metrics*.jsonl"],
  defaultText: "logs/metrics*.jsonl, as soon as there is one",
  help:
    "JSONL file to follow, such as the one that TradeSim writes. A * in the file name matches any characters. Repeatable.",
});

/** Flags that every command has. */
export const COMMON_FLAGS = {
  version: action({
    name: "version",
    help: "Print the version and exit.",
  }),
  help: action({
    name: "help",
    short: "h",
    help: "Print this help and exit.",
  }),
} as const;

/** Flags that only the command line sets, and those that every command has. */
export function onCommandLine<F extends Flags>(flags: F): F & typeof COMMON_FLAGS {
  const entries = Object.entries(flags).map(([property, flag]): [string, Flag] => [
    property,
    { ...flag, layer: "command line" },
  ]);
  return { ...Object.fromEntries(entries) as F, ...COMMON_FLAGS };
}

/** The name of the environment variable that sets a flag, or undefined where none may. */
export function environmentName({ name, layer }: Flag): string | undefined {
  if (layer === "command line") return undefined;
  return "TRADESIM_EXPORTER_" + name.toUpperCase().replaceAll(/[.-]/g, "_");
}

/** Makes every environment variable that sets one of these flags count as not set. */
export function emptyEnvironment(flags: Flags): Readonly<Record<string, string>> {
  const names = Object.values(flags).map(environmentName);
  return Object.fromEntries(names.filter((name) => name !== undefined).map((name) => [name, ""]));
}

/** True for a flag that a configuration file may set. */
export function isInConfigFile({ layer = "configuration file" }: Flag): boolean {
  return layer === "configuration file";
}

/** True for a flag that `--no-…` turns off: one that the environment or a file can turn on. */
export function isNegatable(flag: Flag): boolean {
  return flag.unit === undefined && isInConfigFile(flag);
}
