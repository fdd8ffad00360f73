/**
 * Makes `dist/for-tests/tradesim-exporter`, for the project's own tests only, which its `--version`
 * says: `deno task compile:test`.
 *
 * @module
 */

import { DIST, makeExecutable, runTool, say } from "./executable.ts";
import { getTestRuntime, TEST_DENO } from "./test_runtime.ts";

if (import.meta.main) {
  await runTool("compile:test", async () => {
    const output = `${DIST}/for-tests/tradesim-exporter`;
    const runtime = await getTestRuntime();
    say(`${output}: ${await makeExecutable({ output, runtime, deno: TEST_DENO })}`);
  });
}
