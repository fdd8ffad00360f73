/** kubernetes/overlays/operator: what the Prometheus operator needs to scrape exporters and to check rules. @module */

import { labelPairs, type Parameters } from "./parameters.ts";
import { type Component, type Manifest, metadata, PART_OF, PORT_NAME, selectorOf } from "./pod.ts";
import { exporterJob, type Files, ruleGroups } from "./stack.ts";
import { kustomizationFile, type Rendered, yamlFile } from "./text.ts";

/** Components whose pods have an exporter as a sidecar. */
export const WITH_SIDECAR: readonly Component[] = ["simulation", "web"];

/** Gives the instance a name that stays when the pod is another one, and the job that of the rules. */
function relabelings(job: string, nameLabel: string): readonly Manifest[] {
  return [
    { action: "replace", targetLabel: "job", replacement: job },
    {
      action: "replace",
      sourceLabels: ["__meta_kubernetes_namespace", nameLabel],
      separator: "/",
      targetLabel: "instance",
    },
  ];
}

/** Settings of the scrape that both kinds of monitors have. */
function endpoint(files: Files, more: readonly Manifest[]): Manifest {
  const { interval, timeout } = exporterJob(files);
  return { port: PORT_NAME, interval, scrapeTimeout: timeout, relabelings: more };
}

/** When one of them is exceeded, the whole scrape fails; see prometheus/prometheus.yml. */
function limits(files: Files): Manifest {
  const { sampleLimit, bodySizeLimit } = exporterJob(files);
  return { sampleLimit, bodySizeLimit };
}

/** Monitors and rules, in a folder whose kustomization sets their label. */
export function monitors(files: Files, parameters: Parameters): Rendered {
  const { name: job } = exporterJob(files);
  return {
    "kustomization.yaml": kustomizationFile(
      "The label by which the operator's Prometheus selects monitors and rules. The usual one is the Helm\n" +
        "release of kube-prometheus-stack; tradesim-exporter doctor kubernetes says which one is missing.",
      {
        resources: ["service_monitor.yaml", "pod_monitor.yaml", "prometheus_rule.yaml"],
        labels: [{ pairs: labelPairs(parameters["monitor-label"]) }],
      },
    ),
    "service_monitor.yaml": yamlFile(
      "Scrapes the exporter of kubernetes/base. Its counters survive its pod, so the instance is the service,\n" +
        "and the pod's name is no label.",
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "ServiceMonitor",
        metadata: metadata("exporter"),
        spec: {
          selector: { matchLabels: selectorOf("exporter") },
          ...limits(files),
          endpoints: [endpoint(files, [
            ...relabelings(job, "__meta_kubernetes_service_name"),
            { action: "labeldrop", regex: "pod" },
          ])],
        },
      },
    ),
    "pod_monitor.yaml": yamlFile(
      "Scrapes exporters that are sidecars: they have no service. Pods that ended are no targets.",
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PodMonitor",
        metadata: metadata("simulation", "tradesim-sidecars"),
        spec: {
          selector: {
            matchLabels: { "app.kubernetes.io/part-of": PART_OF },
            matchExpressions: [{
              key: "app.kubernetes.io/component",
              operator: "In",
              values: WITH_SIDECAR,
            }],
          },
          ...limits(files),
          podMetricsEndpoints: [{
            ...endpoint(files, relabelings(job, "__meta_kubernetes_pod_name")),
            filterRunning: true,
          }],
        },
      },
    ),
    "prometheus_rule.yaml": yamlFile(
      "The rules of prometheus/rules; docs/alerts.md explains the alerts.",
      {
        apiVersion: "monitoring.coreos.com/v1",
        kind: "PrometheusRule",
        metadata: metadata("exporter", "tradesim-rules"),
        spec: { groups: ruleGroups(files) },
      },
    ),
  };
}

export function operatorOverlay(): Rendered {
  return {
    "kustomization.yaml": kustomizationFile(
      "The exporter of kubernetes/base, scraped by a Prometheus of the operator.",
      {
        resources: ["../../base", "monitors"],
      },
    ),
  };
}
