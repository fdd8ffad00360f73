/** Tests of the help text and of the documentation's table. @module */

import assert from "node:assert/strict";
import {
  type Command,
  environmentName,
  type Flag,
  isInConfigFile,
  readArguments,
  VERSION,
} from "../../lib/cli/mod.ts";
import { isNegatable } from "../../lib/cli/flag.ts";
import { readValues } from "../../lib/cli/layers.ts";
import { type CommandName, COMMANDS, flagsMarkdown, helpText } from "../../lib/commands/mod.ts";

const GOLDEN = { serve: "help.txt", simulate: "help_simulate.txt" } as const;
const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];
/** The flags of all commands, by property. */
const ALL_FLAGS = COMMAND_NAMES.flatMap((name) => Object.entries<Flag>(COMMANDS[name].flags));

// A new golden file comes from: deno eval 'import { helpText } from "./lib/commands/mod.ts";
// Deno.writeTextFileSync("tests/cli/testdata/help.txt", helpText("serve", "1.2.3"))'
for (const command of ["serve", "simulate"] as const) {
  Deno.test(`helpText() of ${command} is as in tests/cli/testdata/${GOLDEN[command]}`, () => {
    const golden = new URL(`testdata/${GOLDEN[command]}`, import.meta.url);
    assert.equal(helpText(command, "1.2.3"), Deno.readTextFileSync(golden));
  });
}

Deno.test("helpText() fits 100 columns and shows the version of deno.json", () => {
  for (const command of COMMAND_NAMES) {
    const lines = helpText(command).split("\n");
    assert.deepEqual(lines.filter((line) => line.length > 100 || /\s$/.test(line)), []);
    assert.equal(lines[0], `tradesim-exporter ${VERSION}`);
  }
  assert.match(VERSION, /^\d+\.\d+\.\d+$/);
});

Deno.test("helpText() names every command where the user looks first", () => {
  for (const [name, { summary }] of Object.entries(COMMANDS)) {
    assert.match(helpText(), new RegExp(`^ {2}${name} +${summary}`, "m"));
  }
});

for (const command of ["simulate", "replay", "bench", "print", "doctor"] as const) {
  Deno.test(`helpText() of ${command} tells of every flag, and of no variable`, () => {
    const help = helpText(command);
    for (const { name, unit, positional } of Object.values<Flag>(COMMANDS[command].flags)) {
      assert.ok(help.includes(positional ? `\n  ${unit} ` : `--${name} `), name);
    }
    assert.doesNotMatch(help, /ENVIRONMENT|\[no-\]/);
  });
}

Deno.test("helpText() shows how each command is called, with an example that can be read", () => {
  for (const command of COMMAND_NAMES) {
    const help = helpText(command);
    assert.match(
      help,
      new RegExp(`^ {2}tradesim-exporter \\[?${command}\\b.* \\[OPTIONS\\]$`, "m"),
    );
    const { example, flags }: Command = COMMANDS[command];
    const [program, ...words] = example.split(" > ")[0]!.split(" ");
    assert.equal(program, "tradesim-exporter");
    assert.ok(help.endsWith(`EXAMPLE:\n  ${example}\n`));
    const args = words.filter((word, index) => index > 0 || word !== command);
    readValues(flags, readArguments(flags, args));
  }
  assert.match(helpText("print"), /^ {2}tradesim-exporter print <WHAT> \[OPTIONS\]$/m);
});

Deno.test("helpText() and flagsMarkdown() tell of every flag, its negation and its variable", () => {
  const [help, markdown] = [helpText(), flagsMarkdown("serve")];
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
  for (const [property, { name }] of ALL_FLAGS) {
    assert.equal(name.replace(/[.-](.)/g, (_, letter: string) => letter.toUpperCase()), property);
  }
});

Deno.test("COMMANDS have initial values that the words for them mean", () => {
  for (const [, flag] of ALL_FLAGS) {
    if (["string", "number"].includes(typeof flag.defaultValue) && flag.defaultValue !== "") {
      const [words = ""] = (flag.defaultText ?? "").split(",");
      assert.equal(flag.kind.parse(words), flag.defaultValue, flag.name);
    }
  }
});
