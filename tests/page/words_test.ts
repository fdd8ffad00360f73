/** Tests of numbers, files and sentences of the page. @module */

import assert from "node:assert/strict";
import { csv } from "../../lib/page/src/csv.ts";
import { barsOf, quantile } from "../../lib/page/src/buckets.ts";
import { createFormat } from "../../lib/page/src/format.ts";
import { Turns } from "../../lib/page/src/turns.ts";
import { TEXTS } from "../../lib/page/src/texts.ts";
import { costOf } from "../../lib/page/src/cost.ts";
import { eventLine } from "../../lib/page/src/wording.ts";

/** Spaces of all kinds as plain ones. */
function plain(text: string): string {
  return text.replace(/\s/g, " ");
}

Deno.test("csv() is marked as UTF-8, quotes what needs it, leaves out what is unknown, and lets no name be a formula", () => {
  const rows = [
    ["a,b", 1.5, null],
    ['say "x"', NaN, undefined],
    ["two\nlines", -3, ""],
    ["=1+1", 0, "+1"],
    ["-x", 1, "@y"],
    // Where cells are parted by semicolons.
    ["a;=1+1", 2, "b\tc"],
  ];
  assert.equal(
    csv(["name", "value", "more"], rows),
    "\uFEFFname,value,more\r\n" +
      '"a,b",1.5,\r\n' +
      '"say ""x""",,\r\n' +
      '"two\nlines",-3,\r\n' +
      "'=1+1,0,'+1\r\n" +
      "'-x,1,'@y\r\n" +
      '"a;=1+1",2,"b\tc"\r\n',
  );
});

Deno.test("the page names the turns that were seen and those that were not, in both languages", () => {
  for (const { metrics } of Object.values(TEXTS)) {
    for (const what of ["seen", "missed"]) {
      assert.match(metrics[`tradesim_exporter_turns_${what}_total`] ?? "", /^(Turns|Tours) /);
    }
  }
});

Deno.test("createFormat() never throws, whatever the number", () => {
  const format = createFormat("fr");
  for (const value of [NaN, Infinity, -Infinity, 1e300, -1e300, 1.795e15, 8.64e12, -8.64e12]) {
    for (const write of [format.time, format.fineTime, format.moment, format.clock, format.bytes]) {
      assert.equal(typeof write(value), "string");
    }
    assert.equal(typeof format.metric("process_start_time_seconds", value), "string");
  }
  assert.deepEqual([format.moment(1.795e15), format.time(NaN)], ["–", "–"]);
});

Deno.test("createFormat() writes numbers as the language does", () => {
  const french = createFormat("fr");
  const english = createFormat("en");
  const cases: [string, string][] = [
    [french.euros(189_211.923), "189 211,92 €"],
    [english.euros(189_211.923), "€189,211.92"],
    [french.whole(1234.5678), "1 235"],
    [english.percent(0.1234), "12.3%"],
    [french.euros(undefined), "–"],
    [english.whole(NaN), "–"],
    [english.seconds(0), "0 s"],
    [english.seconds(2.6e-7), "260 ns"],
    [french.seconds(0.0000123), "12,3 µs"],
    [english.seconds(0.00214), "2.14 ms"],
    [english.seconds(1.5), "1.5 s"],
    [english.seconds(3725), "1:02:05"],
    [english.clock(65.9), "1:05"],
    [english.clock(2 * 86_400 + 3725), "2 d 1:02:05"],
    [french.seconds(86_400), "1 j 0:00"],
    // Whether thousands are k or K is not the same in all versions of Unicode's tables.
    [english.tick("euros", 189_250, 10).toLowerCase(), "€189.25k"],
    [english.tick("euros", 200_000, 100_000).toLowerCase(), "€200k"],
    [english.tick("count", 12, 2), "12"],
    [french.metric("process_resident_memory_bytes", 8e7), "76,3 Mio"],
    [english.metric("cpu_usage_percent", 12.5), "12.5%"],
    [english.metric("process_cpu_seconds_total", 0.5), "500 ms"],
    [english.metric("tradesim_exporter_reports_taken_total", 1234), "1,234"],
  ];
  for (const [made, wanted] of cases) assert.equal(plain(made), wanted);
});

