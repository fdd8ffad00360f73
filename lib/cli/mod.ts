/** Turns command line, environment and configuration file into the options of a command. @module */

import { dirname, join } from "node:path";
import {
  type CommandName,
  COMMANDS,
  DEFAULT_COMMAND,
  type Flag,
  type Flags,
  type Values,
} from "./flags.ts";
import { helpText } from "./help.ts";
import type { Address } from "./kinds.ts";
import {
  type Environment,
  type Layer,
  readArguments,
  readEnvironment,
  readValues,
} from "./layers.ts";
import { formatAddress, overlap, TRADESIM_PORT } from "../network/mod.ts";
import { type PythonConfig, readPythonConfig } from "./python_config.ts";
import { defaultStatePath } from "./state_path.ts";
import { nearest } from "./suggest.ts";
import { badValue, UsageError } from "./usage_error.ts";
import { readYamlConfig } from "./yaml_config.ts";

export { defaultConfig } from "./config_file.ts";
export { emptyEnvironment, type Label, LABELS } from "./flags.ts";
export { flagsMarkdown, helpText } from "./help.ts";
export type { Address } from "./kinds.ts";
export {
  complain,
  firstSignal,
  listenToHangUps,
  OutputError,
  ownCommand,
  print,
} from "./process.ts";
export { formatUsageError, UsageError } from "./usage_error.ts";
export { BUILD_INFO, VERSION, versionText } from "./version.ts";

type ServeValues = Values<typeof COMMANDS.serve.flags>;
type SimulateValues = Values<typeof COMMANDS.simulate.flags>;

/** What `bench` is to do; times are in seconds. */
export type BenchOptions = Omit<Values<typeof COMMANDS.bench.flags>, "version" | "help">;

/** What `doctor` is to do. */
export type DoctorOptions = Omit<
  Values<typeof COMMANDS.doctor.flags>,
  "config" | "version" | "help"
>;

/** What `print` is to do. */
export type PrintOptions = Omit<Values<typeof COMMANDS.print.flags>, "version" | "help">;

/** What `simulate` is to do; Infinity turns are played until a signal. Times are in seconds. */
export interface SimulateOptions
  extends Omit<SimulateValues, "tours" | "infinite" | "version" | "help"> {
  readonly tours: number;
}

/** What `serve` is to do: the values of its flags, times in seconds and sizes in bytes. */
export interface ServeOptions extends
  Omit<
    ServeValues,
    "port" | "host" | "webListenAddress" | "state" | "config" | "version" | "help"
  > {
  /** Where to listen; at least one. */
  readonly addresses: readonly Address[];
  /** The file that keeps the state; undefined = keep none. */
  readonly state: string | undefined;
  /** Whether the user named that file. */
  readonly isStateChosen: boolean;
  /** Whether the user named the files to follow. */
  readonly isFollowChosen: boolean;
  /** False when TradeSim's config.py switches metrics off. */
  readonly enabled: boolean;
}

interface ServeCommand {
  readonly command: "serve";
  readonly options: ServeOptions;
  /** What the user should know about the configuration, one sentence each. */
  readonly notes: readonly string[];
}

/** What the user asks for. */
export type CommandLine =
  | ServeCommand
  | { readonly command: "simulate"; readonly options: SimulateOptions }
  | { readonly command: "bench"; readonly options: BenchOptions }
  | { readonly command: "print"; readonly options: PrintOptions }
  | {
    readonly command: "doctor";
    readonly options: DoctorOptions;
    /**
     * Reads the exporter's options from where it would read them, but for its command line.
     *
     * @throws {UsageError} When they are wrong.
     */
    readonly serve: () => ServeOptions;
  }
  | { readonly command: "help"; readonly text: string }
  | { readonly command: "version" };

/** Values of one layer, with its name for messages. */
interface Source {
  readonly name: string;
  readonly values: ReadonlyMap<string, unknown>;
}

/** The values of all layers, the strongest first. */
interface Settings {
  readonly sources: readonly Source[];
  readonly enabled: boolean;
  readonly notes: readonly string[];
}

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
 * Reads a file that the user named.
 *
 * @param name The flag or environment variable that names it.
 * @throws {UsageError} When it cannot be read.
 */
export function readNamedFile(
  path: string,
  name: string,
  readFile: (path: string) => string,
): string {
  try {
    return readFile(path);
  } catch (cause) {
    const missing = cause instanceof Deno.errors.NotFound;
    const error = badValue(name, JSON.stringify(path), "a file that can be read");
    throw new UsageError(error.message + (missing ? ", but there is none" : ""), { cause });
  }
}

