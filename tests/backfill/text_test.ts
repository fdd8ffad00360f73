/** Tests of samples as text. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { metric } from "../../lib/catalogue/mod.ts";
import { Starts } from "../../lib/backfill/starts.ts";
import { SampleText, type TextOptions } from "../../lib/backfill/text.ts";

const NAME = 'produit_prix{job="tradesim",instance="a \\"b\\"",produit="Blé\\\\"} ';
const START = new Starts('a "b"').of(metric("produit_prix"), {
  suffix: "",
  labels: [["produit", "Blé\\"]],
});

function textOf(
  values: readonly number[],
  times: readonly number[],
  unit: TextOptions["unit"] = "seconds",
): string {
  const decoder = new TextDecoder();
  let text = "";
  const writer = new SampleText({ unit, write: (bytes) => text += decoder.decode(bytes) });
  writer.sink(START, Float64Array.from(values), Float64Array.from(times));
  writer.end();
  return text;
}

Deno.test("SampleText writes a line per sample, and none for what is unknown", () => {
  assert.equal(
    textOf([1.5, NaN, 1.5, 1.5, Infinity, -3], [1000, 2000, 3000, 4500, 5000, 6000]),
    `${NAME}1.50 1\n${NAME}1.50 3\n${NAME}1.50 4.500\n${NAME}-3 6\n# EOF\n`,
  );
  assert.equal(textOf([7], [946_684_800_001], "milliseconds"), `${NAME}7 946684800001\n`);
  assert.equal(textOf([], []), "# EOF\n");
});

Deno.test("SampleText leaves out a series that no store could read", () => {
  const start = new Starts("a").of(metric("produit_prix"), {
    suffix: "",
    labels: [["not valid", "x"]],
  });
  let written = 0;
  const writer = new SampleText({ unit: "milliseconds", write: () => written++ });
  writer.sink(start, Float64Array.of(1), Float64Array.of(1));
  writer.end();
  assert.equal(written, 0);
});

Deno.test("SampleText writes what is read back as the same value at the same time", () => {
  // As Prometheus and VictoriaMetrics read: they cut off what is behind the millisecond.
  const readTime = (text: string) => Math.trunc(Number(text) * 1000);
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer({ min: -1e9, max: 1e9 }).map((cents) => cents / 100),
    fc.integer({ min: 0, max: 1e9 }).map((nanoseconds) => nanoseconds / 1e9),
    fc.maxSafeInteger(),
    fc.constantFrom(5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 0.1 + 0.2),
  );
  const time = fc.integer({ min: 31_536_000_000, max: 4_102_444_800_000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, time), { minLength: 1, maxLength: 50 }), (samples) => {
      const lines = textOf(samples.map(([value]) => value), samples.map(([, time]) => time))
        .split("\n").slice(0, -2);
      assert.equal(lines.length, samples.length);
      for (const [index, line] of lines.entries()) {
        const [read, at] = line.slice(NAME.length).split(" ");
        const [value, time] = samples[index]!;
        assert.equal(Number(read) + 0, value + 0);
        assert.equal(readTime(at!), time, at);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("SampleText hands on long texts in parts, none of which cuts a line's bytes", () => {
  const count = 50_000;
  const parts: number[] = [];
  let text = "";
  const decoder = new TextDecoder();
  const writer = new SampleText({
    unit: "seconds",
    write: (bytes) => {
      parts.push(bytes.length);
      text += decoder.decode(bytes);
    },
  });
  const values = Float64Array.from({ length: count }, (_, row) => row % 7);
  writer.sink(START, values, Float64Array.from({ length: count }, (_, row) => row * 1000));
  writer.end();
  assert.ok(parts.length > 2);
  assert.equal(text.length + count, writer.bytes, "each line has one letter of two bytes");
  const lines = text.split("\n");
  assert.equal(lines.length, count + 2);
  assert.ok(lines.slice(0, count).every((line, row) => line === `${NAME}${row % 7} ${row}`));
});
