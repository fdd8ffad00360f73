/** The table of commands and flags: parser, help, environment, configuration file and docs follow it. @module */

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
  /** True for the argument of a command: a value alone, without a name before it. */
  readonly positional?: true;
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

/** A flag that asks for something else to be done. */
function action(flag: Omit<Flag, "kind" | "initial">): Flag<boolean, boolean> {
  return { ...flag, kind: YES_OR_NO, initial: false, place: "command line" };
}

function onOff(flag: Omit<Flag, "kind" | "initial">): Flag<boolean, boolean> {
  return { initially: "off", ...flag, kind: YES_OR_NO, initial: false };
}

const CONFIG_FLAG = optional({
  name: "config",
  unit: "<FILE>",
  kind: FILE,
  initially: "none",
  help: "read settings from a YAML file whose keys are these names, " +
    "or from TradeSim's own config.py",
  place: "environment",
});

/** Flags of a command that can be configured by a file. */
const CONFIG_FLAGS = {
  config: CONFIG_FLAG,
  checkConfig: action({
    name: "check-config",
    help: "check the configuration, say so and leave",
  }),
} as const;

/** Flags that every command has. */
const COMMON_FLAGS = {
  version: action({
    name: "version",
    help: "show the version and leave",
  }),
  help: action({
    name: "help",
    short: "h",
    help: "show this help and leave",
  }),
} as const;

