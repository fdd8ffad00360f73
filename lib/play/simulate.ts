/** Plays a game from the command line: turns, reports, progress and the summary at the end. @module */

import { messageOf } from "../error/mod.ts";
import { printable } from "../log/mod.ts";
import {
  createPublisher,
  openHttp,
  openJournal,
  openTurnLog,
  type Publisher,
  turnLogBeside,
} from "../publish/mod.ts";
import {
  createGame,
  formatWorld,
  type Game,
  GameOver,
  parseWorld,
  statusLines,
} from "../simulation/mod.ts";
import { euros } from "../text/mod.ts";
import type { SimulateOptions } from "./flags.ts";
import { createProgress, type Progress } from "./progress.ts";
import { createRestOfReport } from "./rest_of_report.ts";
import { summaryLines, summaryOf } from "./summary.ts";

/** The world outside the game. */
export interface SimulateIo {
  /** Standard output and standard error. */
  readonly write: (text: string) => void;
  readonly say: (text: string) => void;
  /** Whether a person watches standard error. */
  readonly isTerminal: boolean;
  readonly readText: (path: string) => string;
  /** Refuses a file that cannot be written, before anything is played for it. */
  readonly checkWritable: (path: string) => void;
  readonly writeText: (path: string, text: string) => void;
  /** Aborted when the run is asked to end. */
  readonly stop: AbortSignal;
}

/** Time between two checks for signals, in milliseconds. */
const SLICE_MS = 20;

/** Yields to signals, timers and workers, for this time or until the run must end. */
function yieldToOthers(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    stop.addEventListener("abort", end);
  });
}

function sessionName(): string {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "_").slice(0, 15);
  return `${time}_${crypto.randomUUID().slice(0, 8)}`;
}

/** The URL for reports; where the user's names only the exporter, with its path. */
function reportsUrl(text: string): string {
  const url = new URL(text);
  if (url.pathname === "/") url.pathname = "/update_metrics";
  return url.href;
}

function openPublisher(
  game: Game,
  options: SimulateOptions,
  onProblem: (message: string) => void,
): Publisher {
  const session = sessionName();
  const { journal, publishTo, publishToken: token, publishInterval, everyTurn } = options;
  return createPublisher({
    session,
    numbers: game.numbers,
    rest: createRestOfReport(game),
    interval: publishInterval * 1000,
    onProblem,
    transport: publishTo === undefined
      ? openJournal({ path: journal, session, onProblem })
      : openHttp({
        url: reportsUrl(publishTo),
        ...token === undefined ? {} : { token },
        onProblem,
      }),
    turnLog: everyTurn
      ? openTurnLog({ path: turnLogBeside(journal), session, onProblem })
      : undefined,
  });
}

/** Prints each purchase and each event as it happens. */
function narrate(game: Game, write: SimulateIo["write"]): void {
  const { entreprises, produits, fournisseurs } = game.world;
  game.onPurchase = ({ entreprise, produit, fournisseur, prix, quantite }) => {
    const what = printable(`${entreprises[entreprise]!.nom}: ${produits[produit]!.nom}`);
    write(
      quantite === 0
        ? `  ${what}: budget too small for ${euros(prix / 100)}\n`
        : `  ${what}: ${quantite} × ${euros(prix / 100)} from ${
          printable(fournisseurs[fournisseur]!.nom)
        }\n`,
    );
  };
  game.onEvent = ({ tour, type }) => write(`  Turn ${tour}: ${type}\n`);
}

interface Played {
  /** Seconds of all turns, pauses left out. */
  readonly seconds: number;
  /** Why the game could not go on, if so. */
  readonly over: GameOver | undefined;
}

/** Plays until the turns are played, the run is to end, or the game cannot go on. */
async function play(
  game: Game,
  publisher: Publisher | undefined,
  progress: Progress,
  { tours, pause }: SimulateOptions,
  stop: AbortSignal,
): Promise<Played> {
  let played = 0;
  let left = tours;
  let slice = 1;
  let over: GameOver | undefined;
  while (left > 0 && !stop.aborted && over === undefined) {
    const begun = performance.now();
    const turns = pause > 0 ? 1 : Math.min(left, slice);
    publisher?.begin();
    try {
      for (let turn = 0; turn < turns; turn++) {
        game.playTurn();
        publisher?.turn();
      }
    } catch (error) {
      if (!(error instanceof GameOver)) throw error;
      over = error;
    }
    publisher?.pause();
    left -= turns;
    const ended = performance.now();
    played += ended - begun;
    // So many turns next time that others wait for about a slice.
    slice = Math.max(1, Math.round(turns * Math.min(2, SLICE_MS / Math.max(ended - begun, 0.01))));
    progress.show(ended);
    if (left > 0 && over === undefined) await yieldToOthers(pause * 1000, stop);
  }
  progress.clear();
  return { seconds: played / 1000, over };
}

/**
 * Runs `simulate`.
 *
 * @returns The exit code: 0, or 1 when the game could not go on or could not be saved.
 * @throws {WorldError} When the world cannot be read or made.
 * @throws What `io.write` throws, once the game has ended properly.
 */
export async function simulate(options: SimulateOptions, io: SimulateIo): Promise<number> {
  const { tours, seed, entreprises, produits, fournisseurs, commeTradesim, load, save } = options;
  const world = load === undefined ? undefined : parseWorld(io.readText(load));
  const game = createGame({ seed, entreprises, produits, fournisseurs, commeTradesim, world });
  // A long game is not to be played in vain.
  if (save !== undefined) io.checkWritable(save);
  const progress = createProgress(game.numbers, tours, {
    write: io.say,
    isTerminal: io.isTerminal,
    // The printed events show progress, and a bar would interfere.
    isShown: !options.verbose,
    started: performance.now(),
  });
  let code = 0;
  const fail = (message: string) => {
    progress.say(message);
    code = 1;
  };
  const saveWorld = () => {
    if (save === undefined) return;
    try {
      io.writeText(save, formatWorld(game.world));
    } catch (error) {
      fail(`Cannot save the world: ${messageOf(error)}`);
    }
  };
  if (options.status) {
    io.write(`${statusLines(game).map(printable).join("\n")}\n`);
    saveWorld();
    return code;
  }
  // The reader of the output may go away. The game then ends, and its last report says so.
  const unread = new AbortController();
  const narrated = (text: string) => {
    try {
      if (!unread.signal.aborted) io.write(text);
    } catch (error) {
      unread.abort(error);
    }
  };
  // With --json, standard output holds the summary alone.
  if (options.verbose) narrate(game, options.json ? io.say : narrated);
  const publisher = options.withMetrics ? openPublisher(game, options, progress.say) : undefined;
  const stop = AbortSignal.any([io.stop, unread.signal]);
  const { seconds, over } = await play(game, publisher, progress, options, stop);
  if (over !== undefined) fail(over.message);
  await publisher?.finish();
  saveWorld();
  unread.signal.throwIfAborted();
  const summary = summaryOf(game, { seconds, publisher: publisher?.stats });
  io.write(
    options.json ? `${JSON.stringify(summary)}\n` : `${summaryLines(summary).join("\n")}\n`,
  );
  return code;
}
