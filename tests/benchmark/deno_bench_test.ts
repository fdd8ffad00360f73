/** Tests of what a bare `deno bench` shows in a fresh clone. @module */

import assert from "node:assert/strict";
import { ROOT, runDeno } from "../harness/deno.ts";

Deno.test("deno bench, word for word, needs no permission, and first answers what monitoring costs", async () => {
  const { code, stdout, stderr } = await runDeno("bench", "--no-check", "--json");
  assert.equal(code, 0, stderr);
  const { benches } = JSON.parse(stdout) as {
    benches: readonly { origin: string; group: string; name: string; baseline: boolean }[];
  };
  const files = new Set(benches.map(({ origin }) => origin.slice(origin.indexOf("/bench/") + 1)));
  assert.deepEqual(
    [...files].toSorted(),
    Array.from(Deno.readDirSync(`${ROOT}bench`), ({ name }) => `bench/${name}`)
      .filter((path) => path.endsWith("_bench.ts")).toSorted(),
  );
  assert.deepEqual(
    benches.slice(0, 2).map(({ group, name, baseline }) => [group, name, baseline]),
    [["one turn", "without monitoring", true], ["one turn", "with reports", false]],
  );
  assert.match(stderr, /^ignored: .*: a journal \(run it with: deno task bench\)$/m);
});
