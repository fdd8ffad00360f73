/** Tests that the boards in their files are those of their sources, in both languages. @module */

import assert from "node:assert/strict";
import { dashboards } from "../../tools/dashboards.ts";
import {
  BOARDS,
  EVENTS,
  LANGUAGES,
  LEGENDS,
  PANELS,
  ROWS,
  type Text,
  VARIABLES,
} from "../../tools/dashboards/texts.ts";

const ROOT = new URL("../../", import.meta.url);

for (const [path, text] of dashboards()) {
  Deno.test(`dashboards() gives ${path} as it is, else run deno task generate`, () => {
    assert.equal(Deno.readTextFileSync(new URL(path, ROOT)), text);
  });
}

Deno.test("dashboards() gives every file of grafana/dashboards", () => {
  const found = LANGUAGES.flatMap((language) => {
    const folder = `grafana/dashboards/${language}`;
    return Array.from(Deno.readDirSync(new URL(folder, ROOT)), ({ name }) => `${folder}/${name}`);
  }).filter((path) => !path.endsWith("/kustomization.yaml"));
  assert.deepEqual(found.toSorted(), [...dashboards().keys()].toSorted());
});

/** All texts of the table, each with its place there. */
function texts(): [place: string, text: Text][] {
  const titled = Object.entries({ ...BOARDS, ...PANELS }).flatMap(([key, { title, about }]) => [
    [`${key}.title`, title] as [string, Text],
    [`${key}.about`, about] as [string, Text],
  ]);
  const plain = [ROWS, VARIABLES, EVENTS, LEGENDS].flatMap((table) => Object.entries(table));
  return [...titled, ...plain];
}

for (const language of LANGUAGES) {
  Deno.test(`dashboards() show every text of the table in ${language}`, () => {
    const shown = new Set<unknown>();
    for (const [path, json] of dashboards()) {
      if (!path.includes(`/${language}/`)) continue;
      JSON.parse(json, (_, value) => {
        // Titles of rows that are repeated.
        shown.add(typeof value === "string" ? value.replace(/ – \$instance$/, "") : value);
        return value;
      });
    }
    for (const [place, text] of texts()) {
      assert.ok(text[language] !== "", place);
      assert.ok(shown.has(text[language]), `${place} is shown`);
    }
  });
}

/** A board without its texts and links, which are the strings that neither query nor refer to anything. */
function shapeOf(json: string): unknown {
  return JSON.parse(json, (_, value) => {
    if (typeof value !== "string") return value;
    return /[{$]/.test(value.replace(/ – \$instance$/, "")) && !value.startsWith("/d/")
      ? value
      : "";
  });
}

Deno.test("dashboards() differ by their texts only", () => {
  const all = dashboards();
  for (const [path, french] of all) {
    const english = all.get(path.replace("/fr/", "/en/"));
    assert.deepEqual(shapeOf(french), shapeOf(english!), path);
  }
});
