/** Tests of the configuration file in YAML. @module */

import assert from "node:assert/strict";
import { UsageError } from "../../lib/cli/mod.ts";
import { readYamlConfig } from "../../lib/cli/yaml_config.ts";
import { COMMANDS } from "../../lib/commands/mod.ts";

function read(text: string) {
  return readYamlConfig(COMMANDS.serve.flags, text, "x.yaml", () => false);
}

/** The texts that a file gives, by property. */
function texts(text: string) {
  return Object.fromEntries([...read(text)].map(([property, given]) => [property, given.texts]));
}

const GOOD: Readonly<Record<string, [text: string, expected: Record<string, readonly string[]>]>> =
  {
    "an empty file": ["", {}],
    "only comments": ["# nothing\n---\n", {}],
    "numbers": ["port: 9000\nmax-series: 5\nsystem-interval: 0\nmax-body: 2048\n", {
      port: ["9000"],
      maxSeries: ["5"],
      systemInterval: ["0"],
      maxBody: ["2048"],
    }],
    "texts": ["host: ::1\nstale-after: 2h\nstate: none\nlog.level: debug\n", {
      host: ["::1"],
      staleAfter: ["2h"],
      state: ["none"],
      logLevel: ["debug"],
    }],
    "booleans": ["detail: true\nall-keys: false\n", { detail: ["true"], allKeys: ["false"] }],
    "one text for a repeatable flag": ["follow: a,b.jsonl\n", { follow: ["a,b.jsonl"] }],
    "a list for a repeatable flag": [
      "follow: [a, b]\nweb.listen-address:\n  - :8000\n  - '[::1]:8000'\n",
      { follow: ["a", "b"], webListenAddress: [":8000", "[::1]:8000"] },
    ],
    "labels as text": ["labels: continent, session\n", { labels: ["continent, session"] }],
    "labels as a list": ["labels: [continent, session]\n", { labels: ["continent,session"] }],
    "no labels": ["labels: []\n", { labels: [""] }],
    "a byte order mark and Windows lines": ["\uFEFFport: 1\r\nhost: a\r\n", {
      port: ["1"],
      host: ["a"],
    }],
  };

for (const [name, [text, expected]] of Object.entries(GOOD)) {
  Deno.test(`readYamlConfig() reads ${name}`, () => assert.deepEqual(texts(text), expected));
}

const BAD: Readonly<Record<string, [text: string, message: string | RegExp]>> = {
  "an unknown key": ["prot: 1", 'Unknown key "prot" in x.yaml: did you mean port?'],
  "a key like no other": ["colour: 1", 'Unknown key "colour" in x.yaml'],
  "a key of Object.prototype": ["__proto__: 1", 'Unknown key "__proto__" in x.yaml'],
  "a merge key": ["<<: {port: 1}", 'Unknown key "<<" in x.yaml'],
  "a key that is a list": ["[a]: 1", 'Unknown key "" in x.yaml'],
  "config": ["config: y.yaml", 'Unknown key "config" in x.yaml: it may not stand in a file'],
  "check-config": [
    "check-config: true",
    'Unknown key "check-config" in x.yaml: it may not stand in a file',
  ],
  "version": ["version: true", 'Unknown key "version" in x.yaml: it may not stand in a file'],
  "help": ["help: true", 'Unknown key "help" in x.yaml: it may not stand in a file'],
  "a key that is there twice": [
    "port: 1\nport: 1",
    "Cannot read x.yaml: port appears twice, expected once",
  ],
  "several documents": [
    "port: 1\n---\nport: 2\n",
    "Cannot read x.yaml: it has several documents, expected one",
  ],
  "text": ["port", 'Cannot read x.yaml: expected lines such as "port: 8000"'],
  "a list": ["- port", 'Cannot read x.yaml: expected lines such as "port: 8000"'],
  "text for a number": [
    'port: "80"',
    'Cannot read port "80" in x.yaml: expected a whole number from 0 to 65535, not a string',
  ],
  "a number for text": [
    "host: 5",
    "Cannot read host 5 in x.yaml: expected a host name or an IP address, without a port, not a number",
  ],
  "text for a boolean": [
    "detail: yes",
    'Cannot read detail "yes" in x.yaml: expected true or false, not a string',
  ],
  "a boolean for a number": [
    "max-series: true",
    "Cannot read max-series true in x.yaml: expected a whole number from 1 to 10000000, not a boolean",
  ],
  "nothing": [
    "port:",
    "Cannot read port in x.yaml: expected a whole number from 0 to 65535, not nothing",
  ],
  "a list for one value": [
    "port: [1]",
    "Cannot read port in x.yaml: expected a whole number from 0 to 65535, not a structure",
  ],
  "a list in a list": [
    "follow: [[a]]",
    "Cannot read follow in x.yaml: expected the name of a file, with at most one * and that in the last part, not a structure",
  ],
  "an empty list": [
    "follow: []",
    "Cannot read follow [] in x.yaml: expected the name of a file, with at most one * and that in the last part",
  ],
  "an alias": [
    "host: &h a\nstate: *h",
    "Cannot read state in x.yaml: expected the name of a file, not a structure",
  ],
  "what is not YAML": [
    "port: 1\nhost: [",
    /^Cannot read x\.yaml line 2: it is not YAML \([^\n]+\)$/,
  ],
  "an unknown tag": ["port: !x 1", /^Cannot read x\.yaml line 1: it is not YAML \([^\n]+\)$/],
  "lists a hundred thousand deep": ["port: " + "[".repeat(100_000), /^Cannot read x\.yaml/],
};

for (const [name, [text, message]] of Object.entries(BAD)) {
  Deno.test(`readYamlConfig() refuses ${name}`, () => {
    assert.throws(() => read(text), (error: unknown) => {
      assert.ok(error instanceof UsageError, String(error));
      if (typeof message === "string") assert.equal(error.message, message);
      else assert.match(error.message, message);
      return true;
    });
  });
}

Deno.test("readYamlConfig() does not work out a bomb of aliases", () => {
  const lines = ["a: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 12; level++) {
    lines.push(`b${level}: &a${level} [${Array(9).fill(`*a${level - 1}`).join(", ")}]`);
  }
  assert.throws(() => read(lines.join("\n")), UsageError);
  assert.throws(() => read(`follow: &f [${Array(99).fill("*f").join(",")}]`), UsageError);
});
