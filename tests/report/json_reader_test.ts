/** Tests of the streaming JSON reader. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonReader, type RefusalReason, Refused, wholeOf } from "../../lib/report/mod.ts";

const encoder = new TextEncoder();
const LARGE = 1 << 24;

/** What is read at first, without what is put off. */
function readFirst(
  bytes: Uint8Array,
  cuts: readonly number[] = [],
  reader = new JsonReader(LARGE),
) {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    reader.push(bytes.subarray(from, cut));
    from = cut;
  }
  return reader.finish();
}

function read(bytes: Uint8Array, cuts?: readonly number[], reader?: JsonReader): unknown {
  const value = readFirst(bytes, cuts, reader);
  return typeof value === "object" && value !== null ? wholeOf(value) : value;
}

/** Reads a text whole, byte by byte, and cut in two at every place, and wants the same each time. */
function readAllWays(text: string): unknown {
  const bytes = encoder.encode(text);
  const whole = read(bytes);
  const places = Array.from(bytes, (_, index) => index);
  assert.deepEqual(read(bytes, places), whole, "byte by byte");
  for (const place of places) assert.deepEqual(read(bytes, [place]), whole, `cut at ${place}`);
  return whole;
}

function refusal(action: () => unknown): Refused {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof Refused, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "was not refused" });
}

/** What the reader makes of a value: null for a list or object under the skipped key, near the top. */
function withoutHistory(value: unknown, depth = 1): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutHistory(item, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const isSkipped = key === "stocks_historiques" && depth <= 2 && typeof item === "object";
      return [key, isSkipped ? null : withoutHistory(item, depth + 1)];
    }),
  );
}

function valuesWith(keys: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(
        fc.constantFrom<unknown>(null, true, false, 0, -1.5e-7, 1e21, "", "stocks_historiques"),
        fc.string({ unit: "binary" }),
        fc.string({ unit: fc.constantFrom("\\", '"', "{", "}", "[", "]", ",", ":", "é", "\n") }),
      ),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 4 }),
    ),
  })).value;
}

const PLAIN_KEYS = ["stocks_historiques", "stocks_historique", "stocks_produits", "a"];
const anyValue = valuesWith(fc.oneof(
  fc.constantFrom(...PLAIN_KEYS, "stocks_historiques\\", '"stocks_produits'),
  fc.string(),
));
/**
 * Without backslashes in keys. If V8 has read the key `a\` in an object of the same shape, its `JSON.parse`
 * reads the key `a"` as `a\` (seen in 2.7.11 and 2.9.6 of Deno), which damage would bring about.
 */
const plainlyKeyed = valuesWith(
  fc.oneof(fc.constantFrom(...PLAIN_KEYS), fc.string().filter((key) => !key.includes("\\"))),
);

