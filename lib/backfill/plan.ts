/** Plans a backfill: which games, when they are shown, and what the store would do with them. @module */

import { UsageError } from "../cli/usage_error.ts";
import { RecordingError } from "../recording/mod.ts";
import { bytes, count, span } from "../text/mod.ts";
import { type BackfillOptions, STDOUT } from "./flags.ts";
import type { Chosen } from "./samples.ts";
import { spanOf, type Survey, type SurveyedGame, type Track } from "./survey.ts";
import { createTimeline } from "./timeline.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A running server writes the last hours itself; blocks beside them are refused or lose samples. */
const RECENT_MS = 3 * HOUR_MS;
/** Lines about games of which there are many. */
const MOST_LINES = 20;
/** Bytes that a line of text and a sample in a block take, measured; see bench/backfill.md. */
const LINE_BYTES = 104;
const SAMPLE_BYTES = 2;
/** What stores keep unless they are told otherwise. */
const DEFAULT_DAYS = { prometheus: 15, mimir: Infinity, victoriametrics: 31 } as const;
const RETENTION_FLAG = {
  prometheus: "--storage.tsdb.retention.time",
  mimir: "-compactor.blocks-retention-period",
  victoriametrics: "-retentionPeriod",
} as const;

/** A game with when it is shown. */
export interface PlannedGame extends Chosen {
  /** When its first and its last turn are shown, in milliseconds since 1970. */
  readonly first: number;
  readonly last: number;
}

export interface Plan {
  readonly games: readonly PlannedGame[];
  /** Sentences that tell what is planned, and what should be known about it. */
  readonly summary: readonly string[];
  readonly warnings: readonly string[];
  /** Why it cannot be done like this, each with the flag to change. */
  readonly refusals: readonly string[];
}

function place({ path, line }: { readonly path: string; readonly line: number }): string {
  return `"${path}", line ${line}`;
}

/** @throws {RecordingError} When lines cannot be read, and that is not allowed. */
function checkFaults(
  { faults, faultCount, cut }: Survey,
  skipBadLines: boolean,
): readonly string[] {
  const warnings = cut.map((fault) =>
    `${place(fault)} was not written to its end: what it would tell is missing`
  );
  const [first] = faults;
  if (first === undefined) return warnings;
  const others = faultCount > 1 ? `, and ${count(faultCount - 1, "more line")} like this` : "";
  const what = `${place(first)}: ${first.what}${others}`;
  if (!skipBadLines) {
    throw new RecordingError(`Cannot read ${what}. --skip-bad-lines passes over bad lines`);
  }
  return [...warnings, `Passed over ${what}`];
}

/** @throws {UsageError} When a session is not there, or nothing is. */
function chooseGames(
  { games, cut: [cut] }: Survey,
  sessions: readonly string[],
): readonly SurveyedGame[] {
  const names = [...games.keys()];
  const unknown = sessions.find((session) => !games.has(session));
  if (unknown !== undefined) {
    const known = names.slice(0, 10).map((name) => JSON.stringify(name)).join(", ");
    throw new UsageError(
      `Cannot backfill session ${JSON.stringify(unknown)}: the files have ${known || "none"}` +
        (names.length > 10 ? " and others" : ""),
    );
  }
  const chosen = [...games.values()].filter(({ name, turnLog, journal }) =>
    (sessions.length === 0 || sessions.includes(name)) &&
    (turnLog?.turns ?? 0) + (journal?.turns ?? 0) > 0
  );
  if (chosen.length === 0) {
    const why = cut === undefined ? "" : `, and ${place(cut)} was not written to its end`;
    throw new RecordingError(`Cannot backfill: the files hold no turn${why}`);
  }
  return chosen;
}

const TURN_SECONDS = "choose --turn-seconds, such as --turn-seconds 1";

/** Why a game's own times cannot be used, if so. */
function faultOfTimes({ name }: SurveyedGame, track: Track, isSpaced: boolean): string | undefined {
  const { timeless, crowded, begun } = track;
  if (isSpaced) return undefined;
  if (begun === undefined || timeless !== undefined) {
    return `Game "${name}" does not say when its turns were played (${
      place(timeless!)
    }): ${TURN_SECONDS}`;
  }
  if (crowded === undefined) return undefined;
  return `Game "${name}" plays more than one turn a millisecond, or its clock goes back (${
    place(crowded)
  }), and a store keeps one sample of a millisecond: ${TURN_SECONDS}`;
}

function refusalsOf(game: SurveyedGame, options: BackfillOptions): readonly string[] {
  const isSpaced = options.turnSeconds !== undefined;
  const { turnLog, journal, name } = game;
  const faults = [turnLog, journal].flatMap((track) =>
    track === undefined ? [] : faultOfTimes(game, track, isSpaced) ?? []
  );
  if (isSpaced && options.anchor === "real" && (turnLog ?? journal)!.begun === undefined) {
    faults.push(`Game "${name}" does not say when it began: choose --anchor, such as 2000-01-01`);
  }
  return faults;
}

function warningsOf({ name, turnLog, journal }: SurveyedGame): readonly string[] {
  const warnings: string[] = [];
  if (turnLog === undefined && (journal?.missing ?? 0) > 0) {
    warnings.push(
      `Game "${name}" has no turn log: its journal is thinned, and ${
        count(journal!.missing, "turn")
      } of ${journal!.lastTurn} are missing. simulate --every-turn keeps them all`,
    );
  }
  if ((turnLog?.missing ?? 0) > 0) {
    warnings.push(`The turn log of "${name}" lacks ${count(turnLog!.missing, "turn")}`);
  }
  if ((turnLog?.firstTurn ?? 1) > 1) {
    warnings.push(`The turn log of "${name}" begins with turn ${turnLog!.firstTurn}`);
  }
  if ((turnLog?.repeated ?? 0) > 0) {
    const { repeated, missing, firstTurn } = turnLog!;
    const turns = `${count(repeated, "turn")} of "${name}"`;
    warnings.push(
      missing > 0 || firstTurn > 1
        ? `${turns} are there again or after later ones, and are left out: a turn log has its lines ` +
          "in the order of their turns"
        : `${turns} are there more than once, and count once`,
    );
  }
  return warnings;
}

