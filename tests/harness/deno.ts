/** Runs Deno's own commands in this repository, as a reader of its documents does. @module */

import { fileURLToPath } from "node:url";

/** The repository's top, with a slash at its end. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Runs `deno ARGS` there until it ends; it is asked nothing. */
export async function runDeno(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}
