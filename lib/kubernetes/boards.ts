/** Grafana's dashboards as ConfigMaps, one each, made by kustomize from the files themselves. @module */

import { type Parameters, splitPair } from "./parameters.ts";
import { labelsOf, type Manifest } from "./pod.ts";
import { type Files, pathsBelow } from "./stack.ts";
import { BESIDE, kustomizationFile, type Rendered } from "./text.ts";

/** One dashboard. */
export interface BoardFile {
  /** The name of the file in its folder. */
  readonly file: string;
  /** The name of its ConfigMap. */
  readonly configMap: string;
  /** Its key there. A sidecar may write all languages to one folder. */
  readonly key: string;
}

export function boardFolder(language: string): string {
  return `grafana/dashboards/${language}/`;
}

/** The kustomization of that folder, as overlays name it. */
export function boardsResource(language: string): string {
  return `../../../grafana/dashboards/${language}`;
}

export function boardFiles(files: Files, language: string): readonly BoardFile[] {
  const folder = boardFolder(language);
  return pathsBelow(files, folder).filter((path) => path.endsWith(".json")).map((path) => {
    const file = path.slice(folder.length);
    const board = `${language}-${file.replace(/\.json$/, "")}`;
    return { file, configMap: `tradesim-board-${board}`, key: `tradesim-${board}.json` };
  });
}

/** ConfigMaps whose names have no hash: a changed dashboard replaces the old one. */
const STABLE = { labels: labelsOf("grafana"), disableNameSuffixHash: true };

/** The kustomization that lies among the dashboards of a language. */
export function boardsKustomization(files: Files, language: string): string {
  return kustomizationFile(
    "A ConfigMap for each dashboard of this folder, for kubernetes/overlays.\n" + BESIDE,
    {
      configMapGenerator: boardFiles(files, language).map(({ file, configMap, key }): Manifest => ({
        name: configMap,
        files: [`${key}=${file}`],
        options: STABLE,
      })),
    },
  );
}

/** kubernetes/overlays/grafana: dashboards for a Grafana that is there, found by its sidecar. */
export function grafanaOverlay(parameters: Parameters, language: string): Rendered {
  const [key, value] = splitPair(parameters["board-label"]);
  const folder = parameters["board-folder"];
  return {
    "kustomization.yaml": kustomizationFile(
      "Dashboards for a Grafana that is in the cluster already: its sidecar (kiwigrid/k8s-sidecar, part of\n" +
        "kube-prometheus-stack) finds them by the label and puts them into the folder of the annotations.",
      {
        resources: [boardsResource(language)],
        labels: [{ pairs: { [key]: value } }],
        // The sidecar's own name for it, and that of kube-prometheus-stack's documents.
        commonAnnotations: { "k8s-sidecar-target-directory": folder, grafana_folder: folder },
      },
    ),
  };
}
