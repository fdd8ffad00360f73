/** Tests which objects kubernetes/ has, and how its pods start, are asked, store and end. @module */

import assert from "node:assert/strict";
import { parse, parseAllDocuments } from "yaml";
import { kubernetes } from "../../tools/kubernetes.ts";
import { ROOT } from "../harness/deno.ts";

// deno-lint-ignore no-explicit-any
type Loose = any;

const MADE = kubernetes();

function objectsBelow(folder: string): Loose[] {
  return [...MADE]
    .filter(([path]) => path.startsWith(folder) && /\.yaml$/.test(path))
    .flatMap(([, text]) => parseAllDocuments(text).map((document) => document.toJS()));
}

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  "kubernetes/base/": [
    "ConfigMap tradesim-exporter",
    "Deployment tradesim-exporter",
    "NetworkPolicy tradesim-exporter",
    "PersistentVolumeClaim tradesim-exporter-state",
    "PersistentVolumeClaim tradesim-journal",
    "Service tradesim-exporter",
    "ServiceAccount tradesim-exporter",
  ],
  "kubernetes/overlays/sidecar/": [
    "Job tradesim-simulation",
    "NetworkPolicy tradesim-simulation",
    "ServiceAccount tradesim-simulation",
  ],
  "kubernetes/overlays/operator/": [
    "PodMonitor tradesim-sidecars",
    "PrometheusRule tradesim-rules",
    "ServiceMonitor tradesim-exporter",
  ],
  "kubernetes/overlays/stack/": [
    "ConfigMap tradesim-grafana",
    "ConfigMap tradesim-prometheus",
    "Deployment tradesim-grafana",
    "Deployment tradesim-prometheus",
    "NetworkPolicy tradesim-grafana",
    "NetworkPolicy tradesim-prometheus",
    "PersistentVolumeClaim tradesim-grafana",
    "PersistentVolumeClaim tradesim-prometheus",
    "Role tradesim-prometheus",
    "RoleBinding tradesim-prometheus",
    "Service tradesim-grafana",
    "Service tradesim-prometheus",
    "ServiceAccount tradesim-grafana",
    "ServiceAccount tradesim-prometheus",
  ],
  "kubernetes/overlays/web/": [
    "Deployment tradesim-web",
    "NetworkPolicy tradesim-web",
    "Service tradesim-web",
    "ServiceAccount tradesim-web",
  ],
};

for (const [folder, expected] of Object.entries(FOLDERS)) {
  Deno.test(`${folder} has its objects, and no account has a token`, () => {
    const objects = objectsBelow(folder);
    const names = objects.flatMap(({ kind, metadata, configMapGenerator = [] }) =>
      kind === "Kustomization"
        ? configMapGenerator.map(({ name }: Loose) => `ConfigMap ${name}`)
        : [`${kind} ${metadata.name}`]
    );
    assert.deepEqual(names.toSorted(), expected);
    for (const { kind, automountServiceAccountToken } of objects) {
      if (kind === "ServiceAccount") assert.equal(automountServiceAccountToken, false);
    }
  });
}

const WORKLOADS = objectsBelow("kubernetes/").filter(({ spec }) => spec?.template !== undefined);

