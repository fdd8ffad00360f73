/** Tests of the pictures of docs/dashboards.md. @module */

import assert from "node:assert/strict";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { type DrawnPanel, drawPanel, type Series } from "../../tools/board_pictures/draw.ts";
import { toPalette } from "../../tools/board_pictures/palette.ts";
import { LANGUAGES } from "../../tools/dashboards/texts.ts";
import { type Board, boardsIn, type Panel } from "../grafana/boards.ts";

const END = 1_795_000_000;
const SHAPES: Readonly<Record<string, RegExp>> = {
  row: /^<section class="row"/,
  stat: /<b style="[^"]*">/,
  timeseries: /<polyline points="[\d., ]+"|<rect/,
  xychart: /<polyline points="[\d., ]+".*<circle/,
  bargauge: /<i style="width:100%">/,
  table: /<tr><td>Acme<\/td>/,
  heatmap: /<rect [^>]*opacity/,
};

function answersTo({ targets = [] }: Panel): Series[][] {
  return targets.map(({ instant }, index) =>
    ["0.001", "0.01", "+Inf"].map((le, place): Series => {
      const metric = { le, entreprise: "Acme", instance: `exporter-${place}` };
      const value = (time: number) => String((place + 1) * (index + 1) + time % 7);
      return instant ? { metric, value: [END, value(END)] } : {
        metric,
        values: Array.from({ length: 30 }, (_, at) => [END - 29 + at, value(END + at)] as const),
      };
    })
  );
}

function settingOf(language: string, answers: readonly (readonly Series[])[]) {
  return { language, instance: "exporter:8000", end: END, answers: () => answers };
}

const drawn = (panel: Panel) => panel as unknown as DrawnPanel;
const panels = (use: (panel: Panel, board: Board, language: string) => void) => {
  for (const language of LANGUAGES) {
    for (const board of boardsIn(language)) {
      for (const panel of board.panels) use(panel, board, language);
    }
  }
};

Deno.test("each panel of each board is drawn, in both languages", () => {
  let count = 0;
  panels((panel, board, language) => {
    const html = drawPanel(drawn(panel), settingOf(language, answersTo(panel)));
    assert.match(html, SHAPES[panel.type]!, `${board.file}: ${panel.title}`);
    assert.ok(!/NaN|Infinity|undefined|\$instance/.test(html), `${board.file}: ${html}`);
    count++;
  });
  assert.ok(count > 200);
});

Deno.test("a panel without an answer says so", () => {
  panels((panel, board, language) => {
    if (panel.type === "row") return;
    const html = drawPanel(drawn(panel), settingOf(language, (panel.targets ?? []).map(() => [])));
    assert.ok(html.includes('<p class="none">–</p>'), `${board.file}: ${panel.title}: ${html}`);
  });
});

Deno.test("what is not drawn here is not left out silently", () => {
  const [, first] = boardsIn("en")[0]!.panels;
  const setting = settingOf("en", answersTo(first!));
  assert.throws(
    () => drawPanel({ ...drawn(first!), type: "piechart" }, setting),
    /Unknown panel type piechart/,
  );
  const defaults = { ...first!.fieldConfig!.defaults, unit: "furlong" };
  assert.throws(
    () => drawPanel({ ...drawn(first!), fieldConfig: { defaults, overrides: [] } }, setting),
    /Unknown unit furlong/,
  );
});

Deno.test("texts of a board and of a game stay text", () => {
  const [, first] = boardsIn("en")[0]!.panels;
  const panel = { ...drawn(first!), title: "<b>&" };
  assert.ok(drawPanel(panel, settingOf("en", [])).includes("<h2>&lt;b&gt;&amp;</h2>"));
});

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/** A picture of 2 × 5 pixels, each row with another filter: a red one and a blue one, five times. */
function png(depth = 8): Uint8Array {
  const head = new Uint8Array([0, 0, 0, 2, 0, 0, 0, 5, depth, 2, 0, 0, 0]);
  const rows = [
    [0, 255, 0, 0, 0, 0, 255],
    [1, 255, 0, 0, 1, 0, 255],
    [2, 0, 0, 0, 0, 0, 0],
    [3, 128, 0, 0, 129, 0, 128],
    [4, 0, 0, 0, 0, 0, 0],
  ];
  const parts = [
    new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(new Uint8Array(rows.flat()))),
    chunk("IEND", new Uint8Array()),
  ];
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

Deno.test("toPalette() keeps the pixels, whatever the filter of their row", () => {
  const small = toPalette(png());
  const text = new TextDecoder("latin1").decode(small);
  const dataOf = (type: string) => {
    const at = text.indexOf(type);
    const length = new DataView(small.buffer).getUint32(at - 4);
    return small.slice(at + 4, at + 4 + length);
  };
  assert.deepEqual([...dataOf("PLTE")], [255, 0, 0, 0, 0, 255]);
  const rows = inflateSync(dataOf("IDAT"));
  assert.deepEqual([...rows], Array(5).fill([0, 0, 1]).flat());
});

Deno.test("toPalette() refuses a picture that it does not read", () => {
  assert.throws(() => toPalette(png(16)), /Expected a PNG of 8 bits a channel, found 16/);
});
