/**
 * Writes all files that are made from others: `deno task generate`. With `--check` it writes nothing and
 * names those that are out of date. Golden files are no part of it: they show what the program does.
 *
 * @module
 */

import { workerFiles } from "./bundle.ts";
import { dashboards } from "./dashboards.ts";
import { documents } from "./docs.ts";
import { embeddedPaths, LIST_PATH, listModule } from "./embed.ts";
import { kubernetes } from "./kubernetes.ts";
import { pageFiles } from "./page.ts";
import { scanFiles } from "./scan.ts";

const ROOT = new URL("../", import.meta.url);

/** What makes the files, by path from the repository's top; the list of embedded files knows all others. */
const MAKERS:
  readonly (() => ReadonlyMap<string, string> | Promise<ReadonlyMap<string, string>>)[] = [
    documents,
    dashboards,
    pageFiles,
    scanFiles,
    workerFiles,
    kubernetes,
    () => new Map([[LIST_PATH, listModule(embeddedPaths())]]),
  ];

/** The text of a file; undefined where there is none. */
function textOf(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(new URL(path, ROOT));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return undefined;
  }
}

/** Makes all files, and gives the paths of those that were out of date. */
export async function generate({ isWriting }: { readonly isWriting: boolean }): Promise<string[]> {
  const stale: string[] = [];
  for (const make of MAKERS) {
    for (const [path, text] of await make()) {
      if (textOf(path) === text) continue;
      stale.push(path);
      if (!isWriting) continue;
      const url = new URL(path, ROOT);
      Deno.mkdirSync(new URL(".", url), { recursive: true });
      Deno.writeTextFileSync(url, text);
    }
  }
  return stale;
}

if (import.meta.main) {
  const isWriting = !Deno.args.includes("--check");
  const stale = await generate({ isWriting });
  const line = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  for (const path of stale) line(`${isWriting ? "written" : "out of date"}: ${path}`);
  if (!isWriting && stale.length > 0) {
    line("Run: deno task generate");
    Deno.exit(1);
  }
}
