/** Tests of exact sums: no order and no number of steps changes them. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { add, addAll, type Exact, nearest } from "../../lib/model/exact.ts";

/** The exact value of a finite number in units of 2^-1074, the smallest that there is. */
function units(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const size = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return bits >> 63n === 0n ? size : -size;
}

const numbers = fc.array(
  fc.oneof(
    fc.double({ noNaN: true, min: -1e300, max: 1e300 }),
    fc.integer({ min: 0, max: 1e9 }).map((cents) => cents / 100),
  ),
  { maxLength: 30 },
);

Deno.test("add() loses nothing, whatever is added in whatever order", () => {
  fc.assert(fc.property(numbers, numbers, (values, others) => {
    const sum: Exact = [];
    addAll(sum, values);
    const expected = values.reduce((total, value) => total + units(value), 0n);
    assert.equal(sum.reduce((total, part) => total + units(part), 0n), expected);
    for (const value of others) add(sum, value);
    for (const value of others) add(sum, -value);
    assert.equal(nearest(sum), nearest([...values].reverse()));
  }));
});

Deno.test("nearest() is the same in any order, and never falls when a number rises", () => {
  fc.assert(fc.property(numbers, fc.double({ noNaN: true, min: 0, max: 1e10 }), (values, more) => {
    const sum = nearest(values);
    assert.equal(nearest(values.toSorted((a, b) => a - b)), sum);
    assert.ok(nearest([...values, more]) >= sum);
  }));
  assert.ok(Object.is(nearest([]), 0));
  assert.equal(nearest([1e16, 1, -1e16]), 1);
});

Deno.test("add() keeps a sum of money short, however long it goes on", () => {
  const sum: Exact = [];
  for (let cents = 1; cents < 100_000; cents++) add(sum, cents / 100);
  assert.ok(sum.length <= 4, `${sum.length} numbers`);
  assert.equal(nearest(sum), 49_999_500);
});
