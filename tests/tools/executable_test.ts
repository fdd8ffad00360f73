/** Tests of how an executable is made, without making one. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  BuildError,
  checkRuns,
  compile,
  COMPILE_FLAGS,
  innermostCause,
  nameParts,
} from "../../tools/executable.ts";
import { withTempDir } from "../harness/waiting.ts";
import settings from "../../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The values of each `--flag=a,b`; of a flag without any, "all". */
function valuesOf(flags: readonly string[]): ReadonlyMap<string, readonly string[] | "all"> {
  return new Map(flags.map((flag) => {
    const [name = "", values] = flag.split(/=(.*)/s);
    return [name, values?.split(",") ?? "all"];
  }));
}

Deno.test("COMPILE_FLAGS allow what the tasks of all commands do, never prompt and never all", () => {
  const compiled = valuesOf(COMPILE_FLAGS);
  assert.ok(compiled.has("--no-prompt"));
  const needed = new Set<string>();
  for (const task of ["start", "simulate", "bench:load", "print", "doctor"] as const) {
    const flags = settings.tasks[task].command.split(" ").filter((word) => word.startsWith("--"));
    for (const [name, values] of valuesOf(flags)) {
      needed.add(name);
      const allowed = compiled.get(name);
      assert.ok(allowed !== undefined, `${task} needs ${name}`);
      if (allowed === "all") continue;
      for (const value of values) assert.ok(allowed.includes(value), `${task} needs ${value}`);
    }
  }
  // What keeps the executable from a file that no task has.
  needed.add("--no-code-cache");
  // deno.json has it for the tasks.
  needed.add("--unstable-worker-options");
  // No task allows everything, so that such a flag would be one too many.
  assert.deepEqual([...compiled.keys()].filter((name) => !needed.has(name)), []);
});

Deno.test("innermostCause() finds in what Deno says why there is no runtime", () => {
  const said = `Download https://dl.example/denort.zip
error: Writing deno compile executable to temporary file 'z.tmp-7e55'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://dl.example/denort.zip): client error (Connect)
    2: tcp connect error
    3: Connection refused (os error 111)
`;
  assert.equal(innermostCause(said), "Connection refused (os error 111)");
  assert.equal(innermostCause("error: It broke.\n"), "It broke.");
  assert.equal(innermostCause(""), "no reason was given");
});

Deno.test("nameParts() makes bundles the same that differ in the names of their parts", async () => {
  const named = (first: string, second: string) =>
    withTempDir((dir) => {
      const texts = {
        "main.js": `import"./${first}";const later=()=>import("./${second}"),other="./no.js";`,
        [first]: "export const a=1;",
        [second]: `import{a}from"./${first}";`,
      };
      for (const [name, text] of Object.entries(texts)) {
        Deno.writeTextFileSync(`${dir}/${name}`, text);
      }
      nameParts(dir);
      return Promise.resolve(
        Object.fromEntries(
          Array.from(
            Deno.readDirSync(dir),
            ({ name }) => [name, Deno.readTextFileSync(`${dir}/${name}`)],
          ),
        ),
      );
    });
  const expected = {
    "main.js": 'import"./part-1.js";const later=()=>import("./part-2.js"),other="./no.js";',
    "part-1.js": "export const a=1;",
    "part-2.js": 'import{a}from"./part-1.js";',
  };
  assert.deepEqual(await named("chunk-AAAA2222.js", "mod-BBBB3333.js"), expected);
  assert.deepEqual(await named("chunk-ZZZZ7777.js", "mod-A2A2A2A2.js"), expected);
  assert.deepEqual(await named("part-2.js", "part-1.js"), expected);
});

Deno.test("compile() says where the runtime is missing that Deno's own site has", async () => {
  await withTempDir(async (dir) => {
    const bundle = `${dir}/bundle`;
    Deno.mkdirSync(bundle);
    Deno.writeTextFileSync(`${bundle}/main.js`, "");
    // An empty cache, and a way to the site that leads nowhere.
    const env = [`DENO_DIR=${dir}/cache`, "HTTPS_PROXY=http://127.0.0.1:1"];
    const deno = ["env", ...env, Deno.execPath()];
    const work = compile({ deno, bundle, runtime: undefined, output: `${dir}/a` });
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof BuildError, String(error));
      const version = Deno.version.deno.replaceAll(".", "\\.");
      assert.match(
        error.message,
        new RegExp(`^Cannot get Deno ${version}'s runtime for \\S+: .+; `),
      );
      assert.match(error.hint, /^deno task compile:test, /);
      return true;
    });
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).toSorted(), [
      "bundle",
      "cache",
    ]);
  });
});

Deno.test("checkRuns() refuses a program that is not this one, and one that does not run", async () => {
  for (const program of ["true", "false", "no/such/program"]) {
    await assert.rejects(checkRuns(program), BuildError, program);
  }
});

Deno.test("deno task compile says in two lines what is in its way, and ends with 1", async () => {
  const [, ...args] = settings.tasks.compile.command.split(" ");
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    env: { DENORT_BIN: "no/such/file", NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  assert.equal(
    decoder.decode(stderr),
    'compile: error: Cannot use DENORT_BIN "no/such/file": expected a file\n' +
      "Try: without DENORT_BIN, so that Deno gets the runtime itself\n",
  );
  assert.deepEqual([code, decoder.decode(stdout)], [1, ""]);
});
