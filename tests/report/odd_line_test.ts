/** Tests of what lines are called that are no reports. @module */

import assert from "node:assert/strict";
import { createLineReader } from "../../lib/ingest/mod.ts";
import { readReport } from "../../lib/report/mod.ts";
import { NOTHING } from "./options.ts";

const DIR = new URL("../testdata/lines/", import.meta.url);

/** What each file's bad lines are called, each name once. */
function namesOf(bytes: Uint8Array): string[] {
  const names = new Set<string>();
  const consumer = createLineReader(
    1 << 20,
    (value) => readReport(value, NOTHING),
    (_refused, describe) => names.add(describe().what),
  );
  let from = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
    if (end > from) {
      consumer.bytes(bytes.subarray(from, end));
      consumer.endLine(0, from);
    }
    from = end + 1;
  }
  return [...names];
}

const CASES: Readonly<Record<string, RegExp>> = {
  "utf16le_bom": /is UTF-16/,
  "latin1": /perhaps Latin-1/,
  "nul_head": /NUL bytes/,
  "line_prefix": /before the JSON/,
  "json_array": /is a JSON array or part of one/,
  "pretty": /spans several lines/,
  "two_on_a_line": /has two reports/,
};

Deno.test("every odd journal of tests/testdata/lines has a case here", () => {
  const names = Array.from(Deno.readDirSync(DIR), ({ name }) => name.replace(".jsonl", ""));
  assert.deepEqual(names.toSorted(), Object.keys(CASES).toSorted());
});

for (const [name, expected] of Object.entries(CASES)) {
  Deno.test(`nameOddLine() names ${name} as what it is`, () => {
    const names = namesOf(Deno.readFileSync(new URL(`${name}.jsonl`, DIR)));
    assert.ok(names.length > 0);
    for (const found of names) assert.match(found, expected);
  });
}

Deno.test("nameOddLine() says of another line what its reading said", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  assert.match(namesOf(encode('{"a":1,\n'))[0]!, /it is incomplete|several lines/);
  assert.match(namesOf(encode("hello\n"))[0]!, /JSON|token/i);
});
