/** Tests of reading the past of followed files. @module */

import assert from "node:assert/strict";
import { History, lookBack } from "../../lib/history/mod.ts";
import type { Report } from "../../lib/report/mod.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { withTempDir } from "../harness/waiting.ts";

const line = (turn: number, session = "a") => JSON.stringify(payloadAt({ session }, turn));

const toursOf = (history: History, session = "a") =>
  history.turns(session, 0, 20_000).columns.tour ?? [];

const named = (sent: Report) => sent;

Deno.test("lookBack() takes the reports of all files, and leaves out what is none", () =>
  withTempDir(async (dir) => {
    const broken = ['{"type":"alert"}', "{", "null", '{"session_id":'];
    const lines = [line(1), ...broken, line(3), "", line(2), line(3)];
    await Deno.writeTextFile(`${dir}/metrics.jsonl`, `${lines.join("\n")}\n${line(4)}`);
    await Deno.writeTextFile(`${dir}/other.jsonl`, `${line(7, "b")}\n`);
    const history = new History({ maxTurns: 1000 });
    const paths = [`${dir}/metrics*.jsonl`, `${dir}/other.jsonl`, `${dir}/absent.jsonl`];
    lookBack({ history, named, paths, maxLine: 1 << 20 });
    // The last line is not complete: it is read when it is followed.
    assert.deepEqual(toursOf(history), [1, 3]);
    assert.deepEqual(toursOf(history, "b"), [7]);
  }));

Deno.test("lookBack() reads no more than the ends of files", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const lines = Array.from({ length: 50 }, (_, index) => `${line(index + 1)}\n`);
    await Deno.writeTextFile(path, lines.join(""));
    const history = new History({ maxTurns: 1000 });
    const bytes = lines[0]!.length * 10;
    lookBack({ history, named, paths: [path], maxLine: 1 << 20, bytes });
    const tours = toursOf(history);
    assert.equal(tours.at(-1), 50);
    assert.ok(tours.length >= 8 && tours.length <= 10, `${tours}`);
  }));

Deno.test("lookBack() passes over a line that is too long", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const long = JSON.stringify({ ...payloadAt({ session: "a" }, 2), note: "x".repeat(200_000) });
    await Deno.writeTextFile(path, `${line(1)}\n${long}\n${line(3)}\n`);
    const history = new History({ maxTurns: 1000 });
    lookBack({ history, named, paths: [path], maxLine: 100_000 });
    assert.deepEqual(toursOf(history), [1, 3]);
  }));
