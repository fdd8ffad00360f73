/**
 * Whether the queue of remote write, at its default size, holds ten minutes of 5 000 turns a second: three
 * million turns of five games go through model, feed and queue while nothing is sent, and all are read back
 * and compared. It says how many bytes a turn takes, and what adding one costs.
 *
 * @module
 */

import { Model } from "../lib/model/mod.ts";
import { REMOTE_WRITE_FLAGS } from "../lib/remote_write/flags.ts";
import { openQueue } from "../lib/remote_write/queue.ts";
import { TurnFeed } from "../lib/remote_write/turn_feed.ts";
import { Unsent } from "../lib/remote_write/unsent.ts";
import type { Details, Report } from "../lib/report/mod.ts";
import { bucketOf, noTurns } from "../lib/turns/mod.ts";
import { withTempDir } from "../tests/harness/waiting.ts";
import { describeMachine, print, short, verdict } from "./figures.ts";

const TURNS = Number(Deno.args[0] ?? 3_000_000);
const GAMES = 5;
const NO_DETAILS: Details = {
  tables: new Map(),
  columns: new Map(),
  recentEvents: [],
  inventory: undefined,
};
const T0 = 1_795_000_000;

/** What a game has counted so far. */
class Game {
  #seconds = 0;
  #spent = 0;
  readonly #counts = noTurns();
  constructor(readonly session: string) {}

  report(turn: number): Report {
    const seconds = 2e-5 + 1e-5 * Math.abs(Math.sin(turn));
    this.#seconds += seconds;
    this.#counts[bucketOf(seconds)]!++;
    this.#spent = Math.round(100 * (this.#spent + 13.37 * Math.abs(Math.cos(turn)))) / 100;
    return {
      format: "natif",
      session: this.session,
      order: turn,
      tick: undefined,
      turn,
      timestamp: T0 + turn / 1000,
      finished: false,
      values: new Map([
        ["budget_total", Math.round(100 * (50_000 + 9000 * Math.sin(turn))) / 100],
        ["transactions_total", 3 * turn],
        ["transactions_montant_total", this.#spent],
        ["produits_actifs", 20 + turn % 3],
      ]),
      breakdowns: new Map(),
      turnSeconds: { counts: [...this.#counts], sum: this.#seconds },
      events: new Map(),
      eventCounts: new Map(),
      extra: new Map(),
    } as Report;
  }
}

function prove(dir: string): void {
  print(describeMachine());
  const path = `${dir}/queue`;
  let dropped = 0;
  const size = REMOTE_WRITE_FLAGS.remoteWriteQueueSize.defaultValue;
  const queue = openQueue({ path, size, onDropped: ({ turns }) => dropped += turns });
  const model = new Model({
    ...{ breakdowns: [], bySession: true, maxSessions: 1000, staleAfter: 3600 },
    ...{ detail: false, allKeys: false },
  });
  let series = 0;
  let checksum = 0;
  let adding = 0;
  const feed = new TurnFeed({
    ...{ model, bySession: true, maxSeries: 10_000, staleMarkers: false, start: 0 },
    streams: new Map(),
    add(layout, time, values) {
      series = layout.series.length;
      for (const value of values ?? []) checksum += value;
      const began = performance.now();
      const isAdded = queue.add(layout, time, values);
      adding += performance.now() - began;
      return isAdded;
    },
    onLost: (reason) => {
      throw new Error(`A turn was lost: ${reason}`);
    },
  });
  const games = Array.from({ length: GAMES }, (_, game) => new Game(`game-${game}`));
  for (let turn = 1; turn <= TURNS / GAMES; turn++) {
    for (const game of games) {
      const report = game.report(turn);
      feed.before(report);
      model.take(report, T0 + turn / 1000);
      feed.taken(report, NO_DETAILS, T0 + turn / 1000);
    }
  }
  const { bytes, capacity } = queue;
  print(
    `${TURNS} turns of ${series} series: ${short(bytes / TURNS)} bytes a turn, ${
      short(bytes / 2 ** 20)
    } of ${short(capacity / 2 ** 20)} MiB; adding one takes ${short(1000 * adding / TURNS)} µs`,
  );
  const unsent = new Unsent(path, queue.segments, queue.positions);
  let turns = 0;
  let readBack = 0;
  for (let batch = unsent.next(50_000); batch !== undefined; batch = unsent.next(50_000)) {
    turns += batch.turns;
    for (const { values } of batch.series) for (const value of values) readBack += value ?? 0;
  }
  unsent.close();
  queue.close();
  // One more of each game: where its counters stood before it.
  const isWhole = turns === TURNS + GAMES && dropped === 0 &&
    Math.abs(readBack / checksum - 1) < 1e-9;
  print(
    `read back ${turns - GAMES} turns, dropped ${dropped}: ten minutes without a loss ${
      verdict(isWhole)
    }`,
  );
}

await withTempDir((dir) => Promise.resolve(prove(dir)));
