/** Proves with a real kubectl that every overlay is built, and that wrong parameters stop the build. @module */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { OVERLAYS } from "../../lib/kubernetes/mod.ts";
import { ROOT } from "../harness/deno.ts";
import { builtEngine } from "../harness/engines.ts";
import { runExporter } from "../harness/exporter.ts";
import { withTempDir } from "../harness/waiting.ts";

/** Below it, a client-side apply can note an object in an annotation. */
const MAX_BYTES = 200 * 1024;

function build(folder: string) {
  const { code, stdout, stderr } = new Deno.Command(builtEngine("kubectl"), {
    args: ["kustomize", folder],
    stdin: "null",
  }).outputSync();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

for (const folder of ["base", ...OVERLAYS.map((name) => `overlays/${name}`)]) {
  Deno.test(`kubectl kustomize builds kubernetes/${folder}, and no object has 200 KiB`, () => {
    const { code, stdout, stderr } = build(`${ROOT}kubernetes/${folder}`);
    assert.deepEqual([code, stderr], [0, ""]);
    const sizes = stdout.split(/^---$/m).map((text) => new TextEncoder().encode(text).length);
    assert.ok(Math.max(...sizes) < MAX_BYTES, `${Math.max(...sizes)} bytes`);
  });
}

/** What an overlay is built to, by kinds. */
function builtObjects(overlay: string, ...kinds: readonly string[]) {
  const { stdout } = build(`${ROOT}kubernetes/overlays/${overlay}`);
  return parseAllDocuments(stdout).map((one) => one.toJS()).filter(({ kind }) =>
    kinds.includes(kind)
  );
}

Deno.test("each dashboard is one ConfigMap, with the label and the folder that Grafana's sidecar reads", () => {
  const maps = builtObjects("grafana", "ConfigMap");
  const boards = [...Deno.readDirSync(`${ROOT}grafana/dashboards/fr`)]
    .filter(({ name }) => name.endsWith(".json"));
  assert.equal(maps.length, boards.length);
  for (const { metadata: { labels, annotations }, data } of maps) {
    assert.equal(labels.grafana_dashboard, "1");
    assert.deepEqual(annotations, {
      "grafana_folder": "TradeSim",
      "k8s-sidecar-target-directory": "TradeSim",
    });
    const [text, ...more] = Object.values<string>(data);
    assert.deepEqual(more, []);
    assert.ok(JSON.parse(text!).uid);
  }
});

Deno.test("monitors and rules have the label by which they are selected, and their selectors do not", () => {
  const objects = builtObjects("operator", "ServiceMonitor", "PodMonitor", "PrometheusRule");
  assert.equal(objects.length, 3);
  for (const { metadata: { labels }, spec: { selector } } of objects) {
    assert.equal(labels.release, "kube-prometheus-stack");
    assert.equal(selector?.matchLabels.release, undefined);
  }
});

Deno.test("what is printed in another language and with other parameters is built too", async () => {
  await withTempDir(async (cwd) => {
    const set = ["monitor-label=team=jeux", "image=registry.example/exporter:2.0.0", "tours=7"];
    const args = [
      "print",
      "kubernetes",
      "--out=new",
      "--lang=en",
      ...set.map((one) => `--set=${one}`),
    ];
    const printed = await runExporter({ args, cwd });
    assert.deepEqual([printed.code, printed.stderr], [0, ""]);
    for (const overlay of OVERLAYS) {
      const { code, stdout, stderr } = build(`${cwd}/new/kubernetes/overlays/${overlay}`);
      assert.deepEqual([code, stderr], [0, ""], overlay);
      if (overlay === "operator") assert.match(stdout, /^ {4}team: jeux$/m);
      if (overlay === "sidecar") assert.match(stdout, /image: registry\.example\/exporter:2\.0\.0/);
      if (overlay === "grafana") assert.match(stdout, /^ {2}name: tradesim-board-en-overview$/m);
    }
  });
});

Deno.test("a wrong parameter stops print, and no file is written", async () => {
  await withTempDir(async (cwd) => {
    for (const set of ["monitor-label=a b=c", "image=exporter:latest", "colour=red", "tours"]) {
      const args = ["print", "kubernetes", "--out=new", `--set=${set}`];
      const { code, stdout, stderr } = await runExporter({ args, cwd });
      assert.deepEqual([code, stdout], [2, ""], set);
      assert.match(stderr, /^tradesim-exporter: error: .*\nTry: .*print --help\n$/);
    }
    assert.deepEqual([...Deno.readDirSync(cwd)], []);
  });
});

/** Overlays as their users write them, each with a mistake; what kustomize says. */
const MISTAKES: Readonly<Record<string, readonly [Readonly<Record<string, unknown>>, RegExp]>> = {
  "a patch for an object that is not there": [
    {
      patches: [{
        patch: stringify({
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "tradesim-exportr" },
          spec: { replicas: 1 },
        }),
      }],
    },
    /no (resource )?matches.*tradesim-exportr/,
  ],
  "another content for a file that is not there": [
    { configMapGenerator: [{ name: "tradesim-exporter", behavior: "merge", files: ["none.yml"] }] },
    /none\.yml/,
  ],
  "a configuration that nobody has": [
    { configMapGenerator: [{ name: "exporter", behavior: "merge", literals: ["a=b"] }] },
    /does not exist; cannot merge or replace/,
  ],
  "a field that kustomize does not know": [
    { commonLabel: { release: "x" } },
    /unknown field "commonLabel"/,
  ],
};

