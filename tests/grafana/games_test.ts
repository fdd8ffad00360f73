/** Asks a real Prometheus, which has two recorded games, what the board of games side by side asks. @module */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { type PrometheusVersion, testWithPrometheus } from "../harness/engines.ts";
import { runExporter } from "../harness/exporter.ts";
import { type RunningPrometheus, startPrometheus } from "../harness/prometheus.ts";
import { until, withTempDir } from "../harness/waiting.ts";
import { type Board, boardsIn, type Choice, interpolate, labelValues } from "./boards.ts";
import { ask, askingOf, questions } from "./questions.ts";

const ANCHOR = Date.parse("2000-01-01T00:00:00Z") / 1000;
const TURNS = { long: 300, short: 200 } as const;
const ALL: Readonly<Record<string, Choice>> = {
  job: ["tradesim"],
  instance: "all",
  baseline: "all",
  session: "all",
};

const BOARD: Board = boardsIn("en").find(({ file }) => file === "games")!;

/** Plays a game with a turn log, and gives its session. */
async function play(cwd: string, name: keyof typeof TURNS, seed: number): Promise<string> {
  const { code, stderr } = await runExporter({
    cwd,
    args: [
      ...["simulate", "--tours", String(TURNS[name]), "--seed", String(seed)],
      ...["--with-metrics", "--every-turn", "--journal", `${name}.jsonl`],
    ],
  });
  assert.equal(code, 0, stderr);
  const [line] = Deno.readTextFileSync(`${cwd}/turns-${name}.jsonl`).split("\n");
  return JSON.parse(line!).session;
}

/** The folder of a program that is named by its path. */
function folderOf(program: string): string[] {
  return program.includes("/") ? [dirname(program)] : [];
}

/** Lends a Prometheus as the profile replay has it, with two games from one time on. */
async function withGames(
  version: PrometheusVersion,
  use: (prometheus: RunningPrometheus, sessions: readonly [string, string]) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    const sessions = [await play(dir, "long", 1), await play(dir, "short", 2)] as const;
    const { code, stderr } = await runExporter({
      cwd: dir,
      // It may start the promtool that is found first, and no other program.
      env: { PATH: [...folderOf(version.promtool), Deno.env.get("PATH")].join(":") },
      args: [
        ...["backfill", "turns-long.jsonl", "turns-short.jsonl", "--out", "data"],
        ...["--anchor", "2000-01-01", "--turn-seconds", "1"],
      ],
    });
    assert.equal(code, 0, stderr);
    const config = new URL("../../prometheus/replay.yml", import.meta.url);
    const prometheus = await startPrometheus({
      version,
      dir,
      targetPort: 0,
      change: () => Deno.readTextFileSync(config),
      args: ["--storage.tsdb.retention.time=100y"],
    });
    try {
      await use(prometheus, sessions);
    } finally {
      await prometheus.stop();
    }
  });
}

testWithPrometheus("recorded games lie over each other on their board", async (version, test) => {
  await withGames(version, async (prometheus, sessions) => {
    const own = questions().filter(({ board, name }) =>
      board.file === "games" && !name.includes(": event ")
    );
    const end = ANCHOR + 299;
    const answerTo = async (title: string, choices = ALL) => {
      const question = own.find(({ name }) => name === `games: ${title}: A`);
      assert.ok(question !== undefined, title);
      return await ask(prometheus, question, { choices }, end);
    };
    await until("the blocks", async () => {
      const found = await prometheus.query("last_over_time(tours_completes[10m])", end);
      return found.length === 2;
    });

    await test.step("its variables offer the games", async () => {
      for (const name of ["instance", "baseline"]) {
        const variable = BOARD.templating.list.find((variable) => variable.name === name);
        const { series, label } = labelValues(variable!)!;
        const offered = await prometheus.api(`label/${label}/values`, {
          "match[]": interpolate(series, askingOf(BOARD, ALL)),
          start: String(ANCHOR),
          end: String(end),
        });
        assert.deepEqual(offered, sessions.toSorted(), name);
      }
    });

    await test.step("each panel has a line for each game", async () => {
      for (const question of own) {
        const answer = await ask(prometheus, question, { choices: ALL }, end);
        const games = answer.map(({ metric }) => metric["instance"]).toSorted();
        const expected = question.name.includes(": Games: ") ? [undefined] : sessions.toSorted();
        assert.deepEqual(games, expected, question.name);
      }
      assert.deepEqual((await answerTo("Games")).map(({ value }) => value![1]), ["2"]);
      const turns = await answerTo("Turns of the games");
      assert.deepEqual(
        Object.fromEntries(turns.map(({ metric, value }) => [metric["instance"], value![1]])),
        { [sessions[0]]: "300", [sessions[1]]: "200" },
      );
    });

    await test.step("lines begin together, a second per turn", async () => {
      for (const { metric, values } of await answerTo("Total budget")) {
        assert.equal(values![0]![0], ANCHOR, metric["instance"]);
      }
    });

    await test.step("differences are those of the games, from a game or from the mean", async () => {
      const [long, short] = sessions;
      const budgets = await answerTo("Total budget");
      const valuesOf = (answer: typeof budgets, game: string) =>
        new Map(answer.find(({ metric }) => metric["instance"] === game)!.values);
      const [a, b] = sessions.map((game) => valuesOf(budgets, game)) as [
        Map<number, string>,
        Map<number, string>,
      ];
      for (
        const [baseline, of] of [
          [[long], (first: number) => first],
          ["all", (first: number, second: number) => (first + second) / 2],
        ] as const
      ) {
        const answer = await answerTo("Difference of total budget", { ...ALL, baseline });
        const found = valuesOf(answer, short);
        for (let time = ANCHOR; time < ANCHOR + TURNS.short; time++) {
          const [first, second] = [Number(a.get(time)), Number(b.get(time))];
          const expected = second - of(first, second);
          assert.ok(Math.abs(Number(found.get(time)) - expected) < 0.01, `${time}`);
        }
      }
    });
  });
});