const LOG_FLAGS = {
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
    initial: "localhost",
    initially: "localhost, which is 127.0.0.1 and [::1]: this machine only",
    help: "Address to listen on. 0.0.0.0 opens it to the network",
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
    help: "file that keeps what a restart must know, with a twin beside it in FILE.2; " +
      "none = keep nothing",
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
    help:
      "Maximum number of series of the game and the machine. When exceeded, whole metric families " +
      "are dropped, detail metrics first",
  }),
  maxSessions: single({
    name: "max-sessions",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    initial: 1000,
    initially: "1000",
    help: "most games to remember; the totals of forgotten ones are kept",
  }),
  historyTurns: single({
    name: "history-turns",
    unit: "<COUNT>",
    kind: wholeNumber(0, 300_000),
    initial: 100_000,
    initially: "100000",
    help: "most turns to keep of each game, in at most 32 MiB for all; 0 = none",
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
  allowedHost: repeatable<string>({
    name: "allowed-host",
    unit: "<NAME>",
    kind: HOST,
    initial: [],
    initially: "this machine's own on a loopback address, any on another",
    help: "name under which others ask for this exporter, besides localhost; may be repeated; " +
      "whoever asks under another one is turned away",
  }),
  allowRemoteIngest: onOff({
    name: "allow-remote-ingest",
    help: "take posted reports from other machines too",
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
    help: "turns to play",
    place: "command line",
  }),
  infinite: onOff({
    name: "infinite",
    help: "play until Ctrl-C",
    place: "command line",
  }),
  seed: single({
    name: "seed",
    unit: "<NUMBER>",
    kind: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    initial: 1,
    initially: "1",
    help: "seed of the game: the same one gives the same game on every machine",
    place: "command line",
  }),
  entreprises: optional({
    name: "entreprises",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    initially: "3",
    help: "firms in a new world",
    place: "command line",
  }),
  produits: optional({
    name: "produits",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    initially: "12",
    help: "products in a new world",
    place: "command line",
  }),
  fournisseurs: optional({
    name: "fournisseurs",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    initially: "5",
    help: "suppliers in a new world",
    place: "command line",
  }),
  commeTradesim: onOff({
    name: "comme-tradesim",
    help: "play with all of TradeSim's own slips; see docs/simulation.md",
    place: "command line",
  }),
  load: optional({
    name: "load",
    unit: "<FILE>",
    kind: FILE,
    help: "world to play in, in the format of TradeSim's partie_active.json",
    place: "command line",
  }),
  save: optional({
    name: "save",
    unit: "<FILE>",
    kind: FILE,
    help: "write the world as it is at the end, in the same format",
    place: "command line",
  }),
  status: onOff({
    name: "status",
    help: "show budgets, prices and stocks, and play nothing",
    place: "command line",
  }),
  verbose: onOff({
    name: "verbose",
    help: "show every purchase and every event",
    place: "command line",
  }),
  pause: single({
    name: "pause",
    unit: "<TIME>",
    kind: time("1ms", "1h", "zero too"),
    initial: 0,
    initially: "0",
    help: "time between two turns",
    place: "command line",
  }),
  withMetrics: onOff({
    name: "with-metrics",
    help: "report to an exporter; without it nothing is written anywhere",
    place: "command line",
  }),
  journal: single({
    name: "journal",
    unit: "<FILE>",
    kind: FILE,
    initial: "logs/metrics.jsonl",
    initially: "logs/metrics.jsonl, which an exporter in the same folder follows",
    help: "file that reports are appended to",
    place: "command line",
  }),
  publishTo: optional({
    name: "publish-to",
    unit: "<URL>",
    kind: WEB_URL,
    initially: "the journal",
    help: "exporter that reports are posted to instead, such as http://127.0.0.1:8000; a URL " +
      "without a path means its /update_metrics",
    place: "command line",
  }),
  publishTokenFile: optional({
    name: "publish-token-file",
    unit: "<FILE>",
    kind: FILE,
    initially: "none",
    help: "file with the token that the exporter of --publish-to wants from other machines: that " +
      "of its --ingest-token-file",
    place: "command line",
  }),
  publishInterval: single({
    name: "publish-interval",
    unit: "<TIME>",
    kind: time("1ms", "1h", "not zero"),
    initial: 0.1,
    initially: "100ms",
    help: "shortest time between two reports",
    place: "command line",
  }),
  json: onOff({
    name: "json",
    help: "give the summary as one JSON object on standard output",
    place: "command line",
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
    initially: "all; default with --sessions",
    help: "worlds to play in, with commas between them: default (3 firms, 12 products, " +
      "5 suppliers), moyen (100, 100, 20), grand (1000, 200, 50)",
    place: "command line",
  }),
  publishers: single<readonly Publisher[]>({
    name: "publishers",
    unit: "<LIST>",
    kind: atLeastOne(someOf(PUBLISHERS)),
    initial: PUBLISHERS,
    initially: "all",
    help: "what to hold against a game without monitoring: journal, http, and none, the control, " +
      "which is always played",
    place: "command line",
  }),
  sessions: single({
    name: "sessions",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1000),
    initial: 1,
    initially: "1",
    help: "simulations that report to one exporter at once; more than one play ten turns a " +
      "second each",
    place: "command line",
  }),
  duration: optional({
    name: "duration",
    unit: "<TIME>",
    kind: time("1s", "24h", "not zero"),
    initially: "10m; 3m with --sessions",
    help: "how long all of it may take: less time gives wider intervals",
    place: "command line",
  }),
  scrapeInterval: single({
    name: "scrape-interval",
    unit: "<TIME>",
    kind: time("10ms", "1h", "not zero"),
    initial: 1,
    initially: "1s",
    help: "how often the exporter is scraped",
    place: "command line",
  }),
  budget: optional({
    name: "budget",
    unit: "<BUDGET>",
    kind: BUDGET,
    initially: "none",
    help:
      "what a turn may cost more, such as 1% or 0.25us; end with 1 when the upper bound of an " +
      "interval is above",
    place: "command line",
  }),
  json: optional({
    name: "json",
    unit: "<FILE>",
    kind: FILE,
    initially: "none",
    help: "write results and raw rounds as JSON",
    place: "command line",
  }),
  html: optional({
    name: "html",
    unit: "<FILE>",
    kind: FILE,
    initially: "none",
    help: "write results and raw rounds as a page with drawings",
    place: "command line",
  }),
  ...COMMON_FLAGS,
} as const;

