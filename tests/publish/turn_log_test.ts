/** Tests of turn logs: what is written is every turn as it was, whatever happens to the writer. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { createPublisher, openTurnLog, turnLogBeside } from "../../lib/publish/mod.ts";
import { TurnSeconds } from "../../lib/publish/turn_seconds.ts";
import { BUFFER_TURNS, FULL_TURNS } from "../../lib/publish/turn_rows.ts";
import { isTurns, readTurns, type Turns } from "../../lib/turnlog/mod.ts";
import { ROOT } from "../harness/deno.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { Clock, createNumbers, MemoryTransport, type Numbers } from "./support.ts";

/** A turn as it was played: what the simulation had, when it ended, and how long it took. */
type Played = Numbers & { readonly time: number; readonly seconds: number };

function linesOf(text: string): Turns[] {
  const lines = text.split("\n");
  assert.equal(lines.pop(), "", "the last line is whole");
  return lines.map((line) => {
    const value: unknown = JSON.parse(line);
    assert.ok(isTurns(value));
    return readTurns(value);
  });
}

/** All turns of a log's lines, as rows; fails if one is missing or there twice. */
function rowsOf(lines: readonly Turns[]): Record<string, number>[] {
  const rows: Record<string, number>[] = [];
  for (const { first, count, columns } of lines) {
    assert.equal(first, rows.length + 1, "no turn is missing");
    for (let turn = 0; turn < count; turn++) {
      rows.push(Object.fromEntries(Array.from(columns, ([name, column]) => [name, column[turn]!])));
    }
  }
  return rows;
}

function expectedRow(numbers: Played): Record<string, number> {
  return {
    timestamp: Math.round(numbers.time * 1e6) / 1e6,
    duree_seconds: Math.round(numbers.seconds * 1e9) / 1e9,
    budget_total: numbers.budgetTotal / 100,
    budget_min: numbers.budgetMin / 100,
    budget_max: numbers.budgetMax / 100,
    transactions_reussies_total: numbers.reussies,
    transactions_echouees_total: numbers.echouees,
    transactions_montant_total: numbers.montant / 100,
    produits_total: numbers.produits,
    produits_actifs: numbers.produitsActifs,
    produits_prix_moyen: Math.round(numbers.prixTotal * 1e4 / numbers.produits) / 1e6,
    evenements_total: numbers.evenements,
    transactions_total: numbers.reussies + numbers.echouees,
    produits_inactifs: numbers.produits - numbers.produitsActifs,
  };
}

/** Plays a game of turns that take the given milliseconds, into a log of its own. */
async function playInto(path: string, durations: readonly number[], options = {}) {
  const clock = new Clock();
  const numbers = createNumbers();
  const problems: string[] = [];
  const onProblem = (message: string) => problems.push(message);
  const publisher = createPublisher({
    session: "20261122_102849",
    numbers,
    transport: new MemoryTransport(),
    now: clock.now,
    wallClock: clock.wallClock,
    onProblem,
    turnLog: openTurnLog({ path, session: "20261122_102849", onProblem, ...options }),
  });
  const played: Played[] = [];
  for (const [turn, milliseconds] of durations.entries()) {
    numbers.reussies += turn % 4;
    numbers.echouees += turn % 2;
    numbers.montant += 12_345 * (turn % 3);
    numbers.budgetTotal += turn % 5 === 4 ? 1_000_000 : -54_321;
    numbers.budgetMin = 5 - turn;
    numbers.budgetMax = numbers.budgetTotal + turn;
    numbers.prixTotal += turn % 7 === 6 ? 100 : 0;
    numbers.produitsActifs = 9 + turn % 3;
    numbers.evenements += Number(turn % 100 === 99);
    clock.milliseconds += milliseconds;
    const time = clock.wallClock() / 1000;
    publisher.turn();
    played.push({ ...numbers, time, seconds: milliseconds / 1000 });
  }
  await publisher.finish();
  return { played, problems };
}

Deno.test("openTurnLog() keeps every turn of slow games, each as it was", () =>
  withTempDir(async (dir) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 2500 }), { maxLength: 40 }),
        async (durations) => {
          const path = `${dir}/${crypto.randomUUID()}/turns.jsonl`;
          const { played, problems } = await playInto(path, durations);
          const lines = linesOf(Deno.readTextFileSync(path));
          assert.deepEqual(rowsOf(lines), played.map(expectedRow));
          assert.equal(lines.at(-1)!.finished, true);
          assert.ok(lines.slice(0, -1).every(({ finished }) => !finished));
          assert.deepEqual(problems, []);
        },
      ),
      { numRuns: 10 },
    );
  }));

