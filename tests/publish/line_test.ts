/** Tests of the line that numbers are written into. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type ColumnFormat, Line } from "../../lib/publish/line.ts";

const encoder = new TextEncoder();
const PLAIN: ColumnFormat = { scale: 1, shift: 0, places: 0, suffix: encoder.encode("") };

function textOf(line: Line): string {
  return new TextDecoder().decode(line.bytes());
}

function written(values: readonly number[], format: Partial<ColumnFormat>): string {
  const line = new Line();
  line.numbers(Float64Array.from(values), {
    ...PLAIN,
    ...format,
  });
  return textOf(line);
}

Deno.test("Line.numbers() writes whole numbers of every length", () => {
  const values = [
    0,
    1,
    9,
    10,
    99,
    100,
    999_999_999,
    1_000_000_000,
    1_000_000_001,
    2 ** 31,
    2 ** 32,
  ];
  const all = [...values, Number.MAX_SAFE_INTEGER];
  assert.equal(written(all, {}), all.join());
  const negative = all.slice(1).map((value) => -value);
  assert.equal(written(negative, {}), negative.join());
});

Deno.test("Line.numbers() writes what JSON reads back, for any whole number and places", () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeInteger()), fc.integer({ min: 0, max: 9 }), (values, places) => {
      const read: unknown = JSON.parse(`[${written(values, { places })}]`);
      // Division rounds to the nearest double, as the reading of a decimal does.
      assert.deepEqual(read, values.map((value) => value / 10 ** places || 0));
    }),
  );
});

Deno.test("Line.numbers() leaves out a fraction of zero and keeps zeros within one", () => {
  assert.equal(written([1200, 1205, 5, 50, -7], { places: 2 }), "12,12.05,0.05,0.50,-0.07");
});

Deno.test("Line.numbers() scales, shifts, rounds and adds the suffix", () => {
  assert.equal(
    written([0.0012344, 0.0012346], { scale: 1e6, shift: 1, suffix: encoder.encode("e-9") }),
    "1235e-9,1236e-9",
  );
});

Deno.test("Line.numbers() writes null for what is not finite or not exact", () => {
  const values = [NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 60), 7];
  assert.equal(written(values, {}), "null,null,null,null,null,7");
  const suffix = encoder.encode("e-9");
  assert.equal(written([NaN, 2 ** 53, 7], { suffix }), "null,null,7e-9");
});

Deno.test("Line.numbers() takes the numbers of a part of an array", () => {
  const line = new Line();
  line.numbers(Float64Array.of(0, 1, 2, 3, 4).subarray(1, 4), PLAIN);
  assert.equal(textOf(line), "1,2,3");
});

Deno.test("Line.decimal() writes a number of so many places, or null", () => {
  const line = new Line();
  for (const value of [1205, -5, NaN, 2 ** 53]) {
    line.decimal(value, 2);
    line.text(";");
  }
  assert.equal(textOf(line), "12.05;-0.05;null;null;");
});

Deno.test("Line.number() writes what JSON reads back as the same number, or null", () => {
  const money = fc.maxSafeInteger().map((cents) => cents / 100);
  fc.assert(fc.property(fc.oneof(fc.double(), money, fc.float()), (value) => {
    const line = new Line();
    line.number(value);
    const read: unknown = JSON.parse(textOf(line));
    // JSON has no sign of zero either when JSON.stringify() writes it.
    assert.equal(read, Number.isFinite(value) ? value + 0 : null);
  }));
});

Deno.test("Line.member() and Line.object() write an object of numbers, whatever its names", () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.integer()), (numbers) => {
    const line = new Line();
    line.text('{"first":true');
    for (const [name, value] of Object.entries(numbers)) line.member(name, value);
    line.key("inner");
    line.object(numbers);
    line.text("}");
    assert.deepEqual(
      JSON.parse(textOf(line)),
      JSON.parse(JSON.stringify({ first: true, ...numbers, inner: numbers })),
    );
  }));
});

Deno.test("Line.cut() forgets what was written after a place", () => {
  const line = new Line();
  line.text("kept");
  const { length } = line;
  line.text(" not kept");
  line.cut(length);
  line.text("!");
  assert.equal(textOf(line), "kept!");
});

Deno.test("Line.key() keeps writing names when there are more than it remembers", () => {
  const line = new Line();
  line.text("{");
  line.text('"":0');
  const names = Array.from({ length: 600 }, (_, index) => `é${index}`);
  for (const name of [...names, ...names.toReversed()]) {
    line.key(name);
    line.decimal(1, 0);
  }
  line.text("}");
  assert.deepEqual(Object.keys(JSON.parse(textOf(line))), ["", ...names]);
});

Deno.test("Line.text() writes any text, long or short", () => {
  const some = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ minLength: 4000, maxLength: 5000 }),
  );
  fc.assert(fc.property(some, (text) => {
    const line = new Line();
    line.text(text);
    assert.equal(textOf(line), new TextDecoder().decode(encoder.encode(text)));
  }));
});

Deno.test("Line keeps what was written when it grows, and forgets it at clear()", () => {
  const line = new Line();
  const text = "é🙂".repeat(3000);
  line.text("[");
  line.text(text);
  line.numbers(new Float64Array(5000).fill(1e9), PLAIN);
  line.text("]");
  assert.equal(textOf(line), `[${text}${new Array(5000).fill(1e9).join()}]`);
  line.clear();
  line.text("x");
  assert.equal(textOf(line), "x");
});

Deno.test("Line.differences() writes what adds up to the numbers again", () => {
  const written = (values: readonly number[]) => {
    const line = new Line();
    line.differences(Float64Array.from(values));
    return new TextDecoder().decode(line.bytes());
  };
  const cases: readonly [readonly number[], string][] = [
    [[], ""],
    [[0, 0], ""],
    [[5, 5, 5], ",5"],
    [[0, 3, 3, 1], ",0,3,0,-2"],
    [[7, NaN, 9, 9], ",7,null,2"],
    [[NaN, NaN], ",null,null"],
    [[-2, 12_345_678_901, Infinity], ",-2,12345678903,null"],
  ];
  for (const [values, text] of cases) assert.equal(written(values), text);
});
