/** Names of turn logs. @module */

import { basename, dirname, join } from "node:path";

/** How the name of a turn log, or of a part that rotation made of it, looks. */
const NAME = /^turns.*\.jsonl(?:\.\d+)?$/;

/** The turn log beside a journal: `turns.jsonl` for `metrics.jsonl`. */
export function turnLogBeside(journal: string): string {
  const name = basename(journal);
  const isUsual = name.startsWith("metrics");
  return join(dirname(journal), isUsual ? `turns${name.slice(7)}` : `turns-${name}`);
}

export function isTurnLogName(name: string): boolean {
  return NAME.test(name);
}
