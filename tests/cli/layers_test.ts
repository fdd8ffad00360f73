/** Tests of reading the command line and the environment. @module */

import assert from "node:assert/strict";
import { environmentName, readArguments, UsageError } from "../../lib/cli/mod.ts";
import { readEnvironment, readValues } from "../../lib/cli/layers.ts";
import { COMMANDS } from "../../lib/commands/mod.ts";

const { flags } = COMMANDS.serve;

const GOOD: Readonly<
  Record<string, [args: readonly string[], expected: Record<string, readonly string[]>]>
> = {
  "no arguments": [[], {}],
  "a value after a space": [["--port", "1"], { port: ["1"] }],
  "a value after =": [["--port=1"], { port: ["1"] }],
  "an empty value": [["--labels="], { labels: [""] }],
  "a value with =": [["--state=a=b"], { state: ["a=b"] }],
  "a value that begins with a dash": [["--state=-a"], { state: ["-a"] }],
  "a single dash as value": [["--state", "-"], { state: ["-"] }],
  "flags without a value": [["--detail", "--no-all-keys"], {
    detail: ["true"],
    allKeys: ["false"],
  }],
  "a repeated flag": [["--follow", "a", "--port=1", "--follow=b"], {
    follow: ["a", "b"],
    port: ["1"],
  }],
  "names with dots": [["--web.listen-address", ":1", "--log.level=warn"], {
    webListenAddress: [":1"],
    logLevel: ["warn"],
  }],
  "a letter": [["-h"], { help: ["true"] }],
  "two dashes at the end": [["--port=1", "--"], { port: ["1"] }],
};

for (const [name, [args, expected]] of Object.entries(GOOD)) {
  Deno.test(`readArguments() reads ${name}`, () => {
    const layer = readArguments(flags, args);
    assert.deepEqual(
      Object.fromEntries([...layer].map(([property, { texts }]) => [property, texts])),
      expected,
    );
  });
}

Deno.test("readArguments() takes the argument of a command before and after its flags", () => {
  for (
    const args of [["config", "--out=a"], ["--out", "a", "config"], ["--out=a", "--", "config"]]
  ) {
    const layer = readArguments(COMMANDS.print.flags, args);
    assert.deepEqual([layer.get("what")?.texts, layer.get("out")?.texts], [["config"], ["a"]]);
  }
  assert.throws(
    () => readArguments(COMMANDS.print.flags, ["config", "rules"]),
    new UsageError('Cannot use argument "rules": expected only flags after config'),
  );
  // The argument has no name.
  assert.throws(
    () => readArguments(COMMANDS.print.flags, ["--what=config"]),
    new UsageError("Unknown flag --what"),
  );
});

const BAD: Readonly<Record<string, [args: readonly string[], message: string]>> = {
  "a mistyped flag": [["--prot", "1"], "Unknown flag --prot: did you mean --port?"],
  "a mistyped flag with a value": [["--prot=1"], "Unknown flag --prot: did you mean --port?"],
  "a flag with one dash": [["-port"], "Unknown flag -port: did you mean --port?"],
  "a flag like no other": [["--colour"], "Unknown flag --colour"],
  "a letter like no other": [["-x"], "Unknown flag -x"],
  "a name of Object.prototype": [["--constructor"], "Unknown flag --constructor"],
  "a flag that cannot be negated": [["--no-port"], "Unknown flag --no-port: did you mean --port?"],
  "a flag of the command line alone that is negated": [
    ["--no-help"],
    "Unknown flag --no-help: did you mean --help?",
  ],
  "a flag without its value": [
    ["--port"],
    "Cannot read --port without a value: expected --port=<PORT>",
  ],
  "a flag in the place of a value": [
    ["--state", "--detail"],
    "Cannot read --state without a value: expected --state=<FILE>",
  ],
  "a value that is not wanted": [
    ["--detail=true"],
    'Cannot read --detail "true": expected no value',
  ],
  "a flag given twice": [["--port=1", "--port=1"], "Cannot take --port more than once"],
  "a flag and its negation": [["--detail", "--no-detail"], "Cannot take --detail more than once"],
  "an argument without a flag": [
    ["--detail", "a"],
    'Cannot use argument "a": expected only flags after the command',
  ],
  "an argument after two dashes": [
    ["--", "--port"],
    'Cannot use argument "--port": expected only flags after the command',
  ],
};

for (const [name, [args, message]] of Object.entries(BAD)) {
  Deno.test(`readArguments() refuses ${name}`, () => {
    assert.throws(() => readArguments(flags, args), new UsageError(message));
  });
}

Deno.test("environmentName() is upper case with _ for . and -", () => {
  assert.equal(environmentName(flags.port), "TRADESIM_EXPORTER_PORT");
  assert.equal(
    environmentName(flags.webListenAddress),
    "TRADESIM_EXPORTER_WEB_LISTEN_ADDRESS",
  );
  assert.equal(environmentName(flags.webConfigFile), "TRADESIM_EXPORTER_WEB_CONFIG_FILE");
  assert.equal(environmentName(flags.checkConfig), undefined);
});

Deno.test("readEnvironment() splits repeatable values, skips empty ones and asks for no other", () => {
  const variables: Record<string, string> = {
    TRADESIM_EXPORTER_PORT: "1",
    TRADESIM_EXPORTER_STATE: "a,b",
    TRADESIM_EXPORTER_FOLLOW: "a, b,c",
    TRADESIM_EXPORTER_DETAIL: "1",
    TRADESIM_EXPORTER_HOST: "",
    TRADESIM_EXPORTER_VERSION: "true",
  };
  const asked: string[] = [];
  const layer = readEnvironment(flags, (name) => {
    asked.push(name);
    return variables[name];
  });
  assert.deepEqual([...layer], [
    ["port", { name: "TRADESIM_EXPORTER_PORT", texts: ["1"] }],
    ["follow", { name: "TRADESIM_EXPORTER_FOLLOW", texts: ["a", "b", "c"] }],
    ["state", { name: "TRADESIM_EXPORTER_STATE", texts: ["a,b"] }],
    ["detail", { name: "TRADESIM_EXPORTER_DETAIL", texts: ["1"] }],
  ]);
  assert.deepEqual(asked.filter((name) => !name.startsWith("TRADESIM_EXPORTER_")), []);
  assert.equal(asked.includes("TRADESIM_EXPORTER_VERSION"), false);
});

Deno.test("readValues() reads each text by its flag and makes lists of repeatable ones", () => {
  const values = readValues(flags, readArguments(flags, ["--port=1", "--follow=a", "--detail"]));
  assert.deepEqual([...values], [["port", 1], ["follow", ["a"]], ["detail", true]]);
});

Deno.test("readValues() names flag or variable and file of a wrong text", () => {
  const wrong = (name: string, file?: string) => () =>
    readValues(
      flags,
      new Map([["port", { name, texts: ["x"], ...(file === undefined ? {} : { file }) }]]),
    );
  const expected = "expected a whole number from 0 to 65535";
  assert.throws(wrong("--port"), new UsageError(`Cannot read --port "x": ${expected}`));
  assert.throws(
    wrong("port", "x.yaml"),
    new UsageError(`Cannot read port "x" in x.yaml: ${expected}`),
  );
});
