/** Tests of what the program says it is. @module */

import assert from "node:assert/strict";
import { BUILD_INFO, versionText } from "../../lib/cli/mod.ts";

Deno.test("versionText() says of a build for tests that it is one, and of no other", () => {
  const { version, deno, v8 } = BUILD_INFO;
  const text = `tradesim-exporter ${version} (commit source, deno ${deno}, v8 ${v8})`;
  assert.equal(versionText(), `${text}\n`);
  assert.equal(versionText({ isForTests: true }), `${text}, made for tests only\n`);
});
