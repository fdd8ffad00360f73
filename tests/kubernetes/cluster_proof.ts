/**
 * Proves on a real API server that each overlay is taken by a namespace that enforces the restricted
 * Pod Security Standard, that a second apply changes nothing, and that pruning removes what went.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { selectorText, unmetBy } from "../../lib/doctor/kubernetes/selector.ts";
import { OVERLAYS, type ParameterName, readParameters } from "../../lib/kubernetes/mod.ts";
import { ROOT } from "../harness/deno.ts";
import { runExporter } from "../harness/exporter.ts";
import { type RunningCluster, withCluster } from "../harness/kubernetes.ts";
import { withTempDir } from "../harness/waiting.ts";
import { createRestricted, podOfTemplate } from "./objects.ts";

const WORKLOADS = "deployments,jobs,statefulsets,daemonsets,cronjobs";

/** An object without what each write changes. */
function contentOf(object: Loose): string {
  const { resourceVersion: _version, managedFields, ...metadata } = object.metadata;
  const owners = managedFields.map(({ time: _time, ...owner }: Loose) => owner);
  return JSON.stringify({ ...object, metadata: { ...metadata, owners } });
}

/** Applies a kustomization, and gives the contents of its objects. */
async function apply(
  { kubectl }: RunningCluster,
  namespace: string,
  folder: string,
  ...flags: readonly string[]
): Promise<ReadonlyMap<string, string>> {
  const { code, stdout, stderr } = await kubectl.run([
    ...["apply", "--server-side", "--namespace", namespace, "--kustomize", folder, ...flags],
    ...["-o", "json", "--show-managed-fields"],
  ]);
  // A workload whose pods would be refused is only warned about.
  assert.deepEqual([code, stderr], [0, ""], folder);
  // Objects that were pruned come behind the list.
  const { items } = JSON.parse(stdout.slice(0, stdout.indexOf("\n}") + 2));
  return new Map(
    items.map((object: Loose) => [`${object.kind}/${object.metadata.name}`, contentOf(object)]),
  );
}

// deno-lint-ignore no-explicit-any
type Loose = any;

async function names({ kubectl }: RunningCluster, namespace: string, kinds: string) {
  const text = await kubectl("get", kinds, "--namespace", namespace, "-o", "name");
  return text.split("\n").filter((line) => line !== "");
}

/** Applies an overlay twice, and creates the pod of each of its templates. */
async function proveOverlay(cluster: RunningCluster, overlay: string): Promise<void> {
  const { kubectl } = cluster;
  const namespace = `proof-${overlay.replace("/", "-")}`;
  await createRestricted(kubectl, namespace);
  const folder = `${ROOT}kubernetes/${overlay}`;
  const first = await apply(cluster, namespace, folder);
  assert.ok(first.size > 2);
  assert.deepEqual(
    await apply(cluster, namespace, folder),
    first,
    "a second apply changes nothing",
  );

  const { items } = await kubectl.json("get", WORKLOADS, "--namespace", namespace);
  const expected = overlay === "overlays/grafana" ? 0 : overlay === "overlays/stack" ? 3 : 1;
  assert.equal(items.length, expected);
  for (const workload of items) {
    const pod = podOfTemplate(workload, `${workload.metadata.name}-pod`);
    const create = (pod: Loose) =>
      kubectl.run(["create", "--namespace", namespace, "--filename", "-"], JSON.stringify(pod));
    const created = await create(pod);
    assert.deepEqual([created.code, created.stderr], [0, ""]);
    // The same pod is refused as soon as one container may do more.
    for (const containers of ["containers", "initContainers"]) {
      const lax = structuredClone(pod);
      lax.metadata.name += "-lax";
      const [container] = lax.spec[containers] ?? [];
      if (container === undefined) continue;
      container.securityContext.allowPrivilegeEscalation = true;
      assert.match((await create(lax)).stderr, /violates PodSecurity "restricted:latest"/);
    }
  }
}

/** Writes the files with changed ones among them. */
async function printChanged(
  cwd: string,
  out: string,
  change: (write: (path: string, by: (text: string) => string) => void) => void,
): Promise<string> {
  const args = ["print", "kubernetes", `--out=${out}`];
  const printed = await runExporter({ args, cwd });
  assert.deepEqual([printed.code, printed.stderr], [0, ""]);
  change((path, by) => {
    const file = `${cwd}/${out}/${path}`;
    const before = Deno.readTextFileSync(file);
    const after = by(before);
    assert.notEqual(after, before, path);
    Deno.writeTextFileSync(file, after);
  });
  return `${cwd}/${out}/kubernetes/overlays/stack`;
}