Deno.test("JsonReader reads what JSON.parse reads, however its bytes are cut", () => {
  fc.assert(
    fc.property(anyValue, fc.nat(2), fc.array(fc.nat(10_000)), (value, indent, places) => {
      const text = JSON.stringify(value, null, indent);
      const bytes = encoder.encode(text);
      const cuts = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
      assert.deepEqual(read(bytes, cuts), withoutHistory(JSON.parse(text)));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("JsonReader puts off the stocks of firms, and wholeOf() reads them", () => {
  const cases: Record<string, [text: string, first: unknown]> = {
    "with Python's spaces": [
      '{"e": [{"nom": "e", "stocks_produits": [{"stock": 1}, {"stock": 2}], "b": 1}]}',
      { e: [{ nom: "e", stocks_produits: null, b: 1 }] },
    ],
    "without": ['{"e":[{"stocks_produits":[1]},{"stocks_produits":[]}],"f":[2]}', {
      e: [{ stocks_produits: null }, { stocks_produits: null }],
      f: [2],
    }],
    "brackets and keys in text": [
      String.raw`{"e":[{"stocks_produits":["]","\\",{"stocks_produits":["}"]}],"f":"e"}]}`,
      { e: [{ stocks_produits: null, f: "e" }] },
    ],
    "beside other characters than ASCII's they stay": [
      '{"e":[{"nom":"é","stocks_produits":[1]}]}',
      { e: [{ nom: "é", stocks_produits: [1] }] },
    ],
    "a longer key stays": [
      String.raw`{"e":[{"\"stocks_produits":[1],"xstocks_produits":[2],"stocks_produits2":[3]}]}`,
      { e: [{ '"stocks_produits': [1], xstocks_produits: [2], stocks_produits2: [3] }] },
    ],
    "an object stays": ['{"e":[{"stocks_produits":{"a":[1]}}]}', {
      e: [{ stocks_produits: { a: [1] } }],
    }],
    "elsewhere they stay": [
      '{"stocks_produits":[1],"e":[[{"stocks_produits":[2]}],{"f":{"stocks_produits":[3]}}]}',
      { stocks_produits: [1], e: [[{ stocks_produits: [2] }], { f: { stocks_produits: [3] } }] },
    ],
  };
  for (const [name, [text, first]] of Object.entries(cases)) {
    const bytes = encoder.encode(text);
    assert.deepEqual(readFirst(bytes), first, name);
    assert.deepEqual(readAllWays(text), JSON.parse(text), name);
  }
  const broken = readFirst(encoder.encode('{"e":[{"stocks_produits":[1 2]}]}'));
  assert.deepEqual(broken, { e: [{ stocks_produits: null }] });
  assert.equal(refusal(() => wholeOf(broken as object)).reason, "json");
  const both = refusal(() => readFirst(encoder.encode('{"e":[{"stocks_produits":[1]}],"f":x}')));
  assert.match(both.message, /\[1\]\}\],"f":x/, "the message quotes the sender's text");
});

Deno.test("JsonReader skips the history at the top and in a record, and nowhere else", () => {
  const cases: Record<string, [string, unknown]> = {
    "object": ['{"stocks_historiques":{"a":[1]},"b":2}', { stocks_historiques: null, b: 2 }],
    "array": ['{"b":2,"stocks_historiques":[1,[2]]}', { b: 2, stocks_historiques: null }],
    "spaces": ['{ "stocks_historiques" \n:\t[ 1 ] , "b" : 2 }', { stocks_historiques: null, b: 2 }],
    "empty": ['{"stocks_historiques":{}}', { stocks_historiques: null }],
    "second level": [
      '{"metrics":{"stocks_historiques":[1],"b":2}}',
      { metrics: { stocks_historiques: null, b: 2 } },
    ],
    "third level stays": [
      '{"a":{"b":{"stocks_historiques":[1]}}}',
      { a: { b: { stocks_historiques: [1] } } },
    ],
    "twice": [
      '{"stocks_historiques":[1],"c":{"stocks_historiques":[1]},"d":3}',
      { stocks_historiques: null, c: { stocks_historiques: null }, d: 3 },
    ],
    "neither list nor object stays": [
      '{"stocks_historiques":5,"b":[1]}',
      { stocks_historiques: 5, b: [1] },
    ],
    "text stays": [
      '{"stocks_historiques":"x","b":{"c":1}}',
      { stocks_historiques: "x", b: { c: 1 } },
    ],
    "the name as a value": ['{"a":"stocks_historiques","b":[1]}', {
      a: "stocks_historiques",
      b: [1],
    }],
    "the name as its own value": [
      '{"stocks_historiques":"stocks_historiques","b":[1]}',
      { stocks_historiques: "stocks_historiques", b: [1] },
    ],
    "the name in a list": ['["stocks_historiques",[1]]', ["stocks_historiques", [1]]],
    "the name with an escape stays": [
      '{"stocks_historique\\u0073":[1]}',
      { stocks_historiques: [1] },
    ],
    "a longer name": ['{"xstocks_historiques":[1]}', { xstocks_historiques: [1] }],
    "a name that ends like it": ['{"\\"stocks_historiques":[1]}', { '"stocks_historiques': [1] }],
    "brackets and quotes in skipped text": [
      String.raw`{"stocks_historiques":["]}\"[{\\",{"]":"\\\""}],"b":2}`,
      { stocks_historiques: null, b: 2 },
    ],
    "what is no JSON in the skipped part": [
      '{"stocks_historiques":[nonsense,],"b":2}',
      { stocks_historiques: null, b: 2 },
    ],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    assert.deepEqual(readAllWays(text), expected, name);
  }
});

Deno.test("JsonReader refuses what is no JSON", () => {
  const cases: Record<string, string> = {
    "nothing": "",
    "space only": "  \n",
    "open object": '{"a":1',
    "open list": "[1,2",
    "open text": '"abc',
    "text that ends in an escape": '"abc\\',
    "closing bracket alone": "}",
    "brackets that cross": '{"a":[1}]',
    "two values": "1 2",
    "two objects": "{}{}",
    "trailing comma": "[1,]",
    "no colon": '{"a" 1}',
    "bare word": "nonsense",
    "line break in text": '"a\nb"',
    "half a number": "-",
    "NaN beside what is broken": "[NaN,]",
    "a word that begins like NaN": "[NaNa]",
    "crossed brackets in the skipped part": '{"stocks_historiques":[{]}}',
    "too few closing brackets in the skipped part": '{"stocks_historiques":[[1]}',
    "skipped part that does not end": '{"stocks_historiques":[1,',
    "text in the skipped part that does not end": '{"stocks_historiques":["a]}',
    "line break in skipped text": '{"stocks_historiques":["a\nb"]}',
    "skipped key without colon": '{"stocks_historiques"[1]}',
    "skipped key twice": '{"stocks_historiques":"stocks_historiques":[1]}',
  };
  for (const [name, text] of Object.entries(cases)) {
    const bytes = encoder.encode(text);
    for (const cuts of [[], Array.from(bytes, (_, index) => index)]) {
      assert.equal(refusal(() => read(bytes, cuts)).reason, "json", name);
    }
  }
});

Deno.test("JsonReader says of a document that was cut off that it is incomplete", () => {
  for (const text of ['{"a":1', "[1,2", '"abc', '{"stocks_historiques":[1,', '{"a":"\\']) {
    assert.match(refusal(() => read(encoder.encode(text))).message, /it is incomplete$/, text);
  }
});

Deno.test("JsonReader refuses what is not UTF-8, but not inside the skipped part", () => {
  const broken = Uint8Array.of(0x22, 0xc3, 0x28, 0x22);
  assert.match(refusal(() => read(broken)).message, /not UTF-8/);
  const skipped = [...encoder.encode('{"stocks_historiques":['), ...broken, 0x5d, 0x7d];
  assert.deepEqual(read(Uint8Array.from(skipped)), { stocks_historiques: null });
});

Deno.test("JsonReader reads numbers that are not finite as infinite, and leaves text alone", () => {
  const cases: Record<string, [string, unknown]> = {
    "NaN": ["NaN", Infinity],
    "list": ["[NaN,-NaN,Infinity,-Infinity]", [Infinity, Infinity, Infinity, Infinity]],
    "too large for a number": ["[1e999]", [Infinity]],
    "value of a key": ['{"a":NaN,"b":1}', { a: Infinity, b: 1 }],
    "in text": ['{"NaN":"Infinity","b":"-Infinity \\" NaN"}', {
      NaN: "Infinity",
      b: '-Infinity " NaN',
    }],
    "in text beside the number": [
      '["NaN \\" NaN \\\\",NaN,"Infinity"]',
      ['NaN " NaN \\', Infinity, "Infinity"],
    ],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    assert.deepEqual(readAllWays(text), expected, name);
  }
});

Deno.test("JsonReader takes 64 levels and refuses the 65th, in the skipped part too", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  const cases: Record<string, [string, RefusalReason | undefined]> = {
    "64": [nested(64), undefined],
    "65": [nested(65), "too_deep"],
    "64 with the skipped part": [`{"stocks_historiques":${nested(63)}}`, undefined],
    "65 with the skipped part": [`{"stocks_historiques":${nested(64)}}`, "too_deep"],
    "a million that never close": ["[".repeat(1e6), "too_deep"],
  };
  for (const [name, [text, reason]] of Object.entries(cases)) {
    const bytes = encoder.encode(text);
    if (reason === undefined) read(bytes);
    else assert.equal(refusal(() => read(bytes)).reason, reason, name);
  }
});

Deno.test("JsonReader refuses a document as soon as it is larger than the limit", () => {
  const reader = new JsonReader(10);
  assert.deepEqual(read(encoder.encode('"12345678"'), [4], reader), "12345678");
  reader.push(encoder.encode('"1234567'));
  assert.equal(refusal(() => reader.push(encoder.encode('89"'))).reason, "too_large");
  reader.reset();
  reader.push(encoder.encode('{"stocks'));
  assert.equal(refusal(() => reader.push(encoder.encode("_his"))).reason, "too_large");
});

Deno.test("JsonReader does not hold what it skips", () => {
  const reader = new JsonReader(LARGE);
  reader.push(encoder.encode('{"stocks_historiques":['));
  for (let i = 0; i < 1000; i++) reader.push(encoder.encode(`{"stock":${i}},`.repeat(10)));
  assert.ok(reader.bytes > 100_000, `${reader.bytes} bytes read`);
  assert.ok(reader.keptBytes < 30, `${reader.keptBytes} bytes kept`);
});

Deno.test("reset() makes the reader as new, wherever the document before broke off", () => {
  const beginnings = ['{"a":"x', '"a\\', '{"stocks_historiques":["a', '{"stocks_historiques":["\\'];
  beginnings.push(
    '{"stocks_historiques"',
    '{"stocks_historiques":',
    "[[[",
    "]",
    "\xff",
    "nonsense",
  );
  const text = '{"b":[1,"]"],"stocks_historiques":[2]}';
  for (const beginning of beginnings) {
    const reader = new JsonReader(LARGE);
    try {
      reader.push(encoder.encode(beginning));
      reader.finish();
    } catch (error) {
      assert.ok(error instanceof Refused);
    }
    reader.reset();
    assert.equal(reader.bytes, 0);
    assert.equal(reader.keptBytes, 0);
    const expected = { b: [1, "]"], stocks_historiques: null };
    assert.deepEqual(read(encoder.encode(text), [], reader), expected, beginning);
  }
});

Deno.test("finish() makes the reader ready for the next document", () => {
  const reader = new JsonReader(20);
  for (const value of [{ a: 1 }, "abc", [1, 2], null]) {
    assert.deepEqual(read(encoder.encode(JSON.stringify(value)), [], reader), value);
  }
});

/** What becomes of a document: its value, or why it is refused. */
function verdict(bytes: Uint8Array, cuts: readonly number[] = []): unknown {
  try {
    return { value: read(bytes, cuts) };
  } catch (error) {
    assert.ok(error instanceof Refused, String(error));
    return { reason: error.reason, message: error.message };
  }
}

/** Reads whole, 16 bytes at a time, and byte by byte, and wants the same verdict. */
function sameVerdict(bytes: Uint8Array, cuts: readonly number[], name: string): void {
  const single = verdict(bytes, Array.from(bytes, (_, index) => index));
  assert.deepEqual(verdict(bytes), single, name);
  assert.deepEqual(verdict(bytes, cuts), single, name);
}

const HOSTILE = [...encoder.encode('"\\{}[],:\n 0u'), 0x00, 0x1f, 0x80, 0xc3, 0xff];

Deno.test("JsonReader's verdict on damaged documents does not depend on where they are cut", () => {
  const document = fc.tuple(plainlyKeyed, plainlyKeyed).map(([kept, skipped]) =>
    encoder.encode(JSON.stringify({ a: [[kept]], stocks_historiques: [skipped], b: kept }))
  );
  const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...HOSTILE)), { maxLength: 4 });
  fc.assert(
    fc.property(document, damage, fc.array(fc.nat(10_000)), (bytes, changes, places) => {
      for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
      const cuts = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
      sameVerdict(bytes, cuts, JSON.stringify(String.fromCharCode(...bytes)));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("JsonReader takes exactly what JSON.parse takes where nothing is skipped", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...HOSTILE)), { maxLength: 3 });
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const depthOne = (value: unknown) => ({ a: [[[value]]] });
  fc.assert(
    fc.property(plainlyKeyed, damage, (value, changes) => {
      const text = JSON.stringify(depthOne(value)).replaceAll("stocks_historiques", "stocks");
      const bytes = encoder.encode(text);
      for (const [place, byte] of changes) bytes[place % bytes.length] = byte;
      let expected: unknown;
      try {
        expected = JSON.parse(decoder.decode(bytes));
      } catch {
        assert.equal(refusal(() => read(bytes)).reason, "json");
        return;
      }
      assert.deepEqual(read(bytes), expected);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("JsonReader sees what is wrong wherever it lies among 16 bytes", () => {
  const nested = (levels: number, inside: string) =>
    "[".repeat(levels) + inside + "]".repeat(levels);
  const cases: Record<string, string> = {
    "the 65th level and then a line break in text": nested(63, '["\n"]'),
    "crossed brackets and then a line break in text": '{]"\n"',
    "text with a quote behind backslashes": '["\\\\\\"]}","\\\\"]',
    "a line break behind the end": '[]}\n{"\n"',
    "brackets in text": '["]}{[",{"[":"]"}]',
    "the letters beside brackets": '["\\z","|~^_Z\u007f"]',
    "many closing brackets": nested(20, ""),
    "one too many": nested(20, "]"),
  };
  for (const [name, text] of Object.entries(cases)) {
    for (let pad = 0; pad <= 33; pad++) {
      const padding = "x".repeat(pad);
      for (const key of ["stocks_historiques", "a"]) {
        const document = `{"${key}":["${padding}",${text}],"b":[[["${padding}",${text}]]],"c":1}`;
        sameVerdict(encoder.encode(document), [pad, 40], `${name}, ${pad}, ${key}`);
      }
    }
  }
});

Deno.test("JsonReader takes U+FFFD for itself, and refuses what would become one", () => {
  assert.deepEqual(readAllWays('["\ufffd"]'), ["\ufffd"]);
  const cut = encoder.encode('["\ufffd"]');
  assert.match(refusal(() => read(cut.filter((_, index) => index !== 4))).message, /not UTF-8/);
});

Deno.test("Two readers can read at once, piece by piece", () => {
  const documents = [
    '{"a":[[["b]"]]],"stocks_historiques":[[{"c":"]"}]]}',
    '{"d":[[{"e\\"":[[]]}]]}',
  ];
  const readers = documents.map(() => new JsonReader(LARGE));
  const pieces = documents.map((text) => Array.from(encoder.encode(text)));
  while (pieces.some((bytes) => bytes.length > 0)) {
    pieces.forEach((bytes, index) => readers[index]!.push(Uint8Array.from(bytes.splice(0, 3))));
  }
  assert.deepEqual(readers.map((reader) => reader.finish()), [
    { a: [[["b]"]]], stocks_historiques: null },
    { d: [[{ 'e"': [[]] }]] },
  ]);
});

Deno.test("JsonReader reads the recorded payloads as JSON.parse does, in pieces of any size", () => {
  for (const name of ["tour-001.json", "tour-005.json"]) {
    const bytes = Deno.readFileSync(new URL(`../testdata/${name}`, import.meta.url));
    const expected = { ...JSON.parse(new TextDecoder().decode(bytes)), stocks_historiques: null };
    // Larger than a piece, and so is the last one.
    const doubled = Uint8Array.from([...new Uint8Array(1 << 17).fill(0x20), ...bytes]);
    assert.deepEqual(read(doubled), expected, name);
    for (const size of [7, 1000, 65_536, 65_537]) {
      const cuts = Array.from(
        { length: Math.floor(bytes.length / size) },
        (_, index) => (index + 1) * size,
      );
      assert.deepEqual(read(bytes, cuts), expected, `${name}, ${size}`);
    }
  }
});

Deno.test("JsonReader passes over a long history five times as fast as JSON.parse reads it", () => {
  const record = { nom_entite: "Société", id_produit: 1, nom_produit: "Maïs", tour: 3, stock: 42 };
  const bytes = encoder.encode(
    JSON.stringify({ a: 1, stocks_historiques: { entreprises: Array(20_000).fill(record) } }),
  );
  const decoder = new TextDecoder();
  const taken = { reader: Infinity, parse: Infinity };
  const time = (way: keyof typeof taken, action: () => unknown) => {
    const started = performance.now();
    action();
    taken[way] = Math.min(taken[way], performance.now() - started);
  };
  // The fastest of several, which other programs disturb least; it is eight to ten times as fast.
  for (let round = 0; round < 20; round++) {
    time("reader", () => assert.deepEqual(read(bytes), { a: 1, stocks_historiques: null }));
    time("parse", () => JSON.parse(decoder.decode(bytes)));
  }
  assert.ok(5 * taken.reader < taken.parse, JSON.stringify(taken));
});
