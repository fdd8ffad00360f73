/** Tests of what is told when it first happens, and then seldom. @module */

import assert from "node:assert/strict";
import { createTeller } from "../../lib/log/mod.ts";

Deno.test("createTeller() tells each kind at once, and then at most once a minute, with its count", () => {
  let now = 0;
  const told: [string, number][] = [];
  const { tell } = createTeller(() => now);
  const happen = (kind: string) => tell(kind, (times) => told.push([kind, times]));
  for (let second = 0; second < 61; second++) {
    now = second * 1000;
    happen("a");
    if (second % 30 === 0) happen("b");
  }
  assert.deepEqual(told, [["a", 1], ["b", 1], ["a", 60], ["b", 2]]);
});

Deno.test("createTeller() tells the rest of a burst when nothing follows it", () => {
  let now = 0;
  const told: number[] = [];
  const teller = createTeller(() => now);
  for (let i = 0; i < 5; i++) teller.tell("a", (times) => told.push(times));
  teller.flush();
  assert.deepEqual(told, [1], "its minute is not over");
  now = 60_000;
  teller.flush();
  assert.deepEqual(told, [1, 4]);
  teller.tell("a", (times) => told.push(times));
  teller.close();
  assert.deepEqual(told, [1, 4, 1]);
});

Deno.test("createTeller() writes a bounded number of lines, and loses no count, whoever makes up kinds", () => {
  let now = 0;
  const told: number[] = [];
  const teller = createTeller(() => now);
  const happen = () => {
    for (let kind = 0; kind < 10_000; kind++) teller.tell(`${kind}`, (times) => told.push(times));
  };
  happen();
  happen();
  assert.equal(told.length, 201);
  now = 60_000;
  teller.flush();
  assert.equal(told.length, 402);
  assert.equal(told.reduce((sum, times) => sum + times), 20_000);
  now = 120_000;
  teller.flush();
  happen();
  assert.equal(told.length, 603, "kinds that do not come again make room");
});
