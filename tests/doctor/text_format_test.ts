/** Tests of reading the text format and of result what is wrong with it. @module */

import assert from "node:assert/strict";
import { readScrape, sumOf, TextFormatError } from "../../lib/doctor/text_format.ts";

for (const name of ["plain", "detail", "labels", "all_keys"]) {
  Deno.test(`readScrape() finds nothing wrong with tests/golden/${name}.prom`, () => {
    // A golden file has … for each value that differs from run to run.
    const text = Deno.readTextFileSync(new URL(`../golden/${name}.prom`, import.meta.url))
      .replaceAll(" …\n", " 0\n");
    const { samples, families } = readScrape(text);
    const lines = text.trimEnd().split("\n").filter((line) => !line.startsWith("#") && line !== "");
    assert.equal(samples.length, lines.length);
    assert.equal(families, text.match(/^# TYPE /gm)!.length);
  });
}

Deno.test("readScrape() reads names, labels and values", () => {
  const text = "# HELP a Help.\n# TYPE a gauge\n" +
    'a{x="\\"\\\\\\n,{}=",y=""} -1.5e3\na +Inf 1795000000000\n' +
    "# a comment\n\n# TYPE s summary\ns_sum 1\ns_count 2\n" +
    "a_b:c 1\n".replace("a_b:c 1\n", "# TYPE a_b:c counter\na_b:c NaN\n");
  assert.deepEqual(readScrape(text), {
    families: 3,
    samples: [
      { name: "a", labels: { x: '"\\\n,{}=', y: "" }, value: -1500 },
      { name: "a", labels: {}, value: Infinity },
      { name: "s_sum", labels: {}, value: 1 },
      { name: "s_count", labels: {}, value: 2 },
      { name: "a_b:c", labels: {}, value: NaN },
    ],
  });
});

const GAUGE = "# TYPE a gauge\n";
const HISTOGRAM = "# TYPE h histogram\n";

const WRONG: Readonly<Record<string, [text: string, fault: string]>> = {
  "a cut off text": [`${GAUGE}a 1`, "its last line is not terminated"],
  "a sentence": [`${GAUGE}This is an error\n`, "line 2: it is neither a comment nor a sample"],
  "JSON": ['{"a":1}\n', "line 1: it is neither a comment nor a sample"],
  "a name that begins with a digit": ["1a 1\n", "line 1: it is neither a comment nor a sample"],
  "no value": [`${GAUGE}a\n`, "line 2: it is neither a comment nor a sample"],
  "a value that is none": [`${GAUGE}a one\n`, "line 2: its value cannot be read"],
  "a value as Python writes it": [`${GAUGE}a nan\n`, "line 2: its value cannot be read"],
  "a label without quotes": [`${GAUGE}a{x=1} 1\n`, "line 2: its labels cannot be read"],
  "a quote that is not escaped": [`${GAUGE}a{x="""} 1\n`, "line 2: its labels cannot be read"],
  "an unknown escape": [`${GAUGE}a{x="\\t"} 1\n`, "line 2: its labels cannot be read"],
  "a label twice": [`${GAUGE}a{x="1",x="2"} 1\n`, "line 2: its labels cannot be read"],
  "a sample without a type": ["a 1\n", "line 1: a has no type before it"],
  "a bucket of a gauge": [`${GAUGE}a_bucket 1\n`, "line 2: a_bucket has no type before it"],
  "an unknown type": ["# TYPE a number\n", "line 1: a has the unknown type number"],
  "a type twice": [`${GAUGE}${GAUGE}`, "line 2: a has its type twice"],
  "a family in two places": [
    `${GAUGE}a{x="1"} 1\n# TYPE b gauge\nb 1\na{x="2"} 1\n`,
    "line 5: the lines of a do not stand together",
  ],
  "a series twice": [
    `${GAUGE}a{x="1",y="2"} 1\na{y="2",x="1"} 1\n`,
    "line 3: a is there twice with the same labels",
  ],
  "a histogram without +Inf": [
    `${HISTOGRAM}h_bucket{le="1"} 1\nh_sum 1\nh_count 1\n`,
    "histogram h has no bucket for +Inf",
  ],
  "a histogram that miscounts": [
    `${HISTOGRAM}h_bucket{x="1",le="+Inf"} 2\nh_sum{x="1"} 1\nh_count{x="1"} 1\n`,
    "histogram h has a count that differs from its buckets",
  ],
};

for (const [name, [text, fault]] of Object.entries(WRONG)) {
  Deno.test(`readScrape() refuses ${name}`, () => {
    assert.throws(() => readScrape(text), new TextFormatError(fault));
  });
}

Deno.test("sumOf() adds the series that have the labels", () => {
  const scrape = readScrape(`${GAUGE}a{x="1",y="1"} 1\na{x="1",y="2"} 2\na{x="2"} 4\n`);
  assert.deepEqual(
    [sumOf(scrape, "a"), sumOf(scrape, "a", { x: "1" }), sumOf(scrape, "a", { x: "3" })],
    [7, 3, undefined],
  );
  assert.equal(sumOf(scrape, "b"), undefined);
});
