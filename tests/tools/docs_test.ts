/** Tests that the documents that are made from tables say what the tables say. @module */

import assert from "node:assert/strict";
import { GAME_METRICS, METRICS } from "../../lib/catalogue/mod.ts";
import { TRADESIM_KEYS } from "../../lib/report/mod.ts";
import { documents } from "../../tools/docs.ts";

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
  for (const { name, reported } of GAME_METRICS) {
    assert.equal(
      page.includes(`| \`${name}\` |`),
      reported ?? name === "temps_simulation_tour_seconds",
      name,
    );
  }
});

/** Targets of the links in a document that are not on the web. */
function links(text: string): string[] {
  return Array.from(text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g), ([, target]) => target!);
}

for (const path of ["README.md", "CONTRIBUTING.md", "docs/report.md"]) {
  Deno.test(`${path} links to files that are there`, () => {
    const base = new URL(path, ROOT);
    const targets = links(Deno.readTextFileSync(base));
    assert.ok(targets.length > 0);
    for (const target of targets) {
      assert.ok(Deno.statSync(new URL(target, base)).isFile, `${path} links to ${target}`);
    }
  });
}
