/** Tests that turns come out of their bytes as they went in. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ByteReader,
  ByteWriter,
  unzigzag,
  varintLength,
  zigzag,
} from "../../lib/remote_write/bytes.ts";
import { RecordDecoder, RecordEncoder } from "../../lib/remote_write/record.ts";
import { layoutOf } from "./layouts.ts";

Deno.test("ByteWriter and ByteReader agree on all whole numbers, and on their lengths", () => {
  fc.assert(fc.property(fc.maxSafeNat(), (value) => {
    const writer = new ByteWriter();
    writer.varint(value);
    assert.equal(writer.length, varintLength(value));
    assert.equal(new ByteReader(writer.written).varint(), value);
  }));
  for (
    const value of [0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 42, Number.MAX_SAFE_INTEGER]
  ) {
    const writer = new ByteWriter();
    writer.varint(value);
    assert.equal(new ByteReader(writer.written).varint(), value);
  }
});

Deno.test("zigzag() has an inverse for both signs", () => {
  fc.assert(fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), (value) => {
    assert.ok(zigzag(value) >= 0);
    assert.equal(unzigzag(zigzag(value)), value);
  }));
});

/** Numbers as games have them, and any double there is. */
const anyValue = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.integer({ min: -1e9, max: 1e9 }).map((cents) => cents / 100),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 0.1 + 0.2, 5e-324, 2 ** 53, 1e15 + 0.25),
);

Deno.test("RecordDecoder reads each value and time bit by bit as RecordEncoder was given it", () => {
  const turn = fc.tuple(
    fc.nat({ max: 2 }),
    fc.integer({ min: 0, max: 4_102_444_800_000 }),
    fc.array(anyValue, { minLength: 9, maxLength: 9 }),
    fc.boolean(),
  );
  fc.assert(fc.property(fc.array(turn, { maxLength: 30 }), (turns) => {
    const layouts = [layoutOf(1, "a"), layoutOf(8), layoutOf(9)];
    const encoder = new RecordEncoder();
    const decoder = new RecordDecoder();
    const writer = new ByteWriter();
    for (const [which, time, all, isEnd] of turns) {
      const layout = layouts[which]!;
      const values = all.slice(0, layout.series.length);
      writer.length = 0;
      if (encoder.introduce(layout, writer)) assert.equal(decoder.read(writer.written), undefined);
      writer.length = 0;
      encoder.turn(layout, time, isEnd ? undefined : values, writer);
      const read = decoder.read(writer.written);
      assert.deepEqual(read?.layout, layout);
      assert.equal(read.time, time);
      assert.deepEqual(read.values && [...read.values], isEnd ? undefined : values);
      if (!isEnd) {
        values.forEach((value, place) => assert.ok(Object.is(read.values![place], value)));
      }
    }
  }));
});

Deno.test("RecordEncoder goes on behind records that a decoder has read", () => {
  const [first, second] = [layoutOf(2), layoutOf(3)];
  const writer = new ByteWriter();
  const records: Uint8Array[] = [];
  const record = (write: () => unknown) => {
    writer.length = 0;
    write();
    if (writer.length > 0) records.push(writer.written.slice());
  };
  const encoder = new RecordEncoder();
  record(() => encoder.introduce(first, writer));
  record(() => encoder.turn(first, 1000, [1, 2], writer));
  const decoder = new RecordDecoder();
  for (const bytes of records) decoder.read(bytes);
  const next = new RecordEncoder(decoder);
  record(() => next.introduce(second, writer));
  record(() => next.turn(second, 1001, [3, 4, 5], writer));
  const whole = new RecordDecoder();
  const turns = records.map((bytes) => whole.read(bytes)).filter((turn) => turn !== undefined);
  assert.deepEqual(turns.map(({ time }) => time), [1000, 1001]);
  assert.deepEqual([...turns[1]!.values!], [3, 4, 5]);
});

Deno.test("a turn of a game takes a byte for each series that counted up, and few for money", () => {
  const layout = layoutOf(29);
  const encoder = new RecordEncoder();
  const writer = new ByteWriter();
  encoder.introduce(layout, writer);
  const values = new Array<number>(29).fill(0);
  let bytes = 0;
  for (let turn = 1; turn <= 1000; turn++) {
    for (let place = 0; place < 15; place++) values[place]!++;
    values[20] = Math.round(1e7 * Math.abs(Math.sin(turn))) / 100;
    writer.length = 0;
    encoder.turn(layout, 1.7e12 + turn, values, writer);
    bytes += writer.length;
  }
  assert.ok(bytes / 1000 < 30, `${bytes / 1000} bytes a turn`);
});
