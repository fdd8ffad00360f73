/** The command `serve`: its flags. @module */

import { BREAKDOWN_LABELS } from "../catalogue/mod.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../log/mod.ts";
import { OWN_PATHS } from "../server/mod.ts";
import {
  action,
  type Command,
  COMMON_FLAGS,
  CONFIG_FLAG,
  FOLLOW_FLAG,
  onOff,
  optional,
  repeatable,
  single,
} from "../cli/flag.ts";
import {
  type Address,
  FILE,
  HOST,
  LISTEN_ADDRESS,
  oneOf,
  size,
  someOf,
  time,
  urlPath,
  wholeNumber,
} from "../cli/kinds.ts";
import { REMOTE_WRITE_FLAGS } from "../remote_write/flags.ts";

export const LABELS = [...BREAKDOWN_LABELS, "session"] as const;
/** A label that the user may switch on. */
export type Label = (typeof LABELS)[number];

/** Flags of a command that can be configured by a file. */
const CONFIG_FLAGS = {
  config: CONFIG_FLAG,
  checkConfig: action({
    name: "check-config",
    help: "Check the configuration, print the result and exit.",
  }),
} as const;

const LOG_FLAGS = {
  logLevel: single<LogLevel>({
    name: "log.level",
    unit: "<LEVEL>",
    kind: oneOf(LOG_LEVELS),
    defaultValue: "info",
    help: "Lowest severity to log: debug, info, warn or error.",
  }),
  logFormat: single<LogFormat>({
    name: "log.format",
    unit: "<FORMAT>",
    kind: oneOf(LOG_FORMATS),
    defaultValue: "logfmt",
    help: "Format of the log on standard error: logfmt or json.",
  }),
} as const;

const SERVE_FLAGS = {
  port: single({
    name: "port",
    unit: "<PORT>",
    kind: wholeNumber(0, 65535),
    defaultValue: 8000,
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
    help: "Path of the metrics.",
  }),
  webConfigFile: optional({
    name: "web.config.file",
    unit: "<FILE>",
    kind: FILE,
    help:
      "File that sets TLS, passwords and headers, in the format of Prometheus' exporter toolkit.",
  }),
  follow: FOLLOW_FLAG,
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
    help:
      "Add budget, profit and rank of each firm, price and activity of each product, and every stock and supplier price.",
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
    help:
      "Maximum number of series of the game and the machine. When exceeded, whole metric families are dropped, detail metrics first.",
  }),
  maxSessions: single({
    name: "max-sessions",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultValue: 1000,
    help: "Maximum number of games to remember. The totals of forgotten games are kept.",
  }),
  historyTurns: single({
    name: "history-turns",
    unit: "<COUNT>",
    kind: wholeNumber(0, 300_000),
    defaultValue: 100_000,
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
  ...REMOTE_WRITE_FLAGS,
  ...CONFIG_FLAGS,
  ...LOG_FLAGS,
  ...COMMON_FLAGS,
} as const;

export const SERVE = {
  summary: "Exports TradeSim games as Prometheus metrics, with a live page.",
  flags: SERVE_FLAGS,
  example: "tradesim-exporter --follow logs/metrics.jsonl --labels continent",
} as const satisfies Command;
