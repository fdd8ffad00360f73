/** Tests that text stays text in a page. @module */

import assert from "node:assert/strict";
import { escapeHtml } from "../../lib/html/mod.ts";

Deno.test("escapeHtml() leaves nothing that a page would take for markup", () => {
  assert.equal(
    escapeHtml(`<a href="x" title='y'>&amp;</a> é`),
    "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt; é",
  );
});
