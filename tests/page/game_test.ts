/** Tests of how a game takes what it is told and fills what it missed. @module */

import assert from "node:assert/strict";
import type { TurnsMessage } from "../../lib/live/api.ts";
import { Game } from "../../lib/page/src/game.ts";

function message(tour: number[], events: TurnsMessage["events"] = []): TurnsMessage {
  return { session: "s", columns: { tour, timestamp: tour.map((turn) => turn * 2) }, events };
}

function toursOf(game: Game): number[] {
  return [...game.turns.column("tour")!];
}

Deno.test("Game.fill() lets what is told meanwhile wait, so that no gap is left", async () => {
  const asked: number[] = [];
  const answer = Promise.withResolvers<TurnsMessage>();
  const game = new Game("s", () => {}, (_session, from) => {
    asked.push(from);
    return answer.promise;
  });
  const filled = game.fill();
  game.take(message([4]));
  game.take(message([5, 6]));
  assert.deepEqual(toursOf(game), []);
  answer.resolve(message([1, 2, 3, 4]));
  await filled;
  assert.deepEqual(toursOf(game), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(asked, [0]);
});

Deno.test("Game.fill() asks for what comes after the last turn, and keeps it when nothing is known", async () => {
  const asked: number[] = [];
  const game = new Game("s", () => {}, (_session, from) => {
    asked.push(from);
    return Promise.resolve(undefined);
  });
  game.take(message([1, 2]));
  await game.fill();
  assert.deepEqual(asked, [3]);
  assert.deepEqual(toursOf(game), [1, 2]);
});

Deno.test("Game.fill() asks once more when a stream was opened again in between", async () => {
  const answers = [message([1, 2]), message([3, 4])];
  const asked: number[] = [];
  const game = new Game("s", () => {}, (_session, from) => {
    asked.push(from);
    return Promise.resolve(answers.shift());
  });
  await Promise.all([game.fill(), game.fill()]);
  game.take(message([5]));
  assert.deepEqual(asked, [0, 3]);
  assert.deepEqual(toursOf(game), [1, 2, 3, 4, 5]);
});

Deno.test("Game.take() asks for all anew when the game was set back", async () => {
  const event = (tour: number, type: string) => ({ tour, timestamp: 6, type });
  const answer = Promise.withResolvers<TurnsMessage>();
  const asked: number[] = [];
  const game = new Game("s", () => {}, (_session, from) => {
    asked.push(from);
    return answer.promise;
  });
  game.take(message([1, 2, 3, 4, 5], [event(2, "inflation"), event(4, "inflation")]));
  game.take(message([5, 6]));
  assert.deepEqual(asked, []);
  game.take(message([1, 3]));
  game.take(message([4], [event(4, "reassort")]));
  answer.resolve(message([1, 2, 3], [event(2, "inflation")]));
  await answer.promise;
  await Promise.resolve();
  assert.deepEqual(asked, [0]);
  assert.deepEqual(toursOf(game), [1, 2, 3, 4]);
  assert.deepEqual(game.events.map(({ tour, type }) => [tour, type]), [
    [2, "inflation"],
    [4, "reassort"],
  ]);
});

Deno.test("Game.take() keeps each event once, and finds the turn of one that has only a time", () => {
  const game = new Game("s", () => {});
  game.take(message([1, 2, 3]));
  const events = [
    { tour: 3, timestamp: 6, type: "inflation", nombre: 1, total: 2 },
    { tour: null, timestamp: 3.5, type: "reassort" },
  ];
  game.take(message([], events));
  game.take(message([], events));
  assert.deepEqual(game.events.map(({ type, at }) => [type, at]), [["reassort", 2], [
    "inflation",
    3,
  ]]);
});
