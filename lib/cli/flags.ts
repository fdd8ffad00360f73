/** The table of commands and flags, from which parser, help, environment, configuration file and docs follow. @module */

import {
  type Budget,
  parseBudget,
  type Publisher,
  PUBLISHERS,
  type World,
  WORLDS,
} from "../benchmark/result.ts";
import { BREAKDOWN_LABELS } from "../catalogue/mod.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../log/mod.ts";
import { type LinkName, LINKS } from "../doctor/link.ts";
import {
  BOARD_LANGUAGES,
  type BoardLanguage,
  type Printable,
  PRINTABLES,
  PRINTED,
} from "../print/mod.ts";
import { OWN_PATHS } from "../server/mod.ts";
import {
  type Address,
  FILE,
  FILES,
  HOST,
  type Kind,
  LISTEN_ADDRESS,
  oneOf,
  PLAIN_URL,
  size,
  someOf,
  time,
  urlPath,
  WEB_URL,
  wholeNumber,
  YES_OR_NO,
} from "./kinds.ts";

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
  /** True for the argument of a command: a value alone, without a name before it. */
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

export const LABELS = [...BREAKDOWN_LABELS, "session"] as const;
/** A label that the user may switch on. */
export type Label = (typeof LABELS)[number];

function single<T>(flag: Flag<T, T>): Flag<T, T> {
  return flag;
}

function optional<T>(flag: Omit<Flag<T>, "defaultValue">): Flag<T, T | undefined> {
  return { ...flag, defaultValue: undefined };
}

function repeatable<T>(flag: Omit<Flag<T, readonly T[]>, "repeatable">): Flag<T, readonly T[]> {
  return { ...flag, repeatable: true };
}

/** A flag that asks for something else to be done. */
function action(flag: Omit<Flag, "kind" | "defaultValue">): Flag<boolean, boolean> {
  return { ...flag, kind: YES_OR_NO, defaultValue: false, layer: "command line" };
}

function onOff(flag: Omit<Flag, "kind" | "defaultValue">): Flag<boolean, boolean> {
  return { defaultText: "off", ...flag, kind: YES_OR_NO, defaultValue: false };
}

const CONFIG_FLAG = optional({
  name: "config",
  unit: "<FILE>",
  kind: FILE,
  defaultText: "none",
  help:
    "YAML file with settings, whose keys are the names of the options, or TradeSim's own config.py.",
  layer: "environment",
});

/** Flags of a command that can be configured by a file. */
const CONFIG_FLAGS = {
  config: CONFIG_FLAG,
  checkConfig: action({
    name: "check-config",
    help: "Check the configuration, print the result and exit.",
  }),
} as const;

