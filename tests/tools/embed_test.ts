/** Tests that the program carries the files that it says it does. @module */

import assert from "node:assert/strict";
import { FILES } from "../../lib/print/files.ts";
import { PRINTED } from "../../lib/print/mod.ts";
import { CONFIG_PATH, isPart, type Printed } from "../../lib/print/printed.ts";
import { embeddedPaths, LIST_PATH, listModule } from "../../tools/embed.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("embeddedPaths() are the files of lib/print/files.ts, else run deno task generate", () => {
  assert.equal(Deno.readTextFileSync(new URL(LIST_PATH, ROOT)), listModule(embeddedPaths()));
});

Deno.test("FILES have the texts of the repository's files", () => {
  for (const [path, text] of Object.entries(FILES)) {
    assert.equal(text, Deno.readTextFileSync(new URL(path, ROOT)), path);
  }
});

Deno.test("embeddedPaths() are each a part of what can be printed, which names nothing else", () => {
  const parts: readonly Printed[] = Object.values(PRINTED);
  for (const path of embeddedPaths()) {
    assert.ok(parts.some((printed) => isPart(path, printed)), path);
    assert.doesNotMatch(path, /\.ts$|(^|\/)tests\//);
  }
  for (const name of parts.flatMap(({ paths }) => paths)) {
    const isNamed = name === CONFIG_PATH || embeddedPaths().some((path) => path.startsWith(name));
    assert.ok(isNamed, name);
  }
});
