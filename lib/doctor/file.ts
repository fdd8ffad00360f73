/** Checks the followed files: whether they exist, grow and hold reports. @module */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Log } from "../log/mod.ts";
import { createLineReader, otherRecord } from "../ingest/mod.ts";
import { readReport, type Report } from "../report/mod.ts";
import { follow, type LineConsumer } from "../source/mod.ts";
import { bytes, count, span } from "../text/mod.ts";
import type { Inquiry } from "./inquiry.ts";
import { broken, ok, type Result, skip } from "./link.ts";

/** How much of the end of a file is read, unless its last line is longer. */
const TAIL_BYTES = 64 * 1024;
/** Maximum number of files to read. */
const MAX_FILES = 20;

/** What the lines at the end of a file are. */
interface Tally {
  taken: number;
  refused: number;
  /** What the last refused one is. */
  reason: string;
  last: Report | undefined;
}

/** Reads lines into a tally; it keeps no report but the last. */
function tallyLines(tally: Tally, maxLine: number): LineConsumer {
  return createLineReader(maxLine, (value) => {
    if (otherRecord(value) !== undefined) return;
    tally.last = readReport(value).report;
    tally.taken++;
  }, (_refused, describe) => {
    tally.refused++;
    tally.reason = describe().what;
  });
}

/** A followed file that is there, and what its end is. */
interface End {
  readonly path: string;
  readonly size: number;
  /** When it was written last, in seconds since 1970. */
  readonly changed: number;
  readonly tally: Tally;
}

/** Reads the ends of the followed files just as the exporter does; the one written last comes first. */
function readEnds({ configuration: { follow: paths, maxBody } }: Inquiry) {
  const problems: string[] = [];
  const quiet = () => {};
  const warn: Log["warn"] = (_message, fields) => {
    if (fields?.reason !== undefined) problems.push(`${fields.path}: ${fields.reason}`);
  };
  const tallies = new Map<string, Tally>();
  const follower = follow({
    paths,
    interval: 1,
    maxLine: maxBody,
    tailBytes: TAIL_BYTES,
    maxFiles: MAX_FILES,
    consumer: (path) => {
      const tally = { taken: 0, refused: 0, reason: "", last: undefined };
      tallies.set(path, tally);
      return tallyLines(tally, maxBody);
    },
    log: { debug: quiet, info: quiet, warn, error: quiet },
  });
  follower.poll();
  const ends = follower.files().filter(({ exists }) => exists).map(({ path, size }): End => ({
    path,
    size,
    // It may go at any time.
    changed: (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) / 1000,
    tally: tallies.get(path)!,
  })).sort((a, b) => b.changed - a.changed);
  follower.close();
  return { ends, problem: problems[0] };
}

/** Checks that the followed files can be read, and that the one written last holds reports. */
export function checkFiles(inquiry: Inquiry): Result {
  const { ends: [end], problem } = readEnds(inquiry);
  if (problem !== undefined) {
    return broken(
      `cannot be read: ${problem}`,
      "allow this user to read it, or set another file with --follow",
    );
  }
  return end === undefined ? nowhere(inquiry) : judge(inquiry, end);
}

function nowhere({ configuration: { follow: paths, isFollowChosen } }: Inquiry): Result {
  const place = `none at ${paths.join(", ")} in ${resolve(".")}`;
  return isFollowChosen
    ? broken(place, "start the simulation, or set the file that it writes with --follow")
    : skip(`${place}; reports can also be posted`);
}

function judge(inquiry: Inquiry, { path, size, changed, tally }: End): Result {
  const { taken, refused, reason, last } = tally;
  const state = `${path}, ${bytes(size)}, last changed ${span(inquiry.now() - changed)} ago`;
  if (taken + refused === 0) {
    return broken(
      `${state}, has no complete line`,
      "check that the simulation runs and writes this file",
    );
  }
  if (last === undefined) {
    return broken(
      `${state}, has no valid report: ${
        count(refused, "line")
      } at its end rejected, the last one: ${reason}`,
      "follow the file that the simulation reports to (TradeSim: logs/metrics.jsonl); " +
        "docs/report.md describes the format of a line",
    );
  }
  inquiry.lastReport = { path: resolve(path), report: last };
  return ok(
    [
      state,
      last.turn === undefined ? "valid" : `valid, at turn ${last.turn}`,
      ...refused > 0 ? [`but ${count(refused, "line")} near its end rejected: ${reason}`] : [],
    ].join(", "),
  );
}
