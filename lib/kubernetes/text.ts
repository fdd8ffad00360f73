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