/** Another configuration starts another pod, another board does not; nothing piles up. */
async function proveChanges(cluster: RunningCluster): Promise<void> {
  const namespace = "changes";
  const { kubectl } = cluster;
  await createRestricted(kubectl, namespace);
  const prune = ["--prune", "--applyset=tradesim"];
  const templateOf = async (name: string) => {
    const { spec } = await kubectl.json("get", "deployment", name, "--namespace", namespace);
    return JSON.stringify(spec.template);
  };
  await withTempDir(async (cwd) => {
    const first = await printChanged(cwd, "first", () => {});
    await apply(cluster, namespace, first, ...prune);
    const before = await names(cluster, namespace, "configmaps");
    const exporter = await templateOf("tradesim-exporter");
    const grafana = await templateOf("tradesim-grafana");

    const second = await printChanged(cwd, "second", (write) => {
      write("kubernetes/base/tradesim-exporter.yml", (text) => text.replace("detail: true\n", ""));
      write(
        "grafana/dashboards/fr/overview.json",
        (text) => text.replace(/"title": "[^"]+"/, '"title": "Autre"'),
      );
      // A board goes, in the folder and in Grafana's volume.
      write(
        "grafana/dashboards/fr/kustomization.yaml",
        (text) => text.replace(/ {2}- name: tradesim-board-fr-events\n(?: {4}.*\n)*/, ""),
      );
      write(
        "kubernetes/overlays/stack/grafana.yaml",
        (text) =>
          text.replace(/ *- configMap:\n *name: tradesim-board-fr-events\n(?: {18}.*\n)*/, ""),
      );
    });
    await apply(cluster, namespace, second, ...prune);
    const after = await names(cluster, namespace, "configmaps");
    assert.equal(after.length, before.length - 1, "nothing piles up");
    assert.ok(!after.includes("configmap/tradesim-board-fr-events"), "the board is gone");
    const boardsOf = (names: readonly string[]) => names.filter((name) => name.includes("board"));
    assert.equal(boardsOf(after).length, boardsOf(before).length - 1);
    for (const board of boardsOf(after)) assert.ok(before.includes(board), board);
    const overview = await kubectl.json(
      ...["get", "configmap", "tradesim-board-fr-overview", "--namespace", namespace],
    );
    assert.match(overview.data["tradesim-fr-overview.json"], /"title": "Autre"/);
    const configs = after.filter((name) => /tradesim-exporter-/.test(name));
    assert.equal(configs.length, 1, "the old configuration is gone");
    const changed = await templateOf("tradesim-exporter");
    assert.notEqual(changed, exporter, "the exporter is started anew");
    assert.ok(changed.includes(configs[0]!.slice("configmap/".length)));
    assert.notEqual(await templateOf("tradesim-grafana"), grafana, "its list of boards changed");

    // Back to the base: Prometheus and Grafana go, and the exporter's state stays.
    const base = `${cwd}/second/kubernetes/base`;
    await apply(cluster, namespace, base, ...prune);
    assert.deepEqual(await names(cluster, namespace, "deployments"), [
      "deployment.apps/tradesim-exporter",
    ]);
    assert.ok(
      (await names(cluster, namespace, "persistentvolumeclaims")).includes(
        "persistentvolumeclaim/tradesim-exporter-state",
      ),
    );
  });
}

/** A board alone is read again in place: Grafana is not started anew. */
async function proveBoards(cluster: RunningCluster): Promise<void> {
  const namespace = "boards";
  const { kubectl } = cluster;
  await createRestricted(kubectl, namespace);
  await withTempDir(async (cwd) => {
    const versions = [];
    for (const title of ["Un", "Deux"]) {
      const folder = await printChanged(cwd, title, (write) => {
        write(
          "grafana/dashboards/fr/overview.json",
          (text) => text.replace(/"title": "[^"]+"/, `"title": "${title}"`),
        );
      });
      versions.push(await apply(cluster, namespace, folder));
    }
    const [first, second] = versions as [Map<string, string>, Map<string, string>];
    const changed = [...second.keys()].filter((name) => second.get(name) !== first.get(name));
    assert.deepEqual(changed, ["ConfigMap/tradesim-board-fr-overview"]);
  });
}

/** Prometheus of the stack may list the pods of its namespace, and nothing else. */
async function provePermissions({ kubectl }: RunningCluster): Promise<void> {
  const namespace = "proof-overlays-stack";
  const can = async (account: string, verb: string, what: string, where: string) => {
    const { stdout } = await kubectl.run([
      ...["auth", "can-i", verb, what, "--namespace", where],
      `--as=system:serviceaccount:${namespace}:${account}`,
    ]);
    return stdout.trim();
  };
  const prometheus = "tradesim-prometheus";
  for (const verb of ["get", "list", "watch"]) {
    assert.equal(await can(prometheus, verb, "pods", namespace), "yes");
  }
  for (
    const [verb, what, where] of [
      ["delete", "pods", namespace],
      ["list", "secrets", namespace],
      ["list", "pods", "default"],
    ] as const
  ) {
    assert.equal(await can(prometheus, verb, what, where), "no", `${verb} ${what}`);
  }
  assert.equal(await can("tradesim-exporter", "list", "pods", namespace), "no");
}

