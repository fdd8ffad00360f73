/** Reads all that is to be backfilled once, so that what is wrong is known before anything is written. @module */

import {
  type Fault,
  type Place,
  readGames,
  type RecordedFile,
  type ReportPart,
  type TurnsPart,
} from "../recording/mod.ts";
import { TIME } from "../turnlog/mod.ts";
import { isTime } from "../report/mod.ts";
import { Journal } from "./journal.ts";
import { Apart, MOST_SHIFT_MS, ownTime, type Span } from "./timeline.ts";
import { TurnColumns } from "./turn_columns.ts";

/** What a turn log or a journal tells of a game. */
export class Track {
  /** Turns that are told one by one. */
  turns = 0;
  firstTurn = Infinity;
  lastTurn = -Infinity;
  /** Own times of the first and the last turn, in seconds since 1970. */
  begun: number | undefined;
  ended: number | undefined;
  /** Turns between the first and the last that it does not have, and those that are there twice. */
  missing = 0;
  repeated = 0;
  /** The first turn without a time that can be, and that which has no number. */
  timeless: Place | undefined;
  numberless: Place | undefined;
  readonly #apart = new Apart();
  /** Where a turn was first moved by more than may be. */
  crowded: Place | undefined;

  add(turn: number | undefined, seconds: number | undefined, place: Place): void {
    this.turns++;
    if (turn === undefined) this.numberless ??= place;
    else {
      if (turn > this.lastTurn + 1 && this.lastTurn > 0) this.missing += turn - this.lastTurn - 1;
      this.firstTurn = Math.min(this.firstTurn, turn);
      this.lastTurn = Math.max(this.lastTurn, turn);
    }
    if (seconds === undefined || !isTime(seconds)) {
      this.timeless ??= place;
      return;
    }
    this.begun ??= seconds;
    this.ended = seconds;
    this.#apart.next(ownTime(seconds));
    if (this.#apart.mostShift > MOST_SHIFT_MS) this.crowded ??= place;
  }
}

/** A game of the files. */
export interface SurveyedGame {
  readonly name: string;
  readonly turnLog: Track | undefined;
  readonly journal: Track | undefined;
  /** Metrics that the turn log tells, by name. */
  readonly logged: ReadonlySet<string>;
  /** The turn after which it was over, if the turn log says so. */
  readonly finishedAt: number | undefined;
  /** Series of a turn of the log, and of a report. */
  readonly series: number;
  readonly samples: number;
  /** Lines of the files that are of it. */
  readonly parts: number;
}

export interface Survey {
  readonly games: ReadonlyMap<string, SurveyedGame>;
  /** Lines that cannot be read, the first few, and how many there are. */
  readonly faults: readonly Fault[];
  readonly faultCount: number;
  /** Last lines that were cut off. */
  readonly cut: readonly Fault[];
}

const MOST_FAULTS = 5;
/** Games whose reports are judged by those before them; of older ones a repeat counts as a turn more. */
const MOST_JOURNALS = 1000;

type Mutable = { -readonly [Key in keyof SurveyedGame]: SurveyedGame[Key] } & {
  logged: Set<string>;
  reportSeries: number;
  rows: number;
};

export interface SurveyOptions {
  readonly isWanted: (metric: string) => boolean;
  readonly onRead?: (bytes: number) => void;
  /** Aborted when the run is asked to end. */
  readonly stop?: AbortSignal;
}

class Surveyor {
  readonly games = new Map<string, Mutable>();
  readonly #options: SurveyOptions;
  /** Of the games that reported last, the newest last. */
  readonly #journals = new Map<string, Journal>();

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  turns({ game: name, turns, from, ...place }: TurnsPart): void {
    const game = this.#game(name);
    const track = game.turnLog ??= new Track();
    const times = turns.columns.get(TIME);
    const { first, count } = turns;
    track.repeated += from;
    for (let row = from; row < count; row++) track.add(first + row, times?.[row], place);
    if (turns.finished) game.finishedAt = first + count - 1;
    if (count === from) return;
    if (game.logged.size === 0) {
      const { isWanted } = this.#options;
      const columns = new TurnColumns({ game: name, isWanted }).of(
        turns,
        from,
        new Float64Array(count - from),
      );
      for (const { metric } of columns) game.logged.add(metric.name);
      game.series += columns.length;
    }
  }

