/** Makes `kubernetes/` and the kustomizations among the stack's files, with default parameters. @module */

import { kubernetesFiles, type Parameters, readParameters } from "../lib/kubernetes/mod.ts";
import { DEFAULT_LANGUAGE } from "../lib/print/printed.ts";
import { embeddedPaths } from "./embed.ts";

const ROOT = new URL("../", import.meta.url);

/** The files by path from the repository's top. */
export function kubernetes(): ReadonlyMap<string, string> {
  const files = Object.fromEntries(
    embeddedPaths().map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))]),
  );
  return kubernetesFiles(files, readParameters([]) as Parameters, DEFAULT_LANGUAGE);
}