/** Flags that every command has. */
const COMMON_FLAGS = {
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

const LOG_FLAGS = {
  logLevel: single<LogLevel>({
    name: "log.level",
    unit: "<LEVEL>",
    kind: oneOf(LOG_LEVELS),
    defaultValue: "info",
    defaultText: "info",
    help: "Lowest severity to log: debug, info, warn or error.",
  }),
  logFormat: single<LogFormat>({
    name: "log.format",
    unit: "<FORMAT>",
    kind: oneOf(LOG_FORMATS),
    defaultValue: "logfmt",
    defaultText: "logfmt",
    help: "Format of the log on standard error: logfmt or json.",
  }),
} as const;

const SERVE_FLAGS = {
  port: single({
    name: "port",
    unit: "<PORT>",
    kind: wholeNumber(0, 65535),
    defaultValue: 8000,
    defaultText: "8000",
    help: "Port to listen on. 0 selects a free one.",
  }),
  host: single({
    name: "host",
    unit: "<HOST>",
    kind: HOST,
    defaultValue: "localhost",
    defaultText: "localhost, which is 127.0.0.1 and [::1]",
    help: "Address to listen on. 0.0.0.0 opens the exporter to the network.",
  }),
  webListenAddress: repeatable<Address>({
    name: "web.listen-address",
    unit: "<ADDR>",
    kind: LISTEN_ADDRESS,
    defaultValue: [],
    defaultText: "the values of --host and --port",
    help:
      "Address and port to listen on, such as 127.0.0.1:8000, [::1]:8000, or :8000 for all IPv4 addresses. Repeatable. Replaces --host and --port.",
  }),
  webTelemetryPath: single({
    name: "web.telemetry-path",
    unit: "<PATH>",
    kind: urlPath(OWN_PATHS),
    defaultValue: "/metrics",
    defaultText: "/metrics",
    help: "Path of the metrics.",
  }),
  webConfigFile: optional({
    name: "web.config.file",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "none",
    help:
      "File that sets TLS, passwords and headers, in the format of Prometheus' exporter toolkit.",
  }),
  follow: repeatable<string>({
    name: "follow",
    unit: "<FILE>",
    kind: FILES,
    defaultValue: ["logs/metrics*.jsonl"],
    defaultText: "logs/metrics*.jsonl, as soon as there is one",
    help:
      "JSONL file to follow, such as the one that TradeSim writes. A * in the file name matches any characters. Repeatable.",
  }),
  state: optional({
    name: "state",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "a file named after the port in the user's state directory; none with port 0",
    help: 'File in which counters are kept across restarts (FILE and FILE.2). "none" disables it.',
  }),
  labels: single<readonly Label[]>({
    name: "labels",
    unit: "<LIST>",
    kind: someOf(LABELS),
    defaultValue: [],
    defaultText: "none",
    help: "Labels to break metrics down by, separated by commas: continent, produit_type, session.",
  }),
  detail: onOff({
    name: "detail",
    help: "Add the budget of each firm, the price of each product, and every stock.",
  }),
  allKeys: onOff({
    name: "all-keys",
    help: "Also export the other numbers of TradeSim's payload, under their own keys.",
  }),
  collectInterval: single({
    name: "collect-interval",
    unit: "<TIME>",
    kind: time("50ms", "24h", "not zero"),
    defaultValue: 1,
    defaultText: "1s",
    help: "How often to check followed files if no file event arrives.",
  }),
  systemInterval: single({
    name: "system-interval",
    unit: "<TIME>",
    kind: time("100ms", "24h", "zero too"),
    defaultValue: 5,
    defaultText: "5s",
    help: "How often to measure this machine. 0 disables system metrics.",
  }),
  staleAfter: single({
    name: "stale-after",
    unit: "<TIME>",
    kind: time("1s", "8760h", "not zero"),
    defaultValue: 3600,
    defaultText: "1h",
    help: "How long the last game is shown after its last report.",
  }),
  maxSeries: single({
    name: "max-series",
    unit: "<COUNT>",
    kind: wholeNumber(1, 10_000_000),
    defaultValue: 10_000,
    defaultText: "10000",
    help:
      "Maximum number of series of the game and the machine. When exceeded, whole metric families are dropped, detail metrics first.",
  }),
  maxSessions: single({
    name: "max-sessions",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultValue: 1000,
    defaultText: "1000",
    help: "Maximum number of games to remember. The totals of forgotten games are kept.",
  }),
  historyTurns: single({
    name: "history-turns",
    unit: "<COUNT>",
    kind: wholeNumber(0, 300_000),
    defaultValue: 100_000,
    defaultText: "100000",
    help:
      "Maximum number of turns in the history of each game, within 32 MiB for all games. 0 disables it.",
  }),
  maxBody: single({
    name: "max-body",
    unit: "<SIZE>",
    kind: size("1KiB", "1GiB"),
    defaultValue: 32 * 2 ** 20,
    defaultText: "32MiB",
    help: "Maximum size of a report after decompression.",
  }),
  ingestTokenFile: optional({
    name: "ingest-token-file",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "none",
    help: "File with a token that allows other machines to post reports.",
  }),
  allowedHost: repeatable<string>({
    name: "allowed-host",
    unit: "<NAME>",
    kind: HOST,
    defaultValue: [],
    defaultText: "localhost and loopback addresses when listening on a loopback address, else any",
    help: "Additional Host header value to accept. Repeatable. Requests for other hosts get 421.",
  }),
  allowRemoteIngest: onOff({
    name: "allow-remote-ingest",
    help: "Take posted reports from other machines without a token.",
  }),
  ...CONFIG_FLAGS,
  ...LOG_FLAGS,
  ...COMMON_FLAGS,
} as const;

/** Only the command line sets what a single run does. */
const SIMULATE_FLAGS = {
  tours: optional({
    name: "tours",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000_000_000),
    help: "Number of turns to play.",
    layer: "command line",
  }),
  infinite: onOff({
    name: "infinite",
    help: "Play until Ctrl-C.",
    layer: "command line",
  }),
  seed: single({
    name: "seed",
    unit: "<NUMBER>",
    kind: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    defaultValue: 1,
    defaultText: "1",
    help: "Seed of the game. The same seed gives the same game on every machine.",
    layer: "command line",
  }),
  entreprises: optional({
    name: "entreprises",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultText: "3",
    help: "Number of firms in a new world.",
    layer: "command line",
  }),
  produits: optional({
    name: "produits",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultText: "12",
    help: "Number of products in a new world.",
    layer: "command line",
  }),
  fournisseurs: optional({
    name: "fournisseurs",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultText: "5",
    help: "Number of suppliers in a new world.",
    layer: "command line",
  }),
  commeTradesim: onOff({
    name: "comme-tradesim",
    help:
      "Play exactly as TradeSim's code does, where it differs from its rules; see docs/simulation.md.",
    layer: "command line",
  }),
  load: optional({
    name: "load",
    unit: "<FILE>",
    kind: FILE,
    help: "World to play in, in the format of TradeSim's partie_active.json.",
    layer: "command line",
  }),
  save: optional({
    name: "save",
    unit: "<FILE>",
    kind: FILE,
    help: "File in which to save the world at the end, in the same format.",
    layer: "command line",
  }),
  status: onOff({
    name: "status",
    help: "Print budgets, prices and stocks, and play nothing.",
    layer: "command line",
  }),
  verbose: onOff({
    name: "verbose",
    help: "Print every purchase and every event.",
    layer: "command line",
  }),
  pause: single({
    name: "pause",
    unit: "<TIME>",
    kind: time("1ms", "1h", "zero too"),
    defaultValue: 0,
    defaultText: "0",
    help: "Time between two turns.",
    layer: "command line",
  }),
  withMetrics: onOff({
    name: "with-metrics",
    help: "Report to an exporter. Without it, the game writes no report.",
    layer: "command line",
  }),
  journal: single({
    name: "journal",
    unit: "<FILE>",
    kind: FILE,
    defaultValue: "logs/metrics.jsonl",
    defaultText: "logs/metrics.jsonl, which an exporter in the same folder follows",
    help: "File to which reports are appended.",
    layer: "command line",
  }),
  publishTo: optional({
    name: "publish-to",
    unit: "<URL>",
    kind: WEB_URL,
    help:
      "Post reports to this exporter instead of the journal, for example http://127.0.0.1:8000. The default path is /update_metrics.",
    layer: "command line",
  }),
  publishTokenFile: optional({
    name: "publish-token-file",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "none",
    help:
      "File with the token for --publish-to, if the exporter is on another machine: the same as in its --ingest-token-file.",
    layer: "command line",
  }),
  publishInterval: single({
    name: "publish-interval",
    unit: "<TIME>",
    kind: time("1ms", "1h", "not zero"),
    defaultValue: 0.1,
    defaultText: "100ms",
    help: "Minimum time between two reports.",
    layer: "command line",
  }),
  json: onOff({
    name: "json",
    help: "Print the summary as one JSON object.",
    layer: "command line",
  }),
  ...COMMON_FLAGS,
} as const;

