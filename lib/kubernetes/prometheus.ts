/** The Prometheus of kubernetes/overlays/stack, from its service and its configuration in the stack. @module */

import { stringify } from "yaml";
import { WITH_SIDECAR } from "./operator.ts";
import type { Parameters } from "./parameters.ts";
import {
  type Component,
  HTTP,
  httpProbe,
  labelsOf,
  type Manifest,
  metadata,
  nameOf,
  PART_OF,
  PORT_NAME,
} from "./pod.ts";
import { type Server, serverFile } from "./server.ts";
import { exporterJob, type Files, pathsBelow, prometheusConfig, serviceOf } from "./stack.ts";
import { BESIDE, kustomizationFile, type Rendered, yamlFile } from "./text.ts";

export const PROMETHEUS_PORT = 9090;
/** Where its image expects its files. */
const FOLDER = "/etc/prometheus";
/** The user of its image. */
const USER = 65534;
/** The ConfigMap of rules and consoles, which a kustomization beside them makes. */
const RULES_MAP = "tradesim-rules";
export const PROMETHEUS_CONFIG = "prometheus.yml";

/** The rules and the page that alerts link to, by their place below Prometheus' folder. */
function ruleFiles(files: Files): readonly { readonly key: string; readonly path: string }[] {
  return ["prometheus/rules/", "prometheus/consoles/"].flatMap((folder) =>
    pathsBelow(files, folder)
  )
    .map((path) => path.slice("prometheus/".length))
    .map((path) => ({ key: path.replaceAll("/", "-"), path }));
}

/** The kustomization among the rules. */
export function rulesKustomization(files: Files): string {
  return kustomizationFile(
    `Rules, and the page that alerts link to, as a ConfigMap for kubernetes/overlays/stack.\n${BESIDE}`,
    {
      configMapGenerator: [{
        name: RULES_MAP,
        files: ruleFiles(files).map(({ key, path }) => `${key}=${path}`),
        options: { labels: labelsOf("prometheus") },
      }],
    },
  );
}

/** Keeps one kind of pods as targets, with the labels that the operator's monitors give. */
function podJob(
  components: readonly Component[],
  job: string,
  instance: Manifest,
): readonly Manifest[] {
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
    { target_label: "job", replacement: job },
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
        relabel_configs: podJob(["exporter"], job, {
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
        relabel_configs: podJob(WITH_SIDECAR, job, {
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
    rule_files: [`${FOLDER}/rules/*.yml`],
    scrape_configs: jobs,
  }, { lineWidth: 100, aliasDuplicateObjects: false });
}

function container(files: Files): Server["container"] {
  const { image, args, memory } = serviceOf(files, "prometheus");
  return {
    image,
    args,
    mounts: [
      { path: FOLDER, isWritten: false, volume: "config" },
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
function access(): readonly Manifest[] {
  const name = nameOf("prometheus");
  const api = "rbac.authorization.k8s.io";
  return [
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

/** The configuration, and the rules below it. A mount inside a mounted ConfigMap would not be possible. */
function configVolume(files: Files): Manifest {
  const own = { key: PROMETHEUS_CONFIG, path: PROMETHEUS_CONFIG };
  return {
    name: "config",
    projected: {
      sources: [
        { configMap: { name: nameOf("prometheus"), items: [own] } },
        { configMap: { name: RULES_MAP, items: ruleFiles(files) } },
      ],
    },
  };
}

/** Its files in the overlay. */
export function prometheusFiles(files: Files, parameters: Parameters): Rendered {
  return {
    [PROMETHEUS_CONFIG]: prometheusText(files),
    "prometheus.yaml": serverFile({
      component: "prometheus",
      container: container(files),
      port: PROMETHEUS_PORT,
      user: USER,
      // Prometheus keeps at most 10 GB.
      storage: "15Gi",
      volumes: [configVolume(files)],
      more: { automountServiceAccountToken: true, terminationGracePeriodSeconds: 60 },
    }, parameters["storage-class"]),
    "prometheus_access.yaml": yamlFile(
      "Prometheus may list the pods of its namespace, and do nothing else in the cluster.",
      ...access(),
    ),
  };
}
