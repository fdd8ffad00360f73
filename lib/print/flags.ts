/** The command `print`: its flags and its options. @module */

import { commandLineValues } from "../cli/values.ts";
import type { Layer } from "../cli/layers.ts";
import { type Command, onCommandLine, onOff, optional, repeatable } from "../cli/flag.ts";
import { FILE, type Kind, oneOf, WEB_URL } from "../cli/kinds.ts";
import { type Parameter, PARAMETERS } from "../kubernetes/parameters.ts";
import {
  BOARD_LANGUAGES,
  type BoardLanguage,
  type Printable,
  PRINTABLES,
  PRINTED,
} from "./printed.ts";

/** What `--set` takes; the value is read with the parameter's own kind. */
const PAIR: Kind<string> = {
  expected: "NAME=VALUE, such as monitor-label=release=main",
  types: ["string"],
  parse: (text) => /^[^=]+=/.test(text) ? text : undefined,
};

function parameterList(): string {
  return Object.entries<Parameter>(PARAMETERS).map(([name, { help, defaultValue, defaultText }]) =>
    `${name}: ${help.replace(/\.$/, "")} (default: ${defaultValue ?? defaultText})`
  ).join("; ") + ".";
}

const PRINT_FLAGS = onCommandLine({
  what: optional<Printable>({
    name: "what",
    unit: "<WHAT>",
    positional: true,
    kind: oneOf(PRINTABLES),
    help: "What to print. " +
      Object.entries(PRINTED).map(([what, { summary }]) => `${what}: ${summary}`).join("; ") + ".",
  }),
  out: optional({
    name: "out",
    unit: "<DIR>",
    kind: FILE,
    defaultText: "standard output, if it is a single file",
    help: "Folder to write to. It is created if it does not exist.",
  }),
  lang: optional<BoardLanguage>({
    name: "lang",
    unit: "<fr|en>",
    kind: oneOf(BOARD_LANGUAGES),
    defaultText: "both; fr for print kubernetes",
    help: "Language of the dashboards, for print dashboards and print kubernetes.",
  }),
  runbooks: optional({
    name: "runbooks",
    unit: "<URL>",
    kind: WEB_URL,
    defaultText: "the page that Prometheus serves",
    help: "Address for the runbook_url of alerts. #alertname is appended.",
  }),
  set: repeatable<string>({
    name: "set",
    unit: "<NAME=VALUE>",
    kind: PAIR,
    defaultValue: [],
    help: "Parameter of print kubernetes. Repeatable. " + parameterList(),
  }),
  force: onOff({
    name: "force",
    help: "Overwrite files that were changed.",
  }),
});

export const PRINT = {
  summary: "Prints files for this version: a configuration, a schema, the stack.",
  flags: PRINT_FLAGS,
  example: "tradesim-exporter print config > tradesim-exporter.yml",
} as const satisfies Command;

/** Reads the options of `print`. */
export function readPrint(fromArguments: Layer) {
  return commandLineValues(PRINT.flags, fromArguments);
}

/** What `print` is to do. */
export type PrintOptions = ReturnType<typeof readPrint>;
