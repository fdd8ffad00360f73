/** Tests of the journal. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { createPublisher, openJournal } from "../../lib/publish/mod.ts";
import { JsonReader } from "../../lib/report/mod.ts";
import { follow } from "../../lib/source/mod.ts";
import { createLog } from "../../lib/log/mod.ts";
import { testWithSmallDisk } from "../harness/small_disk.ts";
import { withTempDir } from "../harness/waiting.ts";
import { Clock, createNumbers, playTurn, read } from "./support.ts";

const encoder = new TextEncoder();

function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Opens a journal that collects its problems. */
function openWatched(path: string, options: Partial<Parameters<typeof openJournal>[0]> = {}) {
  const problems: string[] = [];
  const journal = openJournal({
    path,
    session: "s1",
    onProblem: (message) => problems.push(message),
    ...options,
  });
  return { journal, problems };
}

Deno.test("openJournal() makes the folder and appends lines", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "a/b/metrics.jsonl");
    for (const line of ["1\n", "2\n"]) {
      const { journal, problems } = openWatched(path);
      assert.equal(journal.path, path);
      assert.equal(journal.ready(), true);
      journal.write(bytesOf(line));
      await journal.end(bytesOf("end\n"));
      assert.deepEqual(problems, []);
    }
    assert.equal(Deno.readTextFileSync(path), "1\nend\n2\nend\n");
  }));

Deno.test("openJournal() begins a line of its own after a torn one", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "metrics.jsonl");
    Deno.writeTextFileSync(path, '{"whole":1}\n{"torn":');
    const { journal } = openWatched(path);
    journal.write(bytesOf("1\n"));
    await journal.end(bytesOf("2\n"));
    assert.equal(Deno.readTextFileSync(path), '{"whole":1}\n{"torn":\n1\n2\n');
  }));

Deno.test("openJournal() gives a second simulation a journal of its own, and its lock to a later one", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "metrics.jsonl");
    const first = openWatched(path);
    const second = openWatched(path, { session: "2026 é/../b" });
    assert.equal(second.journal.path, join(dir, "metrics-2026_é_.._b.jsonl"));
    first.journal.write(bytesOf("first\n"));
    second.journal.write(bytesOf("second\n"));
    await first.journal.end(bytesOf("end\n"));
    const third = openWatched(path);
    assert.equal(third.journal.path, path);
    await third.journal.end(bytesOf("third\n"));
    await second.journal.end(bytesOf("end\n"));
    assert.equal(Deno.readTextFileSync(path), "first\nend\nthird\n");
    assert.equal(Deno.readTextFileSync(second.journal.path), "second\nend\n");
    for (const { problems } of [first, second, third]) assert.deepEqual(problems, []);
  }));