/** What doctor takes for selected is what the API server selects, for selectors of all kinds. */
async function proveSelectors({ kubectl }: RunningCluster): Promise<void> {
  const namespace = "selectors";
  await kubectl("create", "namespace", namespace);
  const values = [undefined, "1", "2"];
  const objects = values.flatMap((a) => values.map((b) => ({ ...a && { a }, ...b && { b } })))
    .map((labels, index) => ({ name: `object-${index}`, labels }));
  const items = objects.map((metadata) => ({ apiVersion: "v1", kind: "ConfigMap", metadata }));
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const args = ["create", "--namespace", namespace, "--filename", "-"];
  assert.equal((await kubectl.run(args, list)).code, 0);

  const value = fc.constantFrom("1", "2", "3");
  const key = fc.constantFrom("a", "b", "c");
  const selector = fc.record({
    matchLabels: fc.dictionary(key, value, { maxKeys: 1 }),
    matchExpressions: fc.array(
      fc.record({
        key,
        operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
        values: fc.uniqueArray(value, { minLength: 1 }),
      }),
      { maxLength: 2 },
    ),
  });
  await fc.assert(
    fc.asyncProperty(selector, async (selector) => {
      const expected = objects.filter(({ labels }) => unmetBy(labels, selector).length === 0);
      const text = selectorText(selector);
      const selected = await kubectl(
        ...["get", "configmaps", "--namespace", namespace, "-o", "name"],
        ...text === "everything" ? [] : ["--selector", text],
      );
      assert.deepEqual(
        selected.split("\n").filter((line) => line !== ""),
        expected.map(({ name }) => `configmap/${name}`),
        text,
      );
    }),
    { numRuns: 40 },
  );
}

/** Texts that are names, or nearly. */
const NEARLY = fc.sample(
  fc.string({
    unit: fc.constantFrom("a", "b", "A", "9", "-", ".", "_", "/", "é", " "),
    maxLength: 7,
  }),
  { numRuns: 300, seed: 17 },
).concat(
  "a".repeat(63),
  "a".repeat(64),
  `${"a".repeat(253)}/b`,
  `${"a".repeat(254)}/b`,
  "a".repeat(254),
);

/** Where the API server would meet the value of a parameter; what it refuses there, `print` refuses. */
const MET: Readonly<Record<string, readonly [ParameterName, (text: string) => Loose]>> = {
  "the key of a label": ["monitor-label", (text) => ({
    kind: "ConfigMap",
    metadata: { labels: { [text]: "x" } },
  })],
  "the value of a label": ["board-label", (text) => ({
    kind: "ConfigMap",
    metadata: { labels: { x: text } },
  })],
  "a namespace": ["prometheus-namespace", (text) => ({
    kind: "NetworkPolicy",
    apiVersion: "networking.k8s.io/v1",
    spec: {
      podSelector: {},
      ingress: [{
        from: [{
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": text } },
        }],
      }],
    },
  })],
  "a storage class": ["storage-class", (text) => ({
    kind: "PersistentVolumeClaim",
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: text,
      resources: { requests: { storage: "1Gi" } },
    },
  })],
};

async function proveParameters({ kubectl }: RunningCluster, met: string): Promise<void> {
  const [name, make] = MET[met]!;
  const items = NEARLY.map((text, index) => {
    const object = make(text);
    return {
      apiVersion: "v1",
      ...object,
      metadata: { ...object.metadata, name: `object-${index}`, namespace: "default" },
    };
  });
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const { stdout } = await kubectl.run(["create", "--dry-run=server", "--filename", "-"], list);
  const taken = new Set(
    Array.from(stdout.matchAll(/object-(\d+) created/g), ([, at]) => Number(at)),
  );
  assert.ok(taken.size > 10 && taken.size < NEARLY.length - 10, `${met}: ${taken.size} are taken`);
  for (const [index, text] of NEARLY.entries()) {
    const value = { "monitor-label": `${text}=x`, "board-label": `x=${text}` }[name as string] ??
      text;
    const isRead = !("expected" in readParameters([`${name}=${value}`]));
    if (isRead) {
      assert.ok(taken.has(index), `${met}: the API server refuses ${JSON.stringify(text)}`);
    }
    // Names of namespaces are shorter than values of labels, and classes must not be empty.
    const isStricter = met === "a namespace" || (met === "a storage class" && text === "");
    if (taken.has(index) && !isStricter) {
      assert.ok(isRead, `${met}: ${JSON.stringify(text)} is right`);
    }
  }
}

Deno.test("a real API server takes kubernetes/", async (test) => {
  await withCluster(async (cluster) => {
    await cluster.installOperatorTypes();
    for (const overlay of ["base", ...OVERLAYS.map((name) => `overlays/${name}`)]) {
      await test.step(
        `${overlay}: restricted pods are created, a second apply changes nothing`,
        () => proveOverlay(cluster, overlay),
      );
    }
    await test.step("a changed configuration starts a pod, and pruning removes what went", () =>
      proveChanges(cluster));
    await test.step("a changed board changes one object", () => proveBoards(cluster));
    for (const met of Object.keys(MET)) {
      await test.step(`print refuses ${met} that the API server refuses`, () =>
        proveParameters(cluster, met));
    }
    await test.step("doctor selects as the API server does", () => proveSelectors(cluster));
    await test.step("the accounts may do what they must", () => provePermissions(cluster));
  });
});
