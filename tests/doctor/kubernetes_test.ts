/** Tests that doctor kubernetes names what is broken, and a command that repairs it. @module */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parse } from "yaml";
import { doctorKubernetes, KUBERNETES_LINKS } from "../../lib/doctor/mod.ts";
import { kubectl } from "../../lib/doctor/kubernetes/commands.ts";
import { fitted, unmetBy, widened } from "../../lib/doctor/kubernetes/selector.ts";
import { kubernetes } from "../../tools/kubernetes.ts";

type Labels = Readonly<Record<string, string>>;
// deno-lint-ignore no-explicit-any
type Loose = any;

const FILES = kubernetes();
const MONITORS = "kubernetes/overlays/operator/monitors";

/** An object of kubernetes/, as a cluster with a namespace gives it back. */
function made(path: string, namespace = "games"): Loose {
  const object = parse(FILES.get(path)!);
  object.metadata.namespace = namespace;
  return object;
}

function monitorOf(file: string, namespace?: string): Loose {
  const monitor = made(`${MONITORS}/${file}`, namespace);
  const { labels: [{ pairs }] } = parse(FILES.get(`${MONITORS}/kustomization.yaml`)!);
  Object.assign(monitor.metadata.labels, pairs);
  return monitor;
}

function podOf(path: string, name: string, phase = "Running"): Loose {
  const { metadata, spec } = made(path).spec.template;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, name, namespace: "games" },
    spec,
    status: { phase },
  };
}

const all = () => ({});
const released = (): Loose => ({ matchLabels: { release: "kube-prometheus-stack" } });

function prometheus(spec: Loose, namespace = "monitoring"): Loose {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Prometheus",
    metadata: { name: "main", namespace },
    spec: {
      serviceMonitorSelector: released(),
      serviceMonitorNamespaceSelector: all(),
      podMonitorSelector: released(),
      podMonitorNamespaceSelector: all(),
      ...spec,
    },
  };
}

function namespace(name: string, labels: Labels = {}): Loose {
  const all = { "kubernetes.io/metadata.name": name, ...labels };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: all } };
}

interface Objects {
  server: Loose;
  pod: Loose;
  service: Loose;
  serviceMonitor: Loose;
  podMonitor: Loose;
}

/** A cluster in which all is well. */
function wellObjects(): Objects {
  return {
    server: prometheus({}),
    pod: podOf("kubernetes/base/deployment.yaml", "tradesim-exporter-5d9f7-abcde"),
    service: made("kubernetes/base/service.yaml"),
    serviceMonitor: monitorOf("service_monitor.yaml"),
    podMonitor: monitorOf("pod_monitor.yaml"),
  };
}

function listOf(objects: object): string {
  const items = Object.values(objects).filter((object) => object !== undefined);
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}

interface Told {
  readonly code: number;
  readonly states: string;
  readonly link: string | undefined;
  readonly text: string;
  readonly remedy: string | undefined;
}

/** Runs it; returns the problem, else the last link. */
function run(text: string): Told {
  let output = "";
  const code = doctorKubernetes({ text, json: true, write: (part) => output += part });
  const { ok, links } = JSON.parse(output);
  assert.equal(ok, code === 0);
  assert.deepEqual(links.map(({ link }: Loose) => link), KUBERNETES_LINKS);
  const found = links.find(({ state }: Loose) => state === "FAIL") ?? links.at(-1);
  const states = links.map(({ state }: Loose) => state).join(" ");
  return { code, states, link: found.link, text: found.text, remedy: found.remedy };
}

