/**
 * Renders the files of `kubernetes/` from the stack's own: images, arguments and limits of
 * compose.yml, Prometheus' job and rules, the dashboards.
 *
 * @module
 */

import { base } from "./base.ts";
import { boardFolder, boardsKustomization, grafanaOverlay } from "./boards.ts";
import { startKustomization } from "./grafana.ts";
import { stackOverlay } from "./monitoring.ts";
import { monitors, operatorOverlay } from "./operator.ts";
import type { Parameters } from "./parameters.ts";
import { rulesKustomization } from "./prometheus.ts";
import { sidecar } from "./sidecar.ts";
import type { Files } from "./stack.ts";
import type { Rendered } from "./text.ts";
import { web } from "./web.ts";

export {
  LABEL_NAME,
  type Parameter,
  type ParameterName,
  PARAMETERS,
  type Parameters,
  readParameters,
} from "./parameters.ts";
export { EXPORTER_CONTAINER, PART_OF, PORT as EXPORTER_PORT } from "./pod.ts";
export type { Files } from "./stack.ts";

/** The overlays by their folders' names. */
export const OVERLAYS = ["sidecar", "operator", "grafana", "stack", "web"] as const;

/** The languages of which there are dashboards. */
function languagesOf(files: Files): string[] {
  const folders = Object.keys(files).map((path) =>
    /^grafana\/dashboards\/([^/]+)\//.exec(path)?.[1]
  );
  return [...new Set(folders.filter((language) => language !== undefined))];
}

/**
 * The files of `kubernetes/`, and the kustomizations among the files that they use, by path from the
 * top of the repository.
 *
 * @param files The stack's files.
 * @param language Whose dashboards are used.
 */
export function kubernetesFiles(
  files: Files,
  parameters: Parameters,
  language: string,
): ReadonlyMap<string, string> {
  const folders: Readonly<Record<string, Rendered>> = {
    "kubernetes/base": base(files, parameters),
    "kubernetes/overlays/sidecar": sidecar(files, parameters),
    "kubernetes/overlays/operator": operatorOverlay(),
    "kubernetes/overlays/operator/monitors": monitors(files, parameters),
    "kubernetes/overlays/grafana": grafanaOverlay(parameters, language),
    "kubernetes/overlays/stack": stackOverlay(files, parameters, language),
    "kubernetes/overlays/web": web(files, parameters),
  };
  return new Map([
    ...Object.entries(folders).flatMap(([folder, rendered]) =>
      Object.entries(rendered).map(([name, text]) => [`${folder}/${name}`, text] as const)
    ),
    ["prometheus/kustomization.yaml", rulesKustomization(files)],
    ["grafana/kustomization.yaml", startKustomization()],
    ...languagesOf(files).map((one) =>
      [`${boardFolder(one)}kustomization.yaml`, boardsKustomization(files, one)] as const
    ),
  ]);
}
