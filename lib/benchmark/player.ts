/** The process that plays the games of one run, part by part, on command. @module */

import { createRestOfReport } from "../play/mod.ts";
import {
  createPublisher,
  openHttp,
  openJournal,
  openTurnLog,
  type Transport,
} from "../publish/mod.ts";
import { createGame, type Game, type GameOptions } from "../simulation/mod.ts";
import { linesOf } from "./program.ts";
import type { Variant, World } from "./result.ts";
import { Durations, type DurationsJson } from "./statistics.ts";

export interface PlayerSetup {
  readonly world: World;
  readonly variant: Variant;
  readonly seed: number;
  /** Games played at once, each with its own publisher. */
  readonly sessions: number;
  /** Seconds from turn to turn of each game; 0 = as fast as possible, for a single game. */
  readonly pace: number;
  /** One turn in so many is timed by itself: the clock takes longer than a publisher's turn. */
  readonly sampleEvery: number;
  /** Begins the sessions' names and, behind a folder and `metrics-`, those of their journals. */
  readonly name: string;
  readonly folder: string;
  /** Where reports are posted to. */
  readonly url: string;
  /** By what share turns are made longer unless `variant` is off: a known effect, for tests. */
  readonly slower: number;
}

/** What came of `play <turns>`. */
export interface Played {
  /** Of all games together. */
  readonly turns: number;
  readonly seconds: number;
  readonly turn_seconds: DurationsJson;
  readonly reports: number;
  readonly publish_seconds: DurationsJson;
}

/** The output when standard input ends: published turns, including the warm-up. */
export interface Ended {
  readonly published: number;
}

const WORLD_SIZES: Readonly<
  Record<World, Pick<GameOptions, "entreprises" | "produits" | "fournisseurs">>
> = {
  default: {},
  moyen: { entreprises: 100, produits: 100, fournisseurs: 20 },
  grand: { entreprises: 1000, produits: 200, fournisseurs: 50 },
};

/** What a turn calls besides the game. */
interface Monitoring {
  begin(): void;
  turn(): void;
  finish(): Promise<void>;
}

interface Session {
  readonly game: Game;
  readonly monitoring: Monitoring | undefined;
}

/** Times of the part that is being played. */
class Tally {
  readonly turns = new Durations();
  readonly reports = new Durations();
  seconds = 0;
}

const said = new Set<string>();

/** Reports a problem, but not again for every game. */
function say(message: string): void {
  if (said.has(message)) return;
  said.add(message);
  Deno.stderr.writeSync(new TextEncoder().encode(`${message}\n`));
}

function openTransport({ variant, folder, name, url }: PlayerSetup): Transport | undefined {
  if (variant === "journal" || variant === "turns") {
    return openJournal({
      path: `${folder}/metrics-${name}.jsonl`,
      session: name,
      onProblem: say,
    });
  }
  return variant === "http" ? openHttp({ url, onProblem: say }) : undefined;
}

/**
 * Lets another game of the same kind take a turn now and then: an effect that is known, because it
 * is a share of whatever a turn takes on a machine that others use, too.
 */
function slowed(monitoring: Monitoring | undefined, game: Game, share: number): Monitoring {
  let due = 0;
  return {
    begin: () => monitoring?.begin(),
    turn() {
      monitoring?.turn();
      for (due += share; due >= 1; due--) game.playTurn();
    },
    finish: () => monitoring?.finish() ?? Promise.resolve(),
  };
}

function createSession(setup: PlayerSetup, onReport: (seconds: number) => void): Session {
  const create = () => createGame({ seed: setup.seed, ...WORLD_SIZES[setup.world] });
  const game = create();
  const transport = openTransport(setup);
  const publisher = transport && createPublisher({
    session: setup.name,
    numbers: game.numbers,
    rest: createRestOfReport(game),
    transport,
    turnLog: setup.variant === "turns"
      ? openTurnLog({
        path: `${setup.folder}/turns-${setup.name}.jsonl`,
        session: setup.name,
        onProblem: say,
      })
      : undefined,
    onProblem: say,
    onReport,
  });
  const isSlower = setup.slower > 0 && setup.variant !== "off";
  return { game, monitoring: isSlower ? slowed(publisher, create(), setup.slower) : publisher };
}

/** The same loop as that of `simulate`. */
function playTurns({ game, monitoring }: Session, turns: number): void {
  if (monitoring === undefined) { for (let turn = 0; turn < turns; turn++) game.playTurn(); }
  else {
    for (let turn = 0; turn < turns; turn++) {
      game.playTurn();
      monitoring.turn();
    }
  }
}

/** Plays as fast as possible, and times all turns together and some individually. */
function playFast(session: Session, turns: number, sampleEvery: number, tally: Tally): void {
  session.monitoring?.begin();
  const begun = performance.now();
  for (let left = turns; left > 0;) {
    const before = performance.now();
    playTurns(session, 1);
    tally.turns.add((performance.now() - before) / 1000);
    const others = Math.min(left, sampleEvery) - 1;
    playTurns(session, others);
    left -= 1 + others;
  }
  tally.seconds += (performance.now() - begun) / 1000;
}

function waitUntil(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}

/** Plays a turn every `pace` seconds, and times each. */
async function playPaced(
  session: Session,
  turns: number,
  { pace, first, tally }: { pace: number; first: number; tally: Tally },
): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await waitUntil(first + turn * pace * 1000);
    session.monitoring?.begin();
    const before = performance.now();
    playTurns(session, 1);
    const seconds = (performance.now() - before) / 1000;
    tally.turns.add(seconds);
    tally.seconds += seconds;
  }
}

/**
 * Runs the hidden command: plays as the lines of `input` ask, `play <turns>`, and answers each with
 * a line that is a {@linkcode Played}; the first answer, `{}`, says that all is made. At the end of
 * `input` the last reports leave, and the last line is an {@linkcode Ended}.
 */
export async function player(
  setup: PlayerSetup,
  input: ReadableStream<Uint8Array<ArrayBuffer>>,
  write: (line: string) => void,
): Promise<void> {
  const { sessions: count, pace, sampleEvery } = setup;
  let tally = new Tally();
  const sessions = Array.from({ length: count }, (_, index) =>
    createSession(
      { ...setup, name: `${setup.name}-${index}`, seed: setup.seed + index },
      (seconds) => tally.reports.add(seconds),
    ));
  const answer = (value: Played | Ended | Record<never, never>) =>
    write(`${JSON.stringify(value)}\n`);
  answer({});
  for await (const line of linesOf(input)) {
    const turns = Number(/^play (\d+)$/.exec(line)?.[1]);
    tally = new Tally();
    if (pace === 0) {
      for (const session of sessions) playFast(session, turns, sampleEvery, tally);
    } else {
      const start = performance.now();
      await Promise.all(
        sessions.map((session, index) =>
          playPaced(session, turns, { pace, first: start + 1000 * pace * index / count, tally })
        ),
      );
    }
    answer({
      turns: turns * count,
      seconds: tally.seconds,
      turn_seconds: tally.turns.toJSON(),
      reports: tally.reports.count,
      publish_seconds: tally.reports.toJSON(),
    });
  }
  await Promise.all(sessions.map(({ monitoring }) => monitoring?.finish()));
  const isPublished = setup.variant !== "off" && setup.variant !== "none";
  const published = sessions.reduce((sum, { game }) => sum + game.numbers.tour, 0);
  answer({ published: isPublished ? published : 0 });
}
