/** Tests of the configuration file that is printed. @module */

import assert from "node:assert/strict";
import { type Flag, isInConfigFile } from "../../lib/cli/mod.ts";
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
    [
      ...["web.listen-address", "web.config.file", "state", "ingest-token-file", "allowed-host"],
      ...[
        "",
        ".user-file",
        ".token-file",
        ".ca-file",
        ".cert-file",
        ".key-file",
        ".label",
        ".queue",
      ]
        .map((name) => `remote-write${name}`),
    ],
  );
  assert.deepEqual(lines.filter((line) => line.length > 100 || /\s$/.test(line)), []);
});

/** Good values of keys that take more than the name of a file, and what must be set beside a key. */
const VALUES: Readonly<Record<string, string>> = {
  "web.listen-address": ":9000",
  "remote-write": "http://a/w",
  "remote-write.label": "a=b",
};
const BESIDE: Readonly<Record<string, string>> = {
  "remote-write.cert-file": 'remote-write.key-file: "k"\n',
  "remote-write.key-file": 'remote-write.cert-file: "c"\n',
};

Deno.test("defaultConfig() has commented keys that are good ones when they are set", () => {
  let count = 0;
  for (const line of defaultConfig().split("\n")) {
    const [, name] = /^# ([a-z.-]+): <[A-Z=]+>$/.exec(line) ?? [];
    if (name === undefined) continue;
    count++;
    const sending = name.startsWith("remote-write.") ? 'remote-write: "https://a/w"\n' : "";
    const beside = sending + (BESIDE[name] ?? "");
    const without = name in BESIDE ? "" : beside;
    const text = `${beside}${name}: "${VALUES[name] ?? "a.txt"}"\n`;
    assert.notDeepEqual(read(["--config=c.yml"], text), read(["--config=c.yml"], without), name);
  }
  assert.ok(count > 10);
});

Deno.test("defaultConfig() of a changed key changes that one", () => {
  const line = read(["--config=c.yml"], defaultConfig().replace("\nport: 8000", "\nport: 9000"));
  assert.equal(line.command, "serve");
  assert.deepEqual(line.options.addresses, [{ hostname: "localhost", port: 9000 }]);
});
