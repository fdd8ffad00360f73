/** Tests of the commands that people type in a fresh clone, and of what they find. @module */

import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { ROOT, runDeno } from "../harness/deno.ts";

/** The paths of all files below a folder. */
function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(ROOT + folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

Deno.test("deno test, word for word, says at once what runs the tests", async () => {
  const { code, stderr } = await runDeno("test");
  assert.equal(code, 1);
  assert.match(stderr, /Did you mean to run with `-P`/);
});

Deno.test("deno test -P finds no test that needs every permission", () => {
  assert.deepEqual(settings.test.include, ["tests"]);
  const proofs = filesBelow("tests").filter((path) => path.endsWith("_proof.ts"));
  assert.ok(proofs.length > 0);
  assert.deepEqual(
    filesBelow("tests/browser").filter((path) => path.endsWith("_test.ts")),
    [],
  );
});

Deno.test("deno task lists the commands of each day first, and the others under a prefix", () => {
  const [daily, others] = [/^[a-z]+$/, /^[a-z]+:[a-z]+$/].map((form) =>
    Object.keys(settings.tasks).filter((name) => form.test(name))
  );
  assert.deepEqual(
    daily,
    "start simulate replay doctor print backfill demo test bench check ok generate compile package"
      .split(
        " ",
      ),
  );
  assert.deepEqual(Object.keys(settings.tasks), [...daily!, ...others!]);
});
