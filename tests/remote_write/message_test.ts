/** Tests the messages of remote write against an independent decoder. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { compress } from "snappyjs";
import { encodeMessage, headersOf, withExternal } from "../../lib/remote_write/message.ts";
import type { SeriesSamples } from "../../lib/remote_write/unsent.ts";
import { decode1, decode2, decodeRequest, familiesOf } from "./decode.ts";

const NOW = 1_795_832_305_366;

function samples(changes: Partial<SeriesSamples> & { name?: string }): SeriesSamples {
  const { name = "tours_completes", ...rest } = changes;
  return {
    series: { labels: [["__name__", name]], type: "counter", help: "Turns." },
    start: NOW - 1000,
    times: [NOW],
    values: [1],
    ...rest,
  };
}

Deno.test("encodeMessage() 1.0 says labels in order, values and times", () => {
  const message = encodeMessage(
    [
      samples({ times: [NOW, NOW + 1], values: [1, 2] }),
      samples({
        series: {
          labels: [["__name__", "prix"], ["produit", "é"], ["a", "b"]],
          type: "gauge",
          help: "",
        },
        values: [-0.5],
      }),
    ],
    "1.0",
    [["job", "tradesim"]],
  );
  assert.deepEqual(decode1(message), [
    {
      labels: [["__name__", "tours_completes"], ["job", "tradesim"]],
      samples: [
        { value: 1, timestamp: NOW, start: 0 },
        { value: 2, timestamp: NOW + 1, start: 0 },
      ],
      metadata: undefined,
    },
    {
      labels: [["__name__", "prix"], ["a", "b"], ["job", "tradesim"], ["produit", "é"]],
      samples: [{ value: -0.5, timestamp: NOW, start: 0 }],
      metadata: undefined,
    },
  ]);
});

Deno.test("encodeMessage() 1.0 says type and help of each family once", () => {
  const named = (name: string, type: "gauge" | "histogram" | undefined, help: string) =>
    samples({ series: { labels: [["__name__", name], ["a", "b"]], type, help } });
  const message = encodeMessage([
    samples({}),
    named("prix_sum", "gauge", ""),
    named("d_bucket", "histogram", "é"),
    named("d_sum", "histogram", "é"),
    named("d_count", "histogram", "é"),
    named("other", undefined, ""),
    named("told", undefined, "Help."),
  ], "1.0");
  assert.deepEqual(familiesOf(message), [
    ["tours_completes", 1, "Turns."],
    ["prix_sum", 2, ""],
    ["d", 3, "é"],
    ["told", 0, "Help."],
  ]);
});

Deno.test("encodeMessage() 2.0 says each text once, the empty one first, and types and starts", () => {
  const message = encodeMessage(
    [
      samples({ times: [NOW, NOW + 1], values: [1, 2] }),
      samples({
        series: { labels: [["__name__", "prix"], ["job", "own"]], type: "gauge", help: "" },
        values: [3],
      }),
    ],
    "2.0",
    [["job", "tradesim"]],
  );
  const { symbols, series } = decode2(message);
  assert.equal(symbols[0], "");
  assert.equal(new Set(symbols).size, symbols.length);
  assert.deepEqual(series, [
    {
      labels: [["__name__", "tours_completes"], ["job", "tradesim"]],
      samples: [
        { value: 1, timestamp: NOW, start: NOW - 1000 },
        { value: 2, timestamp: NOW + 1, start: NOW - 1000 },
      ],
      metadata: { type: 1, help: "Turns." },
    },
    {
      // A gauge has no start, and a label of its own wins.
      labels: [["__name__", "prix"], ["job", "own"]],
      samples: [{ value: 3, timestamp: NOW, start: 0 }],
      metadata: { type: 2, help: "" },
    },
  ]);
});

Deno.test("a start that is not before its sample is left out", () => {
  const [series] = decode2(encodeMessage(
    [samples({ start: NOW, times: [NOW, NOW + 1], values: [0, 1] })],
    "2.0",
  )).series;
  assert.deepEqual(series!.samples.map(({ start }) => start), [0, NOW]);
});

Deno.test("the end of a series is the one NaN that says so; any other stays another", () => {
  for (const protocol of ["1.0", "2.0"] as const) {
    const bytes = encodeMessage(
      [samples({ times: [NOW, NOW + 1], values: [NaN, undefined] })],
      protocol,
    );
    // Little-endian doubles behind the tag of a sample's first field.
    const doubles = Array.from(bytes.entries()).flatMap(([place, byte]) =>
      byte === 9 && bytes[place + 9] === 16
        ? [new DataView(bytes.buffer, bytes.byteOffset + place + 1).getBigUint64(0, true)]
        : []
    );
    assert.deepEqual(doubles, [0x7ff8000000000000n, 0x7ff0000000000002n]);
  }
});

Deno.test("withExternal() drops labels without a value, which is none", () => {
  assert.deepEqual(withExternal([["b", "1"], ["a", ""]], [["c", "2"], ["b", "3"]]), [
    ["b", "1"],
    ["c", "2"],
  ]);
});

Deno.test("both versions say any samples as they are, also compressed", async () => {
  const text = fc.string({ minLength: 1, unit: "grapheme" });
  const series = fc.record({
    labels: fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, minLength: 1 }),
    points: fc.array(
      fc.tuple(fc.integer({ min: 1, max: 4_102_444_800_000 }), fc.double({ noNaN: true })),
      { minLength: 1, maxLength: 20 },
    ),
  });
  await fc.assert(fc.asyncProperty(fc.array(series, { maxLength: 8 }), async (all) => {
    const given = all.map(({ labels, points }): SeriesSamples => ({
      series: { labels, type: "gauge", help: "h" },
      start: 0,
      times: points.map(([time]) => time),
      values: points.map(([, value]) => value),
    }));
    for (const protocol of ["1.0", "2.0"] as const) {
      const request = new Request("http://localhost", {
        method: "POST",
        headers: headersOf(protocol),
        body: compress(encodeMessage(given, protocol)),
      });
      const decoded = await decodeRequest(request);
      assert.deepEqual(
        decoded.map(({ labels, samples }) => ({
          labels,
          points: samples.map(({ timestamp, value }) => [timestamp, value]),
        })),
        all.map(({ labels, points }) => ({
          labels: labels.toSorted(([a], [b]) => a < b ? -1 : 1),
          points,
        })),
      );
    }
  }));
});