for (const { kind, metadata: { name }, spec } of WORKLOADS) {
  const { initContainers = [], containers, securityContext, volumes, ...pod } = spec.template.spec;

  Deno.test(`${name} is asked by address whether it is ready and alive, and the game is not`, () => {
    for (const container of [...initContainers, ...containers]) {
      const { readinessProbe, livenessProbe, startupProbe } = container;
      const probes = [readinessProbe, livenessProbe, startupProbe].filter(Boolean);
      if (container.name === "simulation") {
        assert.deepEqual(probes, []);
        continue;
      }
      assert.ok(readinessProbe && livenessProbe, container.name);
      for (const { httpGet, tcpSocket } of probes) {
        const asked = httpGet ?? tcpSocket;
        assert.equal(asked.host, undefined, "else not the pod's address");
        assert.ok(container.ports.some((port: Loose) => port.name === asked.port));
      }
      if (container.name !== "exporter") continue;
      assert.equal(readinessProbe.httpGet.path, "/-/ready");
      assert.equal(livenessProbe.httpGet.path, "/-/healthy");
      assert.ok(startupProbe.failureThreshold * startupProbe.periodSeconds >= 60);
    }
  });

  Deno.test(`${name} may write its volumes, and a claim belongs to one pod at a time`, () => {
    const { runAsUser, runAsGroup, fsGroup, fsGroupChangePolicy } = securityContext;
    assert.deepEqual([runAsGroup, fsGroup], [runAsUser, runAsUser]);
    assert.equal(fsGroupChangePolicy, "OnRootMismatch");
    const claims = volumes.filter((one: Loose) => one.persistentVolumeClaim !== undefined);
    if (claims.length > 0) {
      assert.deepEqual([spec.replicas, spec.strategy.type], [1, "Recreate"]);
    }
    for (const { emptyDir } of volumes) assert.ok(emptyDir === undefined || emptyDir.sizeLimit);
    assert.equal(pod.serviceAccountName, name);
    if (kind === "Deployment") {
      const labels = spec.template.metadata.labels;
      for (const [key, value] of Object.entries(spec.selector.matchLabels)) {
        assert.equal(labels[key], value);
      }
    }
  });
}

Deno.test("the game of the sidecar ends, is not played again, and shares its journal with the exporter", () => {
  const { spec } = parse(MADE.get("kubernetes/overlays/sidecar/job.yaml")!);
  assert.equal(spec.backoffLimit, 0);
  const { restartPolicy, containers: [game], initContainers: [exporter], volumes } =
    spec.template.spec;
  assert.equal(restartPolicy, "Never");
  assert.ok(game.args.includes("--tours=1000") && !game.args.includes("--infinite"));
  assert.ok(game.args.includes("--journal=/logs/metrics.jsonl"));
  assert.ok(exporter.args.includes("--follow=/logs/metrics*.jsonl"));
  assert.deepEqual(game.volumeMounts, [{ name: "journal", mountPath: "/logs" }]);
  assert.deepEqual(exporter.volumeMounts, [{
    name: "journal",
    mountPath: "/logs",
    readOnly: true,
  }]);
  assert.deepEqual(volumes, [{ name: "journal", emptyDir: { sizeLimit: "256Mi" } }]);
  // Only its own pod reports.
  assert.ok(!exporter.args.some((arg: string) => arg.includes("remote-ingest")));
});

Deno.test("exporters run as the user of their image, at its port", () => {
  const dockerfile = Deno.readTextFileSync(`${ROOT}Dockerfile`);
  const [, user] = /^USER (\d+):\1$/m.exec(dockerfile) ?? [];
  const [, port] = /^EXPOSE (\d+)$/m.exec(dockerfile) ?? [];
  let exporters = 0;
  for (const { spec: { template: { spec } } } of WORKLOADS) {
    for (const { name, ports } of [...spec.initContainers ?? [], ...spec.containers]) {
      if (name !== "exporter") continue;
      exporters++;
      assert.equal(String(spec.securityContext.runAsUser), user);
      assert.equal(String(ports[0].containerPort), port);
    }
  }
  assert.equal(exporters, 3);
});

Deno.test("pods that have ended are no targets, of the operator or of the stack", () => {
  const [endpoint] = objectsBelow("kubernetes/overlays/operator/")
    .find(({ kind }) => kind === "PodMonitor").spec.podMetricsEndpoints;
  assert.equal(endpoint.filterRunning, true);
  const { scrape_configs } = parse(MADE.get("kubernetes/overlays/stack/prometheus.yml")!);
  const discovered = scrape_configs.filter((one: Loose) => one.kubernetes_sd_configs);
  assert.equal(discovered.length, 2);
  for (const { relabel_configs } of discovered) {
    assert.ok(
      relabel_configs.some(({ action, regex }: Loose) =>
        action === "drop" && regex === "Succeeded|Failed"
      ),
    );
  }
});
