/** The real program is killed amid games that come and are forgotten: no series falls, nothing counts twice. @module */

import assert from "node:assert/strict";
import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { pause, randomFrom, watchCounters } from "../harness/kills.ts";
import { freePort } from "../harness/ports.ts";
import { type Payload, payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

const SEED = Number(Deno.env.get("RESTART_SEED") ?? Date.now() % 2 ** 31);
/** Kills per set of labels. */
const KILLS = Number(Deno.env.get("RESTART_KILLS") ?? 8);

const CONTINENTS = ["Europe", "Asie", "Afrique"];

interface Played {
  turns: number;
  purchases: number;
  /** Of money, in cents. */
  cents: number;
}

/** Plays one native game after the other; tells the report of each turn, and what all of them came to. */
function nativeGames(name: string, random: () => number) {
  const played: Played = { turns: 0, purchases: 0, cents: 0 };
  let game = 0;
  let turn = 0;
  let length = 0;
  let bought: number[] = [];
  let spent: number[] = [];
  return {
    played,
    next(): Payload {
      if (turn === length) {
        game++;
        turn = 0;
        length = 1 + Math.floor(random() * 4);
        [bought, spent] = [CONTINENTS.map(() => 0), CONTINENTS.map(() => 0)];
      }
      turn++;
      played.turns++;
      CONTINENTS.forEach((_, place) => {
        const cents = Math.floor(random() * 100_000);
        bought[place]! += 1;
        spent[place]! += cents;
        played.purchases += 1;
        played.cents += cents;
      });
      const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
      const parts = (values: readonly number[]) =>
        CONTINENTS.map((continent, place) => ({ continent, valeur: values[place] }));
      return {
        type: "tradesim.report",
        version: 1,
        session: `${name} ${game}`,
        rapport: turn,
        tour: turn,
        timestamp: 1_795_000_000 + game * 10 + turn * 0.1,
        fini: turn === length,
        transactions_total: sum(bought),
        transactions_montant_total: sum(spent) / 100,
        // Some reports have no parts.
        ...random() < 0.8
          ? {
            repartitions: {
              transactions_total: parts(bought),
              transactions_montant_total: parts(spent.map((cents) => cents / 100)),
            },
          }
          : {},
      };
    },
  };
}

/** The same for TradeSim's own payloads, which have fractions of every size. */
function tradesimGames(name: string, random: () => number) {
  const played: Played = { turns: 0, purchases: 0, cents: 0 };
  let game = 0;
  let turn = 0;
  let length = 0;
  return {
    played,
    next(): Payload {
      if (turn === length) {
        game++;
        turn = 0;
        length = 1 + Math.floor(random() * 4);
      }
      turn++;
      played.turns++;
      played.purchases += 3;
      played.cents += 3 * 123;
      return payloadAt(
        {
          session: `${name} ${game}`,
          start: 1_795_000_000.123 + game * 10,
          interval: 0.123457,
          turnSeconds: 0.000123,
          purchases: 3,
          price: 1.23,
        },
        turn,
      );
    },
  };
}

/** Posts a report until somebody takes it. */
async function post(url: string, report: Payload): Promise<void> {
  for (;;) {
    try {
      const response = await fetch(`${url}/update_metrics`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(report),
      });
      await response.body?.cancel();
      assert.equal(response.status, 200);
      return;
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      await pause(10); // It is being killed or started.
    }
  }
}

/** What all series of a metric come to. */
function sumOf(scrape: string, metric: string): number {
  const lines = scrape.match(new RegExp(`^${metric}[ {].*$`, "gm"))!;
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

for (const labels of [undefined, "continent", "continent,produit_type"]) {
  Deno.test(`serve() killed again and again amid a flood of games that it forgets, lets no series fall: ${labels ?? "no"} labels`, async (t) => {
    await t.step(`seed ${SEED} (set RESTART_SEED to choose it)`, () =>
      withTempDir(async (dir) => {
        const random = randomFrom(SEED);
        const port = freePort(random);
        const args = ["--port", String(port), "--state", `${dir}/state`, "--max-sessions", "3"];
        if (labels !== undefined) args.push("--labels", labels);
        let exporter: RunningExporter = await startExporter({ args, cwd: dir });
        // A plain series makes room for its parts as soon as there are some.
        const watch = watchCounters(exporter.url, (series) => /^[a-z_]+$/.test(series));
        let isOver = false;
        const players = [
          nativeGames("native", random),
          tradesimGames("tradesim", random),
          nativeGames("another", random),
        ];
        const all = (key: keyof Played) =>
          players.reduce((sum, { played }) => sum + played[key], 0);
        const games = players.map(async ({ next }) => {
          while (!isOver) {
            await post(exporter.url, next());
            await pause(random() * 3);
          }
        });
        const errors: string[] = [];
        try {
          for (let kill = 1; kill <= KILLS; kill++) {
            await pause(random() * 300);
            await exporter.stop("SIGKILL");
            errors.push(...exporter.log().match(/^.*level=error.*$/gm) ?? []);
            exporter = await startExporter({ args, cwd: dir });
          }
          await pause(100);
          // A busy machine plays few turns between two kills.
          await until("enough turns", () => all("turns") > 10 * KILLS);
          isOver = true;
          await Promise.all(games);
          assert.deepEqual(await watch.stop(KILLS), []);
          assert.deepEqual(errors, []);
          const scrape = await exporter.scrape();
          assert.equal(valueOf(scrape, "tours_completes"), all("turns"));
          assert.equal(sumOf(scrape, "transactions_total"), all("purchases"));
          const montant = sumOf(scrape, "transactions_montant_total");
          // Parts and totals agree to the cent here, so that only the addition itself rounds.
          assert.ok(Math.abs(montant - all("cents") / 100) < 0.001, `${montant}`);
        } finally {
          isOver = true;
          await Promise.allSettled(games);
          await watch.stop();
          await exporter.stop();
        }
      }));
  });
}
