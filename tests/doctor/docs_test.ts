/** Tests that docs/doctor.md tells of every link, in their order. @module */

import assert from "node:assert/strict";
import { KUBERNETES_LINKS, LINKS } from "../../lib/doctor/mod.ts";
import { KUBERNETES_GET } from "../../lib/doctor/flags.ts";

Deno.test("docs/doctor.md has a row and a line of its sample for every link", () => {
  const text = Deno.readTextFileSync(new URL("../../docs/doctor.md", import.meta.url));
  const rows = Array.from(text.matchAll(/^\| `(\w+)`/gm), ([, link]) => link);
  assert.deepEqual(rows, [...LINKS, ...KUBERNETES_LINKS]);
  const lines = Array.from(text.matchAll(/^(?:ok|skip|FAIL) +(\w+) {2,}/gm), ([, link]) => link);
  assert.deepEqual(lines, [...LINKS, ...KUBERNETES_LINKS]);
  assert.ok(text.includes(KUBERNETES_GET.replace(/(?<=-o json)$/, " |\n")));
});
