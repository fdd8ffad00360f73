/** Tests of the page as it is served: made from its sources, small, and shut off. @module */

import assert from "node:assert/strict";
import { PAGE_ASSETS, PAGE_POLICY, pageHtml } from "../../lib/page/mod.ts";
import { METRICS } from "../../lib/catalogue/mod.ts";
import { CHARTS, queriesOf } from "../../lib/page/src/charts.ts";
import { TEXTS } from "../../lib/page/src/texts.ts";
import { pageFiles } from "../../tools/page.ts";

Deno.test("pageFiles() are the files that are served, else run deno task generate", async () => {
  for (const [path, text] of await pageFiles()) {
    const served = Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
    assert.ok(text === served, `${path} is as its sources make it`);
  }
});

Deno.test("pageHtml() and its files come to at most 150 KB over the wire", () => {
  const sizes = [...PAGE_ASSETS.values()].map((asset) => asset.gzip().length);
  const total = sizes.reduce((sum, size) => sum + size, pageHtml("fr").length);
  assert.ok(total > 10_000 && total <= 150_000, String(total));
});

Deno.test("pageHtml() loads its files from where they are served, and holds no script of its own", () => {
  for (const language of ["fr", "en"] as const) {
    const page = pageHtml(language);
    assert.match(page, new RegExp(`<html lang="${language}">`));
    for (const path of PAGE_ASSETS.keys()) {
      assert.match(path, /^\/page\.[0-9a-f]{12}\.(js|css)$/);
      assert.ok(page.includes(`=".${path}"`), path);
    }
    assert.equal(page.match(/<script/g)?.length, 1);
    assert.doesNotMatch(page, /<style|style=|<script[^>]*>[^<]| on\w+=/);
  }
  assert.match(PAGE_POLICY, /default-src 'none'/);
  assert.doesNotMatch(PAGE_POLICY, /unsafe|https?:|\*/);
});

Deno.test("CHARTS name metrics of the catalogue, and ask Prometheus for no other", () => {
  const known = new Set(METRICS.map(({ name }) => name));
  for (const chart of CHARTS) {
    for (const { metric } of chart.series) assert.ok(known.has(metric), metric);
    for (const isPerTurn of [true, false]) {
      for (const query of queriesOf(chart, isPerTurn)) {
        for (const [name] of query.matchAll(/\b[a-z]\w*_\w+/g)) {
          const metric = name.replace(/_(bucket|sum|count)$/, "");
          assert.ok(known.has(metric), `${name} in ${query}`);
        }
      }
    }
  }
});

Deno.test("TEXTS have words for the same things in both languages, and other ones", () => {
  const leaves = (value: unknown, path: string): [string, unknown][] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}.${key}`))
      : [[path, typeof value === "string" ? value : String(value)]];
  const [french, english] = [leaves(TEXTS.fr, ""), leaves(TEXTS.en, "")];
  assert.deepEqual(french.map(([path]) => path), english.map(([path]) => path));
  const same = french.filter(([, text], index) => text === english[index]![1]);
  assert.deepEqual(same.map(([path]) => path), [
    ".title",
    ".kinds.tradesim",
    ".series.total",
    ".queries",
    ".asCsv",
    ".asPng",
    ".events.inflation",
    ".effects.recharge_budget.total",
    ".budgetHeader",
    ".stockHeader",
    ".version",
  ]);
});