for (const [name, [mistake, said]] of Object.entries(MISTAKES)) {
  Deno.test(`kubectl kustomize refuses ${name}`, async () => {
    await withTempDir(async (dir) => {
      const printed = await runExporter({ args: ["print", "kubernetes", "--out=."], cwd: dir });
      assert.equal(printed.code, 0);
      const mine = `${dir}/kubernetes/mine`;
      Deno.mkdirSync(mine);
      const write = (more: object) =>
        Deno.writeTextFileSync(
          `${mine}/kustomization.yaml`,
          stringify({ resources: ["../overlays/operator"], ...more }),
        );
      write({});
      assert.equal(build(mine).code, 0, "it is right without the mistake");
      write(mistake);
      const { code, stderr } = build(mine);
      assert.notEqual(code, 0);
      assert.match(stderr, said);
    });
  });
}

Deno.test("the kustomizations of docs/kubernetes.md are built where they say that they lie", async () => {
  const page = Deno.readTextFileSync(`${ROOT}docs/kubernetes.md`);
  const blocks = Array.from(
    page.matchAll(/^```yaml kustomization\n# (\S+)\n([^]*?)^```$/gm),
    ([, path, text]) => ({ path: path!, text: text! }),
  );
  assert.ok(blocks.length > 0);
  await withTempDir(async (cwd) => {
    const printed = await runExporter({ args: ["print", "kubernetes", "--out=."], cwd });
    assert.equal(printed.code, 0);
    for (const { path, text } of blocks) {
      const folder = dirname(`${cwd}/${path}`);
      Deno.mkdirSync(folder, { recursive: true });
      Deno.writeTextFileSync(`${cwd}/${path}`, text);
      const { code, stdout, stderr } = build(folder);
      assert.deepEqual([code, stderr], [0, ""], path);
      const job = parseAllDocuments(stdout).map((one) => one.toJS()).find(({ kind }) =>
        kind === "Job"
      );
      assert.equal(job.metadata.name, "tradesim-simulation-7");
      const { containers: [game], initContainers, serviceAccountName, volumes } =
        job.spec.template.spec;
      const [{ emptyDir: { sizeLimit } }, ...more] = volumes;
      assert.deepEqual(more, []);
      // 200 turns of TradeSim leave 517 MB.
      const needed = Number(game.args.at(-1)) * 517e6 / 200;
      assert.ok(needed < Number(/^(\d+)Gi$/.exec(sizeLimit)?.[1]) * 1024 ** 3, sizeLimit);
      assert.equal(game.resources.limits["ephemeral-storage"], "3Gi");
      assert.equal(serviceAccountName, "tradesim-simulation-7");
      assert.equal(game.image, "registry.example/my-tradesim:1.4.0");
      assert.equal(game.securityContext.readOnlyRootFilesystem, true);
      assert.deepEqual(game.args, ["--tours", "500"]);
      assert.equal(initContainers.length, 1);
    }
  });
});