Deno.test("doctor kubernetes finds nothing where all is well", () => {
  const told = run(listOf(wellObjects()));
  assert.deepEqual([told.code, told.states], [0, "ok ok ok ok ok ok ok ok ok"]);
  const games = {
    ...wellObjects(),
    game: podOf("kubernetes/overlays/sidecar/job.yaml", "tradesim-simulation-x"),
    web: podOf("kubernetes/overlays/web/deployment.yaml", "tradesim-web-x"),
    over: podOf("kubernetes/overlays/sidecar/job.yaml", "tradesim-simulation-y", "Succeeded"),
  };
  assert.equal(run(listOf(games)).code, 0);
  // Only a sidecar needs no service.
  const { pod: _pod, service: _service, ...alone } = games;
  assert.deepEqual(run(listOf(alone)).states, "ok ok ok skip ok ok ok ok ok");
});

/** What is changed, the link that breaks, and parts of the problem and the remedy. */
const CASES: Readonly<
  Record<string, readonly [(objects: Objects) => void, string, string, string]>
> = {
  "a label is missing": [
    ({ serviceMonitor }) => delete serviceMonitor.metadata.labels.release,
    "label",
    "Prometheus monitoring/main ignores ServiceMonitor games/tradesim-exporter: its " +
    "serviceMonitorSelector asks for the label release=kube-prometheus-stack",
    "kubectl label servicemonitor tradesim-exporter --namespace games --overwrite " +
    "release=kube-prometheus-stack",
  ],
  "a label has another value, by an expression": [
    ({ server }) =>
      server.spec.serviceMonitorSelector = {
        matchExpressions: [
          { key: "release", operator: "In", values: ["a", "b"] },
          { key: "team", operator: "Exists" },
          { key: "app.kubernetes.io/part-of", operator: "DoesNotExist" },
          { key: "app.kubernetes.io/component", operator: "NotIn", values: ["exporter"] },
        ],
      },
    "label",
    "the labels release in (a,b), team, !app.kubernetes.io/part-of, " +
    "app.kubernetes.io/component notin (exporter)",
    "--overwrite release=a team=true app.kubernetes.io/part-of- app.kubernetes.io/component-",
  ],
  "there is no selector": [
    ({ server }) => delete server.spec.serviceMonitorSelector,
    "label",
    "Prometheus monitoring/main has no serviceMonitorSelector, so it ignores every ServiceMonitor",
    "kubectl patch prometheus main --namespace monitoring --type merge --patch " +
    `'{"spec":{"serviceMonitorSelector":{}}}' # if a Helm chart made it`,
  ],
  "namespaces are selected by none": [
    ({ server }) => server.spec.serviceMonitorNamespaceSelector = null,
    "namespace",
    "selects monitors of namespace monitoring only, and ServiceMonitor games/tradesim-exporter is",
    `'{"spec":{"serviceMonitorNamespaceSelector":{}}}'`,
  ],
  "the namespace lacks a label": [
    ({ server }) => server.spec.serviceMonitorNamespaceSelector = { matchLabels: { watch: "yes" } },
    "namespace",
    "ignores namespace games: its serviceMonitorNamespaceSelector asks for the label watch=yes " +
    "(add namespaces to kubectl get to see its labels)",
    "kubectl label namespace games --overwrite watch=yes",
  ],
  "monitors may look at home only": [
    ({ server, serviceMonitor }) => {
      server.spec.ignoreNamespaceSelectors = true;
      serviceMonitor.metadata.namespace = "monitoring";
      serviceMonitor.spec.namespaceSelector = { any: true };
    },
    "namespace",
    "lets monitors look into their own namespace only (ignoreNamespaceSelectors)",
    `'{"spec":{"ignoreNamespaceSelectors":false}}'`,
  ],
  "the monitor looks elsewhere": [
    ({ serviceMonitor }) => serviceMonitor.metadata.namespace = "monitoring",
    "monitor",
    "looks into namespace monitoring, its own, and service games/tradesim-exporter is in another",
    `'{"spec":{"namespaceSelector":{"matchNames":["monitoring","games"]}}}'`,
  ],
  "the service lacks a label": [
    ({ service }) => delete service.metadata.labels["app.kubernetes.io/component"],
    "monitor",
    "ServiceMonitor games/tradesim-exporter does not select service games/tradesim-exporter, " +
    "which lacks the label app.kubernetes.io/component=exporter",
    "kubectl label service tradesim-exporter --namespace games --overwrite " +
    "app.kubernetes.io/component=exporter",
  ],
  "the service selects other pods": [
    ({ service }) => service.spec.selector["app.kubernetes.io/component"] = "other",
    "service",
    "no service selects pod games/tradesim-exporter-5d9f7-abcde: service games/tradesim-exporter " +
    "asks for the label app.kubernetes.io/component=other",
    "kubectl patch service tradesim-exporter --namespace games --type merge --patch",
  ],
  "the port is called otherwise": [
    ({ serviceMonitor }) => serviceMonitor.spec.endpoints[0].port = "http",
    "port",
    'ServiceMonitor games/tradesim-exporter names port "http", and the exporter\'s port of service ' +
    'games/tradesim-exporter is called "metrics"',
    `'[{"op":"add","path":"/spec/endpoints/0/port","value":"metrics"}]'`,
  ],
  "the service's port leads nowhere": [
    ({ service }) => service.spec.ports[0].targetPort = "web",
    "port",
    "no port of service games/tradesim-exporter leads to the exporter's port 8000",
    `'[{"op":"add","path":"/spec/ports/0/targetPort","value":8000}]'`,
  ],
  "the service's port has no name": [
    ({ service }) => delete service.spec.ports[0].name,
    "port",
    "the exporter's port of service games/tradesim-exporter has no name",
    `'[{"op":"add","path":"/spec/ports/0/name","value":"metrics"}]'`,
  ],
  "the service has a port of another container only": [
    ({ service, pod }) => {
      service.spec.ports = [{ name: "http", port: 80, targetPort: 8080 }];
      pod.spec.containers.push({
        name: "web",
        image: "web:1",
        ports: [{ name: "http", containerPort: 8080 }],
      });
    },
    "port",
    "no port of service games/tradesim-exporter leads to the exporter's port 8000",
    `'[{"op":"add","path":"/spec/ports/-","value":{"name":"metrics","port":8000,"targetPort":8000}}]'`,
  ],
  "the service's named port is declared nowhere": [
    ({ pod }) => pod.spec.containers[0].ports = [],
    "port",
    "no port of service games/tradesim-exporter leads to the exporter's port 8000",
    `"path":"/spec/ports/0/targetPort","value":8000`,
  ],
  "a port by its number is not declared": [
    ({ pod, serviceMonitor }) => {
      pod.spec.containers[0].ports = [];
      pod.spec.containers[0].args.push("--port=9200");
      serviceMonitor.spec.endpoints[0] = { targetPort: 9200 };
    },
    "port",
    "names port 9200, and no port of service games/tradesim-exporter leads to the exporter's port 9200",
    `"path":"/spec/ports/0/targetPort","value":9200`,
  ],
  "one of several endpoints should be the exporter's": [
    ({ serviceMonitor }) => serviceMonitor.spec.endpoints = [{ port: "http" }, { port: "admin" }],
    "port",
    'names port "http", port "admin"',
    `'[{"op":"add","path":"/spec/endpoints/-","value":{"port":"metrics"}}]'`,
  ],
  "the number of a port is wrong": [
    ({ serviceMonitor }) => serviceMonitor.spec.endpoints[0] = { targetPort: 9090 },
    "port",
    "names port 9090, and the exporter's port of service games/tradesim-exporter is called",
    `'[{"op":"remove","path":"/spec/endpoints/0/targetPort"},` +
    `{"op":"add","path":"/spec/endpoints/0/port","value":"metrics"}]'`,
  ],
  "the job has another name, and other relabelings stay": [
    ({ serviceMonitor }) =>
      serviceMonitor.spec.endpoints[0].relabelings = [{ action: "labeldrop", regex: "pod" }],
    "job",
    "the job is called tradesim-exporter",
    `'[{"op":"add","path":"/spec/endpoints/0/relabelings/-","value":{"targetLabel":"job"`,
  ],
  "the job has another name, at the endpoint of the exporter": [
    ({ serviceMonitor: { spec } }) =>
      spec.endpoints = [{ ...spec.endpoints[0], port: "http" }, { port: "metrics" }],
    "job",
    "the job is called tradesim-exporter",
    `'[{"op":"add","path":"/spec/endpoints/1/relabelings","value":[{"targetLabel":"job"`,
  ],
  "namespaces are selected by their names": [
    ({ server }) =>
      server.spec.serviceMonitorNamespaceSelector = {
        matchLabels: { "kubernetes.io/metadata.name": "monitoring" },
      },
    "namespace",
    "asks for the label kubernetes.io/metadata.name=monitoring",
    `'{"spec":{"serviceMonitorNamespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":null},` +
    `"matchExpressions":[{"key":"kubernetes.io/metadata.name","operator":"In",` +
    `"values":["monitoring","games"]}]}}}' # if a Helm chart made it`,
  ],
  "a Prometheus is paused": [
    ({ server }) => server.spec.paused = true,
    "label",
    "Prometheus monitoring/main is paused, so the operator gives it no monitor that is new",
    `kubectl patch prometheus main --namespace monitoring --type merge --patch ` +
    `'{"spec":{"paused":false}}'`,
  ],
  "the operator fails": [
    ({ server }) =>
      server.status = {
        conditions: [
          { type: "Available", status: "True" },
          { type: "Reconciled", status: "False", reason: "Failed", message: "secret\n x" },
        ],
      },
    "label",
    "the operator cannot make a configuration for Prometheus monitoring/main: Failed: secret\n x",
    "kubectl describe prometheus main --namespace monitoring # then",
  ],
  "a Prometheus has no replicas": [
    ({ server }) => server.spec.replicas = 0,
    "label",
    "Prometheus monitoring/main has no replicas",
    `'{"spec":{"replicas":1}}'`,
  ],
  "the exporter ends again and again": [
    ({ pod }) =>
      pod.status.containerStatuses = [{
        name: "exporter",
        state: { waiting: { reason: "CrashLoopBackOff" } },
      }],
    "pod",
    "container exporter of pod games/tradesim-exporter-5d9f7-abcde does not run: CrashLoopBackOff",
    "kubectl logs tradesim-exporter-5d9f7-abcde --namespace games --container exporter --previous",
  ],
  "the exporter's image is not there": [
    ({ pod }) =>
      pod.status = {
        phase: "Pending",
        containerStatuses: [{
          name: "exporter",
          state: { waiting: { reason: "ImagePullBackOff" } },
        }],
      },
    "pod",
    "it is Pending, and the exporter ImagePullBackOff",
    "kubectl describe pod",
  ],
  "pods may not be listed": [
    (objects) => objects.pod = undefined,
    "pod",
    "there is no pod among the objects",
    "look into all namespaces as a user who may list pods: kubectl get prometheus,",
  ],
  "services may not be listed": [
    (objects) => objects.service = undefined,
    "service",
    "there is no service among the objects",
    "as a user who may list services",
  ],
  "the job has another name": [
    ({ serviceMonitor }) => delete serviceMonitor.spec.endpoints[0].relabelings,
    "job",
    "the job is called tradesim-exporter; rules, alerts and dashboards look for tradesim",
    `"value":[{"targetLabel":"job","replacement":"tradesim"}]}]'`,
  ],
  "there is no monitor": [
    (objects) => objects.serviceMonitor = objects.podMonitor = undefined,
    "monitor",
    "there is no ServiceMonitor or PodMonitor for exporters",
    "kubectl apply --server-side -k kubernetes/overlays/operator",
  ],
  "the pod does not start": [
    ({ pod }) => pod.status.phase = "Pending",
    "pod",
    "pod games/tradesim-exporter-5d9f7-abcde with an exporter does not run: it is Pending",
    "kubectl describe pod tradesim-exporter-5d9f7-abcde --namespace games",
  ],
  "all pods have ended": [
    ({ pod }) => pod.status.phase = "Failed",
    "pod",
    "no pod runs an exporter, 1 ended",
    "kubectl apply --server-side",
  ],
  "there is no Prometheus": [
    (objects) => objects.server = undefined,
    "operator",
    "there is no Prometheus of the operator among the objects",
    "kubernetes/overlays/stack",
  ],
};

