/** The command `simulate`: its flags, its options and its permissions. @module */

import type { Layer } from "../cli/layers.ts";
import type { Needs } from "../cli/permissions.ts";
import { UsageError } from "../cli/usage_error.ts";
import { commandLineValues } from "../cli/values.ts";
import { type Command, onCommandLine, onOff, optional, single } from "../cli/flag.ts";
import { FILE, time, WEB_URL, wholeNumber } from "../cli/kinds.ts";

/** Only the command line sets what a single run does. */
const SIMULATE_FLAGS = onCommandLine({
  tours: optional({
    name: "tours",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000_000_000),
    help: "Number of turns to play.",
  }),
  infinite: onOff({
    name: "infinite",
    help: "Play until Ctrl-C.",
  }),
  seed: single({
    name: "seed",
    unit: "<NUMBER>",
    kind: wholeNumber(0, Number.MAX_SAFE_INTEGER),
    defaultValue: 1,
    help: "Seed of the game. The same seed gives the same game on every machine.",
  }),
  entreprises: optional({
    name: "entreprises",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultText: "3",
    help: "Number of firms in a new world.",
  }),
  produits: optional({
    name: "produits",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultText: "12",
    help: "Number of products in a new world.",
  }),
  fournisseurs: optional({
    name: "fournisseurs",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1_000_000),
    defaultText: "5",
    help: "Number of suppliers in a new world.",
  }),
  commeTradesim: onOff({
    name: "comme-tradesim",
    help:
      "Play exactly as TradeSim's code does, where it differs from its rules; see docs/simulation.md.",
  }),
  load: optional({
    name: "load",
    unit: "<FILE>",
    kind: FILE,
    help: "World to play in, in the format of TradeSim's partie_active.json.",
  }),
  save: optional({
    name: "save",
    unit: "<FILE>",
    kind: FILE,
    help: "File in which to save the world at the end, in the same format.",
  }),
  status: onOff({
    name: "status",
    help: "Print budgets, prices and stocks, and play nothing.",
  }),
  verbose: onOff({
    name: "verbose",
    help: "Print every purchase and every event.",
  }),
  pause: single({
    name: "pause",
    unit: "<TIME>",
    kind: time("1ms", "1h", "zero too"),
    defaultValue: 0,
    help: "Time between two turns.",
  }),
  withMetrics: onOff({
    name: "with-metrics",
    help: "Report to an exporter. Without it, the game writes no report.",
  }),
  journal: single({
    name: "journal",
    unit: "<FILE>",
    kind: FILE,
    defaultValue: "logs/metrics.jsonl",
    defaultText: "logs/metrics.jsonl, which an exporter in the same folder follows",
    help: "File to which reports are appended.",
  }),
  publishTo: optional({
    name: "publish-to",
    unit: "<URL>",
    kind: WEB_URL,
    help:
      "Post reports to this exporter instead of the journal, for example http://127.0.0.1:8000. The default path is /update_metrics.",
  }),
  publishTokenFile: optional({
    name: "publish-token-file",
    unit: "<FILE>",
    kind: FILE,
    help:
      "File with the token for --publish-to, if the exporter is on another machine: the same as in its --ingest-token-file.",
  }),
  publishInterval: single({
    name: "publish-interval",
    unit: "<TIME>",
    kind: time("1ms", "1h", "not zero"),
    defaultValue: 0.1,
    defaultText: "100ms",
    help: "Minimum time between two reports.",
  }),
  everyTurn: onOff({
    name: "every-turn",
    help:
      "Also keep every turn, in turns.jsonl beside the journal, for the page and the commands replay and backfill. Reports hold only some turns.",
  }),
  json: onOff({
    name: "json",
    help: "Print the summary as one JSON object.",
  }),
});

export const SIMULATE = {
  summary: "Plays a game by TradeSim's rules and can report it to an exporter.",
  flags: SIMULATE_FLAGS,
  example: "tradesim-exporter simulate --tours 1000 --with-metrics",
} as const satisfies Command;

/**
 * Reads the options of `simulate`, which only the command line sets.
 *
 * @throws {UsageError} When something is wrong.
 */
export function readSimulate(fromArguments: Layer) {
  const { tours, infinite, ...rest } = commandLineValues(SIMULATE.flags, fromArguments);
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
  const idle = ["journal", "publishTo", "publishInterval", "everyTurn"].find((property) =>
    fromArguments.has(property)
  );
  if (!rest.withMetrics && idle !== undefined) {
    throw new UsageError(`Cannot use ${fromArguments.get(idle)?.name} without --with-metrics`);
  }
  if (fromArguments.has("journal") && fromArguments.has("publishTo")) {
    throw new UsageError("Cannot use --journal together with --publish-to: expected one of them");
  }
  if (fromArguments.has("publishTokenFile") && !fromArguments.has("publishTo")) {
    throw new UsageError("Cannot use --publish-token-file without --publish-to");
  }
  const clash = ["entreprises", "produits", "fournisseurs"].find((name) => fromArguments.has(name));
  if (rest.load !== undefined && clash !== undefined) {
    throw new UsageError(
      `Cannot use --${clash} together with --load: a saved world has its own size`,
    );
  }
  return { ...rest, tours: infinite ? Infinity : tours ?? 0 };
}

/** What `simulate` needs, by what its options ask for. */
export function neededToSimulate(
  { status, withMetrics, publishTo, publishTokenFile, everyTurn, load, save }: ReturnType<
    typeof readSimulate
  >,
): Needs {
  const isReporting = withMetrics && !status;
  const journal = isReporting && (publishTo === undefined || everyTurn);
  return {
    read: journal || load !== undefined || publishTokenFile !== undefined,
    write: journal || save !== undefined,
    net: isReporting && publishTo !== undefined,
  };
}

/** What `simulate` is to do; times in seconds. Infinity turns are played until a signal. */
export type SimulateOptions = Omit<ReturnType<typeof readSimulate>, "publishTokenFile"> & {
  /** The bearer token for `publishTo`. */
  readonly publishToken: string | undefined;
};
