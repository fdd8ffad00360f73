/** kubernetes/overlays/stack: the exporter with a Prometheus and a Grafana, for a cluster without the operator. @module */

import { parse, stringify } from "yaml";
import * as z from "zod";
import { boardFiles, boardFolder } from "./boards.ts";
import { WITH_SIDECAR } from "./operator.ts";
import type { Parameters } from "./parameters.ts";
import {
  type Component,
  type Container,
  deployment,
  DNS,
  httpProbe,
  labelsOf,
  type Manifest,
  metadata,
  nameOf,
  networkPolicy,
  PART_OF,
  PORT_NAME,
  portOf,
  selectorOf,
  service,
  serviceAccount,
  volumeClaim,
  writePaths,
} from "./pod.ts";
import {
  exporterJob,
  fileOf,
  type Files,
  pathsBelow,
  prometheusConfig,
  serviceOf,
} from "./stack.ts";
import { type Rendered, yamlFile } from "./text.ts";

const HTTP = "http";
const PROMETHEUS_PORT = 9090;
const GRAFANA_PORT = 3000;

/** Where the stack's containers expect their files. */
const PROMETHEUS_FOLDER = "/etc/prometheus";
const GRAFANA_FOLDER = "/etc/grafana";

/** Names of ConfigMaps that kustomizations beside the files make. */
const RULES_MAP = "tradesim-rules";
const START_MAP = "tradesim-grafana-start";

const KUSTOMIZATION = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" };
const BESIDE = "Kustomize takes files only from below a kustomization, so this one is here.";

/** Users of the images of Prometheus and Grafana. */
const PROMETHEUS_USER = 65534;
const GRAFANA_USER = 472;

/** The rules and the page that alerts link to, by their place below Prometheus' folder. */
function ruleFiles(files: Files): readonly { readonly key: string; readonly path: string }[] {
  return ["prometheus/rules/", "prometheus/consoles/"].flatMap((folder) =>
    pathsBelow(files, folder)
  )
    .map((path) => path.slice("prometheus/".length))
    .map((path) => ({ key: path.replaceAll("/", "-"), path }));
}

/** The kustomizations among the stack's own files. */
export function stackKustomizations(files: Files): Rendered {
  return {
    "prometheus/kustomization.yaml": yamlFile(
      `Rules, and the page that alerts link to, as a ConfigMap for kubernetes/overlays/stack.\n${BESIDE}`,
      {
        ...KUSTOMIZATION,
        configMapGenerator: [{
          name: RULES_MAP,
          files: ruleFiles(files).map(({ key, path }) => `${key}=${path}`),
          options: { labels: labelsOf("prometheus") },
        }],
      },
    ),
    "grafana/kustomization.yaml": yamlFile(
      `Grafana's start and its provider of dashboards as a ConfigMap for kubernetes/overlays/stack.\n${BESIDE}`,
      {
        ...KUSTOMIZATION,
        configMapGenerator: [{
          name: START_MAP,
          files: ["start.sh", "tradesim.yml=provisioning/dashboards/tradesim.yml"],
          options: { labels: labelsOf("grafana") },
        }],
      },
    ),
  };
}