Deno.test("openJournal() gets the journal of a simulation that was killed", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "metrics.jsonl");
    const module = new URL("../../lib/publish/journal.ts", import.meta.url).href;
    const program = `
      const { openJournal } = await import(${JSON.stringify(module)});
      console.log(openJournal({ path: ${JSON.stringify(path)}, session: "killed" }).path);
      setTimeout(() => {}, 60_000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-write",
        `data:text/javascript,${encodeURIComponent(program)}`,
      ],
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    assert.equal(new TextDecoder().decode(value), `${path}\n`);
    const second = openWatched(path);
    assert.notEqual(second.journal.path, path);
    await second.journal.end(bytesOf("second\n"));
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    const third = openWatched(path);
    assert.equal(third.journal.path, path);
    await third.journal.end(bytesOf("third\n"));
  }));

Deno.test("openJournal() tells when a simulation of the same session writes too, and goes on", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "metrics.jsonl");
    const journals = [openWatched(path), openWatched(path), openWatched(path)];
    for (const { journal } of journals) journal.write(bytesOf("1\n"));
    assert.deepEqual(journals.map(({ problems }) => problems.length), [0, 0, 1]);
    assert.match(journals[2]!.problems[0]!, /another simulation writes ".*metrics-s1\.jsonl" too/);
    // As soon as one of the places is free it is taken.
    await journals[0]!.journal.end(bytesOf("2\n"));
    journals[2]!.journal.write(bytesOf("3\n"));
    assert.equal(Deno.readTextFileSync(path), "1\n2\n3\n");
    for (const { journal } of journals.slice(1)) await journal.end(bytesOf("4\n"));
  }));

Deno.test("openJournal() rotates by renaming and keeps as many files as asked", () =>
  withTempDir(async (dir) => {
    for (const keep of [0, 1, 3]) {
      const path = join(dir, `keep${keep}`, "metrics.jsonl");
      const { journal, problems } = openWatched(path, { maxBytes: 8, keep });
      for (let number = 1; number <= 9; number++) journal.write(bytesOf(`n=${number}\n`));
      await journal.end(bytesOf("end\n"));
      const texts = [path, ...[1, 2, 3, 4].map((number) => `${path}.${number}`)].map((file) => {
        try {
          return Deno.readTextFileSync(file);
        } catch {
          return undefined;
        }
      });
      const all = ["n=9\nend\n", "n=7\nn=8\n", "n=5\nn=6\n", "n=3\nn=4\n", "n=1\nn=2\n"];
      assert.deepEqual(texts, all.map((text, index) => index <= keep ? text : undefined));
      assert.deepEqual(problems, []);
    }
  }));

Deno.test("openJournal() counts what was there before, and writes a report larger than the bound", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "metrics.jsonl");
    Deno.writeTextFileSync(path, "before\n");
    const { journal } = openWatched(path, { maxBytes: 8 });
    journal.write(bytesOf("1\n"));
    assert.equal(Deno.readTextFileSync(`${path}.1`), "before\n");
    journal.write(bytesOf("a long report\n"));
    assert.equal(Deno.readTextFileSync(path), "a long report\n");
    await journal.end(bytesOf("2\n"));
    assert.equal(Deno.readTextFileSync(path), "2\n");
  }));

Deno.test("openJournal() rotates no empty file", () =>
  withTempDir(async (dir) => {
    const { journal } = openWatched(join(dir, "metrics.jsonl"), { maxBytes: 4 });
    await journal.end(bytesOf("a long report\n"));
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
    assert.deepEqual(names, ["metrics.jsonl", "metrics.jsonl.lock"]);
  }));

Deno.test("openJournal() begins a new file where its own was taken away or replaced", () =>
  withTempDir(async (dir) => {
    const folder = join(dir, "logs");
    const path = join(folder, "metrics.jsonl");
    const { journal, problems } = openWatched(path);
    // It is looked at every ten reports.
    const write = (text: string) => {
      for (let number = 0; number < 10; number++) journal.write(bytesOf(text));
    };
    write("1\n");
    Deno.removeSync(path);
    write("2\n");
    assert.match(Deno.readTextFileSync(path), /^(2\n)+$/);
    Deno.renameSync(path, join(folder, "old"));
    Deno.writeTextFileSync(path, "another's\n");
    write("3\n");
    assert.match(Deno.readTextFileSync(path), /^another's\n(3\n)+$/);
    Deno.removeSync(folder, { recursive: true });
    await journal.end(bytesOf("4\n"));
    assert.equal(Deno.readTextFileSync(path), "4\n");
    assert.deepEqual(problems, []);
  }));

Deno.test("openJournal() does not grow where it cannot rotate", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "metrics.jsonl");
    Deno.mkdirSync(`${path}.1/occupied`, { recursive: true });
    const { journal, problems } = openWatched(path, { maxBytes: 4 });
    for (let number = 1; number <= 5; number++) journal.write(bytesOf(`${number}\n`));
    assert.equal(Deno.readTextFileSync(path), "1\n2\n");
    assert.equal(problems.length, 1);
    Deno.removeSync(`${path}.1`, { recursive: true });
    await journal.end(bytesOf("6\n"));
    assert.equal(Deno.readTextFileSync(path), "6\n");
  }));

Deno.test("openJournal() tells once of what cannot be opened, and writes as soon as it can", () =>
  withTempDir(async (dir) => {
    const folder = join(dir, "logs");
    Deno.writeTextFileSync(folder, "a file in the place of the folder");
    const path = join(folder, "metrics.jsonl");
    const { journal, problems } = openWatched(path);
    for (let number = 1; number <= 3; number++) journal.write(bytesOf(`${number}\n`));
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^Cannot write reports to ".*metrics\.jsonl"; the game continues: /);
    Deno.removeSync(folder);
    journal.write(bytesOf("4\n"));
    await journal.end(bytesOf("5\n"));
    assert.equal(Deno.readTextFileSync(path), "4\n5\n");
    assert.equal(problems.length, 1);
  }));

/** Follows a journal as the exporter does; collects the numbers of the reports, read in small pieces. */
function followOrders(pattern: string, pieceBytes: number) {
  const orders: number[] = [];
  const consumer = () => {
    const json = new JsonReader(1 << 20);
    return {
      bytes(chunk: Uint8Array) {
        for (let at = 0; at < chunk.length; at += pieceBytes) {
          json.push(chunk.subarray(at, at + pieceBytes));
        }
      },
      endLine: () => orders.push(read(JSON.stringify(json.finish())).order ?? -1),
      discard: () => json.reset(),
    };
  };
  const log = createLog({ level: "error", format: "logfmt" });
  const follower = follow({ paths: [pattern], interval: 1, maxLine: 1 << 20, log, consumer });
  return { orders, follower };
}

Deno.test("openJournal() is followed over rotations: reports stay in order and none is missed", async () => {
  const step = fc.record({ turns: fc.integer({ min: 1, max: 40 }), isLookedAt: fc.boolean() });
  const steps = fc.array(step, { minLength: 1, maxLength: 40 });
  const size = fc.integer({ min: 1, max: 20_000 });
  await fc.assert(
    fc.asyncProperty(
      steps,
      size,
      size,
      fc.boolean(),
      (steps, maxBytes, pieceBytes, isPatient) =>
        withTempDir(async (dir) => {
          const { journal, problems } = openWatched(join(dir, "metrics.jsonl"), { maxBytes });
          const numbers = createNumbers();
          const publisher = createPublisher({
            session: "s1",
            numbers,
            transport: journal,
            ...new Clock(), // Stands still, so that only flush() reports after the first turn.
          });
          const { orders, follower } = followOrders(join(dir, "metrics*.jsonl"), pieceBytes);
          follower.poll();
          playTurn(numbers);
          publisher.turn();
          for (const { turns, isLookedAt } of steps) {
            if (isPatient || isLookedAt) follower.poll();
            for (let turn = 0; turn < turns; turn++) {
              playTurn(numbers);
              publisher.turn();
            }
            publisher.flush();
          }
          if (isPatient) follower.poll();
          await publisher.finish();
          follower.poll();
          follower.close();
          assert.deepEqual(problems, []);
          // Who sleeps over two rotations misses a file, and yet no total: the last one has them all.
          const all = Array.from({ length: steps.length + 2 }, (_, index) => index + 1);
          if (isPatient) assert.deepEqual(orders, all);
          else assert.deepEqual([...new Set(orders)].sort((a, b) => a - b), orders);
          assert.equal(orders.at(-1), all.length);
        }),
    ),
    { numRuns: 60 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

testWithSmallDisk(
  "openJournal() lets the game go on over a full disk, and leaves whole lines",
  async (dir) => {
    const ballast = join(dir, "ballast");
    const path = join(dir, "metrics.jsonl");
    const { journal, problems } = openWatched(path);
    const numbers = createNumbers();
    const publisher = createPublisher({ session: "s1", numbers, transport: journal, interval: 0 });
    const play = (turns: number) => {
      for (let turn = 0; turn < turns; turn++) {
        publisher.begin(); // Otherwise such short turns are told in batches.
        playTurn(numbers);
        publisher.turn();
      }
    };
    play(5);
    Deno.writeFileSync(ballast, new Uint8Array(30_000));
    play(200);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /No space left|StorageFull|os error 28/i);
    Deno.removeSync(ballast);
    play(5);
    await publisher.finish();
    const lines = Deno.readTextFileSync(path).split("\n");
    assert.equal(lines.pop(), "");
    const whole = lines.filter(isJson);
    const reports = whole.map(read);
    // What was torn stands on lines of its own, at most one for each time the disk was full.
    assert.ok(lines.length - whole.length <= 1, `${lines.length - whole.length} torn lines`);
    assert.equal(reports.at(-1)?.turn, 210);
    assert.equal(reports.at(-1)?.values.get("transactions_reussies_total"), 630);
    assert.ok(reports.length < 200);
    // Nothing of what came after was continued on a torn line.
    assert.deepEqual(reports.slice(-6).map(({ turn }) => turn), [206, 207, 208, 209, 210, 210]);
    assert.equal(problems.length, 1);
  },
);

Deno.test("createPublisher() hands a journal a million turns in bounded files", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "metrics.jsonl");
    const maxBytes = 20_000;
    const { journal, problems } = openWatched(path, { maxBytes });
    const numbers = createNumbers();
    const publisher = createPublisher({ session: "s1", numbers, transport: journal, interval: 1 });
    for (let turn = 0; turn < 1_000_000; turn++) {
      playTurn(numbers);
      publisher.turn();
    }
    await publisher.finish();
    assert.deepEqual(problems, []);
    const sizes = [path, `${path}.1`].map((file) => Deno.statSync(file).size);
    for (const size of sizes) assert.ok(size <= maxBytes, `${size} bytes`);
    assert.equal([...Deno.readDirSync(dir)].length, 3);
    const last = read(Deno.readTextFileSync(path).trimEnd().split("\n").at(-1)!);
    assert.equal(last.turn, 1_000_000);
    assert.equal(last.finished, true);
  }));
