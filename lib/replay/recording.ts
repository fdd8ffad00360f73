/** The recording that is replayed: a file of reports or turns, with the parts that rotation made of it. @module */

import { existsSync, statSync } from "node:fs";
import { badValue, UsageError } from "../cli/usage_error.ts";
import { recordedLines } from "../recording/mod.ts";
import { type RefusalReason, Refused } from "../report/mod.ts";
import { partsOf } from "../source/mod.ts";

/** What is wrong with a part of a recording. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
  /** The line that is no report, from 1, and why it is none; absent when the file cannot be read on. */
  readonly line?: number;
  readonly refusal?: RefusalReason | undefined;
}

/** How the values of a recording's lines are read. */
export interface ReadValues<T> {
  /** The longest line, in bytes. */
  readonly maxLine: number;
  /**
   * Reads a value; undefined passes it over.
   *
   * @throws {Refused} When it is no report.
   */
  readonly read: (value: unknown) => T | undefined;
  readonly onProblem: (problem: Problem) => void;
}

/** What is read of the lines of a recording, from the oldest part on. A part that is broken ends early. */
export async function* readRecording<T>(
  path: string,
  { maxLine, read, onProblem }: ReadValues<T>,
): AsyncGenerator<T, void> {
  const { parts, unreadable } = partsOf(path);
  for (const path of unreadable) onProblem({ path, reason: "expected plain text or gzip" });
  for (const path of parts) {
    for await (const { line, value, fault, refusal } of recordedLines({ path }, { maxLine })) {
      if (fault !== undefined) {
        onProblem(
          refusal === undefined ? { path, reason: fault } : {
            ...{ path, line, reason: fault, refusal },
          },
        );
        continue;
      }
      let what: T | undefined;
      try {
        what = read(value);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const { reason: refusal, message: reason } = error;
        onProblem({ path, line, reason, refusal });
      }
      if (what !== undefined) yield what;
    }
  }
}

/** @throws {UsageError} When something is there that is no file, or cannot be looked at. */
function checkFile(path: string): void {
  let found;
  try {
    found = statSync(path, { throwIfNoEntry: false });
  } catch (cause) {
    throw new UsageError(`Cannot replay ${JSON.stringify(path)}: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (found?.isFile() === false) {
    throw badValue("<FILE>", JSON.stringify(path), "a journal or a turn log, but it is no file");
  }
}

/**
 * Makes sure that a recording can be read and has a report.
 *
 * @throws {UsageError} When it has none.
 */
export async function checkRecording<T>(
  path: string,
  options: Omit<ReadValues<T>, "onProblem">,
): Promise<void> {
  checkFile(path);
  let problem: Problem | undefined;
  const onProblem = (found: Problem) => problem ??= found;
  for await (const _first of readRecording(path, { ...options, onProblem })) return;
  if (!existsSync(path)) {
    throw new UsageError(
      `Cannot replay ${
        JSON.stringify(path)
      }: there is no such file, expected a journal or a turn log, ` +
        "such as TradeSim's app/logs/metrics.jsonl",
    );
  }
  if (problem === undefined) {
    throw badValue(
      "<FILE>",
      JSON.stringify(path),
      "a journal or a turn log, but it has no reports and no turns",
    );
  }
  const place = problem.line === undefined ? "" : `, line ${problem.line}`;
  const reason = problem.reason
    .replace(/^Cannot (?:read|take) the (?:report|record|turns): /, "")
    .replace(/, see docs\/[\w.]+$/, "");
  const expected = /, expected /.test(reason) ? "" : ", expected reports";
  throw new UsageError(
    `Cannot replay ${JSON.stringify(problem.path)}${place}: ${reason}${expected}; ` +
      "see docs/history.md",
  );
}
