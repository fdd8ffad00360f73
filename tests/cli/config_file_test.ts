/** Tests of the configuration file that is printed. @module */

import assert from "node:assert/strict";
import { type Flag, isInConfigFile } from "../../lib/cli/flag.ts";
import { COMMANDS, defaultConfig, readCommandLine } from "../../lib/commands/mod.ts";

const FLAGS = Object.values<Flag>(COMMANDS.serve.flags).filter(isInConfigFile);

function read(args: readonly string[], text: string) {
  return readCommandLine(args, (name) => name === "HOME" ? "/home/a" : undefined, () => text);
}

Deno.test("defaultConfig() is read back as the defaults", () => {
  const defaults = read([], "");
  assert.equal(defaults.command, "serve");
  assert.deepEqual(read(["--config=c.yml"], defaultConfig()), defaults);
});

Deno.test("defaultConfig() has a line for every key, set or commented out, and none is too long", () => {
  const lines = defaultConfig("1.2.3").split("\n");
  assert.match(lines[0]!, /tradesim-exporter 1\.2\.3:/);
  const unset = FLAGS.filter(({ name }) => {
    const found = lines.filter((line) => line.replace(/^# /, "").startsWith(`${name}:`));
    assert.equal(found.length, 1, name);
    return found[0]!.startsWith("#");
  });
  // Only what has no default that can be written.
  assert.deepEqual(
    unset.map(({ name }) => name),
    ["web.listen-address", "web.config.file", "state", "ingest-token-file", "allowed-host"],
  );
  assert.deepEqual(lines.filter((line) => line.length > 100 || /\s$/.test(line)), []);
});

Deno.test("defaultConfig() has commented keys that are good ones when they are set", () => {
  for (const line of defaultConfig().split("\n")) {
    const [, name] = /^# ([a-z.-]+): <[A-Z]+>$/.exec(line) ?? [];
    if (name === undefined) continue;
    const value = name === "web.listen-address" ? ":9000" : "a.txt";
    assert.notDeepEqual(read(["--config=c.yml"], `${name}: "${value}"\n`), read([], ""), name);
  }
});

Deno.test("defaultConfig() of a changed key changes that one", () => {
  const line = read(["--config=c.yml"], defaultConfig().replace("\nport: 8000", "\nport: 9000"));
  assert.equal(line.command, "serve");
  assert.deepEqual(line.options.addresses, [{ hostname: "localhost", port: 9000 }]);
});
