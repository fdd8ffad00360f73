/** Tests of reading the past of followed files. @module */

import assert from "node:assert/strict";
import { History } from "../../lib/history/mod.ts";
import { lookBack } from "../../lib/ingest/mod.ts";
import { createLog } from "../../lib/log/mod.ts";
import { readReport } from "../../lib/report/mod.ts";
import { NOTHING } from "../report/options.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { withTempDir } from "../harness/waiting.ts";

const LOG = createLog({ level: "error", format: "logfmt", write: () => {} });

const line = (turn: number, session = "a") => JSON.stringify(payloadAt({ session }, turn));

const toursOf = (history: History, session = "a") =>
  history.turns(session, 0, 20_000).columns.tour ?? [];

/** A history that has taken these turns of a session since the start. */
function since(turns: readonly number[], maxTurns = 1000, session = "a"): History {
  const history = new History({ maxTurns });
  for (const turn of turns) {
    const { report, details } = readReport(payloadAt({ session }, turn), NOTHING);
    history.take(report, details, 1000 + turn);
  }
  return history;
}

interface Options {
  readonly maxLine?: number;
  readonly bytes?: number;
  readonly isShown?: (session: string) => boolean;
}

/** Lets the past be read of files that were followed from these bytes on. */
async function look(
  history: History,
  files: readonly { readonly path: string; readonly from: number }[],
  { maxLine = 1 << 20, isShown = () => true, ...rest }: Options = {},
) {
  let isTold = false;
  const { start, progress } = lookBack({
    ...{ history, files, maxLine, isShown, log: LOG, ...rest },
    named: (report) => report,
    onDone: () => isTold = true,
  });
  const total = progress()?.total ?? 0;
  await start();
  assert.equal(progress(), undefined);
  return { total, isTold };
}

Deno.test("lookBack() puts what files told before what came since, and reads nothing twice", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const broken = ['{"type":"alert"}', "{", "null", '{"session_id":'];
    const past = [line(1), ...broken, line(3), "", line(2), line(4)].join("\n") + "\n";
    Deno.writeTextFileSync(path, `${past}${line(5)}\n${line(6)}\n`);
    Deno.writeTextFileSync(`${dir}/other.jsonl`, `${line(7, "b")}\n`);
    const history = since([5, 6]);
    const from = new TextEncoder().encode(past).length;
    const { total, isTold } = await look(history, [
      { path, from },
      { path: `${dir}/other.jsonl`, from: 0 },
      { path: `${dir}/absent.jsonl`, from: 100 },
    ]);
    assert.deepEqual(toursOf(history), [1, 3, 4, 5, 6]);
    assert.deepEqual(history.extent("a"), { points: 5, from: 1, to: 6 });
    assert.deepEqual(toursOf(history, "b"), [], "that is what is followed");
    assert.equal(total, from + 100);
    assert.ok(isTold);
  }));

Deno.test("lookBack() reads no more than the bytes before the following began", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const lines = Array.from({ length: 50 }, (_, index) => `${line(index + 1)}\n`);
    Deno.writeTextFileSync(path, lines.join(""));
    const length = new TextEncoder().encode(lines.join("")).length;
    const history = since([51]);
    const bytes = new TextEncoder().encode(lines[40]).length * 10;
    const { total } = await look(history, [{ path, from: length }], { bytes });
    assert.equal(total, bytes);
    const tours = toursOf(history);
    assert.deepEqual(tours.slice(-2), [50, 51]);
    assert.ok(tours.length >= 10 && tours.length <= 12, `${tours}`);
  }));

Deno.test("lookBack() passes over a line that is too long, and games that are not shown", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const long = JSON.stringify({ ...payloadAt({ session: "a" }, 2), note: "x".repeat(200_000) });
    Deno.writeTextFileSync(path, `${line(1)}\n${long}\n${line(1, "old")}\n${line(3)}\n`);
    const { size: from } = Deno.statSync(path);
    const history = since([4]);
    const isShown = (session: string) => session === "a";
    await look(history, [{ path, from }], { maxLine: 100_000, isShown });
    assert.deepEqual(toursOf(history), [1, 3, 4]);
    assert.equal(history.extent("old").points, 0);
  }));

Deno.test("lookBack() keeps to the history's bounds, and to the turns that it has", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const lines = Array.from({ length: 500 }, (_, index) => line(index + 1));
    Deno.writeTextFileSync(path, lines.join("\n") + "\n");
    const { size: from } = Deno.statSync(path);
    const history = since([490, 501, 502], 128);
    await look(history, [{ path, from }]);
    const tours = toursOf(history);
    assert.ok(tours.length <= 128, `${tours.length}`);
    assert.deepEqual(tours, tours.toSorted((a, b) => a - b));
    assert.equal(new Set(tours).size, tours.length);
    assert.ok(tours[0]! < 32 && tours.includes(502), `${tours[0]}`);
  }));

Deno.test("stop() ends it, and nothing of it stays", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    Deno.writeTextFileSync(path, `${line(1)}\n`.repeat(200));
    const { size: from } = Deno.statSync(path);
    const history = since([5]);
    const past = lookBack({
      history,
      files: [{ path, from }],
      maxLine: 1 << 20,
      named: (report) => report,
      isShown: () => true,
      log: LOG,
    });
    const reading = past.start();
    past.stop();
    await reading;
    assert.deepEqual(toursOf(history), [5]);
  }));
