/** kubernetes/base: an exporter that pods of its namespace report to. @module */

import { CONFIG_FOLDER, CONFIG_NAME, configText, standingExporter } from "./exporter.ts";
import {
  deployment,
  labelsOf,
  type Manifest,
  type Mount,
  nameOf,
  networkPolicy,
  PORT,
  PORT_NAME,
  portsOf,
  service,
  serviceAccount,
  volumeClaim,
  writePaths,
} from "./pod.ts";
import type { Parameters } from "./parameters.ts";
import type { Files } from "./stack.ts";
import { kustomizationFile, type Rendered, yamlFile } from "./text.ts";

const NAME = nameOf("exporter");
const STATE_CLAIM = `${NAME}-state`;
const JOURNAL_CLAIM = "tradesim-journal";

const MOUNTS: readonly Mount[] = [
  { path: CONFIG_FOLDER, isWritten: false, volume: "config" },
  { path: "/state", isWritten: true, volume: "state" },
  { path: "/logs", isWritten: false, volume: "journal" },
];

/** Those who may ask an exporter: pods of its namespace, and a Prometheus in one of its own. */
export function scrapers(parameters: Parameters): readonly Manifest[] {
  const namespace = parameters["prometheus-namespace"];
  return [{
    from: [
      { podSelector: {} },
      { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } },
    ],
    ports: portsOf(PORT),
  }];
}

export function base(files: Files, parameters: Parameters): Rendered {
  const container = standingExporter(files, parameters, MOUNTS);
  const storageClass = parameters["storage-class"];
  return {
    "kustomization.yaml": kustomizationFile(
      "An exporter that pods of its namespace report to; docs/kubernetes.md explains it.",
      {
        resources: [
          "deployment.yaml",
          "service.yaml",
          "service_account.yaml",
          "volumes.yaml",
          "network_policy.yaml",
        ],
        // The name ends with a hash of the content: another configuration starts another pod.
        configMapGenerator: [{
          name: NAME,
          files: [CONFIG_NAME],
          options: { labels: labelsOf("exporter") },
        }],
      },
    ),
    [CONFIG_NAME]: configText(files),
    "deployment.yaml": yamlFile(
      writePaths([container]),
      deployment({
        component: "exporter",
        containers: [container],
        volumes: [
          { name: "config", configMap: { name: NAME } },
          { name: "state", persistentVolumeClaim: { claimName: STATE_CLAIM } },
          { name: "journal", persistentVolumeClaim: { claimName: JOURNAL_CLAIM } },
        ],
      }),
    ),
    "service.yaml": yamlFile(
      `Games post to http://${NAME}:${PORT}; monitors and services name the port ${PORT_NAME}.`,
      service("exporter", PORT_NAME, PORT),
    ),
    "service_account.yaml": yamlFile(
      "The exporter asks the cluster for nothing: it has no token.",
      serviceAccount("exporter"),
    ),
    "volumes.yaml": yamlFile(
      "Counters across restarts, and the journals metrics*.jsonl of games that write them here.",
      volumeClaim("exporter", STATE_CLAIM, "1Gi", storageClass),
      volumeClaim("exporter", JOURNAL_CLAIM, "5Gi", storageClass),
    ),
    "network_policy.yaml": yamlFile(
      "Pods of this namespace may report and read, a Prometheus elsewhere may scrape. The exporter asks\n" +
        "nobody. Probes come from the node, which is always allowed.",
      networkPolicy("exporter", scrapers(parameters), []),
    ),
  };
}