  report(part: ReportPart): void {
    const { game: name, path, line } = part;
    const game = this.#game(name);
    const track = game.journal ??= new Track();
    const journal = this.#journalOf(name);
    const points = journal.take(part);
    if (points.length === 0) track.repeated++;
    for (const { turn, seconds } of points) track.add(turn, seconds, { path, line });
    const report = points.at(-1);
    if (report === undefined) return;
    game.rows += points.length - 1;
    game.reportSeries++;
    // Series come and go; most do so early.
    if (game.reportSeries <= 2 || game.reportSeries % 256 === 0) {
      const { isWanted } = this.#options;
      const wanted = journal.families(part, report)
        .filter(({ metric: { name } }) => isWanted(name) && !game.logged.has(name));
      game.samples = wanted.reduce((sum, { series }) => sum + series.length, 0);
    }
  }

  /** The games, with their numbers of series and samples. */
  results(): ReadonlyMap<string, SurveyedGame> {
    return new Map(Array.from(this.games, ([name, game]) => {
      const { reportSeries, rows, samples: ofReport, ...rest } = game;
      const perRow = rest.turnLog === undefined ? Math.min(ofReport, 11) : 0;
      const samples = rest.series * (rest.turnLog?.turns ?? 0) + ofReport * reportSeries +
        perRow * rows;
      return [name, { ...rest, samples, series: rest.series + ofReport }];
    }));
  }

  #journalOf(name: string): Journal {
    const journal = this.#journals.get(name) ?? new Journal();
    this.#journals.delete(name);
    this.#journals.set(name, journal);
    if (this.#journals.size > MOST_JOURNALS) {
      const [oldest] = this.#journals.keys();
      this.#journals.delete(oldest!);
    }
    return journal;
  }

  #game(name: string): Mutable {
    let game = this.games.get(name);
    if (game === undefined) {
      game = {
        name,
        turnLog: undefined,
        journal: undefined,
        logged: new Set(),
        finishedAt: undefined,
        series: 0,
        samples: 0,
        reportSeries: 0,
        rows: 0,
        parts: 0,
      };
      this.games.set(name, game);
    }
    game.parts++;
    return game;
  }
}

export async function survey(
  files: readonly RecordedFile[],
  options: SurveyOptions,
): Promise<Survey> {
  const surveyor = new Surveyor(options);
  const faults: Fault[] = [];
  const cut: Fault[] = [];
  let faultCount = 0;
  const { onRead, stop } = options;
  for await (const part of readGames(files, { onRead })) {
    stop?.throwIfAborted();
    if (part.kind === "turns") surveyor.turns(part);
    else if (part.kind === "report") surveyor.report(part);
    else if (part.isCut) cut.push(part);
    else {
      faultCount++;
      if (faults.length < MOST_FAULTS) faults.push(part);
    }
  }
  return { games: surveyor.results(), faults, faultCount, cut };
}

/** What a game's times follow from: those of its turn log, if it has one. */
export function spanOf({ turnLog, journal }: SurveyedGame): Span {
  const { begun, ended } = (turnLog ?? journal)!;
  const turns = (of: (track: Track) => number, choose: (...numbers: number[]) => number) =>
    choose(...[turnLog, journal].flatMap((track) => track === undefined ? [] : [of(track)]));
  return {
    firstTurn: turns(({ firstTurn }) => firstTurn, Math.min),
    lastTurn: turns(({ lastTurn }) => lastTurn, Math.max),
    begun,
    ended,
  };
}
