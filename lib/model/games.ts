/** Distinguishes games that use the same session ID. @module */

import * as z from "zod";
import type { Report } from "../report/mod.ts";

/** One game of a session id. Plain data that is saved as it is. Times are the sender's. */
const GAME = z.strictObject({
  /** The session that it is, of its own: the id, or the id and a number. */
  name: z.string(),
  /** Time of its first report, and the highest of all of them. */
  begun: z.number(),
  last: z.number(),
  /** The highest order of a report. */
  order: z.number(),
  /** Whether reports came that fit no place in it. */
  isMixed: z.boolean(),
});
type Game = z.infer<typeof GAME>;

/** The games of each session id. */
export const SAVED_GAMES = z.array(z.tuple([z.string(), z.array(GAME).readonly()]).readonly())
  .readonly();

export interface GamesOptions {
  /** How many games are remembered. */
  readonly max: number;
  /** Called when a second game comes under an id, once for each id. */
  readonly onSecond?: (session: string, name: string) => void;
  /** Called when two games seem to play under one id at once, once for each game. */
  readonly onMixed?: (session: string) => void;
}

/**
 * TradeSim's session id is the second in which its process began, so that two short games can have
 * the same one. Within a process turns and time go on together: a report of turn 1 that is later
 * than all before is another process. Reports find their game by their time.
 *
 * Games that play at once under one id cannot be told apart: a turn of the one is a late turn of
 * the other.
 */
export class Games {
  readonly #options: GamesOptions;
  /** By id, oldest first; the id that reported last comes last. */
  readonly #games = new Map<string, Game[]>();
  #count = 0;

  constructor(options: GamesOptions) {
    this.#options = options;
  }

  /** The report under the name of its own game. */
  named(report: Report): Report {
    const { session } = report;
    const name = this.#gameOf(report)?.name ?? session;
    return name === session ? report : { ...report, session: name };
  }

  /** The same for a report of the past, which begins no game and changes none. */
  known(report: Report): Report {
    const { session, timestamp = Infinity } = report;
    const games = this.#games.get(session) ?? [];
    const name = gameAt(games, timestamp)?.name ?? session;
    return name === session ? report : { ...report, session: name };
  }

  state(): z.infer<typeof SAVED_GAMES> {
    return [...this.#games];
  }

  /** Goes on from a saved state, which must not be used elsewhere. */
  restore(saved: z.infer<typeof SAVED_GAMES>): void {
    for (const [session, games] of saved) {
      this.#games.set(session, [...games]);
      this.#count += games.length;
    }
    this.#dropSurplus();
  }

  #gameOf(report: Report): Game | undefined {
    const { session, order, turn, timestamp } = report;
    const games = this.#games.get(session);
    if (order === undefined || timestamp === undefined) return games?.at(-1);
    if (games === undefined) return this.#begin(session, [], timestamp, order);
    this.#games.delete(session);
    this.#games.set(session, games);
    const game = gameAt(games, timestamp)!;
    if (timestamp > game.last && isBack(report, game.order)) {
      if (turn !== undefined && turn <= 1) return this.#begin(session, games, timestamp, order);
      if (!game.isMixed) this.#options.onMixed?.(session);
      game.isMixed = true;
    }
    game.last = Math.max(game.last, timestamp);
    game.order = Math.max(game.order, order);
    return game;
  }

  #begin(session: string, games: Game[], timestamp: number, order: number): Game {
    const name = this.#freeName(session, games.at(-1)?.name);
    const game = { name, begun: timestamp, last: timestamp, order, isMixed: false };
    games.push(game);
    this.#games.set(session, games);
    this.#count++;
    if (games.length === 2) this.#options.onSecond?.(session, name);
    this.#dropSurplus();
    return game;
  }

  /** The id, or the id with the first number after the last one that no other id is. */
  #freeName(session: string, last: string | undefined): string {
    if (last === undefined) return session;
    let number = last === session ? 2 : Number(last.slice(session.length + 2)) + 1;
    while (this.#games.has(`${session} #${number}`)) number++;
    return `${session} #${number}`;
  }

  /** Forgets the oldest games of the ids that have been quiet for longest, but never the newest. */
  #dropSurplus(): void {
    const { max } = this.#options;
    for (const [session, games] of this.#games) {
      if (this.#count <= max) return;
      const kept = this.#games.size === 1 ? 1 : 0;
      const dropped = games.splice(0, Math.min(games.length - kept, this.#count - max));
      this.#count -= dropped.length;
      if (games.length === 0) this.#games.delete(session);
    }
  }
}

/** The last game that had begun at a time, or else the first one; undefined where there is none. */
function gameAt(games: readonly Game[], timestamp: number): Game | undefined {
  return games.findLast(({ begun }) => begun <= timestamp) ?? games[0];
}

/**
 * Whether a report's number is one that the game has passed. An equal one of the native format is a
 * repeat by definition, whatever its time; of TradeSim's it is the same turn.
 */
function isBack({ format, order }: Report, highest: number): boolean {
  return format === "natif" ? order! < highest : order! <= highest;
}