Deno.test("openTurnLog() keeps every turn of games that are faster than the clock", () =>
  withTempDir(async (dir) => {
    // In batches: durations are means, and all other numbers those of each turn.
    const durations = Array.from({ length: 60_000 }, (_, turn) => turn % 1000 === 999 ? 3 : 0.001);
    const { played, problems } = await playInto(`${dir}/turns.jsonl`, durations);
    assert.deepEqual(problems, []);
    const lines = linesOf(Deno.readTextFileSync(`${dir}/turns.jsonl`));
    const few = [60_000 / BUFFER_TURNS, 5 + 60_000 / FULL_TURNS];
    assert.ok(lines.length >= few[0]! && lines.length < few[1]!, `${lines.length} lines`);
    const rows = rowsOf(lines);
    const without = ({ timestamp: _, duree_seconds: _2, ...rest }: Record<string, number>) => rest;
    assert.deepEqual(rows.map(without), played.map(expectedRow).map(without));
    const times = rows.map(({ timestamp }) => timestamp!);
    assert.ok(times.every((time, turn) => turn === 0 || time >= times[turn - 1]!));
    assert.ok(Math.abs(times.at(-1)! - played.at(-1)!.time) < 1e-5);
    const seconds = rows.reduce((sum, { duree_seconds: own }) => sum + own!, 0);
    assert.ok(Math.abs(seconds - (60 * 3 + 59_940 * 0.001) / 1000) < 1e-4, String(seconds));
    // Each line knows the durations before it, so that it can be read without them.
    let turns = 0;
    for (const { before, count } of lines) {
      if (count === 0) continue;
      assert.ok(before !== undefined && "counts" in before);
      assert.equal(before.counts.reduce((sum, each) => sum + each, 0), turns);
      turns += count;
    }
  }));

Deno.test("openTurnLog() rotates by size and keeps so many files, each readable by itself", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/turns.jsonl`;
    const durations = new Array<number>(60_000).fill(0.001);
    await playInto(path, durations, { maxBytes: 300_000, keep: 2 });
    const names = Array.from(Deno.readDirSync(dir), ({ name }) => name).toSorted();
    assert.deepEqual(names, ["turns.jsonl", "turns.jsonl.1", "turns.jsonl.2", "turns.jsonl.lock"]);
    const lines = [".2", ".1", ""].flatMap((end) => {
      const text = Deno.readTextFileSync(path + end);
      assert.ok(text.length <= 300_000);
      return linesOf(text);
    });
    let next = lines[0]!.first;
    assert.ok(next > 1, "the oldest turns are gone");
    for (const { first, count } of lines) {
      assert.equal(first, next);
      next += count;
    }
    assert.equal(next, 60_001);
  }));

Deno.test("openTurnLog() tells once that its file cannot be written, and lets the game go on", () =>
  withTempDir(async (dir) => {
    Deno.writeTextFileSync(`${dir}/file`, "");
    const { problems } = await playInto(`${dir}/file/turns.jsonl`, new Array(10_000).fill(0.001));
    assert.equal(problems.length, 1, problems.join());
    assert.match(problems[0]!, /^Cannot write turns to ".*turns\.jsonl"; the game continues: /);
  }));

Deno.test("openTurnLog() gives a second game a file of its own", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/turns.jsonl`;
    const first = openTurnLog({ path, session: "a" });
    await until("the first log", () => {
      try {
        return Deno.statSync(path).isFile;
      } catch {
        return undefined;
      }
    });
    const second = openTurnLog({ path, session: "b" });
    await second.end();
    await first.end();
    assert.deepEqual(linesOf(Deno.readTextFileSync(path)).map(({ session }) => session), ["a"]);
    const own = Deno.readTextFileSync(`${dir}/turns-b.jsonl`);
    assert.deepEqual(linesOf(own).map(({ session }) => session), ["b"]);
  }));

Deno.test("openTurnLog() leaves turns out, and says so, when its thread is far behind", () =>
  withTempDir(async (dir) => {
    const problems: string[] = [];
    const log = openTurnLog({
      path: `${dir}/turns.jsonl`,
      session: "a",
      onProblem: (message) => problems.push(message),
    });
    const numbers = createNumbers();
    const seconds = new TurnSeconds();
    // A buffer that is never given back: its thread is as if it had stopped.
    const wait = Atomics.wait;
    const load = Atomics.load;
    Atomics.wait = () => "timed-out";
    Atomics.load = ((array: Int32Array, index: number) =>
      index < 16 ? 1 : load(array, index)) as typeof load;
    try {
      log.note(numbers);
      log.close({ turns: 1, ended: 1, last: 1, others: 1 });
      log.hand(seconds, 1, 1_795_000_000_000);
    } finally {
      Atomics.wait = wait;
      Atomics.load = load;
    }
    log.note(numbers);
    log.close({ turns: 1, ended: 2, last: 1, others: 1 });
    log.hand(seconds, 2, 1_795_000_000_000);
    await log.end();
    const lines = linesOf(Deno.readTextFileSync(`${dir}/turns.jsonl`));
    assert.deepEqual(lines.map(({ first, count }) => [first, count]), [[2, 1], [3, 0]]);
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /^The turn log of "a" has gaps/);
  }));

Deno.test("a turn log can be read after its game was killed", () =>
  withTempDir(async (dir) => {
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--no-prompt", "--allow-read", "--allow-write", "--allow-env", "main.ts"],
        ...["simulate", "--infinite", "--with-metrics", "--every-turn"],
        ...["--journal", `${dir}/metrics.jsonl`],
      ],
      cwd: ROOT,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const path = `${dir}/turns.jsonl`;
    try {
      await until("some turns", () => {
        try {
          return Deno.statSync(path).size > 1_000_000 ? true : undefined;
        } catch {
          return undefined;
        }
      });
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
    const text = Deno.readTextFileSync(path);
    const lines = linesOf(text.slice(0, text.lastIndexOf("\n") + 1));
    assert.ok(rowsOf(lines).length > 1000);
  }));

Deno.test("turnLogBeside() names what an exporter does not take for a journal", () => {
  assert.equal(turnLogBeside("logs/metrics.jsonl"), "logs/turns.jsonl");
  assert.equal(turnLogBeside("metrics-b.jsonl"), "turns-b.jsonl");
  assert.equal(turnLogBeside("a/b.jsonl"), "a/turns-b.jsonl");
});
