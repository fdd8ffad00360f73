/** Tests of the search for copied code. @module */

import assert from "node:assert/strict";
import { copiesIn } from "../../tools/copies.ts";

const LINES = [
  "export function sum(values: readonly number[]): number {",
  "  let sum = 0;",
  "  for (const value of values) {",
  "    if (Number.isNaN(value)) continue;",
  "    sum += value;",
  "  }",
  "  return sum;",
  "}",
];

function copies(...texts: readonly (readonly string[])[]): Promise<string[]> {
  const named = texts.map((lines, index) => [`${index}.ts`, lines.join("\n") + "\n"] as const);
  return copiesIn(new Map(named));
}

Deno.test("copiesIn() names both places of code that stands in two files", async () => {
  const before = ["const first = 1;", ...LINES];
  const [found = "", ...others] = await copies(before, LINES);
  assert.deepEqual(others, []);
  assert.match(found, /^[01]\.ts:\d+-\d+ is like [01]\.ts:\d+-\d+$/);
  assert.notEqual(found[0], found.split(" is like ")[1]![0]);
});

Deno.test("copiesIn() finds a copy within a file", async () => {
  assert.equal((await copies([...LINES, "const between = 1;", ...LINES])).length, 1);
});

Deno.test("copiesIn() leaves imports alone", async () => {
  const names = Array.from({ length: 30 }, (_, index) => `  type Name${index},`);
  const imports = ["import {", ...names, '} from "./names.ts";'];
  assert.deepEqual(await copies(imports, imports), []);
});

Deno.test("copiesIn() leaves fewer lines alone, and other code", async () => {
  assert.deepEqual(await copies(LINES.slice(0, 4), LINES.slice(0, 4)), []);
  const other = LINES.map((line) => line.replaceAll("sum", "total").replaceAll("value", "number"));
  assert.deepEqual(await copies(LINES, other), []);
});
