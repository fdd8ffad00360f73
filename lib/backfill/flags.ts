/** The command `backfill`: its flags, its options and its permissions. @module */

import { GAME_METRICS } from "../catalogue/mod.ts";
import { type Command, onCommandLine, onOff, optional, repeatable, single } from "../cli/flag.ts";
import { decimal, FILE, type Kind, oneOf, PLAIN_URL, someOf } from "../cli/kinds.ts";
import type { Layer } from "../cli/layers.ts";
import type { Needs } from "../cli/permissions.ts";
import { nearest } from "../cli/suggest.ts";
import { UsageError } from "../cli/usage_error.ts";
import { commandLineValues } from "../cli/values.ts";
import { RECORDED_WRITE_FLAGS } from "../remote_write/flags.ts";
import { checkReceiver } from "../remote_write/receiver.ts";
import type { Anchor } from "./timeline.ts";

/** The stores that samples are made for. */
export const STORES = ["prometheus", "mimir", "victoriametrics"] as const;
export type Store = (typeof STORES)[number];

/** What stands for standard output. */
export const STDOUT = "-";

const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?Z)?$/;
/** Times are from 1971 to 2100: a store takes those before for times since 1970 in milliseconds. */
const EARLIEST = Date.UTC(1971, 0);
const LATEST = Date.UTC(2100, 0);

const ANCHOR: Kind<Anchor> = {
  expected: "real, now, or a day or time such as 2000-01-01 or 2000-01-01T12:00Z",
  types: ["string"],
  parse: (text) => {
    if (text === "real" || text === "now") return text;
    const ms = DATE.test(text) ? Date.parse(text) : NaN;
    return ms >= EARLIEST && ms <= LATEST ? { ms } : undefined;
  },
};

const METRIC_NAMES = GAME_METRICS.map(({ name }) => name);

const METRICS: Kind<readonly string[]> = {
  ...someOf(METRIC_NAMES),
  expected: "names of metrics as in docs/metrics.md, with commas between them",
};

const BACKFILL_FLAGS = onCommandLine({
  file: repeatable<string>({
    name: "file",
    unit: "<FILE>",
    positional: true,
    kind: FILE,
    defaultValue: [],
    help:
      "Turn logs and journals, plain or gzip, such as logs/turns.jsonl. Rotated files beside them are read too.",
  }),
  anchor: single<Anchor>({
    name: "anchor",
    unit: "<WHEN>",
    kind: ANCHOR,
    defaultValue: "real",
    help:
      "When the games are shown: real, when they were played; now, so that they end now; or from a day on, such as 2000-01-01, where several games lie over each other.",
  }),
  turnSeconds: optional({
    name: "turn-seconds",
    unit: "<SECONDS>",
    kind: decimal(0.001, 86_400, "a number of seconds"),
    defaultText: "the turns' own times",
    help: "Seconds from turn to turn. Turns that are played faster than one a millisecond need it.",
  }),
  session: repeatable<string>({
    name: "session",
    unit: "<NAME>",
    kind: FILE,
    defaultValue: [],
    defaultText: "all",
    help: "Session to backfill. Repeatable.",
  }),
  metrics: optional<readonly string[]>({
    name: "metrics",
    unit: "<LIST>",
    kind: METRICS,
    defaultText: "all",
    help: "Metrics to backfill, separated by commas.",
  }),
  for: single<Store>({
    name: "for",
    unit: "<STORE>",
    kind: oneOf(STORES),
    defaultValue: "prometheus",
    defaultText: "prometheus, also for Thanos",
    help:
      "Store that takes the samples: prometheus; mimir, whose blocks end at midnight UTC; victoriametrics, whose text has milliseconds.",
  }),
  out: optional({
    name: "out",
    unit: "<DIR|->",
    kind: FILE,
    help:
      "Folder for TSDB blocks, such as the data folder of a Prometheus, or - for text on standard output.",
  }),
  dryRun: onOff({
    name: "dry-run",
    help: "Print what would be written, and write nothing.",
  }),
  verify: optional({
    name: "verify",
    unit: "<URL>",
    kind: PLAIN_URL,
    help:
      "Server to read back from, such as http://127.0.0.1:9090: compares the number and the sum of the samples of every metric. Also without --out.",
  }),
  allowRecent: onOff({
    name: "allow-recent",
    help:
      "Allow samples of the last three hours in blocks. A server that runs there may lose samples then.",
  }),
  skipBadLines: onOff({
    name: "skip-bad-lines",
    help: "Pass over lines that cannot be read.",
  }),
  promtool: single({
    name: "promtool",
    unit: "<FILE>",
    kind: FILE,
    defaultValue: "promtool",
    help: "The promtool that makes blocks.",
  }),
  ...RECORDED_WRITE_FLAGS,
});

export const BACKFILL = {
  summary: "Puts recorded games into a time series database, every turn at its own time.",
  flags: BACKFILL_FLAGS,
  example:
    "tradesim-exporter backfill logs/turns.jsonl --turn-seconds 1 --anchor 2000-01-01 --out data",
} as const satisfies Command;

/** Explains a wrong name of a metric better than its kind can. */
function checkMetrics(fromArguments: Layer): void {
  const text = fromArguments.get("metrics")?.texts[0] ?? "";
  const unknown = text.split(",").map((name) => name.trim())
    .find((name) => name !== "" && !METRIC_NAMES.includes(name));
  if (unknown === undefined) return;
  const meant = nearest(unknown, METRIC_NAMES);
  throw new UsageError(
    `Cannot backfill metric ${JSON.stringify(unknown)}: there is none of this name` +
      (meant === undefined ? "" : `, did you mean ${meant}?`),
  );
}

/**
 * Reads the options of `backfill`, which only the command line sets.
 *
 * @throws {UsageError} When something is wrong.
 */
export function readBackfill(fromArguments: Layer) {
  checkMetrics(fromArguments);
  const options = commandLineValues(BACKFILL.flags, fromArguments);
  const { file, out, dryRun, verify, remoteWrite, for: store } = options;
  checkReceiver(RECORDED_WRITE_FLAGS, options);
  if (file.length === 0) {
    throw new UsageError("Cannot backfill: expected files, such as logs/turns.jsonl");
  }
  if (out === undefined && !dryRun && verify === undefined && remoteWrite === undefined) {
    throw new UsageError("Cannot backfill: expected --out, --remote-write, --dry-run or --verify");
  }
  if (out !== undefined && remoteWrite !== undefined) {
    throw new UsageError("Cannot use --out together with --remote-write: expected one of them");
  }
  if (out === STDOUT && verify !== undefined) {
    throw new UsageError(
      "Cannot use --verify together with --out -: run it without --out once the text is imported",
    );
  }
  if (store === "victoriametrics" && out !== undefined && out !== STDOUT) {
    throw new UsageError(
      "Cannot write blocks for victoriametrics: use --out - and post the text to /api/v1/import/prometheus",
    );
  }
  return options;
}

/** What `backfill` is to do; times in seconds. */
export type BackfillOptions = ReturnType<typeof readBackfill>;

/** What `backfill` needs, by what its options ask for: only blocks need another program. */
export function neededToBackfill({ out, dryRun, verify, remoteWrite }: BackfillOptions): Needs {
  const makesBlocks = out !== undefined && out !== STDOUT && !dryRun;
  return {
    read: true,
    write: makesBlocks,
    run: makesBlocks,
    net: (verify ?? remoteWrite) !== undefined && !dryRun,
  };
}