Deno.test("eventLine() says what an event did, as far as it is told", () => {
  const event = { tour: 1, timestamp: 1, type: "recharge_budget", nombre: 1, total: 6000 };
  const line = (language: "fr" | "en", more: Record<string, unknown> = {}) =>
    plain(eventLine({ ...event, ...more }, TEXTS[language], createFormat(language)));
  assert.equal(line("en"), "Budgets recharged (1 firm, +€6,000.00)");
  assert.equal(line("fr", { nombre: 3 }), "Recharge de budgets (3 entreprises, +6 000,00 €)");
  assert.equal(
    line("fr", { type: "variation_disponibilite", nombre: 2, total: -1 }),
    "Variation de disponibilité (2 produits, −1 actifs)",
  );
  assert.equal(
    line("en", { type: "variation_disponibilite", nombre: 2, total: 0 }),
    "Availability changed (2 products, +0 active)",
  );
  assert.equal(
    line("fr", { type: "inflation", nombre: 2, total: -0.001 }),
    "Inflation (2 prix, +0,00 € en tout)",
  );
  assert.equal(line("en", { type: "toString", total: 5 }), "toString (1, +5)");
  assert.equal(
    plain(eventLine({ tour: 1, timestamp: 1, type: "x" }, TEXTS.en, createFormat("en"))),
    "x",
  );
});

Deno.test("barsOf() shows the buckets that have turns, and one on either side", () => {
  const le = [1, 2, 3, 4, 5];
  assert.deepEqual(barsOf({ le, counts: [0, 0, 4, 0, 0, 0], sum: 10 }), [
    { bound: 2, turns: 0 },
    { bound: 3, turns: 4 },
    { bound: 4, turns: 0 },
  ]);
  assert.deepEqual(barsOf({ le, counts: [0, 0, 0, 0, 0, 2], sum: 99 }), [
    { bound: 5, turns: 0 },
    { bound: Infinity, turns: 2 },
  ]);
  assert.deepEqual(barsOf({ le, counts: [0, 0, 0, 0, 0, 0], sum: 0 }), []);
});

Deno.test("quantile() is that of histogram_quantile()", () => {
  const seconds = { le: [1, 2, 4], counts: [2, 4, 2, 0], sum: 14 };
  assert.equal(quantile(seconds, 0.5), 1.5);
  assert.equal(quantile(seconds, 0.25), 1);
  assert.equal(quantile(seconds, 1), 4);
  assert.equal(quantile({ le: [1, 2, 4], counts: [0, 0, 0, 3], sum: 30 }, 0.5), 4);
});

Deno.test("costOf() sets the time spent on publishing beside the time from turn to turn", () => {
  // Turns that take 1 µs each, with a pause of 250 ms after each.
  const turnSeconds = { le: [1], counts: [3, 1], sum: 4e-6 };
  const spent = { simulation_publication_seconds_total: 0.002 };
  const turns = new Turns();
  assert.deepEqual(costOf(spent, turnSeconds, turns), { seconds: 0.0005, real: undefined });
  turns.append({ tour: [1, 2, 4], timestamp: [10, 10.25, 10.75] });
  assert.deepEqual(costOf(spent, turnSeconds, turns), { seconds: 0.0005, real: 0.25 });
  const replayed = costOf(spent, turnSeconds, turns, 50);
  assert.deepEqual(replayed, { seconds: 0.0005, real: 12.5 }, "as it was played");
  assert.equal(costOf({}, turnSeconds, turns), undefined);
  assert.equal(costOf(spent, null, turns), undefined);
});