const BUDGET: Kind<Budget> = {
  expected: "a share of a turn such as 1%, or a time in ns, us or ms such as 0.25us",
  types: ["string"],
  parse: parseBudget,
};

/** A list that is not empty. */
function atLeastOne<T>(kind: Kind<readonly T[]>): Kind<readonly T[]> {
  return {
    ...kind,
    expected: kind.expected.replace(/^some of/, "one or more of"),
    parse: (text) => {
      const list = kind.parse(text);
      return list?.length === 0 ? undefined : list;
    },
  };
}

const BENCH_FLAGS = {
  worlds: optional<readonly World[]>({
    name: "worlds",
    unit: "<LIST>",
    kind: atLeastOne(someOf(WORLDS)),
    defaultText: "all; default with --sessions",
    help:
      "Worlds to play in, separated by commas: default (3 firms, 12 products, 5 suppliers), moyen (100, 100, 20), grand (1000, 200, 50).",
    layer: "command line",
  }),
  publishers: single<readonly Publisher[]>({
    name: "publishers",
    unit: "<LIST>",
    kind: atLeastOne(someOf(PUBLISHERS)),
    defaultValue: PUBLISHERS,
    defaultText: "all",
    help:
      "What to compare with a game without monitoring: journal, http, and none, the control, which is always played.",
    layer: "command line",
  }),
  sessions: single({
    name: "sessions",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1000),
    defaultValue: 1,
    defaultText: "1",
    help:
      "Number of games that report to one exporter at once. With more than one, each plays ten turns per second.",
    layer: "command line",
  }),
  duration: optional({
    name: "duration",
    unit: "<TIME>",
    kind: time("1s", "24h", "not zero"),
    defaultText: "10m; 3m with --sessions",
    help: "Total time of the benchmark. Less time gives wider intervals.",
    layer: "command line",
  }),
  scrapeInterval: single({
    name: "scrape-interval",
    unit: "<TIME>",
    kind: time("10ms", "1h", "not zero"),
    defaultValue: 1,
    defaultText: "1s",
    help: "How often the exporter is scraped.",
    layer: "command line",
  }),
  budget: optional({
    name: "budget",
    unit: "<BUDGET>",
    kind: BUDGET,
    defaultText: "none",
    help:
      "Maximum cost of monitoring per turn, such as 1% or 0.25us. Exit with 1 if the upper bound of an interval exceeds it.",
    layer: "command line",
  }),
  json: optional({
    name: "json",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "none",
    help: "Write results and raw rounds as JSON.",
    layer: "command line",
  }),
  html: optional({
    name: "html",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "none",
    help: "Write results and raw rounds as a page with charts.",
    layer: "command line",
  }),
  ...COMMON_FLAGS,
} as const;