/**
 * Reads the name and the password of a user out of the text of a file of one line.
 *
 * @param name The flag that names the file.
 * @throws {UsageError} When they are not there; it tells nothing of the text.
 */
export function readUser(text: string, name: string): string {
  const user = text.replace(/\r?\n$/, "");
  if (/^[^:\p{Cc}]+:\P{Cc}+$/u.test(user)) return user;
  throw new UsageError(`Cannot read the file of ${name}: expected one line, user:password`);
}

/**
 * Makes sure that a file can be written, and leaves things as they are.
 *
 * @param name The flag that names it.
 * @throws {UsageError} When it cannot.
 */
export function checkNamedFile(path: string, name: string): void {
  try {
    try {
      Deno.openSync(path, { write: true, createNew: true }).close();
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      Deno.openSync(path, { write: true }).close();
    }
  } catch (cause) {
    const error = badValue(name, JSON.stringify(path), "a file that can be written");
    throw new UsageError(error.message, { cause });
  }
}

/** A layer without the settings that stronger layers override, which are not checked. */
function without(layer: Layer, ...stronger: readonly Layer[]): Layer {
  return new Map(
    [...layer].filter(([property]) => !stronger.some((other) => other.has(property))),
  );
}

/**
 * What config.py says, and the journal beside it: TradeSim has the file in `app/config`, and writes
 * to `app/logs`.
 */
function withOwnJournal(config: PythonConfig, path: string): PythonConfig {
  const journals = join(dirname(path), "..", "logs", "metrics*.jsonl");
  const follow = { name: "follow", texts: [journals], file: path };
  return { ...config, layer: new Map([...config.layer, ["follow", follow]]) };
}

function readSettings(
  flags: Flags,
  fromArguments: Layer,
  env: Environment,
  readFile: (path: string) => string,
): Settings {
  const fromEnvironment = readEnvironment(flags, env);
  const sources = [
    { name: "command line", values: readValues(flags, fromArguments) },
    { name: "environment", values: readValues(flags, without(fromEnvironment, fromArguments)) },
  ];
  const config = fromArguments.get("config") ?? fromEnvironment.get("config");
  const path = config?.texts[0];
  if (config === undefined || path === undefined) return { sources, enabled: true, notes: [] };

  const text = readNamedFile(path, config.name, readFile);
  const isOverruled = (property: string) =>
    fromArguments.has(property) || fromEnvironment.has(property);
  const { layer, enabled, notes } = path.toLowerCase().endsWith(".py")
    ? withOwnJournal(readPythonConfig(text, path), path)
    : { layer: readYamlConfig(flags, text, path, isOverruled), enabled: true, notes: [] };
  return {
    sources: [...sources, {
      name: path,
      values: readValues(flags, without(layer, fromArguments, fromEnvironment)),
    }],
    enabled,
    notes,
  };
}

/** For each flag the value of the strongest layer that gives one, else its default. */
function mergeValues<F extends Flags>(flags: F, sources: readonly Source[]): Values<F> {
  const entries = Object.entries(flags).map(([property, { defaultValue }]) => {
    const source = sources.find(({ values }) => values.has(property));
    return [property, source === undefined ? defaultValue : source.values.get(property)];
  });
  // Each value comes from its own flag: from its kind's parse or its default.
  return Object.fromEntries(entries) as Values<F>;
}

function chooseAddresses(values: ServeValues, sources: readonly Source[]): readonly Address[] {
  const rank = (property: string) => sources.findIndex(({ values }) => values.has(property));
  const listen = rank("webListenAddress");
  if (listen < 0) return [{ hostname: values.host, port: values.port }];
  for (const name of ["host", "port"] as const) {
    const other = rank(name);
    // A weaker layer is overruled; an equal or stronger one contradicts.
    if (other < 0 || other > listen) continue;
    throw new UsageError(
      `Cannot use --${name} (${sources[other]?.name}) together with --web.listen-address ` +
        `(${sources[listen]?.name}): expected one of them`,
    );
  }
  checkApart(values.webListenAddress);
  return values.webListenAddress;
}

/** Refuses addresses of which one is, or includes, another. */
function checkApart(addresses: readonly Address[]): void {
  addresses.forEach((address, index) => {
    const other = addresses.slice(0, index).find((other) => overlap(other, address));
    if (other === undefined) return;
    const [first, second] = [other, address].map(formatAddress);
    throw new UsageError(
      first === second
        ? `Cannot listen on ${first} twice: expected different addresses`
        : `Cannot listen on ${first} and ${second}: one includes the other, expected one of them`,
    );
  });
}

