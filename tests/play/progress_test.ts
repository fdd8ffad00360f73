/** Tests of what a player sees of a running game. @module */

import assert from "node:assert/strict";
import { createProgress } from "../../lib/play/progress.ts";
import { createGame } from "../../lib/simulation/mod.ts";

const CLEAR = "\r\x1b[K";

/** A run that began at 1000 ms, of a game of which 25 turns are played. */
function progressOf(
  tours: number,
  options: { readonly isTerminal?: boolean; readonly isShown?: boolean } = {},
) {
  const written: string[] = [];
  const numbers = { ...createGame({ seed: 1 }).numbers, tour: 25, budgetTotal: 1_234_549 };
  const progress = createProgress(numbers, tours, {
    write: (text) => written.push(text),
    isTerminal: true,
    isShown: true,
    started: 1000,
    ...options,
  });
  return { progress, written, numbers };
}

Deno.test("show() draws a bar in one row, ten times a second on a terminal", () => {
  const { progress, written, numbers } = progressOf(100);
  for (const time of [1050, 1099, 1100, 1199]) progress.show(time);
  numbers.tour = 100;
  progress.show(1200);
  const row = (text: string) => `${CLEAR}\x1b[?7l${text}\x1b[?7h`;
  assert.deepEqual(written, [
    row("[#####...............] turn 25 of 100, 250 turns/s, budget 12345 €"),
    row("[####################] turn 100 of 100, 500 turns/s, budget 12345 €"),
  ]);
});

Deno.test("show() draws no bar for a game without an end, and tenths of slow turns", () => {
  const { progress, written } = progressOf(Infinity);
  progress.show(21_000);
  assert.deepEqual(written, [`${CLEAR}\x1b[?7lturn 25, 1.3 turns/s, budget 12345 €\x1b[?7h`]);
});

Deno.test("show() writes a plain line every ten seconds where there is no terminal", () => {
  const { progress, written } = progressOf(100, { isTerminal: false });
  for (const time of [1100, 10_999, 11_000, 20_000, 26_000]) progress.show(time);
  progress.clear();
  assert.deepEqual(written, [
    "turn 25 of 100, 2.5 turns/s, budget 12345 €\n",
    "turn 25 of 100, 1.0 turns/s, budget 12345 €\n",
  ]);
});

Deno.test("show() is silent where no progress is wanted", () => {
  for (const isTerminal of [true, false]) {
    const { progress, written } = progressOf(100, { isTerminal, isShown: false });
    progress.show(100_000);
    progress.clear();
    assert.deepEqual(written, []);
  }
});

Deno.test("say() takes the bar away first, clear() only a bar that is there", () => {
  const { progress, written } = progressOf(100);
  progress.clear();
  progress.say("one");
  progress.show(1100);
  progress.say("two");
  progress.clear();
  progress.show(1200);
  progress.clear();
  const [first, , ...rest] = written;
  assert.equal(first, "one\n");
  assert.deepEqual([rest[0], rest[1], rest.at(-1)], [CLEAR, "two\n", CLEAR]);
  assert.equal(written.length, 6);
});

Deno.test("say() writes out what a terminal would obey", () => {
  const { progress, written } = progressOf(100);
  progress.say("Cannot write to a\u202eb\u009bc\nd");
  assert.deepEqual(written, ["Cannot write to a\\u202eb\\u009bc\\u000ad\n"]);
});
