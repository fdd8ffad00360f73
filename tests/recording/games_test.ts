/** Tests of reading recorded games. @module */

import assert from "node:assert/strict";
import { inOrder, readGames, recordedFiles } from "../../lib/recording/mod.ts";
import { payloadAt } from "../harness/tradesim.ts";
import { withTempDir } from "../harness/waiting.ts";
import { turnsLine } from "./lines.ts";

const START = 1_795_000_000;

async function partsOf(...paths: readonly string[]) {
  const files = await inOrder(recordedFiles(paths));
  return await Array.fromAsync(readGames(files), (part) => {
    const { path: _, ...rest } = part;
    if (rest.kind === "turns") {
      return `${rest.game} ${rest.turns.first}+${rest.turns.count} from ${rest.from}`;
    }
    return rest.kind === "report"
      ? `${rest.game} report ${rest.report.turn}`
      : `line ${rest.line}: ${rest.what}`;
  });
}

Deno.test("readGames() reads files that hold lines of all kinds", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/mixed.jsonl`;
    const report = JSON.stringify(payloadAt({ session: "t", start: START }, 1));
    Deno.writeTextFileSync(
      path,
      turnsLine("a", 1, 3) + `${report}\n` + '{"type":"alert","x":1}\n' + '{"type":"other"}\n' +
        "[]\n" + "7\n" + turnsLine("b", 1, 2) + turnsLine("a", 4, 1).replace("[6,", "[99,"),
    );
    assert.deepEqual(await partsOf(path), [
      "a 1+3 from 0",
      "t report 1",
      'line 4: its type is "other", expected "metrics" or "tradesim.report"',
      "line 5: it is no JSON object",
      "line 6: it is no JSON object",
      "b 1+2 from 0",
      'line 8: the column "timestamp" does not begin with its decimal places, see docs/history.md',
    ]);
  }));

Deno.test("readGames() gives each turn once, in whatever order files were copied", () =>
  withTempDir(async (dir) => {
    const write = (name: string, text: string) => Deno.writeTextFileSync(`${dir}/${name}`, text);
    // The older ones are written later.
    write("c.jsonl", turnsLine("a", 7, 3));
    write("b.jsonl", turnsLine("a", 4, 3) + turnsLine("a", 5, 3));
    write("a.jsonl", turnsLine("a", 1, 3));
    assert.deepEqual(await partsOf(`${dir}/c.jsonl`, `${dir}/a.jsonl`, `${dir}/b.jsonl`), [
      "a 1+3 from 0",
      "a 4+3 from 0",
      "a 5+3 from 2",
      "a 7+3 from 1",
    ]);
  }));

Deno.test("readGames() tells two games of one session apart", () =>
  withTempDir(async (dir) => {
    const path = `${dir}/a.jsonl`;
    const later = START + 100;
    Deno.writeTextFileSync(
      path,
      turnsLine("a", 1, 3) + turnsLine("a", 1, 2, { start: later }) +
        turnsLine("a", 3, 1, { start: later }),
    );
    assert.deepEqual(await partsOf(path), ["a 1+3 from 0", "a #2 1+2 from 0", "a #2 3+1 from 0"]);
  }));
