/** Tests of the rendering of Prometheus' text format. @module */

import assert from "node:assert/strict";
import type { Metric } from "../../lib/catalogue/mod.ts";
import { CONTENT_TYPE, createRenderer } from "../../lib/exposition/mod.ts";
import { type Family, plainFamily, type Series } from "../../lib/model/mod.ts";

const metric = (changes: Partial<Metric> = {}): Metric => ({
  name: "budget_total",
  type: "gauge",
  unit: "euros",
  help: "Money.",
  group: "phase1",
  ...changes,
});

const series = (label: string, suffix = ""): Series => ({ suffix, labels: [["continent", label]] });

Deno.test("CONTENT_TYPE is that of text format 0.0.4", () => {
  assert.equal(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
});

Deno.test("createRenderer() lets no name, suffix or label through that would make a line of its own", () => {
  const leftOut: string[] = [];
  const render = createRenderer((name) => leftOut.push(name));
  const one = (name: string, suffix: string, labels: Series["labels"]): Family => ({
    metric: metric({ name }),
    series: [{ suffix, labels }],
    values: [1],
  });
  assert.equal(render([one("a\nevil 7", "", [])]), "");
  const head = (name: string) => `# HELP ${name} Money.\n# TYPE ${name} gauge\n`;
  assert.equal(render([one("b", "\nevil 7\n", [])]), head("b"));
  assert.equal(render([one("c", "", [["x", "1"], ["x", "2"]])]), head("c"));
  assert.deepEqual(leftOut, ["a\nevil 7", "b", "c"]);
});

Deno.test("createRenderer() lets nothing through that no scraper could read", () => {
  const leftOut: string[] = [];
  const render = createRenderer((name) => leftOut.push(name));
  const lying = (value: unknown) => value as number;
  const families = [
    plainFamily(metric({ name: "a" }), lying("1\nevil_metric 7")),
    plainFamily(metric({ name: "b" }), lying(null)),
    plainFamily(metric({ name: "c" }), lying(undefined)),
    plainFamily(metric({ name: "d" }), NaN),
    plainFamily(metric({ name: "e" }), Infinity),
    plainFamily(metric({ name: "evil metric" }), 1),
    {
      metric: metric({ name: "f" }),
      series: [{ suffix: "", labels: [["a b", "c"]] as const }],
      values: [1],
    },
    plainFamily(metric({ name: "g" }), -0),
    plainFamily(metric({ name: "h" }), 1e21),
    { metric: metric({ name: "i" }), series: [series('a"\\\n')], values: [2] },
  ];
  const lines = render(families).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.deepEqual(lines, ["g 0", "h 1e+21", 'i{continent="a\\"\\\\\\n"} 2']);
  assert.deepEqual(leftOut, ["a", "b", "c", "d", "e", "evil metric", "f"]);
});

Deno.test("createRenderer() renders families, their heads and their series", () => {
  const families: Family[] = [
    plainFamily(metric(), 5),
    {
      metric: metric({ name: "tours_seconds", type: "histogram", help: "Time." }),
      series: [
        { suffix: "_bucket", labels: [["session", "a"], ["le", "1.0"]] },
        { suffix: "_bucket", labels: [["session", "a"], ["le", "+Inf"]] },
        { suffix: "_sum", labels: [] },
        { suffix: "_count", labels: [] },
      ],
      values: [1, 2, 3.5, 2],
    },
  ];
  const expected = `# HELP budget_total Money.
# TYPE budget_total gauge
budget_total 5
# HELP tours_seconds Time.
# TYPE tours_seconds histogram
tours_seconds_bucket{session="a",le="1.0"} 1
tours_seconds_bucket{session="a",le="+Inf"} 2
tours_seconds_sum 3.5
tours_seconds_count 2
`;
  assert.equal(createRenderer()(families), expected);
  assert.equal(createRenderer()([]), "");
});

Deno.test("createRenderer() escapes help and label values", () => {
  const cases: Record<string, [help: string, label: string, string, string]> = {
    "nothing": ["é {}", "é {}", "é {}", "é {}"],
    "backslash": ["a\\b\\", "a\\b\\", "a\\\\b\\\\", "a\\\\b\\\\"],
    "line break": ["a\nb", "a\nb", "a\\nb", "a\\nb"],
    "quote": ['a"b', 'a"b', 'a"b', 'a\\"b'],
    "backslash before n": ["a\\nb", "a\\nb", "a\\\\nb", "a\\\\nb"],
    "replacement pattern": ["$&", "$&", "$&", "$&"],
  };
  for (const [name, [help, label, escapedHelp, escapedLabel]] of Object.entries(cases)) {
    const family = { metric: metric({ help }), series: [series(label)], values: [1] };
    assert.equal(
      createRenderer()([family]),
      `# HELP budget_total ${escapedHelp}\n# TYPE budget_total gauge\n` +
        `budget_total{continent="${escapedLabel}"} 1\n`,
      name,
    );
  }
});

/** What a renderer that has seen `before` makes of `after`, without the head. */
function after(before: Family[], next: Family[]): string {
  const render = createRenderer();
  render(before);
  return render(next).replace(/^#.*\n/gm, "");
}

Deno.test("createRenderer() shows new values and changed series, whatever it rendered before", () => {
  const family = (labels: string[], values: number[], suffix = ""): Family => ({
    metric: metric(),
    series: labels.map((label) => series(label, suffix)),
    values,
  });
  const typed: Family = {
    metric: metric(),
    series: ["a", "b"].map((type) => ({ suffix: "", labels: [["type", type]] })),
    values: [1, 2],
  };
  const before = [family(["a", "b"], [1, 2])];
  const cases: Record<string, [Family[], string]> = {
    "new values": [
      [family(["a", "b"], [3, 4])],
      'budget_total{continent="a"} 3\nbudget_total{continent="b"} 4\n',
    ],
    "another label value": [
      [family(["a", "c"], [1, 2])],
      'budget_total{continent="a"} 1\nbudget_total{continent="c"} 2\n',
    ],
    "another order": [
      [family(["b", "a"], [1, 2])],
      'budget_total{continent="b"} 1\nbudget_total{continent="a"} 2\n',
    ],
    "fewer": [[family(["a"], [1])], 'budget_total{continent="a"} 1\n'],
    "another label name": [
      [typed],
      'budget_total{type="a"} 1\nbudget_total{type="b"} 2\n',
    ],
    "another suffix": [
      [family(["a", "b"], [1, 2], "_sum")],
      'budget_total_sum{continent="a"} 1\nbudget_total_sum{continent="b"} 2\n',
    ],
    "no labels": [[plainFamily(metric(), 9)], "budget_total 9\n"],
    "gone": [[], ""],
  };
  for (const [name, [next, expected]] of Object.entries(cases)) {
    assert.equal(after(before, next), expected, name);
  }
});

Deno.test("createRenderer() reads the labels of the same series only once", () => {
  let reads = 0;
  const all: Series[] = Array.from({ length: 200 }, (_, index) => ({
    suffix: "",
    get labels() {
      reads++;
      return [["produit", `P${index}`]] as const;
    },
  }));
  const family = (value: number): Family => ({
    metric: metric(),
    series: all,
    values: new Array<number>(200).fill(value),
  });
  const render = createRenderer();
  const first = render([family(1)]);
  const before = reads;
  assert.ok(before > 0);
  assert.equal(render([family(2)]), first.replaceAll("} 1\n", "} 2\n"));
  assert.equal(reads, before);
  render([]);
  assert.equal(render([family(1)]), first, "forgotten and made again");
  assert.ok(reads > before);
});
