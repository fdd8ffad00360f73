/** The options of `serve`, out of command line, environment and configuration file. @module */

import { dirname, join } from "node:path";
import type { Flags, Values } from "../cli/flag.ts";
import type { Address } from "../cli/kinds.ts";
import { type Environment, type Layer, readEnvironment, readValues } from "../cli/layers.ts";
import { readNamedFile } from "../cli/named_file.ts";
import type { Needs } from "../cli/permissions.ts";
import { UsageError } from "../cli/usage_error.ts";
import { mergeValues, type Source, without } from "../cli/values.ts";
import { readYamlConfig } from "../cli/yaml_config.ts";
import { formatAddress, overlap, TRADESIM_PORT } from "../network/mod.ts";
import { REMOTE_WRITE_FLAGS } from "../remote_write/flags.ts";
import { checkReceiver } from "../remote_write/receiver.ts";
import { SERVE } from "./flags.ts";
import { type PythonConfig, readPythonConfig } from "./python_config.ts";
import { checkLabels, chooseQueue } from "./remote_write_options.ts";
import { defaultStatePath } from "./state_path.ts";

type ServeValues = Values<typeof SERVE.flags>;

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

export interface ServeCommand {
  readonly command: "serve";
  readonly options: ServeOptions;
  /** What the user should know about the configuration, one sentence each. */
  readonly notes: readonly string[];
}

/** The values of all layers, the strongest first. */
interface Given {
  readonly sources: readonly Source[];
  readonly enabled: boolean;
  readonly notes: readonly string[];
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

function readLayers(
  flags: Flags,
  fromArguments: Layer,
  env: Environment,
  readFile: (path: string) => string,
): Given {
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
    follow.join("\0") !== SERVE.flags.follow.defaultValue.join("\0");
}

/**
 * Reads the options of `serve`.
 *
 * @param fromArguments What the command line says.
 * @param readFile Reads the file of `--config`.
 * @throws {UsageError} When something is wrong.
 */
export function readServe(
  fromArguments: Layer,
  env: Environment,
  readFile: (path: string) => string,
): ServeCommand {
  return serveOptions(readLayers(SERVE.flags, fromArguments, env, readFile), env);
}

function serveOptions(
  { sources, enabled, notes }: Given,
  env: Environment,
): ServeCommand {
  const values = mergeValues(SERVE.flags, sources);
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
  checkReceiver(REMOTE_WRITE_FLAGS, values);
  checkLabels(values);
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
      remoteWriteQueue: chooseQueue(values, state, port, env),
      isStateChosen: chosenState !== undefined,
      isFollowChosen: isFollowChosen(values.follow, sources, isOfTradesim ? config : undefined),
      enabled,
    },
    notes: [...notes, ...portNotes, ...stateNotes],
  };
}

/** What `serve` needs until its ports are open. */
export function neededToStart(
  { checkConfig, webConfigFile, state, systemInterval, remoteWrite }: ServeOptions,
): Needs {
  // The YAML parser asks for two variables, which are never set.
  const files = { read: true, env: webConfigFile !== undefined };
  if (checkConfig) return files;
  const write = state !== undefined || remoteWrite !== undefined;
  return { ...files, net: true, write, sys: systemInterval > 0 };
}

/** What `serve` needs once its ports and its state files are open. */
export function neededToServe({ systemInterval, webConfigFile }: ServeOptions): Needs {
  // SIGHUP reads the web configuration again: its YAML asks for variables, new certificates for a port.
  const isReread = webConfigFile !== undefined;
  return { read: true, sys: systemInterval > 0, net: isReread, env: isReread };
}