const DOCTOR_FLAGS = {
  config: { ...CONFIG_FLAG, help: "the exporter's configuration file", place: "command line" },
  url: optional({
    name: "url",
    unit: "<URL>",
    kind: PLAIN_URL,
    initially: "as the exporter's configuration says, http://127.0.0.1:8000",
    help: "where the exporter answers",
    place: "command line",
  }),
  follow: repeatable<string>({
    name: "follow",
    unit: "<FILE>",
    kind: FILES,
    initial: [],
    initially: "as the exporter's configuration says",
    help: "file that the exporter follows; may be repeated",
    place: "command line",
  }),
  userFile: optional({
    name: "user-file",
    unit: "<FILE>",
    kind: FILE,
    initially: "none",
    help: "file with user:password, for an exporter that asks for them",
    place: "command line",
  }),
  prometheus: optional({
    name: "prometheus",
    unit: "<URL>",
    kind: PLAIN_URL,
    initially: "http://127.0.0.1:9090, if it is there",
    help: "where Prometheus answers",
    place: "command line",
  }),
  grafana: optional({
    name: "grafana",
    unit: "<URL>",
    kind: PLAIN_URL,
    initially: "http://localhost:3000, if it is there",
    help: "where Grafana answers",
    place: "command line",
  }),
  until: single<LinkName>({
    name: "until",
    unit: "<LINK>",
    kind: oneOf(LINKS),
    initial: "grafana",
    initially: "grafana",
    help: `last link to look at: ${LINKS.join(", ")}`,
    place: "command line",
  }),
  json: onOff({
    name: "json",
    help: "give what is found as one JSON object",
    place: "command line",
  }),
  ...COMMON_FLAGS,
} as const;

const PRINT_FLAGS = {
  what: optional<Printable>({
    name: "what",
    unit: "<WHAT>",
    positional: true,
    kind: oneOf(PRINTABLES),
    help: Object.entries(PRINTED).map(([what, { summary }]) => `${what}: ${summary}`).join("; "),
    place: "command line",
  }),
  out: optional({
    name: "out",
    unit: "<DIR>",
    kind: FILE,
    initially: "standard output, for one file",
    help: "folder to write into; it is made if it is not there",
    place: "command line",
  }),
  lang: optional<BoardLanguage>({
    name: "lang",
    unit: "<fr|en>",
    kind: oneOf(BOARD_LANGUAGES),
    initially: "both",
    help: "language of the boards, for print dashboards",
    place: "command line",
  }),
  runbooks: optional({
    name: "runbooks",
    unit: "<URL>",
    kind: WEB_URL,
    initially: "the page that Prometheus serves",
    help: "address to which the alerts' runbook_url leads; #alertname is added to it",
    place: "command line",
  }),
  force: onOff({
    name: "force",
    help: "overwrite files that were changed",
    place: "command line",
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
  simulate: {
    summary: "Plays a TradeSim game, and reports it to an exporter if asked to.",
    flags: SIMULATE_FLAGS,
    example: "tradesim-exporter simulate --tours 1000 --with-metrics",
  },
  bench: {
    summary: "Measures what reporting to an exporter costs a turn of a game.",
    flags: BENCH_FLAGS,
    example: "tradesim-exporter bench --budget 1% --html bench.html",
  },
  print: {
    summary: "Prints files that fit this version: a configuration, a schema, the stack.",
    flags: PRINT_FLAGS,
    example: "tradesim-exporter print config > tradesim-exporter.yml",
  },
  doctor: {
    summary: "Looks at each link from the game to its boards, and names the first broken one.",
    flags: DOCTOR_FLAGS,
    example: "tradesim-exporter doctor --follow logs/metrics.jsonl",
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

/** Makes every environment variable that sets a flag of a command count as not set. */
export function emptyEnvironment(command: CommandName): Readonly<Record<string, string>> {
  const names = Object.values<Flag>(COMMANDS[command].flags).map(environmentName);
  return Object.fromEntries(names.filter((name) => name !== undefined).map((name) => [name, ""]));
}

/** True for a flag that a configuration file may set. */
export function isInConfigFile({ place = "configuration file" }: Flag): boolean {
  return place === "configuration file";
}

/** True for a flag that `--no-…` turns off: one that the environment or a file can turn on. */
export function isNegatable(flag: Flag): boolean {
  return flag.unit === undefined && isInConfigFile(flag);
}
