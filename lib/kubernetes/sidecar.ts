/** kubernetes/overlays/sidecar: a game as a Job, with an exporter of its own beside it. @module */

import { scrapers } from "./base.ts";
import { sidecarExporter } from "./exporter.ts";
import {
  type Container,
  metadata,
  networkPolicy,
  podTemplate,
  serviceAccount,
  writePaths,
} from "./pod.ts";
import type { Parameters } from "./parameters.ts";
import { type Files, serviceOf } from "./stack.ts";
import { kustomizationFile, type Rendered, yamlFile } from "./text.ts";

const JOURNAL = "/logs/metrics.jsonl";

/** The demo's game, but with an end and a journal. */
function simulation(files: Files, { image, tours }: Parameters): Container {
  const { image: usual, args, memory } = serviceOf(files, "simulation");
  return {
    name: "simulation",
    image: image ?? usual,
    args: [
      ...args.filter((arg) => !/^--(infinite|publish-to)\b/.test(arg)),
      `--tours=${tours}`,
      `--journal=${JOURNAL}`,
    ],
    mounts: [{ path: "/logs", isWritten: true, volume: "journal" }],
    // Measured: 91 MiB and 0.4 % of a core with four turns a second.
    resources: { cpu: "10m", memory: "96Mi", memoryLimit: memory, disk: "384Mi" },
  };
}

export function sidecar(files: Files, parameters: Parameters): Rendered {
  const game = simulation(files, parameters);
  const exporter = sidecarExporter(files, parameters, [
    { path: "/logs", isWritten: false, volume: "journal" },
  ]);
  return {
    "kustomization.yaml": kustomizationFile(
      "A game as a Job with the exporter beside it. The Job ends with the game: the exporter is a native\n" +
        "sidecar, which Kubernetes ends itself (from 1.29 on).",
      {
        resources: ["job.yaml", "service_account.yaml", "network_policy.yaml"],
      },
    ),
    "job.yaml": yamlFile(writePaths([exporter, game]), {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: metadata("simulation"),
      spec: {
        // A game that failed is not played again by itself: its turns would count twice.
        backoffLimit: 0,
        template: podTemplate({
          component: "simulation",
          containers: [game],
          sidecars: [exporter],
          // The journal rotates at 64 MiB and keeps one full file.
          volumes: [{ name: "journal", emptyDir: { sizeLimit: "256Mi" } }],
          more: { restartPolicy: "Never" },
        }),
      },
    }),
    "service_account.yaml": yamlFile(
      "The game asks the cluster for nothing: it has no token.",
      serviceAccount("simulation"),
    ),
    "network_policy.yaml": yamlFile(
      "Its exporter may be scraped. Game and exporter ask nobody; between them is only the journal.",
      networkPolicy("simulation", scrapers(parameters), []),
    ),
  };
}
