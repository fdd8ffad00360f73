/**
 * Makes `dist/tradesim-exporter`, one file that needs nothing installed: `deno task compile`. The
 * runtime is the file that DENORT_BIN names, else the one that Deno gets from its own site.
 *
 * @module
 */

import { DIST, makeExecutable, runTool, say, takeRuntime } from "./executable.ts";

if (import.meta.main) {
  await runTool("compile", async () => {
    const output = `${DIST}/tradesim-exporter`;
    say(`${output}: ${await makeExecutable({ output, runtime: takeRuntime() })}`);
  });
}
