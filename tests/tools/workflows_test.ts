/** Tests of the workflows as far as they can be without the service that runs them. @module */

import assert from "node:assert/strict";
import { parse } from "yaml";
import * as z from "zod";
import settings from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);
const DIR = new URL(".github/workflows/", ROOT);

const WORKFLOW = z.object({
  permissions: z.strictObject({ contents: z.literal("read") }),
  jobs: z.record(
    z.string(),
    z.object({
      uses: z.string().optional(),
      "timeout-minutes": z.int().optional(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() }))
        .optional(),
    }),
  ),
});

const TEXTS = new Map(
  ["ci.yml", "release.yml"].map((name) => [name, Deno.readTextFileSync(new URL(name, DIR))]),
);

function jobsOf(name: string) {
  return Object.entries(WORKFLOW.parse(parse(TEXTS.get(name)!)).jobs);
}

for (const [name, text] of TEXTS) {
  Deno.test(`${name} pins what it takes from others, and ends in time`, () => {
    for (const [, used = ""] of text.matchAll(/uses: (.+)/g)) {
      if (used.startsWith("./")) assert.ok(Deno.statSync(new URL(used, ROOT)).isFile, used);
      else assert.match(used, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    for (const [, image = ""] of text.matchAll(/image: (\S+:\S+)/g)) {
      assert.match(image, /:\d+\.\d+\.\d+/);
    }
    for (const [job, { uses, "timeout-minutes": limit }] of jobsOf(name)) {
      assert.ok(uses !== undefined || limit !== undefined, `${job} has a limit`);
    }
  });

  Deno.test(`${name} runs scripts that a shell can read`, () => {
    for (const [job, { steps = [] }] of jobsOf(name)) {
      for (const { run } of steps) {
        if (run === undefined) continue;
        const { success, stderr } = new Deno.Command("bash", { args: ["-nc", run] }).outputSync();
        assert.ok(success, `${job}: ${new TextDecoder().decode(stderr)}`);
      }
    }
  });
}

Deno.test("ci.yml runs the gate, and release.yml begins with it", () => {
  const [, gate] = jobsOf("ci.yml")[0]!;
  assert.equal(gate.steps?.at(-1)?.run, ".ci/run");
  const [, first] = jobsOf("release.yml")[0]!;
  assert.equal(first.uses, "./.github/workflows/ci.yml");
});

Deno.test("workflows call tasks that there are, with the Deno of the gate", () => {
  const gate = Deno.readTextFileSync(new URL(".ci/run", ROOT));
  const version = /^DENO="npx -y (deno@\S+)"/m.exec(gate)?.[1];
  for (const text of [TEXTS.get("release.yml")!, gate]) {
    const called = text.matchAll(/(deno@\S+|\$(?:OLDER_)?DENO) task (\S+)/g);
    for (const [, deno = "", task = ""] of called) {
      assert.ok(deno.startsWith("$") || deno === version, deno);
      assert.ok(Object.hasOwn(settings.tasks, task), task);
    }
  }
});
