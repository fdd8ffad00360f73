/** Makes `lib/print/files.ts`, the list of the files inside the program. @module */

import { fileURLToPath } from "node:url";
import { CONFIG_PATH, PRINTED, type Printed } from "../lib/print/printed.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
export const LIST_PATH = "lib/print/files.ts";

/**
 * What lies among the printed files and is not carried: sources and tests, which are for whoever works
 * on those, and kustomizations, which are rendered.
 */
const LEFT_OUT = /\.ts$|(^|\/)tests\/|(^|\/)kustomization\.yaml$/;

/** All files below a folder, as paths from the top of the repository. */
function filesBelow(folder: string): string[] {
  return Array.from(Deno.readDirSync(ROOT + folder)).flatMap(({ name, isDirectory }) =>
    isDirectory ? filesBelow(`${folder}${name}/`) : [folder + name]
  );
}

/** The paths of all files that the program carries, sorted. */
export function embeddedPaths(): string[] {
  const parts: readonly Printed[] = Object.values(PRINTED);
  const paths = parts.flatMap(({ paths }) => paths).filter((path) => path !== CONFIG_PATH)
    .flatMap((path) => path.endsWith("/") ? filesBelow(path) : [path]);
  return [...new Set(paths)].filter((path) => !LEFT_OUT.test(path)).toSorted();
}

/** The list as a module; the program is bundled, so each file is imported by its own name. */
export function listModule(paths: readonly string[]): string {
  return [
    "/** The files that `print` gives, as text inside the program; made by `deno task generate`. @module */",
    "",
    "// deno-fmt-ignore-file",
    ...paths.map((path, index) =>
      `import file${index} from "../../${path}" with { type: "text" };`
    ),
    "",
    "/** Texts by path from the top of the repository. */",
    "export const FILES: Readonly<Record<string, string>> = {",
    ...paths.map((path, index) => `  ${JSON.stringify(path)}: file${index},`),
    "};",
    "",
  ].join("\n");
}
