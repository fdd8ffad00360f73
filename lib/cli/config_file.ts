/** Writes a configuration file with all defaults, to be changed by the user. @module */

import { stringify } from "yaml";
import { COMMANDS, type Flag, isInConfigFile } from "./flags.ts";
import { meaning, wrap } from "./help.ts";
import { VERSION } from "./version.ts";

const WIDTH = 98;

/** The line of a flag: its default, or a commented example if the default cannot be written. */
function setting({ name, unit, kind, initial, initially, repeatable }: Flag): string {
  const isNothing = initial === undefined ||
    (repeatable && Array.isArray(initial) && initial.length === 0);
  if (isNothing) return `# ${name}: ${unit}`;
  // A time or a size stands as a user writes it, with its unit.
  const words = initially?.split(",")[0] ?? "";
  const value = typeof initial === "number" && kind.parse(words) === initial && /\D/.test(words)
    ? words
    : initial;
  return stringify({ [name]: value }).trimEnd();
}

/** A commented configuration file with every key; `--config` reads it as the defaults. */
export function defaultConfig(version = VERSION): string {
  const flags = Object.values<Flag>(COMMANDS.serve.flags).filter(isInConfigFile);
  const settings = flags.flatMap((flag) => [
    ...wrap(meaning(flag), WIDTH).map((line) => `# ${line}`),
    setting(flag),
    "",
  ]);
  return [
    `# Settings of tradesim-exporter ${version}: every key, with its default if it has one.`,
    "#",
    "#   tradesim-exporter --config tradesim-exporter.yml",
    "#",
    "# Options and environment variables take precedence over this file.",
    "",
    ...settings,
  ].join("\n").trimEnd() + "\n";
}
