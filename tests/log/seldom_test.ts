/** Tests that the log is told seldom of what happens often. @module */

import assert from "node:assert/strict";
import { seldom } from "../../lib/log/mod.ts";

Deno.test("seldom() tells at once, then at most each ten seconds, and how many it left out", () => {
  let time = 0;
  const told: [string, number][] = [];
  const note = seldom((name: string, untold) => told.push([name, untold]), () => time);
  for (let second = 0; second < 25; second++) {
    time = 1000 * second;
    note(`at ${second}`);
  }
  time = 100_000;
  note("late");
  assert.deepEqual(told, [["at 0", 0], ["at 10", 9], ["at 20", 9], ["late", 4]]);
});
