/** Asks a real Prometheus, which has two recorded games, what the board of games side by side asks. @module */

import assert from "node:assert/strict";
import { testWithPrometheus } from "../harness/engines.ts";
import { ANCHOR, TURNS, withRecordedGames } from "../harness/recorded_games.ts";
import { type Board, boardsIn, type Choice, interpolate, labelValues } from "./boards.ts";
import { ask, askingOf, questions } from "./questions.ts";

const ALL: Readonly<Record<string, Choice>> = {
  job: ["tradesim"],
  instance: "all",
  baseline: "all",
  session: "all",
};

const BOARD: Board = boardsIn("en").find(({ file }) => file === "games")!;

testWithPrometheus("recorded games lie over each other on their board", async (version, test) => {
  await withRecordedGames(version, async (prometheus, sessions) => {
    const own = questions().filter(({ board, name }) =>
      board.file === "games" && !name.includes(": event ")
    );
    const end = ANCHOR + 299;
    const answerTo = async (title: string, choices = ALL) => {
      const question = own.find(({ name }) => name === `games: ${title}: A`);
      assert.ok(question !== undefined, title);
      return await ask(prometheus, question, { choices }, end);
    };
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

    await test.step("lines begin together, a second per turn, and end with their games", async () => {
      for (const { metric, values } of await answerTo("Total budget")) {
        assert.equal(values![0]![0], ANCHOR, metric["instance"]);
        const turns = metric["instance"] === sessions[0] ? TURNS.long : TURNS.short;
        const last = values!.at(-1)![0] - ANCHOR;
        assert.ok(last >= turns - 1 && last < turns + 4, `${last}`);
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
