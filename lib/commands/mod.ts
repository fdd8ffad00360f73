/** All commands, and which of them the user asks for, with its options. @module */

import { BACKFILL, neededToBackfill, readBackfill } from "../backfill/flags.ts";
import { BENCH, readBench } from "../benchmark/flags.ts";
import {
  type Command,
  type Environment,
  type Flags,
  formatConfig,
  formatFlags,
  formatHelp,
  type Layer,
  nearest,
  type Needs,
  readArguments,
  UsageError,
  VERSION,
} from "../cli/mod.ts";
import { DOCTOR, readDoctor } from "../doctor/flags.ts";
import { SERVE } from "../exporter/flags.ts";
import {
  neededToStart,
  readServe,
  type ServeCommand,
  type ServeOptions,
} from "../exporter/options.ts";
import { neededToSimulate, readSimulate, SIMULATE } from "../play/flags.ts";
import { PRINT, readPrint } from "../print/flags.ts";
import { readReplay, REPLAY } from "../replay/flags.ts";

/** All commands by name. */
export const COMMANDS = {
  serve: SERVE,
  simulate: SIMULATE,
  replay: REPLAY,
  bench: BENCH,
  print: PRINT,
  doctor: DOCTOR,
  backfill: BACKFILL,
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof COMMANDS;
/** The command that is meant when none is named. */
const DEFAULT_COMMAND: CommandName = "serve";

/** Reads the options of the commands that only the command line sets. */
const READ = {
  simulate: readSimulate,
  replay: readReplay,
  bench: readBench,
  print: readPrint,
  backfill: readBackfill,
} as const;
type Read = typeof READ;

/** What the user asks for. */
export type CommandLine =
  | ServeCommand
  | {
    [Name in keyof Read]: { readonly command: Name; readonly options: ReturnType<Read[Name]> };
  }[keyof Read]
  | {
    readonly command: "doctor";
    readonly options: ReturnType<typeof readDoctor>;
    /**
     * Reads the exporter's options from where it would read them, but for its command line.
     *
     * @throws {UsageError} When they are wrong.
     */
    readonly serve: () => ServeOptions;
  }
  | { readonly command: "help"; readonly text: string }
  | { readonly command: "version" };

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** The command that the arguments name; undefined for the default command. */
export function commandNamed([first = ""]: readonly string[]): CommandName | undefined {
  return isCommand(first) && first !== DEFAULT_COMMAND ? first : undefined;
}

/** Takes the command's name, if there is one, from the front of the arguments. */
function splitCommand(args: readonly string[]): [CommandName, readonly string[]] {
  const [first] = args;
  if (first === undefined || first.startsWith("-")) return [DEFAULT_COMMAND, args];
  if (isCommand(first)) return [first, args.slice(1)];
  const meant = nearest(first, Object.keys(COMMANDS));
  throw new UsageError(
    `Unknown command ${JSON.stringify(first)}` +
      (meant === undefined ? "" : `: did you mean ${meant}?`),
  );
}

/**
 * Reads the options. Flags take precedence over the environment, that over the configuration file,
 * and that over the defaults.
 *
 * @param args The arguments after the program's name.
 * @param readFile Reads the file of `--config`.
 * @throws {UsageError} When something of that is wrong.
 */
export function readCommandLine(
  args: readonly string[],
  env: Environment,
  readFile: (path: string) => string,
): CommandLine {
  const [command, rest] = splitCommand(args);
  const { flags }: { flags: Flags } = COMMANDS[command];
  const fromArguments = readArguments(flags, rest);
  if (fromArguments.has("help")) return { command: "help", text: helpText(command) };
  if (fromArguments.has("version")) return { command: "version" };
  if (command === "serve") return readServe(fromArguments, env, readFile);
  if (command === "doctor") {
    const config = fromArguments.get("config");
    const given: Layer = new Map(config === undefined ? [] : [["config", config]]);
    const serve = () => readServe(given, env, readFile).options;
    return { command, options: readDoctor(fromArguments), serve };
  }
  return { command, options: READ[command](fromArguments) } as CommandLine;
}

/** What a command needs from its start on, by what its options ask for. */
export function neededFor(asked: CommandLine): Needs {
  switch (asked.command) {
    case "help":
    case "version":
      return {};
    case "serve":
      return neededToStart(asked.options);
    case "simulate":
      return neededToSimulate(asked.options);
    case "replay":
      return neededToStart(asked.options.serve);
    case "backfill":
      return neededToBackfill(asked.options);
    case "bench":
      return { read: true, write: true, net: true, run: true, sys: true };
    case "doctor":
      if (asked.options.what === "kubernetes") return { read: asked.options.objects !== undefined };
      // The environment and files are where the exporter's configuration is read from.
      return { read: true, net: true, env: true };
    case "print": {
      const { out, what } = asked.options;
      const isWritten = out !== undefined;
      // The parser of YAML asks for its variables.
      return { read: isWritten, write: isWritten, env: what === "kubernetes" };
    }
  }
}

/** The help of a command. */
export function helpText(command: CommandName = DEFAULT_COMMAND, version = VERSION): string {
  return formatHelp(command, COMMANDS, version);
}

/** A command's flags as a Markdown table. */
export function flagsMarkdown(command: CommandName): string {
  return formatFlags(COMMANDS[command]);
}

/** A commented configuration file with every key; `--config` reads it as the defaults. */
export function defaultConfig(version = VERSION): string {
  return formatConfig(SERVE.flags, version);
}
