/** Merges the layers of settings into the values of a command's flags. @module */

import type { Flag, Flags, Values } from "./flag.ts";
import { type Layer, readValues } from "./layers.ts";

/** Values of one layer, with its name for messages. */
export interface Source {
  readonly name: string;
  readonly values: ReadonlyMap<string, unknown>;
}

/** A layer without the settings that stronger layers override, which are not checked. */
export function without(layer: Layer, ...stronger: readonly Layer[]): Layer {
  return new Map(
    [...layer].filter(([property]) => !stronger.some((other) => other.has(property))),
  );
}

/** For each flag the value of the strongest layer that gives one, else its default. */
export function mergeValues<F extends Flags>(flags: F, sources: readonly Source[]): Values<F> {
  const entries = Object.entries(flags).map(([property, { defaultValue }]) => {
    const source = sources.find(({ values }) => values.has(property));
    return [property, source === undefined ? defaultValue : source.values.get(property)];
  });
  // Each value comes from its own flag: from its kind's parse or its default.
  return Object.fromEntries(entries) as Values<F>;
}

/** The values of a command that only the command line sets. */
export function commandLineValues<F extends Flags & { version: Flag; help: Flag }>(
  flags: F,
  fromArguments: Layer,
): Omit<Values<F>, "version" | "help"> {
  const { version: _version, help: _help, ...options } = mergeValues(flags, [
    { name: "command line", values: readValues(flags, fromArguments) },
  ]);
  return options;
}
