/** Bundles modules into the texts that the program carries. @module */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/**
 * A module and all that it imports, in one.
 *
 * @param path From the repository's top.
 */
export async function bundleModule(path: string, platform: "browser" | "deno"): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", platform, "--minify", ROOT + path],
    // The page has a configuration of its own.
    cwd: dirname(ROOT + path),
  }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(decoder.decode(stderr));
  return decoder.decode(stdout);
}

/** The modules that run in workers; the bundle of each lies beside it. */
const WORKERS = [
  "lib/publish/deliver.ts",
  "lib/publish/write_turns.ts",
  "lib/remote_write/worker.ts",
  "lib/server/slow_work.ts",
];

/** The made files by path from the repository's top. */
export async function workerFiles(): Promise<ReadonlyMap<string, string>> {
  const made = WORKERS.map(async (path) =>
    [path.replace(/ts$/, "js"), await bundleModule(path, "deno")] as const
  );
  return new Map(await Promise.all(made));
}