const DOCTOR_FLAGS = {
  config: { ...CONFIG_FLAG, help: "Configuration file of the exporter.", layer: "command line" },
  url: optional({
    name: "url",
    unit: "<URL>",
    kind: PLAIN_URL,
    defaultText: "from the exporter's configuration, else http://127.0.0.1:8000",
    help: "Address of the exporter.",
    layer: "command line",
  }),
  follow: repeatable<string>({
    name: "follow",
    unit: "<FILE>",
    kind: FILES,
    defaultValue: [],
    defaultText: "from the exporter's configuration",
    help: "File that the exporter follows. Repeatable.",
    layer: "command line",
  }),
  userFile: optional({
    name: "user-file",
    unit: "<FILE>",
    kind: FILE,
    defaultText: "none",
    help: "File with user:password, if the exporter requires a password.",
    layer: "command line",
  }),
  prometheus: optional({
    name: "prometheus",
    unit: "<URL>",
    kind: PLAIN_URL,
    defaultText: "http://127.0.0.1:9090, if it answers",
    help: "Address of Prometheus.",
    layer: "command line",
  }),
  grafana: optional({
    name: "grafana",
    unit: "<URL>",
    kind: PLAIN_URL,
    defaultText: "http://localhost:3000, if it answers",
    help: "Address of Grafana.",
    layer: "command line",
  }),
  until: single<LinkName>({
    name: "until",
    unit: "<LINK>",
    kind: oneOf(LINKS),
    defaultValue: "grafana",
    defaultText: "grafana",
    help: `Last link to check: ${LINKS.join(", ")}.`,
    layer: "command line",
  }),
  json: onOff({
    name: "json",
    help: "Print the results as one JSON object.",
    layer: "command line",
  }),
  ...COMMON_FLAGS,
} as const;

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

/** All commands by name. */
export const COMMANDS = {
  serve: {
    summary: "Exports TradeSim games as Prometheus metrics, with a live page.",
    flags: SERVE_FLAGS,
    example: "tradesim-exporter --follow logs/metrics.jsonl --labels continent",
  },
  simulate: {
    summary: "Plays a game by TradeSim's rules and can report it to an exporter.",
    flags: SIMULATE_FLAGS,
    example: "tradesim-exporter simulate --tours 1000 --with-metrics",
  },
  bench: {
    summary: "Measures what monitoring costs a turn of a game.",
    flags: BENCH_FLAGS,
    example: "tradesim-exporter bench --budget 1% --html bench.html",
  },
  print: {
    summary: "Prints files for this version: a configuration, a schema, the stack.",
    flags: PRINT_FLAGS,
    example: "tradesim-exporter print config > tradesim-exporter.yml",
  },
  doctor: {
    summary: "Checks each link from the game to Grafana and reports the first problem.",
    flags: DOCTOR_FLAGS,
    example: "tradesim-exporter doctor --follow logs/metrics.jsonl",
  },
} as const satisfies Readonly<Record<string, Command>>;

export type CommandName = keyof typeof COMMANDS;
/** The command that is meant when none is named. */
export const DEFAULT_COMMAND: CommandName = "serve";

/** The name of the environment variable that sets a flag, or undefined where none may. */
export function environmentName({ name, layer }: Flag): string | undefined {
  if (layer === "command line") return undefined;
  return "TRADESIM_EXPORTER_" + name.toUpperCase().replaceAll(/[.-]/g, "_");
}

/** Makes every environment variable that sets a flag of a command count as not set. */
export function emptyEnvironment(command: CommandName): Readonly<Record<string, string>> {
  const names = Object.values<Flag>(COMMANDS[command].flags).map(environmentName);
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
