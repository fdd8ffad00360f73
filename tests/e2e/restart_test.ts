/** The real program is killed and started again while games go on: nothing is lost, nothing counts twice. @module */

import assert from "node:assert/strict";
import { type RunningExporter, startExporter, valueOf } from "../harness/exporter.ts";
import { pause, randomFrom, watchCounters } from "../harness/kills.ts";
import { freePort } from "../harness/ports.ts";
import { testWith } from "../harness/programs.ts";
import { type RunningPrometheus, startPrometheus } from "../harness/prometheus.ts";
import { type GameOptions, type Payload, payloadAt } from "../harness/tradesim.ts";
import { until, withTempDir } from "../harness/waiting.ts";

/**
 * Durations of turns, in seconds: fractions of a power of two, so that their sums are exact, and
 * each in a bucket of its own, so that a turn counted at a mean would show.
 */
const DURATIONS = [2 ** -20, 3 * 2 ** -16, 2 ** -10, 5 * 2 ** -7, 3, 16];

interface Game extends GameOptions {
  readonly purchases: number;
  readonly interval: number;
  /** After this turn totals and ticks begin again. */
  readonly resetAt?: number;
  /** Every turn takes equally long, for a sender that loses reports. */
  readonly constant?: boolean;
}

const PRICE = 2.5;

