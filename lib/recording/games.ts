/** Reads recorded games from files: every turn that they hold, each once. @module */

import { otherRecord } from "../ingest/mod.ts";
import { Games } from "../model/mod.ts";
import { type Details, isObject, readReport, Refused, type Report } from "../report/mod.ts";
import { isTurns, readTurns, TIME, type Turns } from "../turnlog/mod.ts";
import type { RecordedFile } from "./files.ts";
import { type ReadRecordsOptions, type RecordedLine, recordedLines } from "./lines.ts";

/** Where something stands. */
export interface Place {
  readonly path: string;
  /** From 1. */
  readonly line: number;
}

/** Turns of a game out of its turn log. Rows before `from` were there before. */
export interface TurnsPart extends Place {
  readonly kind: "turns";
  readonly game: string;
  readonly turns: Turns;
  readonly from: number;
}

/** A report out of a journal, under the name of its own game. It may be there twice. */
export interface ReportPart extends Place {
  readonly kind: "report";
  readonly game: string;
  readonly report: Report;
  readonly details: Details;
}

/** A line that holds no part of a game. */
export interface Fault extends Place {
  readonly kind: "fault";
  readonly what: string;
  /** Whether the line was cut off where the file ends, as a kill leaves it. */
  readonly isCut: boolean;
}

export type Part = TurnsPart | ReportPart | Fault;

/** Most games that are told apart. */
export const MAX_GAMES = 100_000;

const READ = { breakdowns: false, detail: true, allKeys: false };

/** The turn log of a game, as far as it was read. */
interface Known {
  name: string;
  last: number;
  time: number;
}

/** Tells games with one session apart, and finds turns that were read before. */
class TurnLogs {
  readonly #known = new Map<string, Known>();

  /** The game of some turns, and how many of these are known already. */
  place(
    { session, first, count, columns }: Turns,
  ): { readonly game: string; readonly from: number } {
    const times = columns.get(TIME);
    const begun = times?.[0] ?? NaN;
    let known = this.#known.get(session);
    if (known === undefined) {
      known = { name: session, last: 0, time: -Infinity };
      this.#known.set(session, known);
    } else if (first === 1 && count > 0 && begun > known.time && known.last > 0) {
      const number = Number(/ #(\d+)$/.exec(known.name.slice(session.length))?.[1] ?? 1) + 1;
      known.name = `${session} #${number}`;
      known.last = 0;
    }
    const from = Math.min(count, Math.max(0, known.last + 1 - first));
    known.last = Math.max(known.last, first + count - 1);
    const time = times?.at(-1) ?? NaN;
    if (time > known.time) known.time = time;
    return { game: known.name, from };
  }
}

function partOf(
  { path, line, value, fault, isCut }: RecordedLine,
  logs: TurnLogs,
  games: Games,
): Part | undefined {
  const place = { path, line };
  if (fault !== undefined) return { kind: "fault", ...place, what: fault, isCut };
  if (otherRecord(value) !== undefined) return undefined;
  try {
    if (isTurns(value)) {
      const turns = readTurns(value);
      return { kind: "turns", ...place, ...logs.place(turns), turns };
    }
    const { report: sent, details } = readReport(value, READ);
    const report = games.named(sent);
    return { kind: "report", ...place, game: report.session, report, details };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const what = error.message.replace(/^Cannot (?:read|take) the (?:report|record|turns): /, "");
    const named = isObject(value) ? what : "it is no JSON object";
    return { kind: "fault", ...place, what: named, isCut: false };
  }
}

/** When the first part of a file was played, in seconds since 1970; NaN if it does not say. */
async function timeOf(file: RecordedFile): Promise<number> {
  for await (const part of readGames([file])) {
    if (part.kind === "turns" && part.turns.count > 0) {
      return part.turns.columns.get(TIME)?.[0] ?? NaN;
    }
    if (part.kind === "report") return part.report.timestamp ?? NaN;
  }
  return NaN;
}

/**
 * Puts files in the order in which they were played. Copies have other times than the files that they
 * were made of, so that what they hold counts.
 */
export async function inOrder(
  files: readonly RecordedFile[],
): Promise<readonly RecordedFile[]> {
  const begun = new Map<RecordedFile, number>();
  for (const file of files) begun.set(file, await timeOf(file));
  // Files that tell no time stay where they are.
  const timed = files.filter((file) => !Number.isNaN(begun.get(file)!))
    .toSorted((a, b) => begun.get(a)! - begun.get(b)!);
  return files.map((file) => Number.isNaN(begun.get(file)!) ? file : timed.shift()!);
}

/**
 * Reads files of games, the oldest first, part by part. Other records of TradeSim are passed over.
 *
 * @param onRead Told how many bytes of all files were read so far.
 */
export async function* readGames(
  files: readonly RecordedFile[],
  { onRead }: Pick<ReadRecordsOptions, "onRead"> = {},
): AsyncGenerator<Part, void> {
  const logs = new TurnLogs();
  const games = new Games({ max: MAX_GAMES });
  let before = 0;
  for (const file of files) {
    const lines = recordedLines(file, { onRead: (bytes) => onRead?.(before + bytes) });
    for await (const line of lines) {
      const part = partOf(line, logs, games);
      if (part !== undefined) yield part;
    }
    before += file.size;
  }
}
