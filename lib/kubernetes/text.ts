/** Writes objects as YAML files. @module */

import { stringify } from "yaml";
import type { Manifest } from "./pod.ts";

/** Texts of files by their names in one folder. */
export type Rendered = Readonly<Record<string, string>>;

/** Objects as one file, under a comment. */
export function yamlFile(comment: string, ...objects: readonly Manifest[]): string {
  const header = comment.split("\n").map((line) => `# ${line}\n`).join("");
  const documents = objects.map((object) =>
    stringify(object, { lineWidth: 100, aliasDuplicateObjects: false })
  );
  return header + documents.join("---\n");
}

/** Why some kustomizations lie among files of the stack. */
export const BESIDE = "Kustomize takes files only from below a kustomization, so this one is here.";

/** A kustomization under a comment. */
export function kustomizationFile(comment: string, fields: Manifest): string {
  return yamlFile(comment, {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    ...fields,
  });
}
