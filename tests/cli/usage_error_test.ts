/** Tests of the error of a wrong command line. @module */

import assert from "node:assert/strict";
import { callOf, formatUsageError, UsageError } from "../../lib/cli/mod.ts";
import { COMMANDS } from "../../lib/commands/mod.ts";
import settings from "../../deno.json" with { type: "json" };
import { badValue } from "../../lib/cli/usage_error.ts";

Deno.test("formatUsageError() gives two lines: the error and where help is", () => {
  assert.equal(
    formatUsageError(new UsageError("Unknown flag --prot: did you mean --port?")),
    "tradesim-exporter: error: Unknown flag --prot: did you mean --port?\n" +
      "Try: tradesim-exporter --help\n",
  );
});

Deno.test("formatUsageError() points to the help of the command in question", () => {
  assert.equal(
    formatUsageError(new UsageError("No"), "deno task simulate"),
    "tradesim-exporter: error: No\nTry: deno task simulate --help\n",
  );
});

Deno.test("formatUsageError() keeps to two lines whatever the message holds", () => {
  assert.equal(
    formatUsageError(new UsageError("Unknown flag --a\nb\r\u001b\u2028")),
    "tradesim-exporter: error: Unknown flag --a\\u000ab\\u000d\\u001b\\u2028\n" +
      "Try: tradesim-exporter --help\n",
  );
});

Deno.test("badValue() names the thing, its value, its file and what was expected", () => {
  assert.equal(
    badValue("--port", '"x"', "a number").message,
    'Cannot read --port "x": expected a number',
  );
  assert.equal(
    badValue("port", "-1", "a number", "a.yaml").message,
    "Cannot read port -1 in a.yaml: expected a number",
  );
});

Deno.test("callOf() names, from source, a task of deno.json that runs the command", () => {
  for (const command of Object.keys(COMMANDS)) {
    const [, task] = /^(?:npx -y deno@[\d.]+|deno) task ([\w:]+)$/.exec(callOf(command))!;
    const { command: line } = settings.tasks[task as keyof typeof settings.tasks];
    assert.match(line, command === "serve" ? /main\.ts$/ : new RegExp(`main\\.ts ${command}$`));
  }
});

Deno.test("badValue() does not show the password of a URL", () => {
  assert.equal(
    badValue("--url", '"http://me:a@secret@host/?a=b@c"', "a URL").message,
    'Cannot read --url "http://…@host/?a=b@c": expected a URL',
  );
});
