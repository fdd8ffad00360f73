/**
 * Makes the files of the Python package `tradesim-exporter` that are not in the repository: the program in
 * one file, and the flags that Deno runs it with. `python -m build` then makes the wheel.
 *
 * @module
 */

import { COMPILE_FLAGS, currentBuild, prelude, ROOT, run, runTool, say } from "./executable.ts";

const FOLDER = `${ROOT}clients/exporter/src/tradesim_exporter`;

if (import.meta.main) {
  await runTool("wheel", async () => {
    const main = `${FOLDER}/main.js`;
    const { success, stderr } = await run([
      ...[Deno.execPath(), "bundle", "--platform=deno", "--minify", `--output=${main}`, "main.ts"],
    ]);
    if (!success) throw new Error(`deno bundle failed:\n${stderr}`);
    const build = await currentBuild(undefined);
    Deno.writeTextFileSync(main, prelude(build) + Deno.readTextFileSync(main));
    // No setting and no lock of the folder where it is started.
    const flags = ["--no-config", "--no-lock", ...COMPILE_FLAGS];
    Deno.writeTextFileSync(`${FOLDER}/flags.json`, JSON.stringify(flags));
    say(`${main}: commit ${build.commit}`);
  });
}
