/** Reads the records of a file, plain or compressed, without holding more than a line. @module */

import { createLineReader } from "../ingest/mod.ts";
import type { RefusalReason } from "../report/mod.ts";
import { readLines } from "../source/mod.ts";
import type { RecordedFile } from "./files.ts";

/** A line of a file: the value that it holds, or what is wrong with it. */
export interface RecordedLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly value?: unknown;
  readonly fault?: string;
  /** Why it is no JSON; absent where the file cannot be read further. */
  readonly refusal?: RefusalReason;
  /** Whether it is the last line and was not written to its end. */
  readonly isCut: boolean;
}

export interface ReadRecordsOptions {
  /** The longest line that is read, in bytes. Default: 64 MiB. */
  readonly maxLine?: number;
  /** Told how many bytes of the file were read so far. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

const MAX_LINE = 64 * 2 ** 20;

/**
 * Reads the lines of a file, one after the other. Empty lines are passed over. A file that cannot be read
 * further ends with a fault.
 */
export async function* recordedLines(
  { path }: Pick<RecordedFile, "path">,
  { maxLine = MAX_LINE, onRead }: ReadRecordsOptions = {},
): AsyncGenerator<RecordedLine, void> {
  let ready: RecordedLine[] = [];
  /** What the line that has just ended holds. */
  const found: Pick<RecordedLine, "value" | "fault" | "refusal">[] = [];
  let line = 0;
  const reader = createLineReader(
    maxLine,
    (value) => found.push({ value }),
    ({ reason: refusal }, describe) => found.push({ fault: describe().what, refusal }),
  );
  const chunks = readLines(path, {
    ...reader,
    endLine(writtenAt, start, place) {
      reader.endLine(writtenAt, start);
      ({ line } = place);
      for (const each of found.splice(0)) {
        ready.push({ path, line, ...each, isCut: each.fault !== undefined && !place.isWhole });
      }
    },
  });
  try {
    for await (const bytes of chunks) {
      onRead?.(bytes);
      yield* ready;
      ready = [];
    }
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    // What stands before the cut is no line of its own.
    yield* ready.filter(({ isCut }) => !isCut);
    const fault = `the file cannot be read further: ${error.message}`;
    yield { path, line: Math.max(line, 1), fault, isCut: false };
    return;
  }
  yield* ready;
}
