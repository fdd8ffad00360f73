/** The command `print`: its flags and its options. @module */

import { commandLineValues } from "../cli/values.ts";
import type { Layer } from "../cli/layers.ts";
import { type Command, COMMON_FLAGS, onOff, optional } from "../cli/flag.ts";
import { FILE, oneOf, WEB_URL } from "../cli/kinds.ts";
import {
  BOARD_LANGUAGES,
  type BoardLanguage,
  type Printable,
  PRINTABLES,
  PRINTED,
} from "./printed.ts";

const PRINT_FLAGS = {
  what: optional<Printable>({
    name: "what",
    unit: "<WHAT>",
    positional: true,
    kind: oneOf(PRINTABLES),
    help: "What to print. " +
      Object.entries(PRINTED).map(([what, { summary }]) => `${what}: ${summary}`).join("; ") + ".",
    layer: "command line",
  }),
  out: optional({
    name: "out",
    unit: "<DIR>",
    kind: FILE,
    defaultText: "standard output, if it is a single file",
    help: "Folder to write to. It is created if it does not exist.",
    layer: "command line",
  }),
  lang: optional<BoardLanguage>({
    name: "lang",
    unit: "<fr|en>",
    kind: oneOf(BOARD_LANGUAGES),
    defaultText: "both",
    help: "Language of the dashboards, for print dashboards.",
    layer: "command line",
  }),
  runbooks: optional({
    name: "runbooks",
    unit: "<URL>",
    kind: WEB_URL,
    defaultText: "the page that Prometheus serves",
    help: "Address for the runbook_url of alerts. #alertname is appended.",
    layer: "command line",
  }),
  force: onOff({
    name: "force",
    help: "Overwrite files that were changed.",
    layer: "command line",
  }),
  ...COMMON_FLAGS,
} as const;

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
