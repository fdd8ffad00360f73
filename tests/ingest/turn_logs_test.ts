/** Tests of reading turn logs into the history. */

import assert from "node:assert/strict";
import { History } from "../../lib/history/mod.ts";
import { TurnLogs } from "../../lib/ingest/mod.ts";
import { createLog } from "../../lib/log/mod.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { told } from "../history/turns.ts";

const LOG = createLog({ level: "error", format: "logfmt", write: () => {} });

/** A line of a turn log whose budgets are the numbers of its turns. */
function line(first: number, count: number, session = "a"): string {
  return JSON.stringify({
    type: "tradesim.turns",
    version: 1,
    session,
    tour: first,
    tours: count,
    colonnes: { budget_total: [0, first, ...new Array<number>(Math.max(0, count - 1)).fill(1)] },
  });
}

/** A history of reports of these turns, whose budgets are ten times their numbers. */
function reported(turns: readonly number[], maxTurns = 10_000, session = "a"): History {
  const history = new History({ maxTurns });
  for (const turn of turns) {
    const { tables, columns, recentEvents, inventory, ...report } = told({
      ...{ session, order: turn, turn, timestamp: 1000 + turn },
      values: { budget_total: 10 * turn },
    });
    history.take(report, { tables, columns, recentEvents, inventory }, 1000 + turn);
  }
  return history;
}

const rowsOf = (history: History, session = "a") => {
  const { tour = [], budget_total = [] } = history.turns(session, 0, 20_000).columns;
  return tour.map((turn, index) => [turn, budget_total[index]]);
};

const logsOf = (history: History, folder: string, more = {}) => {
  let done = 0;
  const logs = new TurnLogs({
    ...{ history, folders: [folder], maxLine: 1 << 20, log: LOG },
    isShown: (session) => session !== "hidden",
    onDone: () => done++,
    ...more,
  });
  return { logs, done: () => done };
};

Deno.test("TurnLogs give a game the turns that its reports have left out, up to its last report", () =>
  withTempDir(async (dir) => {
    const log = [line(1, 3), "broken", line(4, 3), line(1, 50, "hidden"), line(1, 2, "other"), ""];
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, log.join("\n"));
    Deno.writeTextFileSync(`${dir}/metrics.jsonl`, `${line(7, 3)}\n`);
    const history = reported([1, 5]);
    const { logs, done } = logsOf(history, dir);
    await logs.read();
    assert.deepEqual(rowsOf(history), [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]]);
    assert.deepEqual([rowsOf(history, "hidden"), rowsOf(history, "other")], [[], []]);
    assert.equal(done(), 1);
    // The same files again are no news.
    await logs.read();
    assert.equal(done(), 1);
  }));

Deno.test("TurnLogs leave turns as they are that the log lacks", () =>
  withTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, `${line(1, 2)}\n${line(6, 2)}\n`);
    const history = reported([1, 3, 4, 9]);
    await logsOf(history, dir).logs.read();
    const expected = [[1, 1], [2, 2], [3, 30], [4, 40], [6, 6], [7, 7], [9, 90]];
    assert.deepEqual(rowsOf(history), expected);
  }));

Deno.test("TurnLogs read what rotation made of a log first, and the newest bytes only", () =>
  withTempDir(async (dir) => {
    const write = (name: string, text: string, modified: number) => {
      Deno.writeTextFileSync(`${dir}/${name}`, text);
      Deno.utimeSync(`${dir}/${name}`, modified, modified);
    };
    write("turns.jsonl", `${line(5, 2)}\n`, 200);
    write("turns.jsonl.1", `${line(1, 4)}\n`, 100);
    const both = reported([6]);
    await logsOf(both, dir).logs.read();
    assert.deepEqual(rowsOf(both).map(([turn]) => turn), [1, 2, 3, 4, 5, 6]);
    const newest = reported([6]);
    await logsOf(newest, dir, { bytes: line(5, 2).length + 1 }).logs.read();
    assert.deepEqual(rowsOf(newest).map(([turn]) => turn), [5, 6]);
  }));

Deno.test("TurnLogs pass over what they cannot read, and what is empty", () =>
  withTempDir(async (dir) => {
    Deno.symlinkSync("turns-loop.jsonl", `${dir}/turns-loop.jsonl`);
    Deno.symlinkSync("absent", `${dir}/turns-absent.jsonl`);
    Deno.mkdirSync(`${dir}/turns-folder.jsonl`);
    Deno.writeTextFileSync(`${dir}/turns-empty.jsonl`, "");
    Deno.writeTextFileSync(`${dir}/turns-cut.jsonl`, line(1, 4).slice(0, -9));
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, `${line(1, 3)}\n`);
    const history = reported([3]);
    await logsOf(history, dir).logs.read();
    assert.deepEqual(rowsOf(history), [[1, 1], [2, 2], [3, 3]]);
  }));

Deno.test("TurnLogs keep within the turns of a history, and take reports meanwhile", () =>
  withTempDir(async (dir) => {
    const lines = Array.from({ length: 50 }, (_, index) => line(1 + 200 * index, 200));
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, `${lines.join("\n")}\n`);
    const history = reported([10_000], 500);
    await logsOf(history, dir).logs.read();
    const { points, from, to } = history.extent("a");
    assert.ok(points > 100 && points <= 500, `${points} turns`);
    assert.deepEqual([from! < 20, to], [true, 10_000]);
  }));

Deno.test("TurnLogs read soon after a game is over, and nothing once they are stopped", () =>
  withTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/turns.jsonl`, `${line(1, 9)}\n`);
    const history = reported([9]);
    const { logs } = logsOf(history, dir);
    logs.readSoon();
    logs.readSoon();
    await until("the turns", () => history.extent("a").points === 9);
    logs.stop();
    const other = reported([9]);
    const stopped = logsOf(other, dir).logs;
    stopped.readSoon();
    stopped.stop();
    stopped.readSoon();
    await logsOf(other, `${dir}/absent`).logs.read();
    assert.equal(other.extent("a").points, 1);
  }));