for (const [name, [change, link, problem, remedy]] of Object.entries(CASES)) {
  Deno.test(`doctor kubernetes says that ${name}`, () => {
    const objects = wellObjects();
    change(objects);
    const told = run(listOf(objects));
    assert.deepEqual([told.code, told.link], [1, link], told.text);
    assert.ok(told.text.includes(problem), told.text);
    assert.ok(told.remedy?.includes(remedy), told.remedy);
  });
}

Deno.test("doctor kubernetes looks at sidecars too, and names the pod that is not scraped", () => {
  const objects: Loose = {
    ...wellObjects(),
    game: podOf("kubernetes/overlays/sidecar/job.yaml", "tradesim-simulation-x"),
  };
  const broken = (change: () => void, link: string, text: RegExp, remedy: RegExp) => {
    change();
    const told = run(listOf(objects));
    assert.equal(told.link, link, told.text);
    assert.match(told.text, text);
    assert.match(told.remedy!, remedy);
  };
  broken(
    () => delete objects.podMonitor.metadata.labels.release,
    "label",
    /ignores PodMonitor games\/tradesim-sidecars: its podMonitorSelector asks for the label release=/,
    /^kubectl label podmonitor tradesim-sidecars --namespace games --overwrite release=/,
  );
  broken(
    () => objects.podMonitor.spec.podMetricsEndpoints[0].port = "http",
    "port",
    /names port "http", and the exporter's port of pod games\/tradesim-simulation-x is called "metrics"/,
    /\/spec\/podMetricsEndpoints\/0\/port/,
  );
  broken(
    () => objects.podMonitor.spec.selector.matchLabels = { app: "game" },
    "monitor",
    /does not select pod games\/tradesim-simulation-x, which lacks the label app=game/,
    /^kubectl patch podmonitor tradesim-sidecars .*"matchLabels":\{"app":null,"app\.kubernetes\.io\/name"/,
  );
});

Deno.test("doctor kubernetes takes ports as the operator does", () => {
  const well: Readonly<Record<string, (objects: Objects) => void>> = {
    "by its number": ({ serviceMonitor }) =>
      serviceMonitor.spec.endpoints[0] = {
        ...serviceMonitor.spec.endpoints[0],
        port: undefined,
        targetPort: 8000,
      },
    "by its name at the container": ({ serviceMonitor }) => {
      const [endpoint] = serviceMonitor.spec.endpoints;
      serviceMonitor.spec.endpoints = [{ ...endpoint, port: "", targetPort: "metrics" }];
    },
    "all ports": ({ serviceMonitor }) => delete serviceMonitor.spec.endpoints[0].port,
    "a number that no container declares": ({ service, pod }) => {
      service.spec.ports[0].targetPort = 8000;
      delete pod.spec.containers[0].ports;
    },
    "a number of its own that no container declares": ({ service, pod }) => {
      service.spec.ports[0].targetPort = 9200;
      delete pod.spec.containers[0].ports;
      pod.spec.containers[0].args.push("--port", "9200");
    },
    "a job by an action in upper case": ({ serviceMonitor }) => {
      for (const one of serviceMonitor.spec.endpoints[0].relabelings) one.action = "Replace";
    },
  };
  for (const [name, change] of Object.entries(well)) {
    const objects = wellObjects();
    change(objects);
    const { code, text } = run(listOf(objects));
    assert.equal(code, 0, `${name}: ${text}`);
  }
});

Deno.test("doctor kubernetes says how a PodMonitor finds a port without a name, or none", () => {
  const objects: Loose = {
    ...wellObjects(),
    game: podOf("kubernetes/overlays/sidecar/job.yaml", "tradesim-simulation-x"),
  };
  const [exporter] = objects.game.spec.initContainers;
  delete exporter.ports[0].name;
  const unnamed = run(listOf(objects));
  assert.match(
    unnamed.text,
    /the exporter's port 8000 of pod games\/tradesim-simulation-x has no name/,
  );
  assert.ok(
    unnamed.remedy!.includes(
      `'[{"op":"remove","path":"/spec/podMetricsEndpoints/0/port"},` +
        `{"op":"add","path":"/spec/podMetricsEndpoints/0/portNumber","value":8000}]'`,
    ),
    unnamed.remedy,
  );
  delete exporter.ports;
  const undeclared = run(listOf(objects));
  assert.match(undeclared.text, /declares no port, without which a PodMonitor finds none$/);
  assert.match(undeclared.remedy!, /ports: \[\{ name: metrics, containerPort: 8000 \}\]/);
});

Deno.test("doctor kubernetes prefers a Prometheus that is not paused", () => {
  const objects: Loose = wellObjects();
  objects.server.status = { conditions: [{ type: "Reconciled", status: "True" }] };
  objects.paused = prometheus({ paused: true }, "other");
  assert.equal(run(listOf(objects)).code, 0);
});

Deno.test("doctor kubernetes reads several outputs of kubectl, other kinds, and a byte order mark", () => {
  const { server, pod, ...others } = wellObjects();
  const role = { kind: "ClusterRole", metadata: { name: "system:node" } };
  const status = { kind: "Status", status: "Failure" };
  const pretty = (object: object) => JSON.stringify(JSON.parse(listOf(object)), undefined, 4);
  const text = [
    pretty({ server, role }),
    pretty(others),
    JSON.stringify(status),
    JSON.stringify(pod, undefined, 4),
  ].join("\n");
  assert.equal(run(`\uFEFF${text}\n`).code, 0);
  assert.match(run(`${text}\n{`).text, /^they are not JSON$/);
});

Deno.test("doctor kubernetes is fast where many monitors and pods without a service are", () => {
  const game = podOf("kubernetes/overlays/sidecar/job.yaml", "tradesim-simulation-x");
  const items = Object.values(wellObjects());
  const many = (count: number) => {
    const of = (object: Loose) =>
      Array.from({ length: count }, (_, index) => ({
        ...object,
        metadata: { ...object.metadata, name: `many-${index}` },
      }));
    const foreign = monitorOf("service_monitor.yaml");
    foreign.spec.selector = { matchLabels: { app: "other" } };
    const service = made("kubernetes/base/service.yaml");
    service.spec.selector = { app: "other", tier: "x" };
    const all = [...items, ...of(game), ...of(foreign), ...of(service)];
    return listOf(all);
  };
  const time = (text: string) => {
    const start = performance.now();
    assert.equal(run(text).code, 0);
    return performance.now() - start;
  };
  time(many(10));
  const [small, large] = [many(60), many(240)].map((text) => {
    return Math.min(time(text), time(text), time(text));
  });
  // Pods times monitors are 16 times as many; with each service for each monitor it was 64.
  assert.ok(large! < 40 * small!, `${small} and ${large} ms`);
});

Deno.test("doctor kubernetes knows an exporter by its image, or by its name in our pods", () => {
  const objects: Loose = wellObjects();
  const [container] = objects.pod.spec.containers;
  container.image = "registry.example/monitoring/watch:2.0.0";
  assert.equal(run(listOf(objects)).code, 0);
  container.name = "watch";
  assert.equal(run(listOf(objects)).link, "pod");
  container.image = "registry.example:5000/tradesim-exporter@sha256:" + "0".repeat(64);
  assert.equal(run(listOf(objects)).code, 0);
  container.args = ["simulate", "--tours=5"];
  assert.equal(run(listOf(objects)).link, "pod", "a game is no exporter");
  container.command = ["tradesim-exporter", "simulate"];
  container.args = ["--tours=5"];
  assert.equal(run(listOf(objects)).link, "pod", "a game is no exporter");
  container.command = ["tradesim-exporter"];
  assert.equal(run(listOf(objects)).code, 0);
});

Deno.test("doctor kubernetes takes any Prometheus that selects the monitor, and any monitor that is right", () => {
  const objects: Loose = wellObjects();
  objects.other = prometheus(
    { serviceMonitorSelector: { matchLabels: { release: "x" } } },
    "other",
  );
  const foreign = monitorOf("service_monitor.yaml", "games");
  foreign.metadata = { name: "redis", namespace: "games", labels: {} };
  foreign.spec.selector = { matchLabels: { app: "redis" } };
  objects.foreign = foreign;
  assert.equal(run(listOf(objects)).code, 0);
  objects.serviceMonitor = objects.podMonitor = undefined;
  assert.equal(run(listOf(objects)).link, "monitor", "a foreign monitor is not to blame");
  foreign.spec.selector = {};
  foreign.metadata.labels = released().matchLabels;
  assert.equal(run(listOf(objects)).code, 0, "it selects everything");
});

Deno.test("doctor kubernetes knows a namespace's labels where they are among the objects", () => {
  const objects: Loose = wellObjects();
  objects.server.spec.serviceMonitorNamespaceSelector = { matchLabels: { watch: "yes" } };
  objects.namespace = namespace("games");
  assert.doesNotMatch(run(listOf(objects)).text, /add namespaces/);
  objects.namespace = namespace("games", { watch: "yes" });
  assert.equal(run(listOf(objects)).code, 0);
  const named = { matchLabels: { "kubernetes.io/metadata.name": "games" } };
  objects.server.spec.serviceMonitorNamespaceSelector = named;
  objects.namespace = undefined;
  assert.equal(run(listOf(objects)).code, 0);
});

Deno.test("doctor kubernetes says what is wrong with its input", () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "": /^there is no output of kubectl; .* the operator is not installed$/,
    "NAME READY": /^they are not JSON$/,
    "[]": /^object 1 cannot be read: Invalid input: expected object/,
    '{"kind":5}': /^object 1 cannot be read: kind: /,
    '{"kind":"Pod","metadata":{"name":"a;b"}}': /^object 1 cannot be read: metadata\.name/,
    '{"kind":"Pod"}': /^object 1 cannot be read: metadata: /,
    "null": /^object 1 cannot be read: /,
    '{"kind":"List","items":[]}{"kind":"List","items":[]}': /^they are not JSON$/,
    "apiVersion: v1\nkind: List\nitems: []\n": /^they are not JSON$/,
    '{"kind":"List","items":[{"kind":"Service","metadata":{"name":"a"},"spec":{"ports":5}}]}':
      /^Service default\/a cannot be read: spec\.ports/,
    '{"kind":"List","items":[]}': /^there is no Prometheus of the operator/,
  };
  for (const [text, problem] of Object.entries(cases)) {
    const told = run(text);
    assert.equal(told.code, 1);
    assert.match(told.text, problem);
  }
});

