/** Tests of the pictures of docs/dashboards.md. @module */

import assert from "node:assert/strict";
import { type DrawnPanel, drawPanel, type Series } from "../../tools/board_pictures/draw.ts";
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

Deno.test("docs/dashboards.md shows the picture of each board, in both languages", () => {
  const docs = new URL("../../docs/", import.meta.url);
  const page = Deno.readTextFileSync(new URL("dashboards.md", docs));
  for (const language of LANGUAGES) {
    for (const { file } of boardsIn(language)) {
      const picture = `img/dashboards/${language}/${file}.png`;
      assert.ok(page.includes(`](${picture})`), picture);
      assert.ok(Deno.statSync(new URL(picture, docs)).isFile);
    }
  }
});
