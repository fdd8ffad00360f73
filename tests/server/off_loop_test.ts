/** Tests of the thread for slow work. @module */

import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { compareSync, hashSync } from "bcryptjs";
import { createOffLoop, type OffLoop } from "../../lib/server/mod.ts";

/** The cost is all that matters here: a well-formed hash that no password has. */
const slowHash = (cost: number) =>
  `$2b$${cost}$24VPyX7WdUDbPuJRIOyhoOw7t6dMWvrY0OPfaZTZgYaSg/0r6W6rq`;

async function withOffLoop(use: (offLoop: OffLoop) => Promise<void>): Promise<void> {
  const offLoop = createOffLoop();
  try {
    await use(offLoop);
  } finally {
    offLoop.close();
  }
}

Deno.test("compare() tells the right password from others, for all prefixes", () =>
  withOffLoop(async (offLoop) => {
    const hash = hashSync("naïve 🙂", 4);
    for (const prefix of ["$2a$", "$2b$", "$2y$"]) {
      const prefixed = prefix + hash.slice(4);
      assert.equal(await offLoop.compare("naïve 🙂", prefixed), true, prefix);
      assert.equal(await offLoop.compare("naive 🙂", prefixed), false, prefix);
    }
  }));

Deno.test("gzip() gives what gunzip turns back, for any size", () =>
  withOffLoop(async (offLoop) => {
    for (const size of [0, 1, 1000, 3_000_000]) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => (index * index) % 251);
      const original = bytes.slice();
      const zipped = await offLoop.gzip(bytes);
      assert.deepEqual(new Uint8Array(gunzipSync(zipped)), original, String(size));
    }
  }));

Deno.test("gzip() takes the buffer away instead of copying it", () =>
  withOffLoop(async (offLoop) => {
    const bytes = new TextEncoder().encode("tradesim");
    const zipped = offLoop.gzip(bytes);
    assert.equal(bytes.byteLength, 0);
    await zipped;
    await assert.rejects(offLoop.gzip(bytes), { name: "DataCloneError" });
  }));

Deno.test("gzip() compresses a part of a buffer and only that", () =>
  withOffLoop(async (offLoop) => {
    const part = new TextEncoder().encode("before|part|after").subarray(7, 11);
    const zipped = await offLoop.gzip(part);
    assert.equal(gunzipSync(zipped).toString(), "part");
  }));

Deno.test("gzip() waits for one compare only", () =>
  withOffLoop(async (offLoop) => {
    const order: string[] = [];
    const done = (name: string) => () => order.push(name);
    await Promise.all([
      offLoop.compare("a", slowHash(10)).then(done("first compare")),
      offLoop.compare("b", slowHash(10)).then(done("second compare")),
      offLoop.compare("c", slowHash(10)).then(done("third compare")),
      // Asked a moment later, as a scrape is: the first comparison has been sent by then.
      Promise.resolve().then(() => offLoop.gzip(new Uint8Array(10))).then(done("gzip")),
    ]);
    assert.deepEqual(order, ["first compare", "gzip", "second compare", "third compare"]);
  }));

Deno.test("compare() leaves the event loop free", () =>
  withOffLoop(async (offLoop) => {
    await offLoop.compare("warm", slowHash(10)); // The thread's start is not what is measured.
    const ticksDuring = async (work: () => boolean | Promise<boolean>) => {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      try {
        await work();
        await new Promise((resolve) => setTimeout(resolve, 0));
        return ticks;
      } finally {
        clearInterval(timer);
      }
    };
    const onLoop = await ticksDuring(() => compareSync("x", slowHash(12)));
    const offTheLoop = await ticksDuring(() => offLoop.compare("x", slowHash(12)));
    assert.ok(offTheLoop > 10 * (onLoop + 1), `${offTheLoop} ticks against ${onLoop}`);
  }));

Deno.test("close() rejects what is running and what waits, at once", async () => {
  const offLoop = createOffLoop();
  const asked = [
    offLoop.compare("a", slowHash(31)), // Would take hours.
    offLoop.compare("b", slowHash(31)),
    offLoop.gzip(new Uint8Array(10)),
  ];
  await Promise.resolve();
  offLoop.close();
  for (const result of await Promise.allSettled(asked)) {
    assert.equal(result.status, "rejected");
    assert.match(String(result.reason), /The worker is closed/);
  }
});

Deno.test("close() stops a comparison that the thread is busy with", async () => {
  const offLoop = createOffLoop();
  await offLoop.gzip(new Uint8Array(10));
  const busy = assert.rejects(offLoop.compare("a", slowHash(31)), /closed/);
  await new Promise((resolve) => setTimeout(resolve, 50));
  offLoop.close();
  await busy;
});

Deno.test("close() is final, also before any work and when repeated", async () => {
  const offLoop = createOffLoop();
  offLoop.close();
  offLoop.close();
  await assert.rejects(offLoop.gzip(new Uint8Array(1)), /closed/);
  await assert.rejects(offLoop.compare("a", slowHash(10)), /closed/);
});

Deno.test("compare() and gzip() go on after work that fails", () =>
  withOffLoop(async (offLoop) => {
    // @ts-expect-error Only a bug asks this, and it must not take the thread with it.
    await assert.rejects(offLoop.compare(1, slowHash(10)), /Illegal arguments/);
    assert.equal(await offLoop.compare("a", hashSync("a", 4)), true);
    assert.equal(gunzipSync(await offLoop.gzip(new Uint8Array([65]))).toString(), "A");
  }));

Deno.test("compare() and gzip() reject when the thread breaks, and start another", async () => {
  const realWorker = globalThis.Worker;
  const offLoop = createOffLoop();
  try {
    globalThis.Worker = class extends realWorker {
      constructor() {
        super("data:text/javascript,throw new Error('out of order')", { type: "module" });
      }
    };
    const asked = [offLoop.gzip(new Uint8Array(1)), offLoop.compare("a", slowHash(10))];
    await assert.rejects(
      asked[0] ?? Promise.resolve(),
      /thread for slow work failed.*out of order/,
    );
    await assert.rejects(
      asked[1] ?? Promise.resolve(),
      /thread for slow work failed.*out of order/,
    );
    globalThis.Worker = realWorker;
    assert.equal(await offLoop.compare("a", hashSync("a", 4)), true);
  } finally {
    globalThis.Worker = realWorker;
    offLoop.close();
  }
});

Deno.test("close() lets the program end", async () => {
  const module = new URL("../../lib/server/off_loop.ts", import.meta.url);
  const program = `
    import { createOffLoop } from ${JSON.stringify(module.href)};
    const offLoop = createOffLoop();
    await offLoop.gzip(new Uint8Array(1));
    offLoop.close();
    console.log("closed");`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const patience = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const { success, stdout } = await child.output();
  clearTimeout(patience);
  assert.equal(new TextDecoder().decode(stdout), "closed\n");
  assert.ok(success, "the program had to be killed");
});