Deno.test("doctor kubernetes writes one line for each link, whatever names and labels are", () => {
  const objects = wellObjects();
  objects.server.spec.serviceMonitorSelector = {
    matchLabels: { "a\nb": "$(reboot) 'x'\u001b[2J" },
  };
  let output = "";
  doctorKubernetes({ text: listOf(objects), json: false, write: (part) => output += part });
  const lines = output.split("\n");
  assert.equal(lines.length, KUBERNETES_LINKS.length + 2);
  assert.ok(!output.includes("\u001b"));
  assert.ok(output.includes(`'a\\u000ab=$(reboot) '\\''x'\\''\\u001b[2J'`), output);
});

Deno.test("kubectl() quotes every word so that a shell gives it back", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (words) => {
      const plain = words.map((word) => word.replaceAll("\0", ""));
      const { stdout } = new Deno.Command("sh", {
        args: ["-c", `kubectl() { printf '%s\\0' "$@"; }\n${kubectl(...plain)}`],
      }).outputSync();
      const given = new TextDecoder().decode(stdout);
      // The shell's own printf gives one empty word where there is none.
      assert.equal(given, plain.length === 0 ? "\0" : plain.map((word) => `${word}\0`).join(""));
    }),
    { numRuns: 40 },
  );
});

Deno.test("unmetBy() names changes that meet the selector, for any labels", () => {
  const key = fc.constantFrom("a", "b", "c");
  const value = fc.constantFrom("1", "2");
  const labels = fc.dictionary(key, value);
  const expression = fc.record({
    key,
    operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
    values: fc.array(value, { minLength: 1 }),
  });
  // One requirement for each key: two can contradict each other.
  const expressions = fc.uniqueArray(expression, { selector: (one) => one.key });
  fc.assert(fc.property(labels, expressions, (before, matchExpressions) => {
    const selector: Loose = { matchLabels: {}, matchExpressions };
    const after: Record<string, string> = { ...before };
    for (const { change } of unmetBy(before, selector)) {
      const [key = "", value] = change.split("=");
      if (value === undefined) delete after[key.slice(0, -1)];
      else after[key] = value;
    }
    assert.deepEqual(unmetBy(after, selector), []);
  }));
});

