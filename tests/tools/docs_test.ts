/** Tests that the documents that are made from tables say what the tables say. @module */

import assert from "node:assert/strict";
import { GAME_METRICS, METRICS } from "../../lib/catalogue/mod.ts";
import { TRADESIM_KEYS } from "../../lib/report/mod.ts";
import { documents, filled } from "../../tools/docs.ts";
import { MAX_COLUMN_LENGTH } from "../../lib/turns/mod.ts";

const ROOT = new URL("../../", import.meta.url);

for (const [path, text] of documents()) {
  Deno.test(`documents() gives ${path} as it is, else run deno task generate`, () => {
    assert.equal(Deno.readTextFileSync(new URL(path, ROOT)), text);
  });
}

Deno.test("documents() name every metric and every key of TradeSim", () => {
  const page = documents().get("docs/metrics.md")!;
  for (const { name } of METRICS) assert.ok(page.includes(`| \`${name}\` |`), name);
  for (const key of TRADESIM_KEYS.keys()) assert.ok(page.includes(`| \`${key}\` |`), key);
});

Deno.test("documents() give each number that reports carry a row in docs/report.md", () => {
  const page = documents().get("docs/report.md")!;
  for (const { name, read, group } of GAME_METRICS) {
    assert.equal(
      page.includes(`| \`${name}\` |`),
      (read === undefined && group !== "detail") || name === "temps_simulation_tour_seconds",
      name,
    );
  }
});

Deno.test("docs/report.md says how many turns a report may carry", () => {
  const page = documents().get("docs/report.md")!;
  assert.ok(page.includes(`at most ${MAX_COLUMN_LENGTH} of them`));
});

Deno.test("filled() replaces what is between markers, and nothing else", () => {
  const text = "Before\n<!-- generated: begin a -->\nold\n<!-- generated: end -->\nafter\n";
  const made = "Before\n<!-- generated: begin a -->\n\nnew\n\n<!-- generated: end -->\nafter\n";
  assert.equal(filled(text, { a: "new" }), made);
  assert.equal(filled(made, { a: "new" }), made);
});

Deno.test("filled() refuses a part without markers, and markers without a part", () => {
  const text = "<!-- generated: begin a -->\n<!-- generated: end -->\n";
  assert.throws(() => filled(text, { a: "1", b: "2" }), /Cannot fill "b": the markers are missing/);
  assert.throws(() => filled(text, {}), /Cannot fill "a": there is no such part/);
});
