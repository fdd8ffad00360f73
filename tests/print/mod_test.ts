/** Tests of what `print` gives, and of how it treats files that are there. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { COMPOSE_PATH, withoutBuild } from "../../lib/print/compose.ts";
import { FILES } from "../../lib/print/files.ts";
import {
  PRINTABLES,
  PRINTED,
  PrintError,
  printFiles,
  type PrintOptions,
} from "../../lib/print/mod.ts";
import { CONFIG_PATH, isPart, type Printed } from "../../lib/print/printed.ts";
import { kubernetes } from "../../tools/kubernetes.ts";
import { boardTexts } from "../grafana/boards.ts";
import { withTempDir } from "../harness/waiting.ts";

const CONFIG = "port: 8000\n";
const SCHEMA = "docs/report.schema.json";

/** Prints; returns what was written to standard output. */
async function run(options: Partial<PrintOptions>): Promise<string> {
  let output = "";
  await printFiles(
    {
      what: "report-schema",
      out: undefined,
      lang: undefined,
      runbooks: undefined,
      set: [],
      force: false,
      ...options,
    },
    { config: CONFIG, write: (text) => output += text },
  );
  return output;
}

const CARRIED: Readonly<Record<string, string>> = {
  ...FILES,
  [CONFIG_PATH]: CONFIG,
  [COMPOSE_PATH]: withoutBuild(FILES[COMPOSE_PATH]!),
};

/** The texts of a thing's files, by path. */
function partsOf(printed: Printed): Record<string, string> {
  const carried = Object.entries(CARRIED).filter(([path]) => isPart(path, printed));
  const rendered = printed === PRINTED.kubernetes ? kubernetes() : [];
  return Object.fromEntries([...carried, ...rendered]);
}

for (const what of PRINTABLES) {
  const files = partsOf(PRINTED[what]);
  const texts = Object.values(files);
  Deno.test(`printFiles() gives ${what} whole, to standard output where it is one file`, async () => {
    assert.ok(texts.length > 0);
    if (texts.length === 1) assert.equal(await run({ what }), texts[0]);
    else await assert.rejects(run({ what }), /is \d+ files, expected --out <DIR>$/);
    await withTempDir(async (dir) => {
      const out = join(dir, "a", "b");
      const said = await run({ what, out });
      for (const [path, text] of Object.entries(files)) {
        assert.equal(Deno.readTextFileSync(join(out, path)), text);
        assert.ok(said.includes(`wrote ${join(out, path)}\n`), path);
      }
      assert.equal(said.split("\n").length, texts.length + 1);
    });
  });
}

Deno.test("printFiles() leaves what is there and the same", async () => {
  await withTempDir(async (out) => {
    await run({ out });
    const target = join(out, SCHEMA);
    const before = Deno.statSync(target).mtime;
    assert.equal(await run({ out }), `unchanged ${target}\n`);
    assert.deepEqual(Deno.statSync(target).mtime, before);
  });
});

Deno.test("printFiles() overwrites what was changed only with --force", async () => {
  await withTempDir(async (out) => {
    await run({ out });
    const target = join(out, SCHEMA);
    Deno.writeTextFileSync(target, "mine");
    await assert.rejects(
      run({ out }),
      new PrintError(
        `Cannot write "${target}": it exists and differs, expected --force to overwrite it`,
      ),
    );
    assert.equal(Deno.readTextFileSync(target), "mine");
    assert.equal(await run({ out, force: true }), `overwrote ${target}\n`);
    assert.equal(Deno.readTextFileSync(target), FILES[SCHEMA]);
  });
});

Deno.test("printFiles() says what is in the way of a folder", async () => {
  await withTempDir(async (dir) => {
    const out = join(dir, "file");
    Deno.writeTextFileSync(out, "");
    await assert.rejects(run({ out }), (error) => {
      assert.ok(error instanceof PrintError);
      assert.match(error.message, /^Cannot write ".*": .*, expected a folder that can be written$/);
      return true;
    });
  });
});

Deno.test("printFiles() gives the boards of one language", async () => {
  await withTempDir(async (out) => {
    await run({ what: "dashboards", out, lang: "en" });
    const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assert.deepEqual(names(`${out}/grafana/dashboards`), ["en"]);
    assert.deepEqual(
      names(`${out}/grafana/dashboards/en`).toSorted(),
      [...boardTexts("en").keys()].map((file) => `${file}.json`),
    );
  });
});

Deno.test("printFiles() gives Kubernetes the boards of one language, parameters and links", async () => {
  await withTempDir(async (out) => {
    const set = ["monitor-label=release=main"];
    const runbooks = "https://wiki.example/alerts";
    await run({ what: "kubernetes", out, lang: "en", set, runbooks });
    const names = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assert.deepEqual(names(`${out}/grafana/dashboards`), ["en"]);
    const overlays = `${out}/kubernetes/overlays`;
    const read = (path: string) => Deno.readTextFileSync(`${overlays}/${path}`);
    assert.match(read("grafana/kustomization.yaml"), /grafana\/dashboards\/en$/m);
    assert.match(read("operator/monitors/kustomization.yaml"), /^ +release: main$/m);
    assert.match(read("operator/monitors/prometheus_rule.yaml"), /wiki\.example\/alerts#tradesim/);
    assert.match(read("stack/grafana.yaml"), /dashboards\/en\/overview\.json/);
  });
});

Deno.test("printFiles() refuses parameters of Kubernetes that are wrong, before it writes", async () => {
  await withTempDir(async (dir) => {
    const out = `${dir}/new`;
    const printed = (set: string) => run({ what: "kubernetes", out, set: [set] });
    await assert.rejects(
      printed("monitor-label=re lease=x"),
      /^PrintError: Cannot read the value of --set monitor-label: expected one or more labels KEY=VALUE/,
    );
    await assert.rejects(
      printed("monitor-lable=a=b"),
      new PrintError('Unknown parameter "monitor-lable": did you mean monitor-label?'),
    );
    await assert.rejects(
      printed("x=y"),
      /^PrintError: Unknown parameter "x": expected one of image,/,
    );
    assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
  });
});

Deno.test("printFiles() gives alerts that lead where they are told to", async () => {
  await withTempDir(async (out) => {
    await run({ what: "rules", out, runbooks: "https://wiki.example/alerts" });
    const text = Deno.readTextFileSync(`${out}/prometheus/rules/alerts.yml`);
    assert.ok(text.includes('"https://wiki.example/alerts#tradesimwatchdog"'));
    assert.ok(!text.includes("externalURL"));
  });
});

Deno.test("printFiles() refuses what makes no sense", async () => {
  await assert.rejects(
    run({ what: "rules", lang: "en" }),
    new PrintError("Cannot use --lang with rules: expected dashboards or kubernetes"),
  );
  await assert.rejects(
    run({ what: "rules", set: ["tours=1"] }),
    new PrintError("Cannot use --set with rules: expected kubernetes"),
  );
  await assert.rejects(
    run({ what: "dashboards", runbooks: "https://wiki.example" }),
    new PrintError("Cannot use --runbooks with dashboards: it has no alerts"),
  );
  await assert.rejects(
    run({ what: undefined }),
    new PrintError(`Cannot print: expected one of ${PRINTABLES.join(", ")}`),
  );
  await assert.rejects(run({ force: true }), new PrintError("Cannot use --force without --out"));
});