/** Keeps one kind of pods as targets, with the labels that the operator's monitors give. */
function podJob(components: readonly Component[], instance: Manifest): readonly Manifest[] {
  return [
    {
      source_labels: [
        "__meta_kubernetes_pod_label_app_kubernetes_io_part_of",
        "__meta_kubernetes_pod_label_app_kubernetes_io_component",
        "__meta_kubernetes_pod_container_port_name",
      ],
      regex: `${PART_OF};(${components.join("|")});${PORT_NAME}`,
      action: "keep",
    },
    // A pod that has ended answers nobody.
    { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Succeeded|Failed", action: "drop" },
    { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
    { target_label: "job", replacement: PART_OF },
    instance,
  ];
}

/** The stack's configuration, in which pods of this namespace take the place of fixed targets. */
function prometheusText(files: Files): string {
  const { global, scrape_configs } = prometheusConfig(files);
  const { name: job } = exporterJob(files);
  const jobs = scrape_configs.flatMap((config) => {
    if (config.job_name !== job) return [config];
    const { static_configs: _fixed, ...common } = config;
    const discovery = [{ role: "pod", namespaces: { own_namespace: true } }];
    return [
      {
        ...common,
        kubernetes_sd_configs: discovery,
        relabel_configs: podJob(["exporter"], {
          // Counters survive the pod, so the instance is the service.
          source_labels: ["__meta_kubernetes_namespace"],
          target_label: "instance",
          replacement: `$1/${nameOf("exporter")}`,
        }),
      },
      {
        ...common,
        job_name: `${job}-sidecars`,
        kubernetes_sd_configs: discovery,
        relabel_configs: podJob(WITH_SIDECAR, {
          source_labels: ["__meta_kubernetes_namespace", "__meta_kubernetes_pod_name"],
          separator: "/",
          target_label: "instance",
        }),
      },
    ];
  });
  const header =
    "# Prometheus of the overlay stack: prometheus/prometheus.yml, with the pods of this\n" +
    "# namespace as targets.\n";
  return header + stringify({
    global,
    rule_files: [`${PROMETHEUS_FOLDER}/rules/*.yml`],
    scrape_configs: jobs,
  }, { lineWidth: 100, aliasDuplicateObjects: false });
}

const DATA_SOURCES = z.looseObject({ datasources: z.array(z.looseObject({ url: z.string() })) });

/** The data source of the stack under the name that Prometheus has here. Recorded games are left out. */
function dataSourceText(files: Files): string {
  const text = fileOf(files, "grafana/provisioning/datasources/prometheus.yml");
  const { datasources, ...rest } = DATA_SOURCES.parse(parse(text));
  const [source] = datasources;
  const url = `http://${nameOf("prometheus")}:${PROMETHEUS_PORT}`;
  return stringify({ ...rest, datasources: [{ ...source, url }] });
}

function prometheus(files: Files): Container {
  const { image, args, memory } = serviceOf(files, "prometheus");
  return {
    name: "prometheus",
    image,
    args,
    port: { name: HTTP, containerPort: PROMETHEUS_PORT },
    mounts: [
      { path: PROMETHEUS_FOLDER, isWritten: false, volume: "config" },
      { path: "/prometheus", isWritten: true, volume: "data" },
    ],
    // Measured: 94 MiB and 0.4 % of a core after 90 s of one game with details; it grows with series.
    resources: { cpu: "20m", memory: "192Mi", memoryLimit: memory },
    more: {
      // It replays its write-ahead log before it is ready.
      startupProbe: httpProbe("/-/ready", HTTP, { periodSeconds: 5, failureThreshold: 60 }),
      readinessProbe: httpProbe("/-/ready", HTTP, { periodSeconds: 5 }),
      livenessProbe: httpProbe("/-/healthy", HTTP, { periodSeconds: 15, timeoutSeconds: 10 }),
    },
  };
}

/** Prometheus finds pods of its own namespace, and nothing else of the cluster. */
function discovery(): readonly Manifest[] {
  const name = nameOf("prometheus");
  const api = "rbac.authorization.k8s.io";
  return [
    serviceAccount("prometheus"),
    {
      apiVersion: `${api}/v1`,
      kind: "Role",
      metadata: metadata("prometheus"),
      rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
    },
    {
      apiVersion: `${api}/v1`,
      kind: "RoleBinding",
      metadata: metadata("prometheus"),
      roleRef: { apiGroup: api, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name }],
    },
  ];
}

function grafana(files: Files, language: string): Container {
  const { image, environment, memory } = serviceOf(files, "grafana");
  const env = {
    ...environment,
    TRADESIM_LANG: language,
    GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH:
      `${GRAFANA_FOLDER}/dashboards/${language}/overview.json`,
    // Pods reach it: nobody views without a password.
    GRAFANA_ADDRESS: "0.0.0.0",
  };
  const plain = Object.entries(env).filter(([name]) => name !== "GF_SECURITY_ADMIN_PASSWORD");
  return {
    name: "grafana",
    image,
    command: ["sh", "/etc/tradesim/start.sh"],
    env: [
      ...plain.map(([name, value]) => ({ name, value })),
      {
        name: "GF_SECURITY_ADMIN_PASSWORD",
        valueFrom: {
          secretKeyRef: { name: nameOf("grafana"), key: "admin-password", optional: true },
        },
      },
    ],
    port: { name: HTTP, containerPort: GRAFANA_PORT },
    mounts: [
      { path: "/var/lib/grafana", isWritten: true, volume: "data" },
      { path: "/var/log/grafana", isWritten: true, volume: "logs" },
      { path: "/tmp", isWritten: true, volume: "tmp" },
      { path: "/etc/tradesim", isWritten: false, volume: "start" },
      { path: `${GRAFANA_FOLDER}/provisioning`, isWritten: false, volume: "provisioning" },
      { path: `${GRAFANA_FOLDER}/dashboards`, isWritten: false, volume: "dashboards" },
    ],
    // Not measured: half of the limit.
    resources: { cpu: "50m", memory: "256Mi", memoryLimit: memory },
    more: {
      startupProbe: grafanaProbe({ periodSeconds: 5, failureThreshold: 60 }),
      readinessProbe: grafanaProbe({ periodSeconds: 5 }),
      livenessProbe: grafanaProbe({ periodSeconds: 15, timeoutSeconds: 10 }),
    },
  };
}

/** Grafana answers under one name only, and the kubelet asks by address. */
function grafanaProbe(more: Manifest): Manifest {
  const httpHeaders = [{ name: "Host", value: "localhost" }];
  return { httpGet: { path: "/api/health", port: HTTP, httpHeaders }, ...more };
}

function grafanaVolumes(files: Files, language: string): readonly Manifest[] {
  const item = (name: string, key: string, path: string) => ({
    configMap: { name, items: [{ key, path }] },
  });
  return [
    { name: "data", persistentVolumeClaim: { claimName: nameOf("grafana") } },
    { name: "logs", emptyDir: { sizeLimit: "64Mi" } },
    { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
    {
      name: "start",
      configMap: { name: START_MAP, items: [{ key: "start.sh", path: "start.sh" }] },
    },
    {
      name: "provisioning",
      projected: {
        sources: [
          item(nameOf("grafana"), "datasources.yml", "datasources/prometheus.yml"),
          item(START_MAP, "tradesim.yml", "dashboards/tradesim.yml"),
        ],
      },
    },
    {
      name: "dashboards",
      projected: {
        sources: boardFiles(files, language).map(({ configMap, key, file }) =>
          item(configMap, key, `${language}/${file}`)
        ),
      },
    },
  ];
}

/** A policy's peer: the pods of a component in the same namespace. */
function podsOf(component: Component): Manifest {
  return { podSelector: { matchLabels: selectorOf(component) } };
}

export function stack(files: Files, parameters: Parameters, language: string): Rendered {
  const storageClass = parameters["storage-class"];
  const server = prometheus(files);
  const viewer = grafana(files, language);
  return {
    "kustomization.yaml": yamlFile(
      "The exporter with a Prometheus and a Grafana of its own, for a cluster without the operator.\n" +
        "Another configuration starts other pods; dashboards are read again in place.",
      {
        ...KUSTOMIZATION,
        resources: [
          "../../base",
          "../../../prometheus",
          "../../../grafana",
          `../../../${boardFolder(language)}`.replace(/\/$/, ""),
          "prometheus.yaml",
          "prometheus_access.yaml",
          "grafana.yaml",
          "volumes.yaml",
          "network_policies.yaml",
        ],
        configMapGenerator: [
          {
            name: nameOf("prometheus"),
            files: ["prometheus.yml"],
            options: { labels: labelsOf("prometheus") },
          },
          {
            name: nameOf("grafana"),
            files: ["datasources.yml"],
            options: { labels: labelsOf("grafana") },
          },
        ],
      },
    ),
    "prometheus.yml": prometheusText(files),
    "datasources.yml": dataSourceText(files),
    "prometheus.yaml": yamlFile(
      writePaths([server]),
      deployment({
        component: "prometheus",
        containers: [server],
        user: PROMETHEUS_USER,
        volumes: [
          {
            name: "config",
            projected: {
              sources: [
                {
                  configMap: {
                    name: nameOf("prometheus"),
                    items: [{ key: "prometheus.yml", path: "prometheus.yml" }],
                  },
                },
                { configMap: { name: RULES_MAP, items: ruleFiles(files) } },
              ],
            },
          },
          { name: "data", persistentVolumeClaim: { claimName: nameOf("prometheus") } },
        ],
        more: { automountServiceAccountToken: true, terminationGracePeriodSeconds: 60 },
      }),
      service("prometheus", HTTP, PROMETHEUS_PORT),
    ),
    "prometheus_access.yaml": yamlFile(
      "Prometheus may list the pods of its namespace, and do nothing else in the cluster.",
      ...discovery(),
    ),
    "grafana.yaml": yamlFile(
      writePaths([viewer]),
      deployment({
        component: "grafana",
        containers: [viewer],
        user: GRAFANA_USER,
        volumes: grafanaVolumes(files, language),
      }),
      service("grafana", HTTP, GRAFANA_PORT),
      serviceAccount("grafana"),
    ),
    "volumes.yaml": yamlFile(
      "Prometheus' samples, of which it keeps at most 10 GB; Grafana's users, settings and boards of one's own.",
      volumeClaim("prometheus", nameOf("prometheus"), "15Gi", storageClass),
      volumeClaim("grafana", nameOf("grafana"), "1Gi", storageClass),
    ),
    "network_policies.yaml": yamlFile(
      "Only Grafana asks Prometheus, and nobody asks Grafana but kubectl port-forward, which comes from the\n" +
        "node. Prometheus asks exporters and the API server, whose address no policy can name.",
      networkPolicy("prometheus", [{ from: [podsOf("grafana")], ports: portOf(HTTP) }], [
        {
          to: [{ podSelector: { matchLabels: { "app.kubernetes.io/part-of": PART_OF } } }],
          ports: portOf(PORT_NAME),
        },
        { ports: portOf(443, 6443) },
        DNS,
      ]),
      networkPolicy("grafana", [], [
        { to: [podsOf("prometheus")], ports: portOf(HTTP) },
        DNS,
      ]),
    ),
  };
}
