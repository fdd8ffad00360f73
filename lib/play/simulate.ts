/** Plays a game from the command line: turns, reports, progress and the summary at the end. @module */

import { createPublisher, openHttp, openJournal, type Publisher } from "../publish/mod.ts";
import {
  createGame,
  formatWorld,
  type Game,
  GameOver,
  parseWorld,
  statusLines,
} from "../simulation/mod.ts";
import { createRestOfReport } from "./rest_of_report.ts";
import { summaryLines, summaryOf } from "./summary.ts";

export interface SimulateOptions {
  /** Turns to play; Infinity goes on until a signal. */
  readonly tours: number;
  readonly seed: number;
  readonly entreprises: number | undefined;
  readonly produits: number | undefined;
  readonly fournisseurs: number | undefined;
  readonly commeTradesim: boolean;
  /** A world to play in, in TradeSim's save format, and where to save the last one. */
  readonly load: string | undefined;
  readonly save: string | undefined;
  readonly verbose: boolean;
  /** Shows the world and plays nothing. */
  readonly status: boolean;
  readonly json: boolean;
  /** Seconds between two turns. */
  readonly pause: number;
  readonly withMetrics: boolean;
  /** The file for reports, and the URL that they are posted to instead where one is given. */
  readonly journal: string;
  readonly publishTo: string | undefined;
  /** Seconds between two reports. */
  readonly publishInterval: number;
}

/** The world outside the game. */
export interface SimulateIo {
  /** Standard output and standard error. */
  readonly write: (text: string) => void;
  readonly say: (text: string) => void;
  /** Whether a person watches standard error. */
  readonly isTerminal: boolean;
  readonly readText: (path: string) => string;
  readonly writeText: (path: string, text: string) => void;
  /** Whether the run has been asked to end. */
  readonly isOver: () => boolean;
}

/** Time between two looks at signals, and between two lines of progress, in milliseconds. */
const SLICE_MS = 20;
const PROGRESS_MS = 100;
const PROGRESS_LINE_MS = 10_000;

const BAR_WIDTH = 24;

/** Lets signals, timers and threads have their turn. */
function yieldToOthers(milliseconds = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function sessionName(): string {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "_").slice(0, 15);
  return `${time}_${crypto.randomUUID().slice(0, 8)}`;
}

function openPublisher(game: Game, options: SimulateOptions, say: SimulateIo["say"]): Publisher {
  const session = sessionName();
  const onProblem = (message: string) => say(`${message}\n`);
  const { journal, publishTo, publishInterval } = options;
  return createPublisher({
    session,
    numbers: game.numbers,
    rest: createRestOfReport(game),
    interval: publishInterval * 1000,
    onProblem,
    out: publishTo === undefined
      ? openJournal({ path: journal, session, onProblem })
      : openHttp({ url: publishTo, onProblem }),
  });
}

/** Says each purchase and each event as it happens. */
function narrate(game: Game, write: SimulateIo["write"]): void {
  const { entreprises, produits, fournisseurs } = game.world;
  game.onPurchase = ({ entreprise, produit, fournisseur, prix, quantite }) => {
    const what = `${entreprises[entreprise]!.nom}: ${produits[produit]!.nom}`;
    write(
      quantite === 0
        ? `  ${what}: budget too small for ${(prix / 100).toFixed(2)} €\n`
        : `  ${what}: ${quantite} × ${(prix / 100).toFixed(2)} € from ${
          fournisseurs[fournisseur]!.nom
        }\n`,
    );
  };
  game.onEvent = ({ tour, type }) => write(`  Turn ${tour}: ${type}\n`);
}

/** Shows how far a run is: a bar on a terminal, else a line now and then. */
function createProgress(game: Game, tours: number, { say, isTerminal }: SimulateIo) {
  const interval = isTerminal ? PROGRESS_MS : PROGRESS_LINE_MS;
  const started = performance.now();
  let shown = started;
  const text = (time: number) => {
    const { tour, budgetTotal } = game.numbers;
    const rate = Math.round(tour / ((time - started) / 1000));
    return `turn ${tour}${tours === Infinity ? "" : ` of ${tours}`}, ${rate} turns/s, ` +
      `budget ${(budgetTotal / 100).toFixed(2)} €`;
  };
  return {
    show(time: number): void {
      if (time - shown < interval) return;
      shown = time;
      if (!isTerminal) return say(`${text(time)}\n`);
      const filled = tours === Infinity ? 0 : Math.floor(BAR_WIDTH * game.numbers.tour / tours);
      const bar = tours === Infinity ? "" : `[${"#".repeat(filled).padEnd(BAR_WIDTH, ".")}] `;
      say(`\r\x1b[K${bar}${text(time)}`);
    },
    clear(): void {
      if (isTerminal) say("\r\x1b[K");
    },
  };
}

/** Plays until the turns are played, a signal comes, or the game cannot go on. Returns seconds played. */
async function play(
  game: Game,
  publisher: Publisher | undefined,
  options: SimulateOptions,
  io: SimulateIo,
): Promise<number> {
  const { tours, pause } = options;
  const progress = createProgress(game, tours, io);
  let played = 0;
  let left = tours;
  let slice = 1;
  while (left > 0 && !io.isOver()) {
    const begun = performance.now();
    const turns = pause > 0 ? 1 : Math.min(left, slice);
    publisher?.begin();
    if (publisher === undefined) { for (let turn = 0; turn < turns; turn++) game.playTurn(); }
    else {
      for (let turn = 0; turn < turns; turn++) {
        game.playTurn();
        publisher.turn();
      }
    }
    left -= turns;
    const ended = performance.now();
    played += ended - begun;
    // So many turns next time that others wait for about a slice.
    slice = Math.max(1, Math.round(turns * Math.min(2, SLICE_MS / Math.max(ended - begun, 0.01))));
    progress.show(ended);
    if (left > 0) await yieldToOthers(pause * 1000);
  }
  progress.clear();
  return played / 1000;
}

/**
 * Runs `simulate`.
 *
 * @returns The exit code.
 * @throws {WorldError} When the world cannot be read or made.
 */
export async function simulate(options: SimulateOptions, io: SimulateIo): Promise<number> {
  const { seed, entreprises, produits, fournisseurs, commeTradesim, load, save } = options;
  const game = createGame({
    seed,
    commeTradesim,
    ...(load === undefined ? {} : { world: parseWorld(io.readText(load)) }),
    ...(entreprises === undefined ? {} : { entreprises }),
    ...(produits === undefined ? {} : { produits }),
    ...(fournisseurs === undefined ? {} : { fournisseurs }),
  });
  if (options.status) {
    io.write(`${statusLines(game).join("\n")}\n`);
    return 0;
  }
  if (options.verbose) narrate(game, io.write);
  const publisher = options.withMetrics ? openPublisher(game, options, io.say) : undefined;
  let seconds = 0;
  let code = 0;
  try {
    seconds = await play(game, publisher, options, io);
  } catch (error) {
    if (!(error instanceof GameOver)) throw error;
    io.say(`${error.message}\n`);
    code = 1;
  }
  await publisher?.finish();
  if (save !== undefined) io.writeText(save, formatWorld(game.world));
  const summary = await summaryOf(game, seed, { seconds, publisher: publisher?.stats });
  io.write(
    options.json ? `${JSON.stringify(summary)}\n` : `${summaryLines(summary).join("\n")}\n`,
  );
  return code;
}
