/** Tests of the options of `replay`. @module */

import assert from "node:assert/strict";
import { UsageError } from "../../lib/cli/mod.ts";
import { readCommandLine } from "../../lib/commands/mod.ts";

/** What would be read if a replay were configured like an exporter. */
const ENV: Readonly<Record<string, string>> = {
  HOME: "/home/x",
  TRADESIM_EXPORTER_PORT: "9999",
  TRADESIM_EXPORTER_SPEED: "7",
};

function read(line: string) {
  const asked = readCommandLine(line.split(" "), (name) => ENV[name], () => "");
  assert.ok(asked.command === "replay");
  return asked.options;
}

Deno.test("replay follows nothing, keeps no state and takes nothing from the environment", () => {
  const { path, speed, loop, serve } = read("replay a.jsonl");
  assert.deepEqual([path, speed, loop], ["a.jsonl", 1, false]);
  assert.deepEqual([serve.follow, serve.state, serve.enabled], [[], undefined, true]);
  assert.deepEqual(serve.addresses, [{ hostname: "localhost", port: 8000 }]);
});

Deno.test("replay takes a speed, and what says where and how an exporter shows a game", () => {
  const line = "replay --speed 0.5 --loop a.jsonl --port 9 --labels session --detail";
  const { path, speed, loop, serve } = read(line);
  assert.deepEqual([path, speed, loop], ["a.jsonl", 0.5, true]);
  assert.deepEqual([serve.labels, serve.detail], [["session"], true]);
  assert.deepEqual(serve.addresses, [{ hostname: "localhost", port: 9 }]);
  const { addresses } = read("replay a --web.listen-address :1").serve;
  assert.deepEqual(addresses, [{ hostname: "0.0.0.0", port: 1 }]);
});

const REFUSED: Readonly<Record<string, string>> = {
  "replay --loop": "Cannot replay: expected a journal or a turn log, such as logs/metrics.jsonl",
  "replay a b": 'Cannot use argument "b": expected only flags after a',
  "replay a --speed 0.001": 'Cannot read --speed "0.001": expected a number from 0.01 to 1000000',
  "replay a --speed 1e3": 'Cannot read --speed "1e3": expected a number from 0.01 to 1000000',
  "replay a --follow b": "Unknown flag --follow",
  "replay a --port 1 --web.listen-address :2":
    "Cannot use --port (command line) together with --web.listen-address (command line): " +
    "expected one of them",
};

for (const [line, message] of Object.entries(REFUSED)) {
  Deno.test(`${line} is refused`, () => {
    assert.throws(() => read(line), (error) => {
      assert.ok(error instanceof UsageError);
      assert.equal(error.message, message);
      return true;
    });
  });
}
