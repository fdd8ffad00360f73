/** The table of commands and flags: parser, help, environment, configuration file and docs follow it. @module */

import { BREAKDOWN_LABELS } from "../catalogue/mod.ts";
import { OWN_PATHS } from "../server/mod.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../log/mod.ts";
import {
  type Address,
  FILE,
  FILES,
  HOST,
  type Kind,
  LISTEN_ADDRESS,
  METRIC_PREFIX,
  oneOf,
  size,
  someOf,
  time,
  urlPath,
  wholeNumber,
  YES_OR_NO,
} from "./kinds.ts";

/** A place that sets flags; the places left of it may set the same ones. */
export type Place = "command line" | "environment" | "configuration file";

/** A flag whose texts are each of kind `T` and which in all has the value `V`. */
export interface Flag<T = unknown, V = unknown> {
  /** The name after the two dashes; also the key in a configuration file. */
  readonly name: string;
  /** A single letter that stands for it. */
  readonly short?: string;
  /** What its value is called in the help, such as `<PORT>`; absent for what is only on or off. */
  readonly unit?: string;
  readonly kind: Kind<T>;
  /** True when it may be given several times; its value is then the list of all. */
  readonly repeatable?: true;
  /** The value when nobody gives one. */
  readonly initial: V;
  /** The same in words, for the help; absent where the help says it all. */
  readonly initially?: string;
  /** What it does, in words that begin small and end without a full stop. */
  readonly help: string;
  /** The farthest place that may set it. Default: the configuration file. */
  readonly place?: Place;
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

export const LABELS = [...BREAKDOWN_LABELS, "session"] as const;
/** A label that the user may switch on. */
export type Label = (typeof LABELS)[number];

function single<T>(flag: Flag<T, T>): Flag<T, T> {
  return flag;
}

function optional<T>(flag: Omit<Flag<T>, "initial">): Flag<T, T | undefined> {
  return { ...flag, initial: undefined };
}

function repeatable<T>(flag: Omit<Flag<T, readonly T[]>, "repeatable">): Flag<T, readonly T[]> {
  return { ...flag, repeatable: true };
}

function onOff(flag: Omit<Flag, "kind" | "initial">): Flag<boolean, boolean> {
  return { initially: "off", ...flag, kind: YES_OR_NO, initial: false };
}

/** Flags that every command has. */
const COMMON_FLAGS = {
  config: optional({
    name: "config",
    unit: "<FILE>",
    kind: FILE,
    initially: "none",
    help: "read settings from a YAML file whose keys are these names, " +
      "or from TradeSim's own config.py",
    place: "environment",
  }),
  checkConfig: onOff({
    name: "check-config",
    help: "check the configuration, say so and leave",
    place: "command line",
  }),
  logLevel: single<LogLevel>({
    name: "log.level",
    unit: "<LEVEL>",
    kind: oneOf(LOG_LEVELS),
    initial: "info",
    initially: "info",
    help: "lowest severity to log: debug, info, warn or error",
  }),
  logFormat: single<LogFormat>({
    name: "log.format",
    unit: "<FORMAT>",
    kind: oneOf(LOG_FORMATS),
    initial: "logfmt",
    initially: "logfmt",
    help: "form of the log on standard error: logfmt or json",
  }),
  version: onOff({
    name: "version",
    help: "show the version and leave",
    place: "command line",
  }),
  help: onOff({
    name: "help",
    short: "h",
    help: "show this help and leave",
    place: "command line",
  }),
} as const;

const SERVE_FLAGS = {
  port: single({
    name: "port",
    unit: "<PORT>",
    kind: wholeNumber(0, 65535),
    initial: 8000,
    initially: "8000",
    help: "port to listen on; 0 takes a free one",
  }),
  host: single({
    name: "host",
    unit: "<HOST>",
    kind: HOST,
    initial: "127.0.0.1",
    initially: "127.0.0.1, this machine only",
    help: "address to listen on; 0.0.0.0 opens it to the network",
  }),
  webListenAddress: repeatable<Address>({
    name: "web.listen-address",
    unit: "<ADDR>",
    kind: LISTEN_ADDRESS,
    initial: [],
    initially: "what --host and --port say",
    help: "address and port to listen on, such as 127.0.0.1:8000, [::1]:8000, or :8000 for every " +
      "IPv4 address; may be repeated; takes the place of --host and --port",
  }),
  webTelemetryPath: single({
    name: "web.telemetry-path",
    unit: "<PATH>",
    kind: urlPath(OWN_PATHS),
    initial: "/metrics",
    initially: "/metrics",
    help: "path of the metrics",
  }),
  webConfigFile: optional({
    name: "web.config.file",
    unit: "<FILE>",
    kind: FILE,
    initially: "none",
    help: "file that sets TLS, passwords and headers, in the form of Prometheus' exporter toolkit",
  }),
  follow: repeatable<string>({
    name: "follow",
    unit: "<FILE>",
    kind: FILES,
    initial: ["logs/metrics*.jsonl"],
    initially: "logs/metrics*.jsonl, now or as soon as it is there",
    help: "JSONL file that TradeSim writes; a * in its last part stands for any characters; " +
      "may be repeated",
  }),
  state: optional({
    name: "state",
    unit: "<FILE>",
    kind: FILE,
    initially: "a file named after the port in the user's state directory; none with port 0",
    help: "file that keeps what a restart must know; none = keep nothing",
  }),
  labels: single<readonly Label[]>({
    name: "labels",
    unit: "<LIST>",
    kind: someOf(LABELS),
    initial: [],
    initially: "none",
    help: "labels to add, with commas between them: continent, produit_type, session",
  }),
  detail: onOff({
    name: "detail",
    help: "add the budget of each firm, the price of each product and every stock",
  }),
  allKeys: onOff({
    name: "all-keys",
    help: "also show the other numbers that a simulation sends, under their own keys",
  }),
  metricPrefix: single({
    name: "metric-prefix",
    unit: "<PREFIX>",
    kind: METRIC_PREFIX,
    initial: "",
    initially: "none",
    help: "text to put before the names of game and system metrics",
  }),
  collectInterval: single({
    name: "collect-interval",
    unit: "<TIME>",
    kind: time("50ms", "24h", "not zero"),
    initial: 1,
    initially: "1s",
    help: "how often to look at followed files when no file event says so",
  }),
  systemInterval: single({
    name: "system-interval",
    unit: "<TIME>",
    kind: time("100ms", "24h", "zero too"),
    initial: 5,
    initially: "5s",
    help: "how often to measure this machine; 0 = no system metrics",
  }),
  staleAfter: single({
    name: "stale-after",
    unit: "<TIME>",
    kind: time("1s", "8760h", "not zero"),
    initial: 3600,
    initially: "1h",
    help: "how long the last game is shown after its last report",
  }),
  maxSeries: single({
    name: "max-series",
    unit: "<COUNT>",
    kind: wholeNumber(1, 10_000_000),
    initial: 10_000,
    initially: "10000",
    help: "most series to show; above it whole families go, those of --detail first",
  }),
  maxSessions: single({
    name: "max-sessions",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    initial: 1000,
    initially: "1000",
    help: "most games to remember; the totals of forgotten ones are kept",
  }),
  maxBody: single({
    name: "max-body",
    unit: "<SIZE>",
    kind: size("1KiB", "1GiB"),
    initial: 32 * 2 ** 20,
    initially: "32MiB",
    help: "largest report to take, after decompression",
  }),
  ingestTokenFile: optional({
    name: "ingest-token-file",
    unit: "<FILE>",
    kind: FILE,
    initially: "none",
    help: "file with a token that lets other machines post reports",
  }),
  allowRemoteIngest: onOff({
    name: "allow-remote-ingest",
    help: "take posted reports from other machines too",
  }),
  ...COMMON_FLAGS,
} as const;

/** All commands by name. */
export const COMMANDS = {
  serve: {
    summary: "Shows the course of TradeSim games as Prometheus metrics.",
    flags: SERVE_FLAGS,
    example: "tradesim-exporter --follow logs/metrics.jsonl --labels continent",
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof COMMANDS;
/** The command that is meant when none is named. */
export const DEFAULT_COMMAND: CommandName = "serve";

/** The name of the environment variable that sets a flag, or undefined where none may. */
export function environmentName({ name, place }: Flag): string | undefined {
  if (place === "command line") return undefined;
  return "TRADESIM_EXPORTER_" + name.toUpperCase().replaceAll(/[.-]/g, "_");
}

/** True for a flag that a configuration file may set. */
export function isInConfigFile({ place = "configuration file" }: Flag): boolean {
  return place === "configuration file";
}

/** True for a flag that `--no-…` turns off: one that the environment or a file can turn on. */
export function isNegatable(flag: Flag): boolean {
  return flag.unit === undefined && isInConfigFile(flag);
}
