/** Writes a configuration file with all defaults, to be changed by the user. @module */

import { stringify } from "yaml";
import { type Flag, type Flags, isInConfigFile } from "./flag.ts";
import { meaning, wrap } from "./help.ts";

const WIDTH = 98;

/** The line of a flag: its default, or a commented example if the default cannot be written. */
function setting({ name, unit, kind, defaultValue, defaultText, repeatable }: Flag): string {
  const isNothing = defaultValue === undefined ||
    (repeatable && Array.isArray(defaultValue) && defaultValue.length === 0);
  if (isNothing) return `# ${name}: ${unit}`;
  // Times and sizes are written with their unit, as a user would.
  const words = defaultText?.split(",")[0] ?? "";
  const value =
    typeof defaultValue === "number" && kind.parse(words) === defaultValue && /\D/.test(words)
      ? words
      : defaultValue;
  return stringify({ [name]: value }).trimEnd();
}

/** A commented configuration file with every key; `--config` reads it as the defaults. */
export function formatConfig(flags: Flags, version: string): string {
  const settings = Object.values(flags).filter(isInConfigFile).flatMap((flag) => [
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
