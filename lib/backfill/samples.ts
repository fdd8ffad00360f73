/** Hands the samples of recorded games to a sink, in the order of each series. @module */

import { metric } from "../catalogue/mod.ts";
import {
  type Part,
  readGames,
  type RecordedFile,
  type ReportPart,
  type TurnsPart,
} from "../recording/mod.ts";
import { TIME } from "../turnlog/mod.ts";
import { Journal, type Point, ShownTimes } from "./journal.ts";
import { type Sink, Starts } from "./starts.ts";
import type { SurveyedGame, SurveyOptions } from "./survey.ts";
import { Apart, type Timeline } from "./timeline.ts";
import { TurnColumns } from "./turn_columns.ts";

/** A game that is to be backfilled. */
export interface Chosen {
  readonly game: SurveyedGame;
  readonly timeline: Timeline;
}

export interface SampleOptions extends SurveyOptions {
  /** Waited for after each part, for a sink that must not be given too much. */
  readonly drained?: () => Promise<void>;
}

/** Makes the samples of one game. */
class GameSamples {
  readonly #starts: Starts;
  readonly #turns: TurnColumns;
  readonly #journal = new Journal();
  readonly #shown = new ShownTimes();
  readonly #turnTimes = new Apart();
  readonly #pointTimes = new Apart();
  #lastPoint = -Infinity;
  readonly #timeline: Timeline;
  readonly #isReported: (metric: string) => boolean;
  readonly #sink: Sink;

  constructor({ game, timeline }: Chosen, { isWanted }: SampleOptions, sink: Sink) {
    const { name, finishedAt, logged } = game;
    this.#starts = new Starts(name);
    this.#turns = new TurnColumns({ game: name, finishedAt, isWanted });
    this.#timeline = timeline;
    this.#isReported = (metric) => isWanted(metric) && !logged.has(metric);
    this.#sink = sink;
  }

  turns({ turns, from }: TurnsPart): void {
    const { first, count, columns } = turns;
    if (from >= count) return;
    const own = columns.get(TIME);
    const times = new Float64Array(count - from);
    for (let row = from; row < count; row++) {
      times[row - from] = this.#turnTimes.next(this.#timeline.at(first + row, own?.[row]));
    }
    for (const { metric, series, values } of this.#turns.of(turns, from, times)) {
      this.#sink(this.#starts.of(metric, series), values, times);
    }
  }

  report(part: ReportPart): void {
    for (const point of this.#journal.take(part)) this.#point(part, point);
  }

  #point(part: ReportPart, point: Point): void {
    const wanted = this.#timeline.at(point.turn, point.seconds);
    // A report of no turn, or one more of a turn, has no moment of its own.
    if (Number.isNaN(wanted) || (!this.#timeline.isReal && wanted <= this.#lastPoint)) return;
    this.#lastPoint = wanted;
    const ms = this.#pointTimes.next(wanted);
    const times = Float64Array.of(ms);
    for (const { metric: own, series, values } of this.#journal.families(part, point)) {
      if (!this.#isReported(own.name)) continue;
      for (const [index, each] of series.entries()) {
        const start = this.#starts.of(metric(own.name), each);
        const real = values[index]!;
        const value = this.#timeline.isReal
          ? real
          : this.#shown.of(own, start.text, real, ms / 1000);
        this.#sink(start, Float64Array.of(value), times);
      }
    }
  }
}

/** Reads the files again, and hands every sample of the chosen games to the sink. */
export async function eachSample(
  files: readonly RecordedFile[],
  chosen: readonly Chosen[],
  sink: Sink,
  options: SampleOptions,
): Promise<void> {
  const known = new Map(chosen.map((each) => [each.game.name, each]));
  /** Games of which there is more to come: what is needed for one is forgotten with its last line. */
  const open = new Map<string, { readonly samples: GameSamples; left: number }>();
  const take = (part: Part) => {
    const each = part.kind === "fault" ? undefined : known.get(part.game);
    if (part.kind === "fault" || each === undefined) return;
    let game = open.get(part.game);
    if (game === undefined) {
      game = { samples: new GameSamples(each, options, sink), left: each.game.parts };
      open.set(part.game, game);
    }
    if (part.kind === "turns") game.samples.turns(part);
    else game.samples.report(part);
    if (--game.left === 0) open.delete(part.game);
  };
  const { onRead, stop, drained } = options;
  for await (const part of readGames(files, { onRead })) {
    stop?.throwIfAborted();
    take(part);
    await drained?.();
  }
}
