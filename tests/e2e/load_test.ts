/** Tests that no load holds up probes and scrapes of the real program. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hashSync } from "bcryptjs";

import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { assertProbes, probeMilliseconds } from "../harness/probe.ts";
import { testWith } from "../harness/programs.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { COLUMN_NAMES } from "../../lib/turns/mod.ts";

const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });

/** Lets so many clients ask again and again, until it is told to stop. */
function clients(number: number, ask: (client: number, request: number) => Promise<unknown>) {
  let isOver = false;
  const all = Array.from({ length: number }, async (_, client) => {
    for (let request = 0; !isOver; request++) await ask(client, request);
  });
  return {
    async stop() {
      isOver = true;
      await Promise.all(all);
    },
  };
}

/** Posts a game of so many turns, a thousand of them at once. */
async function postGame(exporter: RunningExporter, turns: number): Promise<void> {
  for (let last = 1000; last <= turns; last += 1000) {
    const tour = Array.from({ length: 1000 }, (_, index) => last - 999 + index);
    const amounts = tour.map((turn) => (turn * 7919 % 10_000_019) / 100);
    const response = await exporter.post({
      ...{ type: "tradesim.report", version: 1, session: "long", rapport: last, tour: last },
      colonnes: { ...Object.fromEntries(COLUMN_NAMES.map((name) => [name, amounts])), tour },
    });
    assert.equal(response.status, 200);
    await response.body?.cancel();
  }
}

testWith("curl", "100 clients that ask for all of a long game hold up no probe", async () => {
  await withTempDir(async (cwd) => {
    const exporter = await startExporter({ cwd });
    try {
      await postGame(exporter, 60_000);
      const history = (from: number) => `${exporter.url}/api/history?points=20000&from=${from}`;
      const whole = await (await fetch(history(0))).json();
      assert.ok(whole.columns.tour.length > 5000, `${whole.columns.tour.length} points`);
      const idle = await probeMilliseconds(exporter.url);
      const statuses = new Map<number, number>();
      // Each asks for another part, so that no two can share an answer.
      const flood = clients(100, async (client, request) => {
        const response = await fetch(history((client + 100 * request) % 30_000));
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        await response.body?.cancel();
        if (response.status === 503) await new Promise((resolve) => setTimeout(resolve, 200));
      });
      await assertProbes(exporter.url, idle).finally(flood.stop);
      assert.deepEqual([...statuses.keys()].sort(), [200, 503]);
    } finally {
      await exporter.stop();
    }
  });
});

/** Lines of so many games, each of which reports once. */
function oneLineGames(first: number, number: number): string {
  return Array.from({ length: number }, (_, index) => {
    const id = first + index;
    const times = { session_id: `game ${id}`, timestamp: 1_795_000_000 + id, tick: 1 };
    return JSON.stringify({ ...times, tour_actuel: 1, transactions_total: 3 }) + "\n";
  }).join("");
}

testWith(
  "curl",
  "a journal of 20000 games is read at the start, and thousands more hold up no probe",
  async () => {
    await withTempDir(async (cwd) => {
      const journal = join(cwd, "games.jsonl");
      Deno.writeTextFileSync(journal, oneLineGames(0, 20_000));
      const exporter = await startExporter({ cwd, args: ["--follow", "games.jsonl"] });
      let games = 20_000;
      const taken = async () =>
        valueOf(await exporter.scrape(), 'tradesim_exporter_reports_taken_total{source="follow"}');
      try {
        assert.equal(await taken(), games, "all are taken before the port opens");
        assert.ok(exporter.log().split("\n").length < 20, "the log is not filled with them");
        const idle = await probeMilliseconds(exporter.url);
        const flood = clients(1, async () => {
          Deno.writeTextFileSync(journal, oneLineGames(games, 500), { append: true });
          games += 500;
          await new Promise((resolve) => setTimeout(resolve, 100));
        });
        await assertProbes(exporter.url, idle).finally(flood.stop);
        await until("the last game", async () => await taken() === games);
      } finally {
        await exporter.stop();
      }
    });
  },
);

testWith(
  "curl",
  "wrong passwords of 60 clients lock nobody out who has the right one",
  async () => {
    await withTempDir(async (cwd) => {
      const hash = hashSync("sesame", 8);
      Deno.writeTextFileSync(
        join(cwd, "web.yml"),
        `basic_auth_users: {alice: ${hash}, bob: ${hash}}`,
      );
      const exporter = await startExporter({ cwd, args: ["--web.config.file", "web.yml"] });
      const status = async (user: string) => {
        const response = await fetch(`${exporter.url}/health`, { headers: basic(user) });
        await response.body?.cancel();
        return response.status;
      };
      try {
        const idle = await probeMilliseconds(exporter.url);
        const statuses = new Set<number>();
        const flood = clients(60, async (client, request) => {
          statuses.add(await status(`alice:${client} ${request}`));
        });
        const right = [await status("alice:sesame"), await status("bob:sesame")];
        await assertProbes(exporter.url, idle);
        await flood.stop();
        assert.deepEqual(right, [200, 200]);
        assert.deepEqual([...statuses], [401]);
      } finally {
        await exporter.stop();
      }
    });
  },
);

Deno.test("the time of an answer does not tell whether there is a user of that name", async () => {
  await withTempDir(async (cwd) => {
    const users = { weak: hashSync("a", 5), strong: hashSync("b", 9) };
    Deno.writeTextFileSync(join(cwd, "web.yml"), `basic_auth_users: ${JSON.stringify(users)}`);
    const exporter = await startExporter({ cwd, args: ["--web.config.file", "web.yml"] });
    /** The shortest time of some wrong guesses. */
    const timeOf = async (user: string) => {
      let shortest = Infinity;
      for (let guess = 0; guess < 7; guess++) {
        const started = performance.now();
        const response = await fetch(`${exporter.url}/health`, {
          headers: basic(`${user}:${guess}`),
        });
        await response.body?.cancel();
        assert.equal(response.status, 401);
        shortest = Math.min(shortest, performance.now() - started);
      }
      return shortest;
    };
    try {
      const weak = await timeOf("weak");
      const strong = await timeOf("strong");
      assert.ok(strong > 4 * weak, `${strong} ms, ${weak} ms: the costs can be told apart`);
      const middle = Math.sqrt(weak * strong);
      let quick = 0;
      const UNKNOWN = 24;
      for (let user = 0; user < UNKNOWN; user++) {
        if (await timeOf(`unknown ${user}`) < middle) quick++;
      }
      // Each of them is like one of the two, by chance: all alike come once in eight millions.
      assert.ok(quick > 0 && quick < UNKNOWN, `${quick} of ${UNKNOWN} are as quick as a weak one`);
    } finally {
      await exporter.stop();
    }
  });
});
