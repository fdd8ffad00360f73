/**
 * Asks Grafana's own library about the boards: whether it knows their units, calculations, colours,
 * transformations and matchers, and whether these find the fields that they name.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { LANGUAGES } from "../../tools/dashboards/texts.ts";
import { withTempDir } from "../harness/waiting.ts";
import { boardTexts } from "./boards.ts";

const FOLDER = fileURLToPath(new URL("data/", import.meta.url));

/** Runs Deno in a folder, and returns what it writes. */
async function run(dir: string, args: readonly string[], input: string): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: dir,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const sent = new Blob([input]).stream().pipeTo(child.stdin).catch(() => {}); // It says why itself.
  const { success, stdout, stderr } = await child.output();
  await sent;
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/**
 * What Grafana's library has to say of panels. It is asked outside this folder, since its packages
 * are none of this workspace. They are loaded where they are not there yet.
 */
async function complaintsOf(panels: readonly unknown[]): Promise<readonly string[]> {
  return await withTempDir(async (dir) => {
    for (const name of ["deno.json", "deno.lock", "main.ts"]) {
      await Deno.copyFile(FOLDER + name, `${dir}/${name}`);
    }
    await run(dir, ["install", "--frozen", "--quiet"], "");
    const flags = ["--no-prompt", "--quiet", "--frozen", "--allow-read", "--allow-env"];
    return JSON.parse(await run(dir, ["run", ...flags, "main.ts"], JSON.stringify(panels)));
  });
}

const PANELS: readonly string[] = LANGUAGES.flatMap((language) =>
  Array.from(
    boardTexts(language).values(),
    (text) => JSON.parse(text).panels.filter(({ type }: { type: string }) => type !== "row"),
  ).flat()
).map((panel) => JSON.stringify(panel));

Deno.test("Grafana's library knows what the boards name, and finds the fields that they name", async () => {
  assert.ok(PANELS.length > 200);
  assert.deepEqual(await complaintsOf(PANELS.map((text) => JSON.parse(text))), []);
});

Deno.test("Grafana's library complains of what it does not know", async () => {
  const wrong: Readonly<Record<string, [part: string, by: string]>> = {
    "unit euros": ['"unit":"currencyEUR"', '"unit":"euros"'],
    "calculation newest": ['"calcs":["lastNotNull"]', '"calcs":["newest"]'],
    "colour mode rainbow": ['"mode":"palette-classic"', '"mode":"rainbow"'],
    "transformation join": ['"id":"joinByField"', '"id":"join"'],
    "matcher byTitle": ['"id":"byName"', '"id":"byTitle"'],
    '0 fields by {"id":"byName","options":"Rounds"}': [
      '{"matcher":{"id":"byName","options":"Turns played"}}',
      '{"matcher":{"id":"byName","options":"Rounds"}}',
    ],
  };
  const broken = Object.entries(wrong).map(([what, [part, by]]) => {
    const panel = PANELS.find((text) => text.includes(part));
    assert.ok(panel !== undefined, part);
    return { ...JSON.parse(panel.replace(part, by)), title: what };
  });
  const complaints = await complaintsOf(broken);
  for (const what of Object.keys(wrong)) {
    assert.ok(complaints.includes(`${what}: ${what}`), `${what}: ${complaints.join("\n")}`);
  }
});
