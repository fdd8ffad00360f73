/** Tests of watching directories, on real ones. @module */

import { until } from "../harness/waiting.ts";
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { type DirWatch, watchDirs } from "../../lib/source/watch_dirs.ts";

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

interface Scene {
  readonly dir: string;
  readonly watch: DirWatch;
  /** Waits until no events come any more. */
  quiet(): Promise<void>;
  /** Writes a file into the directory, and waits for the event that tells of it. */
  wakes(): Promise<void>;
}

/** Watches a directory that does not exist at first, and renews the watch as a follower does. */
async function watching(body: (scene: Scene) => Promise<void>): Promise<void> {
  const root = Deno.makeTempDirSync();
  const dir = join(root, "logs");
  let events = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const watch = watchDirs([dir], () => {
    events++;
    clearTimeout(timer);
    timer = setTimeout(() => watch.renew(), 1);
  });
  async function quiet() {
    for (let before = -1; before !== events;) {
      before = events;
      await pause(60);
    }
  }
  try {
    await body({
      dir,
      watch,
      quiet,
      async wakes() {
        await quiet();
        const before = events;
        fs.writeFileSync(join(dir, "file"), "x");
        await until("an event", () => events !== before);
      },
    });
  } finally {
    clearTimeout(timer);
    watch.close();
    fs.rmSync(root, { recursive: true });
  }
}

Deno.test("watchDirs() tells of a file in a directory that came before renew()", async () => {
  await watching(async ({ dir, watch, wakes }) => {
    watch.renew();
    fs.mkdirSync(dir);
    watch.renew();
    await wakes();
  });
});

const departures: Record<string, (dir: string) => void> = {
  removed: (dir) => fs.rmSync(dir, { recursive: true }),
  renamed: (dir) => fs.renameSync(dir, dir + ".old"),
};

for (const [name, depart] of Object.entries(departures)) {
  Deno.test(`watchDirs() tells of a directory made anew when one was ${name}`, async () => {
    await watching(async ({ dir, watch, wakes }) => {
      fs.mkdirSync(dir);
      watch.renew();
      await wakes();
      depart(dir);
      fs.mkdirSync(dir);
      await wakes();
    });
  });

  Deno.test(`watchDirs() bears hasty renewals after one was ${name}`, async () => {
    await watching(async ({ dir, watch, wakes }) => {
      fs.mkdirSync(dir);
      watch.renew();
      await wakes();
      depart(dir);
      watch.renew();
      fs.mkdirSync(dir);
      watch.renew();
      watch.renew();
      await wakes();
    });
  });
}

Deno.test("watchDirs() says nothing after close()", async () => {
  const root = Deno.makeTempDirSync();
  let events = 0;
  const watch = watchDirs([root], () => events++);
  watch.renew();
  fs.writeFileSync(join(root, "file"), "x");
  watch.close();
  watch.close();
  await pause(100);
  assert.equal(events, 0);
  fs.rmSync(root, { recursive: true });
});
