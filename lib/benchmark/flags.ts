/** The command `bench`: its flags, its options and its permissions. @module */

import { commandLineValues } from "../cli/values.ts";
import type { Layer } from "../cli/layers.ts";
import type { Needs } from "../cli/permissions.ts";
import type { PlayerSetup } from "./player.ts";
import { type Command, onCommandLine, optional, single } from "../cli/flag.ts";
import { FILE, type Kind, someOf, time, wholeNumber } from "../cli/kinds.ts";
import {
  type Budget,
  parseBudget,
  type Publisher,
  PUBLISHERS,
  USUAL_PUBLISHERS,
  type World,
  WORLDS,
} from "./result.ts";

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

const BENCH_FLAGS = onCommandLine({
  worlds: optional<readonly World[]>({
    name: "worlds",
    unit: "<LIST>",
    kind: atLeastOne(someOf(WORLDS)),
    defaultText: "all; default with --sessions",
    help:
      "Worlds to play in, separated by commas: default (3 firms, 12 products, 5 suppliers), moyen (100, 100, 20), grand (1000, 200, 50).",
  }),
  publishers: single<readonly Publisher[]>({
    name: "publishers",
    unit: "<LIST>",
    kind: atLeastOne(someOf(PUBLISHERS)),
    defaultValue: USUAL_PUBLISHERS,
    defaultText: "none,journal,http",
    help:
      "What to compare with a game without monitoring: journal, turns (a journal and a turn log), http, and none, the control, which is always played.",
  }),
  sessions: single({
    name: "sessions",
    unit: "<COUNT>",
    kind: wholeNumber(1, 1000),
    defaultValue: 1,
    help:
      "Number of games that report to one exporter at once. With more than one, each plays ten turns per second.",
  }),
  duration: optional({
    name: "duration",
    unit: "<TIME>",
    kind: time("1s", "24h", "not zero"),
    defaultText: "10m; 3m with --sessions",
    help: "Total time of the benchmark. Less time gives wider intervals.",
  }),
  scrapeInterval: single({
    name: "scrape-interval",
    unit: "<TIME>",
    kind: time("10ms", "1h", "not zero"),
    defaultValue: 1,
    defaultText: "1s",
    help: "How often the exporter is scraped.",
  }),
  budget: optional({
    name: "budget",
    unit: "<BUDGET>",
    kind: BUDGET,
    help:
      "Maximum cost of monitoring per turn, such as 1% or 0.25us. Exit with 1 if the upper bound of an interval exceeds it.",
  }),
  json: optional({
    name: "json",
    unit: "<FILE>",
    kind: FILE,
    help: "Write results and raw rounds as JSON.",
  }),
  html: optional({
    name: "html",
    unit: "<FILE>",
    kind: FILE,
    help: "Write results and raw rounds as a page with charts.",
  }),
});

export const BENCH = {
  summary: "Measures what monitoring costs a turn of a game.",
  flags: BENCH_FLAGS,
  example: "tradesim-exporter bench --budget 1% --html bench.html",
} as const satisfies Command;

/** What a player of the benchmark needs. */
export function neededToPlay({ variant }: PlayerSetup): Needs {
  return {
    read: variant === "journal" || variant === "turns",
    write: variant === "journal" || variant === "turns",
    net: variant === "http",
  };
}

/** Reads the options of `bench`: the values of its flags, times in seconds. */
export function readBench(fromArguments: Layer) {
  return commandLineValues(BENCH.flags, fromArguments);
}

/** What `bench` is to do; options that are undefined depend on the number of sessions. */
export type BenchOptions = ReturnType<typeof readBench>;
