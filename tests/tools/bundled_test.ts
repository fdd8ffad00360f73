/** Tests that the lists and notices in a package name each package whose code is inside. @module */

import assert from "node:assert/strict";
import { bundledPackages, notices } from "../../tools/bundled.ts";
import settings from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);

/** The text of all sources below a folder. */
function sourcesIn(folder: URL): string {
  return Array.from(Deno.readDirSync(folder), ({ name, isDirectory }) => {
    if (isDirectory) return sourcesIn(new URL(`${name}/`, folder));
    return name.endsWith(".ts") ? Deno.readTextFileSync(new URL(name, folder)) : "";
  }).join("\n");
}

Deno.test("bundledPackages() has all that the program and its page import, and no other", async () => {
  const packages = await bundledPackages();
  const sources = sourcesIn(new URL("lib/", ROOT));
  const imported = Object.keys(settings.imports).filter((name) =>
    sources.includes(`from "${name}"`) || sources.includes(`from "${name}/`)
  );
  assert.ok(imported.includes("uplot") && imported.includes("zod"));
  const needed = new Set(packages.flatMap(({ dependencies }) => dependencies));
  const own = packages.filter(({ id }) => !needed.has(id)).map(({ name }) => name);
  assert.deepEqual(own.toSorted(), imported.toSorted());
  const text = notices(packages);
  for (const { name, version } of packages) {
    assert.ok(text.includes(`\n${name} ${version}, `), name);
  }
});
