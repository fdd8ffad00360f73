/** Tests of games: those that come under one session id are told apart by their times. @module */

import assert from "node:assert/strict";
import { Games } from "../../lib/model/mod.ts";
import type { Report } from "../../lib/report/mod.ts";
import { report } from "./reports.ts";

/** A turn as TradeSim reports it: its order is the turn. */
function turn(turn: number, timestamp: number | undefined, session = "a"): Report {
  return report({ session, format: "tradesim", order: turn, turn, timestamp });
}

function createGames(max = 1000) {
  const said: string[] = [];
  const games = new Games({
    max,
    onSecond: (session, name) => said.push(`second ${session} ${name}`),
    onMixed: (session) => said.push(`mixed ${session}`),
  });
  const names = (...reports: readonly Report[]) =>
    reports.map((report) => games.named(report).session);
  return { games, names, said };
}

Deno.test("named() makes a later turn 1 a game of its own, and finds the game of each report by its time", () => {
  const { names, said } = createGames();
  assert.deepEqual(names(turn(1, 1), turn(2, 2), turn(3, 3)), ["a", "a", "a"]);
  assert.deepEqual(names(turn(1, 4), turn(2, 5)), ["a #2", "a #2"]);
  // The same reports once more, as from a file that they were written into as well.
  assert.deepEqual(names(turn(1, 1), turn(2, 2), turn(3, 3)), ["a", "a", "a"]);
  assert.deepEqual(names(turn(1, 4), turn(2, 5), turn(3, 6)), ["a #2", "a #2", "a #2"]);
  assert.deepEqual(names(turn(4, 3.5)), ["a"], "a turn of the first one that comes late");
  assert.deepEqual(names(turn(1, 7), turn(1, 8)), ["a #3", "a #4"], "games of one turn");
  assert.deepEqual(names(turn(1, 9, "b"), turn(1, 10, "a #5"), turn(1, 11)), ["b", "a #5", "a #6"]);
  assert.deepEqual(said, ["second a a #2"]);
});

Deno.test("named() keeps a game whose clock, order or time is unusual", () => {
  const cases: Record<string, Report[]> = {
    "a clock set back": [turn(1, 10), turn(2, 5), turn(3, 6), turn(2, 5), turn(1, 10)],
    "a reset": [
      turn(1, 1),
      turn(2, 2),
      { ...turn(3, 3), tick: 0 },
      { ...turn(4, 4), tick: 1 },
    ],
    "no times": [turn(1, undefined), turn(2, undefined), turn(1, undefined)],
    "begun in the middle": [turn(5, 5), turn(6, 6), turn(1, 1)],
    "a native report repeated with the time of its repetition": [
      report({ order: 1, timestamp: 1 }),
      report({ order: 1, timestamp: 2 }),
    ],
  };
  for (const [name, reports] of Object.entries(cases)) {
    const { names, said } = createGames();
    assert.deepEqual(names(...reports), reports.map(() => "a"), name);
    assert.deepEqual(said, [], name);
  }
});

Deno.test("named() tells native games apart too, where their numbers begin again", () => {
  const { names } = createGames();
  const native = (order: number, timestamp: number) => report({ order, turn: order, timestamp });
  assert.deepEqual(names(native(1, 1), native(2, 2), native(1, 3), native(2, 4)), [
    ...["a", "a", "a #2", "a #2"],
  ]);
});

Deno.test("named() says once that two games play at once, and makes no session for each turn of theirs", () => {
  const { names, said } = createGames();
  const reports = Array.from({ length: 20 }, (_, index) => turn(1 + (index >> 1), index));
  assert.deepEqual(new Set(names(...reports)), new Set(["a", "a #2"]));
  assert.deepEqual(said, ["second a a #2", "mixed a"]);
});

Deno.test("restore() goes on where another process stopped", () => {
  const before = createGames();
  before.names(turn(1, 1), turn(2, 2), turn(1, 3));
  const { games, names, said } = createGames();
  games.restore(structuredClone(before.games.state()));
  assert.deepEqual(names(turn(2, 2), turn(2, 4), turn(1, 5)), ["a", "a #2", "a #3"]);
  assert.deepEqual(said, []);
});

Deno.test("named() remembers no more games than it is told to, those that reported last", () => {
  const { games, names } = createGames(4);
  const count = () => games.state().reduce((sum, [, games]) => sum + games.length, 0);
  for (let time = 1; time <= 10; time++) names(turn(1, time, "old"), turn(1, time, `id ${time}`));
  assert.equal(count(), 4);
  for (let time = 11; time <= 30; time++) names(turn(1, time));
  assert.equal(count(), 4);
  assert.deepEqual(names(turn(2, 31)), ["a #20"]);
  assert.deepEqual(games.state().map(([session]) => session), ["a"]);
});

Deno.test("known() names a report of the past, begins no game and changes none", () => {
  const { games, said } = createGames();
  games.named(turn(210, 1210));
  const before = JSON.stringify(games.state());
  assert.equal(games.known(turn(3, 1003)).session, "a");
  assert.equal(games.known(turn(3, 1003, "other")).session, "other");
  assert.equal(JSON.stringify(games.state()), before);
  games.named(turn(1, 2001));
  assert.equal(games.known(turn(3, 1003)).session, "a");
  assert.equal(games.known(turn(3, 2003)).session, "a #2");
  assert.deepEqual(said, ["second a a #2"]);
});
