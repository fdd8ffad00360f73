/** Tests of the help text and of the documentation's table. @module */

import assert from "node:assert/strict";
import { COMMANDS, environmentName, isInConfigFile, isNegatable } from "../../lib/cli/flags.ts";
import { flagsMarkdown, helpText, VERSION } from "../../lib/cli/help.ts";

const GOLDEN = new URL("testdata/help.txt", import.meta.url);

// A new golden file comes from: deno eval 'import { helpText } from "./lib/cli/mod.ts";
// Deno.writeTextFileSync("tests/cli/testdata/help.txt", helpText("serve", "1.2.3"))'
Deno.test("helpText() is as in tests/cli/testdata/help.txt", () => {
  assert.equal(helpText("serve", "1.2.3"), Deno.readTextFileSync(GOLDEN));
});

Deno.test("helpText() fits 100 columns and shows the version of deno.json", () => {
  const lines = helpText().split("\n");
  assert.deepEqual(lines.filter((line) => line.length > 100 || /\s$/.test(line)), []);
  assert.equal(lines[0], `tradesim-exporter ${VERSION}`);
  assert.match(VERSION, /^\d+\.\d+\.\d+$/);
});

Deno.test("helpText() and flagsMarkdown() tell of every flag, its negation and its variable", () => {
  const [help, markdown] = [helpText(), flagsMarkdown()];
  for (const flag of Object.values(COMMANDS.serve.flags)) {
    const written = `--${isNegatable(flag) ? "[no-]" : ""}${flag.name}`;
    assert.ok(help.includes(`${written} `), written);
    const row = markdown.split("\n").find((line) =>
      line.includes(`${written}\``) || line.includes(`${written} `)
    );
    assert.ok(row !== undefined, written);
    assert.equal(row.includes("†"), !isInConfigFile(flag), row);
    assert.ok(row.includes(environmentName(flag) ?? "| – |"), row);
    // Four cells, however many bars the texts hold.
    assert.equal(row.replaceAll("\\|", "").split("|").length, 6, row);
  }
});

Deno.test("COMMANDS have properties that are their flags' names in camel case", () => {
  for (const [property, { name }] of Object.entries(COMMANDS.serve.flags)) {
    assert.equal(name.replace(/[.-](.)/g, (_, letter: string) => letter.toUpperCase()), property);
  }
});

Deno.test("COMMANDS have initial values that the words for them mean", () => {
  for (const flag of Object.values(COMMANDS.serve.flags)) {
    if (["string", "number"].includes(typeof flag.initial) && flag.initial !== "") {
      const [words = ""] = (flag.initially ?? "").split(",");
      assert.equal(flag.kind.parse(words), flag.initial, flag.name);
    }
  }
});
