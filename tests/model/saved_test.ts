/** Tests of what is saved, made from its schema: each field comes back, and no other one is taken. @module */

import assert from "node:assert/strict";
import type * as z from "zod";
import { REPORTED_METRICS } from "../../lib/catalogue/mod.ts";
import { ENTRY, readEntry, readState, SNAPSHOT, toText } from "../../lib/model/saved.ts";

/** A value that a schema takes, with all that is optional; each `variant` takes another choice. */
function sampleOf(root: z.core.$ZodType, variant: number): unknown {
  let made = variant;
  const sample = (schema: z.core.$ZodType): unknown => {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    const choose = <Item>(items: readonly Item[]) => items[made++ % items.length]!;
    switch (def.type) {
      case "number":
        return ++made + 0.5;
      case "string":
        // The names of values must be known.
        return choose(REPORTED_METRICS).name;
      case "boolean":
        return choose([true, false]);
      case "enum":
        return choose(Object.values(def.entries));
      case "union":
        return sample(def.options[variant % def.options.length]!);
      case "optional":
      case "readonly":
        return sample(def.innerType);
      case "array": {
        const lengths = def.checks?.map(({ _zod }) => (_zod.def as { length?: number }).length);
        return Array.from({ length: lengths?.[0] ?? 2 }, () => sample(def.element));
      }
      case "tuple":
        return def.items.map(sample);
      case "map":
        return new Map([1, 2].map(() => [sample(def.keyType), sample(def.valueType)]));
      case "record":
        return Object.fromEntries([[sample(def.keyType), sample(def.valueType)]]);
      case "object":
        return Object.fromEntries(
          Object.entries(def.shape).map(([key, value]) => [key, sample(value)]),
        );
      default:
        throw new Error(`No sample of ${def.type}`);
    }
  };
  return sample(root);
}

/** The same text with one more key in one of its objects, for each object. */
function* withUnknownKeys(text: string): Generator<string> {
  for (const { index } of text.matchAll(/\{(?!"\$map")/g)) {
    yield `${text.slice(0, index)}{"inconnue":1,${text.slice(index + 1)}`;
  }
}

Deno.test("readState() brings back every field of the schema, and takes no other", () => {
  for (const variant of [0, 1]) {
    const sample = sampleOf(SNAPSHOT, variant);
    const { model, positions } = readState(toText(sample));
    assert.deepEqual({ ...model, positions }, sample);
    const changed = [...withUnknownKeys(toText(sample))];
    assert.ok(changed.length > 50, `${changed.length}`);
    for (const text of changed) assert.throws(() => readState(text), /inconnue/, text);
  }
});

Deno.test("readEntry() brings back every field of the schema, and takes no other", () => {
  for (const variant of [0, 1]) {
    const sample = sampleOf(ENTRY, variant);
    assert.deepEqual(readEntry(toText(sample)), sample);
    const changed = [...withUnknownKeys(toText(sample))];
    assert.ok(changed.length > 10, `${changed.length}`);
    for (const text of changed) assert.equal(readEntry(text), undefined, text);
  }
});