/** The first few lines, and how many more there are. */
function few(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_LINES;
  return more > 1 ? [...lines.slice(0, MOST_LINES), `and ${more} more like these`] : lines;
}

/** What is around a backfill. */
export interface Surroundings {
  /** The time in milliseconds since 1970. */
  readonly now: number;
  /** How long the server that is known keeps samples, in seconds, if it says so. */
  readonly retention?: number | undefined;
}

/** A time in milliseconds as text; a turn's number may lead beyond all dates. */
function moment(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "a time beyond all dates" : date.toISOString();
}

/** What the store would refuse, or drop without a word. */
function storeFaults(
  games: readonly PlannedGame[],
  { for: store, out, allowRecent, remoteWrite }: BackfillOptions,
  { now, retention }: Surroundings,
): { readonly refusals: string[]; readonly warnings: string[] } {
  const refusals: string[] = [];
  const warnings: string[] = [];
  const last = Math.max(...games.map((game) => game.last));
  const first = Math.min(...games.map((game) => game.first));
  const end = moment(last);
  const isBlocks = out !== undefined && out !== STDOUT;
  const change = "choose an earlier --anchor, such as 2000-01-01, or smaller --turn-seconds";
  if (last > now) {
    refusals.push(`The games end in the future, at ${end}, which stores refuse: ${change}`);
  } else if (store !== "victoriametrics" && last > now - RECENT_MS && isBlocks && !allowRecent) {
    refusals.push(
      `The games end within the last three hours, at ${end}, which a running server writes itself: ` +
        `${change}; or --allow-recent if none runs on these blocks`,
    );
  }
  if (first < 0) {
    refusals.push(
      `The games begin before 1970, at ${
        moment(first)
      }, which stores refuse: choose --anchor, such ` +
        "as 2000-01-01, or smaller --turn-seconds",
    );
  }
  if (remoteWrite !== undefined && store !== "victoriametrics" && first < now - HOUR_MS) {
    warnings.push(
      `The games begin ${span((now - first) / 1000)} ago. A server takes samples of more than an ` +
        "hour ago only within its out_of_order_time_window",
    );
  }
  const days = DEFAULT_DAYS[store];
  // Prometheus drops a block with its last sample.
  const oldest = store === "victoriametrics" ? first : last;
  if (retention !== undefined) {
    if (oldest < now - retention * 1000) {
      refusals.push(
        `The server keeps samples for ${span(retention)}, and would drop games of ${
          span((now - oldest) / 1000)
        } ago: set its ${RETENTION_FLAG[store]}, or choose --anchor now`,
      );
    }
  } else if (first < now - days * DAY_MS) {
    warnings.push(
      `The games begin ${span((now - first) / 1000)} ago. A server with the default retention of ` +
        `${days} days drops them without a word: set its ${
          RETENTION_FLAG[store]
        }, or choose --anchor now`,
    );
  }
  return { refusals, warnings };
}

/** An estimate of how many blocks there will be. */
function blocksOf(games: readonly PlannedGame[], { for: store }: BackfillOptions): number {
  if (store !== "mimir") return games.length;
  return games.reduce(
    (sum, { first, last }) => sum + Math.floor(last / DAY_MS) - Math.floor(first / DAY_MS) + 1,
    0,
  );
}

/**
 * Plans what is to be done with what the files hold.
 *
 * @throws {RecordingError} When the files cannot be used.
 * @throws {UsageError} When a session is not there.
 */
export function planBackfill(
  found: Survey,
  options: BackfillOptions,
  around: Surroundings,
): Plan {
  const { now } = around;
  const warnings = [...checkFaults(found, options.skipBadLines)];
  const games = chooseGames(found, options.session);
  const refusals = [...few(games.flatMap((game) => refusalsOf(game, options)))];
  const { anchor, turnSeconds, for: store, out, remoteWrite } = options;
  const planned = games.map((game): PlannedGame => {
    const own = spanOf(game);
    const timeline = createTimeline(own, { anchor, turnSeconds, now });
    return {
      game,
      timeline,
      first: timeline.at(own.firstTurn, own.begun),
      last: timeline.at(own.lastTurn, own.ended),
    };
  });
  warnings.push(...few(games.flatMap(warningsOf)));
  if (refusals.length === 0) {
    const faults = storeFaults(planned, options, around);
    refusals.push(...faults.refusals);
    warnings.push(...faults.warnings);
  }
  const samples = games.reduce((sum, game) => sum + game.samples, 0);
  const lines = planned.map(({ game, first, last }) => {
    const turns = game.turnLog?.turns ?? game.journal!.turns;
    const when = Number.isNaN(first + last) ? "" : `, ${moment(first)} to ${moment(last)}`;
    return `${game.name}: ${count(turns, "turn")}, ${game.series} series${when}`;
  });
  const summary = [...few(lines)];
  const blocks = blocksOf(planned, options);
  summary.push(
    `About ${samples} samples: ${bytes(samples * LINE_BYTES)} of text` +
      (out === STDOUT || remoteWrite !== undefined || store === "victoriametrics"
        ? ""
        : `, ${bytes(samples * SAMPLE_BYTES)} in ${count(blocks, "block")}`),
  );
  return { games: planned, summary, warnings, refusals };
}
