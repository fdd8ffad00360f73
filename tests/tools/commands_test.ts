/** Tests of the commands that people type in a fresh clone, and of what they find. @module */

import assert from "node:assert/strict";
import { matchesGlob } from "node:path";
import { fileURLToPath } from "node:url";
import settings from "../../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

async function deno(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** The paths of all files below a folder. */
function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(ROOT + folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}/${name}`) : [`${folder}/${name}`]
  );
}

Deno.test("deno test, word for word, says at once what runs the tests", async () => {
  const { code, stderr } = await deno("test");
  assert.equal(code, 1);
  assert.match(stderr, /Did you mean to run with `-P`/);
});

Deno.test("deno test -P finds all tests but those that need every permission", () => {
  const entries = Array.from(Deno.readDirSync(`${ROOT}tests`), ({ name }) => `tests/${name}`);
  const left = entries.filter((entry) =>
    !settings.test.include.some((pattern) => matchesGlob(entry, pattern))
  );
  assert.deepEqual(left, ["tests/browser"]);
});

Deno.test("deno bench, word for word, needs no permission, and first answers what monitoring costs", async () => {
  const { code, stdout, stderr } = await deno("bench", "--no-check", "--json");
  assert.equal(code, 0, stderr);
  const { benches } = JSON.parse(stdout) as {
    benches: readonly { origin: string; group: string; name: string; baseline: boolean }[];
  };
  const files = new Set(benches.map(({ origin }) => origin.slice(origin.indexOf("/bench/") + 1)));
  assert.deepEqual(
    [...files].toSorted(),
    filesBelow("bench").filter((path) => path.endsWith("_bench.ts")).toSorted(),
  );
  assert.deepEqual(
    benches.slice(0, 2).map(({ group, name, baseline }) => [group, name, baseline]),
    [["one turn", "without monitoring", true], ["one turn", "with reports", false]],
  );
  assert.match(stderr, /^ignored: .*: a journal \(run it with: deno task bench\)$/m);
});

Deno.test("deno task lists the commands of each day first, and the others under a prefix", () => {
  const [daily, others] = [/^[a-z]+$/, /^[a-z]+:[a-z]+$/].map((form) =>
    Object.keys(settings.tasks).filter((name) => form.test(name))
  );
  assert.deepEqual(
    daily,
    "start simulate doctor print demo test bench check ok generate compile package".split(" "),
  );
  assert.deepEqual(Object.keys(settings.tasks), [...daily!, ...others!]);
});