/** Whether the user named files other than the default ones. */
function isFollowChosen(
  follow: readonly string[],
  sources: readonly Source[],
  tradesimConfig: string | undefined,
): boolean {
  const giver = sources.find(({ values }) => values.has("follow"));
  return giver !== undefined && giver.name !== tradesimConfig &&
    follow.join("\0") !== COMMANDS.serve.flags.follow.defaultValue.join("\0");
}

function serveOptions(
  { sources, enabled, notes }: Settings,
  env: Environment,
): ServeCommand {
  const values = mergeValues(COMMANDS.serve.flags, sources);
  const addresses = chooseAddresses(values, sources);
  const port = addresses[0]?.port ?? 0;
  const {
    port: _port,
    host: _host,
    webListenAddress: _webListenAddress,
    config,
    version: _version,
    help: _help,
    state: chosenState,
    ...rest
  } = values;

  let state = chosenState === "none" ? undefined : chosenState;
  let stateNotes: readonly string[] = [];
  if (chosenState === undefined && port !== 0) {
    state = defaultStatePath(port, env);
    if (state === undefined) stateNotes = ["Cannot keep a state: there is no home directory"];
  }
  const isOfTradesim = config?.toLowerCase().endsWith(".py") ?? false;
  const portNotes = isOfTradesim && enabled && !addresses.some(({ port }) => port === TRADESIM_PORT)
    ? [
      `TradeSim posts to port ${TRADESIM_PORT} whatever its configuration says: ` +
      `its turns come from the file that it writes, or use --port ${TRADESIM_PORT}`,
    ]
    : [];
  return {
    command: "serve",
    options: {
      ...rest,
      addresses,
      state,
      isStateChosen: chosenState !== undefined,
      isFollowChosen: isFollowChosen(values.follow, sources, isOfTradesim ? config : undefined),
      enabled,
    },
    notes: [...notes, ...portNotes, ...stateNotes],
  };
}

function simulateOptions(fromArguments: Layer): CommandLine {
  const { flags } = COMMANDS.simulate;
  const given = readValues(flags, fromArguments);
  const { tours, infinite, version: _version, help: _help, ...rest } = mergeValues(flags, [
    { name: "command line", values: given },
  ]);
  if (tours !== undefined && infinite) {
    throw new UsageError("Cannot use --tours together with --infinite: expected one of them");
  }
  if (tours === undefined && !infinite && !rest.status) {
    throw new UsageError("Cannot play: expected --tours or --infinite");
  }
  if (rest.status && rest.json) {
    throw new UsageError(
      "Cannot use --json together with --status: no turn is played, so there is no summary",
    );
  }
  const idle = ["journal", "publishTo", "publishInterval"].find((property) => given.has(property));
  if (!rest.withMetrics && idle !== undefined) {
    throw new UsageError(`Cannot use ${fromArguments.get(idle)?.name} without --with-metrics`);
  }
  if (given.has("journal") && given.has("publishTo")) {
    throw new UsageError("Cannot use --journal together with --publish-to: expected one of them");
  }
  if (given.has("publishTokenFile") && !given.has("publishTo")) {
    throw new UsageError("Cannot use --publish-token-file without --publish-to");
  }
  const clash = ["entreprises", "produits", "fournisseurs"].find((name) => given.has(name));
  if (rest.load !== undefined && clash !== undefined) {
    throw new UsageError(
      `Cannot use --${clash} together with --load: a saved world has its own size`,
    );
  }
  return { command: "simulate", options: { ...rest, tours: infinite ? Infinity : tours ?? 0 } };
}

/** The values of a command that only the command line sets. */
function commandLineValues<F extends Flags & { version: Flag; help: Flag }>(
  flags: F,
  fromArguments: Layer,
): Omit<Values<F>, "version" | "help"> {
  const { version: _version, help: _help, ...options } = mergeValues(flags, [
    { name: "command line", values: readValues(flags, fromArguments) },
  ]);
  return options;
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
  if (command === "simulate") return simulateOptions(fromArguments);
  if (command === "bench") {
    return { command, options: commandLineValues(COMMANDS.bench.flags, fromArguments) };
  }
  if (command === "print") {
    return { command, options: commandLineValues(COMMANDS.print.flags, fromArguments) };
  }
  if (command === "doctor") {
    const { config: _config, ...options } = commandLineValues(COMMANDS.doctor.flags, fromArguments);
    const config = fromArguments.get("config");
    const given: Layer = new Map(config === undefined ? [] : [["config", config]]);
    const settings = () => readSettings(COMMANDS.serve.flags, given, env, readFile);
    return { command, options, serve: () => serveOptions(settings(), env).options };
  }
  return serveOptions(readSettings(flags, fromArguments, env, readFile), env);
}
