/** Tests that slow work is done one piece at a time, and that all who ask have their turn. @module */

import assert from "node:assert/strict";
import { BUSY, createFairQueue } from "../../lib/server/fair_queue.ts";

/** A queue whose work notes its name, and waits until it is let go on. */
function setUp(most: number) {
  const queue = createFairQueue(most);
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const ask = (who: string, name: string) =>
    queue.run(who, async () => {
      await gate.promise;
      done.push(name);
      return name;
    });
  return { queue, ask, done, open: gate.resolve };
}

Deno.test("run() lets each of those who ask have a turn, in the order of their first question", async () => {
  const { ask, done, open } = setUp(100);
  const asked = ["a1", "a2", "a3", "b1", "b2", "c1"].map((name) => ask(name[0]!, name));
  open();
  await Promise.all(asked);
  assert.deepEqual(done, ["a1", "a2", "b1", "c1", "a3", "b2"]);
});

Deno.test("run() refuses what is too much, at the cost of whoever asks for most", async () => {
  const { ask, done, open } = setUp(3);
  const greedy = ["a1", "a2", "a3", "a4"].map((name) => ask("a", name));
  assert.equal(await ask("a", "a5"), BUSY);
  const others = [ask("b", "b1"), ask("c", "c1")];
  assert.equal(await ask("d", "d1"), BUSY, "nobody has more than one");
  open();
  assert.deepEqual(await Promise.all(greedy), ["a1", "a2", BUSY, BUSY]);
  assert.deepEqual(await Promise.all(others), ["b1", "c1"]);
  assert.deepEqual(done, ["a1", "a2", "b1", "c1"]);
  assert.equal(await ask("a", "a6"), "a6");
});

Deno.test("run() rejects with what the work throws, at once or later, and goes on", async () => {
  const { queue, ask, open } = setUp(10);
  open();
  const fail = () => {
    throw new Error("at once");
  };
  const failing = [
    queue.run("a", fail),
    queue.run("a", () => Promise.reject(new Error("later"))),
  ];
  const next = ask("a", "next");
  const results = await Promise.allSettled(failing);
  assert.deepEqual(results.map((result) => result.status), ["rejected", "rejected"]);
  assert.equal(await next, "next");
});
