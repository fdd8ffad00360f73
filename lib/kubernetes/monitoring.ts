/** kubernetes/overlays/stack: the exporter with a Prometheus and a Grafana, for a cluster without the operator. @module */

import { boardsResource } from "./boards.ts";
import { DATA_SOURCES_FILE, grafanaFiles } from "./grafana.ts";
import type { Parameters } from "./parameters.ts";
import {
  type Component,
  DNS,
  labelsOf,
  type Manifest,
  nameOf,
  networkPolicy,
  PART_OF,
  PORT,
  portsOf,
  selectorOf,
} from "./pod.ts";
import { PROMETHEUS_CONFIG, PROMETHEUS_PORT, prometheusFiles } from "./prometheus.ts";
import type { Files } from "./stack.ts";
import { kustomizationFile, type Rendered, yamlFile } from "./text.ts";

/**
 * Ports of API servers. A policy sees the server's own, not that of the service `kubernetes`: 6443 of
 * kubeadm, kind and k3s, 8443 of minikube, 16443 of MicroK8s, 443 of most providers.
 */
const API_PORTS = [443, 6443, 8443, 16443];

/** A policy's peer: the pods of a component in the same namespace. */
function podsOf(component: Component): Manifest {
  return { podSelector: { matchLabels: selectorOf(component) } };
}

function policies(): string {
  const exporters = { podSelector: { matchLabels: { "app.kubernetes.io/part-of": PART_OF } } };
  return yamlFile(
    "Only Grafana asks Prometheus, and nobody asks Grafana but kubectl port-forward, which comes from the\n" +
      "node. Prometheus asks exporters and the API server, whose address no policy can name.",
    networkPolicy("prometheus", [{
      from: [podsOf("grafana")],
      ports: portsOf(PROMETHEUS_PORT),
    }], [
      { to: [exporters], ports: portsOf(PORT) },
      { ports: portsOf(...API_PORTS) },
      DNS,
    ]),
    networkPolicy("grafana", [], [
      { to: [podsOf("prometheus")], ports: portsOf(PROMETHEUS_PORT) },
      DNS,
    ]),
  );
}

/** A ConfigMap of one file, whose name ends with a hash: another content starts another pod. */
function configMap(component: Component, file: string): Manifest {
  return { name: nameOf(component), files: [file], options: { labels: labelsOf(component) } };
}

export function stackOverlay(files: Files, parameters: Parameters, language: string): Rendered {
  return {
    "kustomization.yaml": kustomizationFile(
      "The exporter with a Prometheus and a Grafana of its own, for a cluster without the operator.\n" +
        "Another configuration starts other pods; dashboards are read again in place.",
      {
        resources: [
          "../../base",
          "../../../prometheus",
          "../../../grafana",
          boardsResource(language),
          "prometheus.yaml",
          "prometheus_access.yaml",
          "grafana.yaml",
          "network_policies.yaml",
        ],
        configMapGenerator: [
          configMap("prometheus", PROMETHEUS_CONFIG),
          configMap("grafana", DATA_SOURCES_FILE),
        ],
      },
    ),
    ...prometheusFiles(files, parameters),
    ...grafanaFiles(files, parameters, language),
    "network_policies.yaml": policies(),
  };
}