function secondsOf({ constant = false }: Game, turn: number): number {
  return constant ? 2 ** -10 : DURATIONS[(turn * turn + (turn >> 2)) % DURATIONS.length]!;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

/** The turns from `first` to `last`. */
function turns(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** What TradeSim says after a turn. */
function reportAt(game: Game, turn: number): Payload {
  const resetAt = game.resetAt !== undefined && turn > game.resetAt ? game.resetAt : 0;
  return {
    ...payloadAt({ ...game, price: PRICE }, turn, resetAt),
    total_temps: sum(turns(resetAt + 1, turn).map((played) => secondsOf(game, played))),
  };
}

/** The same game as a native report tells it. */
function nativeReportAt(game: Game, turn: number): Payload {
  const played = turns(1, turn).map((one) => secondsOf(game, one));
  const bounds = [1e-6, 5e-5, 1e-3, 5e-2, 5];
  const places = played.map((seconds) => bounds.findIndex((bound) => seconds <= bound));
  return {
    type: "tradesim.report",
    version: 1,
    session: game.session,
    rapport: turn,
    tour: turn,
    timestamp: 1_795_000_000 + turn * game.interval,
    transactions_total: turn * game.purchases,
    transactions_reussies_total: turn * game.purchases,
    transactions_montant_total: turn * game.purchases * PRICE,
    evenements_total: turn,
    temps_simulation_tour_seconds: {
      le: bounds,
      counts: [...bounds.keys(), -1].map((place) => places.filter((one) => one === place).length),
      sum: sum(played),
    },
  };
}

interface Played {
  readonly game: Game;
  readonly turns: number;
}

/** Real turns between the first and the last report of each part of a game. */
function intervalsOf({ game: { resetAt }, turns }: Played): number {
  return resetAt === undefined || turns <= resetAt ? turns - 1 : turns - 2;
}

/** Every total, count, sum and bucket that these games come to; `bounds` are those of the buckets. */
function expectedOf(played: readonly Played[], bounds: readonly string[]): Record<string, number> {
  const all = (read: (one: Played) => number) => sum(played.map(read));
  const bought = all(({ game, turns }) => turns * game.purchases);
  const durations = played.flatMap((one) =>
    turns(1, one.turns).map((turn) => secondsOf(one.game, turn))
  );
  return {
    tours_completes: all((one) => one.turns),
    transactions_total: bought,
    transactions_reussies_total: bought,
    transactions_echouees_total: 0,
    transactions_montant_total: bought * PRICE,
    evenements_total: all((one) => one.turns),
    simulation_tour_intervalle_seconds_count: all(intervalsOf),
    simulation_tour_intervalle_seconds_sum: all((one) => intervalsOf(one) * one.game.interval),
    temps_simulation_tour_seconds_count: durations.length,
    temps_simulation_tour_seconds_sum: sum(durations),
    ...Object.fromEntries(bounds.map((bound) => [
      `temps_simulation_tour_seconds_bucket{le="${bound}"}`,
      durations.filter((seconds) => seconds <= Number(bound.replace("+Inf", "Infinity"))).length,
    ])),
  };
}

function assertTotals(scrape: string, played: readonly Played[]): void {
  const bounds = Array.from(
    scrape.matchAll(/^temps_simulation_tour_seconds_bucket\{le="([^"]+)"\}/gm),
    ([, bound]) => bound!,
  );
  assert.equal(bounds.length, 23);
  const expected = expectedOf(played, bounds);
  const shown = Object.fromEntries(
    Object.keys(expected).map((series) => [series, valueOf(scrape, series)]),
  );
  assert.deepEqual(shown, expected);
}

/** Writes a line as a program does whose buffer fills up in its middle. */
async function appendLine(path: string, report: Payload, random: () => number): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(report)}\n`);
  const cut = Math.floor(random() * bytes.length);
  using file = await Deno.open(path, { append: true, create: true });
  await file.write(bytes.subarray(0, cut));
  await pause(random() * 3);
  await file.write(bytes.subarray(cut));
}

/** Posts a report once; false when nobody answers. */
async function post(url: string, report: Payload): Promise<boolean> {
  let response;
  try {
    response = await fetch(`${url}/update_metrics`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(report),
    });
    await response.body?.cancel();
  } catch {
    return false;
  }
  assert.equal(response.status, 200);
  return true;
}

interface Play {
  readonly url: string;
  readonly random: () => number;
  /** After this the games play one more turn each, or what {@linkcode isShort} wants, and end. */
  isOver(): boolean;
}

/** Whether a game has not yet begun anew, or has played few turns: a busy machine plays slowly. */
function isShort({ game, turns }: Played): boolean {
  return turns <= (game.resetAt ?? 10);
}

/** Plays games into one file, their turns in any order. */
async function playIntoFile(
  path: string,
  games: readonly Game[],
  { random, isOver }: Play,
): Promise<Played[]> {
  const played = games.map((game) => ({ game, turns: 0 }));
  while (!isOver() || played.some(isShort)) {
    const next = played[Math.floor(random() * played.length)]!;
    await appendLine(path, reportAt(next.game, ++next.turns), random);
    await pause(random() * 20);
  }
  return played;
}

/** Posts a game's reports; one that nobody answers is sent again or, without `isPatient`, lost. */
async function playByPost(
  game: Game,
  { report = reportAt, isPatient }: { report?: typeof reportAt; isPatient: boolean },
  { url, random, isOver }: Play,
): Promise<Played> {
  for (let turn = 1;; turn++) {
    const isLast = isOver() && !isShort({ game, turns: turn });
    while (!await post(url, report(game, turn)) && (isPatient || isLast || turn === 1)) {
      await pause(10);
    }
    if (isLast) return { game, turns: turn };
    await pause(random() * 20);
  }
}

const FOLLOWED_ALONE: Game = { session: "file", purchases: 3, interval: 0.25, resetAt: 40 };
const FOLLOWED_TOO: Game = { session: "other file", purchases: 1, interval: 0.5 };
const INTERLEAVED: readonly Game[] = [
  { session: "interleaved 1", purchases: 5, interval: 0.125 },
  { session: "interleaved 2", purchases: 2, interval: 1, resetAt: 15 },
];
const POSTED: Game = { session: "posted", purchases: 7, interval: 0.25 };
const POSTED_ONCE: Game = { session: "lossy", purchases: 4, interval: 0.25, constant: true };
const POSTED_NATIVE: Game = { session: "native", purchases: 6, interval: 0.375 };

interface Scenario {
  readonly kills: number;
  readonly dir: string;
  readonly seed: number;
  /** Told when the exporter runs, before the first turn; `restarted` after each new start. */
  readonly onStart?: (port: number) => Promise<{ restarted(): Promise<void> }>;
}

/**
 * Lets all games go on while the exporter is killed and started again several times; at its second
 * death one file is rotated.
 */
async function playThroughKills({ kills, dir, seed, onStart }: Scenario): Promise<{
  readonly exporter: RunningExporter;
  readonly played: readonly Played[];
  readonly falls: readonly string[];
}> {
  const random = randomFrom(seed);
  const port = freePort(random);
  const paths = ["alone", "too", "both"].map((name) => `${dir}/${name}.jsonl`);
  const [alone, too, both] = paths as [string, string, string];
  const args = ["--port", String(port), "--state", `${dir}/state`]
    .concat(paths.flatMap((path) => ["--follow", path]));
  // One of the files is there before the exporter, the others come while it runs.
  await Deno.writeTextFile(alone, "");
  let exporter = await startExporter({ args, cwd: dir });
  const watch = watchCounters(exporter.url);
  let isOver = false;
  const play: Play = { url: exporter.url, random, isOver: () => isOver };
  let games: Promise<Played[][]> | undefined;
  try {
    const observer = await onStart?.(port);
    games = Promise.all([
      playIntoFile(alone, [FOLLOWED_ALONE], play),
      playIntoFile(too, [FOLLOWED_TOO], play),
      playIntoFile(both, INTERLEAVED, play),
      playByPost(POSTED, { isPatient: true }, play).then((one) => [one]),
      playByPost(POSTED_ONCE, { isPatient: false }, play).then((one) => [one]),
      playByPost(POSTED_NATIVE, { report: nativeReportAt, isPatient: false }, play)
        .then((one) => [one]),
    ]);
    // The first moment is late enough for every file to be known.
    await pause(1200);
    for (let kill = 1; kill <= kills; kill++) {
      await pause(random() * 900);
      await exporter.stop("SIGKILL");
      if (kill === 2) await Deno.rename(alone, `${alone}.1`);
      await pause(random() * 200);
      exporter = await startExporter({ args, cwd: dir });
      await observer?.restarted();
    }
    await pause(300);
    isOver = true;
    const played = (await games).flat();
    const expected = expectedOf(played, []).tours_completes;
    await until(
      `${expected} turns`,
      async () => valueOf(await exporter.scrape(), "tours_completes") === expected,
    );
    return { exporter, played, falls: await watch.stop(20) };
  } catch (error) {
    isOver = true;
    // So that the games find someone who answers, and end.
    await exporter.stop("SIGKILL");
    exporter = await startExporter({ args, cwd: dir });
    await games?.catch(() => {});
    await watch.stop();
    await exporter.stop();
    throw error;
  }
}

const SEED = Number(Deno.env.get("RESTART_SEED") ?? Date.now() % 2 ** 31);
const SEED_NAME = `seed ${SEED} (set RESTART_SEED to choose it)`;

Deno.test("serve() killed again and again during followed and posted games, ends with every total, sum and bucket right", async (t) => {
  await t.step(SEED_NAME, () =>
    withTempDir(async (dir) => {
      const { exporter, played, falls } = await playThroughKills({
        kills: 5,
        dir,
        seed: SEED,
      });
      try {
        assert.deepEqual(falls, []);
        assert.equal(played.length, 7);
        assertTotals(await exporter.scrape(), played);
      } finally {
        await exporter.stop();
      }
    }));
});

testWith(
  "prometheus",
  "serve() killed again and again, and increase() over all of it is the number of turns played",
  async (t) => {
    await t.step(SEED_NAME, () =>
      withTempDir(async (dir) => {
        let prometheus: RunningPrometheus | undefined;
        let exporter: RunningExporter | undefined;
        /** Prometheus' newest sample of the turns, in its own time. */
        const newest = async () => {
          const [series] = await prometheus!.query("tours_completes[5m]");
          return series?.values?.at(-1);
        };
        try {
          const outcome = await playThroughKills({
            kills: 3,
            dir,
            seed: SEED + 1,
            onStart: async (port) => {
              prometheus = await startPrometheus({
                dir,
                targetPort: port,
                change: (config) => {
                  const faster = config.replace(/(scrape_(?:interval|timeout)): 1s/g, "$1: 200ms");
                  assert.notEqual(faster, config);
                  return faster;
                },
              });
              assert.deepEqual((await until("a first sample", newest))[1], "0");
              return {
                async restarted() {
                  const since = Date.now() / 1000;
                  await until("a sample", async () => ((await newest())?.[0] ?? 0) > since);
                },
              };
            },
          });
          exporter = outcome.exporter;
          assert.deepEqual(outcome.falls, []);

          const expected = expectedOf(outcome.played, []);
          const total = expected.tours_completes!;
          const [time] = await until("the last sample", async () => {
            const sample = await newest();
            return Number(sample?.[1]) === total && sample;
          });
          const [series] = await prometheus!.query("tours_completes[5m]", time);
          const values = series!.values!.map(([, value]) => Number(value));
          const steps = values.slice(1).map((value, index) => value - values[index]!);
          assert.deepEqual(steps.filter((step) => step < 0), []);
          assert.equal(sum(steps), total);

          // Nothing is extrapolated: the counter begins at 0, and the last sample is at the end.
          for (
            const name of [
              "tours_completes",
              "transactions_montant_total",
              "temps_simulation_tour_seconds_sum",
              "temps_simulation_tour_seconds_count",
            ]
          ) {
            const [increase] = await prometheus!.query(`increase(${name}[5m])`, time);
            const value = Number(increase!.value![1]);
            assert.ok(Math.abs(value / expected[name]! - 1) < 1e-9, `${name}: ${value}`);
          }
        } finally {
          await exporter?.stop();
          await prometheus?.stop();
        }
      }));
  },
);

Deno.test("serve() killed between posts, counts the turns of lost reports at their mean", () =>
  withTempDir(async (dir) => {
    const args = ["--state", `${dir}/state`];
    // Turns 1 to 3 take 1, 16 and 4 s; the report of turn 2 is lost.
    const report = (turn: number) => ({
      ...payloadAt({ session: "game" }, turn),
      total_temps: [1, 17, 21][turn - 1]!,
    });
    const before = await startExporter({ args, cwd: dir });
    try {
      assert.ok(await post(before.url, report(1)));
    } finally {
      await before.stop("SIGKILL");
    }
    assert.equal(await post(before.url, report(2)), false);
    const after = await startExporter({ args, cwd: dir });
    try {
      assert.ok(await post(after.url, report(3)));
      const scrape = await after.scrape();
      const buckets = ["0.5", "1.0", "5.0", "10.0", "+Inf"].map((bound) =>
        valueOf(scrape, `temps_simulation_tour_seconds_bucket{le="${bound}"}`)
      );
      assert.deepEqual(buckets, [0, 1, 1, 3, 3]);
      assert.equal(valueOf(scrape, "temps_simulation_tour_seconds_sum"), 21);
      assert.equal(valueOf(scrape, "tours_completes"), 3);
    } finally {
      await after.stop();
    }
  }));

Deno.test("serve() counts once what TradeSim both writes and posts", () =>
  withTempDir(async (dir) => {
    const random = randomFrom(SEED);
    const path = `${dir}/metrics.jsonl`;
    const exporter = await startExporter({
      args: ["--state", `${dir}/state`, "--follow", path],
      cwd: dir,
    });
    try {
      for (const turn of turns(1, 60)) {
        const report = reportAt(FOLLOWED_ALONE, turn);
        const ways = [
          () => appendLine(path, report, random),
          async () => assert.ok(await post(exporter.url, report)),
        ];
        if (random() < 0.5) ways.reverse();
        for (const way of ways) await way();
      }
      /** Reports by outcome and source, all that have come. */
      const count = (scrape: string, series: string) =>
        valueOf(scrape, `tradesim_exporter_reports_${series}`)!;
      const scrape = await until("all 60 lines", async () => {
        const scrape = await exporter.scrape();
        const lines = count(scrape, 'taken_total{source="follow"}') +
          count(scrape, 'repeated_total{source="follow",reason="repeat"}') +
          count(scrape, 'repeated_total{source="follow",reason="late"}');
        return lines === 60 && scrape;
      });
      assert.equal(
        count(scrape, 'taken_total{source="follow"}') + count(scrape, 'taken_total{source="post"}'),
        60,
      );
      assertTotals(scrape, [{ game: FOLLOWED_ALONE, turns: 60 }]);
    } finally {
      await exporter.stop();
    }
  }));

Deno.test("serve() started before, in the middle or after a followed game, ends with the same totals", () =>
  withTempDir(async (dir) => {
    const random = randomFrom(SEED);
    const path = `${dir}/metrics.jsonl`;
    const game = FOLLOWED_ALONE;
    const start = (name: string) =>
      startExporter({ args: ["--state", `${dir}/${name}`, "--follow", path], cwd: dir });
    const exporters: RunningExporter[] = [];
    try {
      exporters.push(await start("before"));
      for (const turn of turns(1, 30)) await appendLine(path, reportAt(game, turn), random);
      exporters.push(await start("middle"));
      for (const turn of turns(31, 60)) await appendLine(path, reportAt(game, turn), random);
      exporters.push(await start("after"));
      for (const exporter of exporters) {
        const scrape = await until("60 turns", async () => {
          const scrape = await exporter.scrape();
          return valueOf(scrape, "tours_completes") === 60 && scrape;
        });
        assertTotals(scrape, [{ game, turns: 60 }]);
      }
    } finally {
      for (const exporter of exporters) await exporter.stop();
    }
  }));

Deno.test("serve() started late beside a file too large to read again, takes over the game's own totals", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/metrics.jsonl`;
    const past = { entreprises: [], fournisseurs: ["x".repeat(1 << 20)] };
    const lines = turns(1, 24).map((turn) =>
      `${JSON.stringify({ ...reportAt(POSTED, turn), stocks_historiques: past })}\n`
    );
    await Deno.writeTextFile(path, lines.join(""));
    const exporter = await startExporter({
      args: ["--state", `${dir}/state`, "--follow", path],
      cwd: dir,
    });
    try {
      const scrape = await exporter.scrape();
      const read = valueOf(scrape, "tradesim_exporter_follow_bytes_total")!;
      assert.ok(read < 20 << 20, `${read} bytes`);
      const expected = expectedOf([{ game: POSTED, turns: 24 }], []);
      for (
        const name of [
          "tours_completes",
          "transactions_total",
          "transactions_montant_total",
          "evenements_total",
          "temps_simulation_tour_seconds_count",
          "temps_simulation_tour_seconds_sum",
        ]
      ) {
        assert.equal(valueOf(scrape, name), expected[name], name);
      }
    } finally {
      await exporter.stop();
    }
  }));
