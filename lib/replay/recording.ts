/** The recording that is replayed: a journal, with the parts that rotation made of it. @module */

import { badValue, UsageError } from "../cli/usage_error.ts";
import { createLineReader, type OddLine } from "../ingest/mod.ts";
import type { RefusalReason } from "../report/mod.ts";
import { partsOf, readLines } from "../source/mod.ts";

/** What is wrong with a part of a recording. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
  /** The line that is no report, and why; absent when the file cannot be read on. */
  readonly line?: OddLine & { readonly refusal: RefusalReason };
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
    let ready: T[] = [];
    const lines = createLineReader(maxLine, (value) => {
      const what = read(value);
      if (what !== undefined) ready.push(what);
    }, ({ reason: refusal }, describe) => {
      const line = { ...describe(), refusal };
      onProblem({ path, reason: line.what, line });
    });
    try {
      for await (const _chunk of readLines(path, lines)) {
        yield* ready;
        ready = [];
      }
    } catch (error) {
      // The file system and zlib give their errors a code; others are bugs.
      if (!(error instanceof Error && "code" in error)) throw error;
      onProblem({ path, reason: error.message });
    }
    yield* ready;
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
  const problems: Problem[] = [];
  const onProblem = (problem: Problem) => {
    if (problems.length === 0) problems.push(problem);
  };
  for await (const _first of readRecording(path, { ...options, onProblem })) return;
  const [problem] = problems;
  if (problem === undefined) {
    throw badValue("<FILE>", JSON.stringify(path), "a journal with reports, but it has none");
  }
  const place = problem.line === undefined ? "" : ` at byte ${problem.line.start}`;
  throw new UsageError(
    `Cannot replay ${JSON.stringify(problem.path)}: ${problem.reason}${place}, ` +
      "expected reports; see docs/history.md",
  );
}