Deno.test("unmetBy() takes no property of an object for a label", () => {
  const of = (operator: "Exists" | "DoesNotExist") =>
    unmetBy({}, { matchLabels: {}, matchExpressions: [{ key: "toString", operator, values: [] }] });
  assert.equal(of("Exists").length, 1);
  assert.equal(of("DoesNotExist").length, 0);
});

Deno.test("fitted() makes a selector take any labels, by those that last", () => {
  const key = fc.constantFrom("a", "b", "app.kubernetes.io/name", "pod-template-hash");
  const value = fc.constantFrom("1", "2");
  const expression = fc.record({
    key,
    operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
    values: fc.array(value, { minLength: 1 }),
  });
  fc.assert(
    fc.property(
      fc.dictionary(key, value),
      fc.dictionary(key, value),
      fc.array(expression, { maxLength: 3 }),
      (labels, matchLabels, matchExpressions) => {
        const patch = fitted({ matchLabels, matchExpressions }, labels);
        const merged = Object.entries({ ...matchLabels, ...patch.matchLabels })
          .filter((entry): entry is [string, string] => entry[1] !== null);
        const after = { ...patch, matchLabels: Object.fromEntries(merged) };
        assert.deepEqual(unmetBy(labels, after), []);
        assert.equal(patch.matchLabels["pod-template-hash"] ?? null, null);
      },
    ),
  );
});

Deno.test("widened() makes a selector take a name, and drops none that it took", () => {
  const value = fc.constantFrom("1", "2", "3");
  const expression = fc.record({
    key: fc.constantFrom("a", "b"),
    operator: fc.constantFrom("In", "NotIn"),
    values: fc.array(value, { minLength: 1 }),
  });
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom("a", "b"), value),
      fc.array(expression, { maxLength: 3 }),
      value,
      value,
      (matchLabels, matchExpressions, other, b) => {
        const before = { matchLabels, matchExpressions };
        const patch = widened(before, "a", "2") as Loose;
        const merged = { ...matchLabels, ...patch.matchLabels };
        const after = {
          matchLabels: Object.fromEntries(
            Object.entries<Loose>(merged).filter(([, value]) => value !== null),
          ),
          matchExpressions: patch.matchExpressions,
        };
        assert.deepEqual(unmetBy({ a: "2", b }, after).filter(({ key }) => key === "a"), []);
        if (unmetBy({ a: other, b }, before).length === 0) {
          assert.deepEqual(unmetBy({ a: other, b }, after), []);
        }
      },
    ),
  );
});
