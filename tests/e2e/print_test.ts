/** Tests that the real program prints files that can be used. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { runExporter } from "../harness/exporter.ts";
import { withTempDir } from "../harness/waiting.ts";

Deno.test("print config gives a file that the exporter takes", async () => {
  await withTempDir(async (cwd) => {
    const printed = await runExporter({ args: ["print", "config"], cwd });
    assert.deepEqual([printed.code, printed.stderr], [0, ""]);
    assert.match(printed.stdout, /^port: 8000$/m);
    Deno.writeTextFileSync(join(cwd, "c.yml"), printed.stdout);
    const checked = await runExporter({ args: ["--config=c.yml", "--check-config"], cwd });
    assert.deepEqual([checked.code, checked.stdout], [0, "The configuration is right\n"]);
  });
});

Deno.test("print report-schema --out writes the schema and leaves one that was changed", async () => {
  await withTempDir(async (cwd) => {
    const args = ["print", "report-schema", "--out", "new"];
    const path = join("new", "docs", "report.schema.json");
    const first = await runExporter({ args, cwd });
    assert.deepEqual([first.code, first.stdout], [0, `wrote ${path}\n`]);
    assert.equal(JSON.parse(Deno.readTextFileSync(join(cwd, path))).title, "TradeSim report");
    const second = await runExporter({ args, cwd });
    assert.deepEqual([second.code, second.stdout], [0, `unchanged ${path}\n`]);

    Deno.writeTextFileSync(join(cwd, path), "{}");
    const third = await runExporter({ args, cwd });
    const [problem, help, ...more] = third.stderr.split("\n");
    assert.deepEqual([third.code, third.stdout, problem, more], [
      2,
      "",
      `tradesim-exporter: error: Cannot write "${path}": it exists and differs, ` +
      "expected --force to overwrite it",
      [""],
    ]);
    assert.match(help!, /^Try: .*print --help$/);
    assert.equal(Deno.readTextFileSync(join(cwd, path)), "{}");
    const fourth = await runExporter({ args: [...args, "--force"], cwd });
    assert.deepEqual([fourth.code, fourth.stdout], [0, `overwrote ${path}\n`]);
  });
});

Deno.test("print kubernetes writes kustomizations with the parameters that are set", async () => {
  await withTempDir(async (cwd) => {
    const args = ["print", "kubernetes", "--out=new", "--set=tours=7"];
    const { code, stdout, stderr } = await runExporter({ args, cwd });
    assert.deepEqual([code, stderr], [0, ""]);
    const path = join("new", "kubernetes", "overlays", "sidecar", "job.yaml");
    assert.ok(stdout.includes(`wrote ${path}\n`), stdout);
    assert.match(Deno.readTextFileSync(join(cwd, path)), /- --tours=7$/m);
  });
});

Deno.test("print without a thing to print tells what there is", async () => {
  await withTempDir(async (cwd) => {
    const { code, stdout, stderr } = await runExporter({ args: ["print"], cwd });
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^tradesim-exporter: error: .*: expected one of config, .*\nTry: .*\n$/);
  });
});
