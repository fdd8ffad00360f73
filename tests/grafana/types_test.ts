/** Checks the boards' JSON by Grafana's own published types. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { LANGUAGES } from "../../tools/dashboards/texts.ts";
import { withTempDir } from "../harness/waiting.ts";
import { boardTexts } from "./boards.ts";

const TYPES = new URL("grafana_types.ts", import.meta.url).href;
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/**
 * Checks JSON texts by the type of a board.
 *
 * @returns What the compiler says of each, nothing where all is well.
 */
async function check(texts: readonly string[]): Promise<readonly (readonly string[])[]> {
  // Written out and not imported: of imported JSON the compiler knows strings, not which ones.
  const constants = texts.map((text, index) => `export const board${index}: BoardJson = ${text};`);
  const source = [`import type { BoardJson } from ${JSON.stringify(TYPES)};`, ...constants];
  const said = await withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/boards.ts`, source.join("\n"));
    const { stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", `--config=${CONFIG}`, `${dir}/boards.ts`],
      env: { NO_COLOR: "1" },
    }).output();
    return new TextDecoder().decode(stderr);
  });
  const complaints = said.split(/^(?=TS\d+ )/m).filter((text) => text.startsWith("TS"));
  assert.equal(complaints.length > 0, said !== "", said);
  const lineOf = (text: string) => Number(/\/boards\.ts:(\d+):/.exec(text)?.[1]);
  let end = 2;
  return constants.map((constant) => {
    const start = end;
    end += constant.split("\n").length;
    return complaints.filter((text) => lineOf(text) >= start && lineOf(text) < end);
  });
}

Deno.test("the boards are of Grafana's own types, which find what Grafana does not know", async () => {
  const boards = LANGUAGES.flatMap((language) => [...boardTexts(language).values()]);
  const overview = boardTexts("en").get("overview")!;
  const wrong: Record<string, [part: string, by: string]> = {
    "kind of a panel": ['"type": "timeseries"', '"type": "graph"'],
    "value of an option": ['"mapping":"manual"', '"mapping":"by hand"'],
    "name of an option": ['"graphMode"', '"graphKind"'],
    "look of lines": ['"drawStyle":"line"', '"drawStyle":"lines"'],
    "number of an enum": ['"refresh":2', '"refresh":7'],
    "option of an override": ['"id":"custom.axisLabel"', '"id":"custom.axisTitle"'],
    "query without text": ['"expr":"sum(tours', '"expression":"sum(tours'],
  };
  const broken = Object.values(wrong).map(([part, by]) => {
    assert.ok(overview.includes(part), part);
    return overview.replace(part, by);
  });
  const said = await check([...boards, ...broken]);
  assert.deepEqual(said.slice(0, boards.length).flat(), []);
  for (const [index, what] of Object.keys(wrong).entries()) {
    assert.ok(said[boards.length + index]!.length > 0, what);
  }
});
