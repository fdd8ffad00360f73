/**
 * Makes an executable of the program: bundles it, tells the bundle what it is made from, and
 * compiles it. What is common to `compile.ts`, `compile_for_tests.ts` and `package.ts`.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Build, BUILD_VARIABLE } from "../lib/cli/version.ts";
import settings from "../deno.json" with { type: "json" };

export const ROOT = fileURLToPath(new URL("../", import.meta.url));
export const DIST = `${ROOT}dist`;

/**
 * All that any command needs: none can get more at run time. Each command gives up at its start
 * what it has no use for; docs/security.md has the reasons.
 */
export const PERMISSIONS = [
  // Whatever address and file a flag may name.
  "--allow-net",
  "--allow-read",
  "--allow-write",
  // `bench` starts this same executable, wherever that lies.
  "--allow-run",
  "--allow-env=TRADESIM_EXPORTER_*,NO_PROXY,no_proxy,XDG_STATE_HOME,STATE_DIRECTORY,HOME,LOCALAPPDATA,LOG_TOKENS,LOG_STREAM",
  "--allow-sys=systemMemoryInfo,loadavg,cpus,statfs",
];

/** What is fixed at compile time. */
export const COMPILE_FLAGS = [
  "--no-prompt",
  // A code cache would be a file of a guessable name in the folder for temporary files.
  "--no-code-cache",
  // The worker of remote write has rights of its own.
  "--unstable-worker-options",
  `--v8-flags=${/--v8-flags=(\S+)/.exec(settings.tasks.start.command)?.[1]}`,
  ...PERMISSIONS,
];

/** The runtime that `test_runtime.ts` fetches, by which a build for tests is known. */
export const TEST_RUNTIME_SHA256 =
  "f12d5d3886d5ea138304fb8d67d7396cfbedf53656676132152cb89f3fa4d8e6";

/** Something on this machine is in the way of the build. */
export class BuildError extends Error {
  override readonly name = "BuildError";

  constructor(message: string, readonly hint: string) {
    super(message);
  }
}

const encoder = new TextEncoder();

/** Writes a line to standard output. */
export function say(line: string): void {
  Deno.stdout.writeSync(encoder.encode(`${line}\n`));
}

/** Runs a tool's work to its end: a `BuildError` becomes two lines and exit code 1. */
export async function runTool(name: string, work: () => Promise<void>): Promise<never> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    const lines = `${name}: error: ${error.message}\nTry: ${error.hint}\n`;
    Deno.stderr.writeSync(encoder.encode(lines));
    Deno.exit(1);
  }
  Deno.exit(0);
}

export interface Ran {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; one that is not there has failed, and says so. */
export async function run(
  [program = "", ...args]: readonly string[],
  { cwd = ROOT, env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Ran> {
  const command = new Deno.Command(program, {
    args,
    cwd,
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", ...env },
    stdin: "null",
  });
  try {
    const { success, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { success: false, stdout: "", stderr: `There is no program ${program}` };
  }
}

/** SHA-256 of a file, in hexadecimal digits. */
export function sha256(path: string): string {
  return createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
}

/** The commit that is built, in short, with "-dirty" behind it where files were changed since. */
async function currentCommit(): Promise<string> {
  const { success, stdout } = await run(
    ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
  );
  // Where only the files are, as in an image's build, someone else must know.
  return success ? stdout.trim() : Deno.env.get("SOURCE_COMMIT") || "unknown";
}

/** What a build with this runtime says of itself; undefined = with a runtime from Deno's site. */
export async function currentBuild(runtime: string | undefined): Promise<Build> {
  return {
    commit: await currentCommit(),
    isForTests: runtime !== undefined && sha256(runtime) === TEST_RUNTIME_SHA256,
  };
}

/**
 * The runtime that DENORT_BIN names; undefined = the one that Deno gets from its own site. Deno
 * would take it for other machines too, so it reads of it in a `Recipe` only.
 *
 * @throws {BuildError} When there is no such file.
 */
export function takeRuntime(): string | undefined {
  const path = Deno.env.get("DENORT_BIN");
  Deno.env.delete("DENORT_BIN");
  if (path === undefined || path === "") return undefined;
  try {
    if (Deno.statSync(path).isFile) return path;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new BuildError(
    `Cannot use DENORT_BIN ${JSON.stringify(path)}: expected a file`,
    "without DENORT_BIN, so that Deno gets the runtime itself",
  );
}

/**
 * Names the parts of a bundle by the order in which they are mentioned, beginning at `main.js`. The
 * names that they come with change with the folder of the clone, and the same commit must give the
 * same bytes in each.
 */
export function nameParts(dir: string): void {
  const texts = new Map(
    Array.from(
      Deno.readDirSync(dir),
      ({ name }) => [name, Deno.readTextFileSync(`${dir}/${name}`)],
    ),
  );
  const names = new Map([["main.js", "main.js"]]);
  // It grows while it is gone through.
  for (const name of names.keys()) {
    for (const [, part = ""] of texts.get(name)!.matchAll(/"\.\/([^"/]+\.js)"/g)) {
      if (texts.has(part) && !names.has(part)) names.set(part, `part-${names.size}.js`);
    }
  }
  for (const [name, text] of texts) {
    const known = names.get(name);
    if (known === undefined) throw new Error(`${name} is in the bundle, and nothing imports it`);
    Deno.removeSync(`${dir}/${name}`);
    texts.set(
      name,
      text.replaceAll(/"\.\/([^"/]+\.js)"/g, (all, part) => {
        const other = names.get(part);
        return other === undefined ? all : `"./${other}"`;
      }),
    );
  }
  for (const [name, text] of texts) Deno.writeTextFileSync(`${dir}/${names.get(name)}`, text);
}

/** What comes before a bundle: what it is made from, and what its packages need. */
export function prelude(build: Build): string {
  return `globalThis.${BUILD_VARIABLE} = ${JSON.stringify(build)};\n` +
    // Packages in CommonJS call require(), which Deno 2.7's bundle lacks.
    'import { createRequire as requireOfBundle } from "node:module";\n' +
    "globalThis.require ??= requireOfBundle(import.meta.url);\n";
}

/**
 * Bundles the program: `main.js`, and beside it what is imported only when it is needed, which else
 * would cost memory in every run.
 *
 * @param dir An empty folder to put it in.
 */
export async function bundle(dir: string, build: Build): Promise<void> {
  const { success, stderr } = await run([
    ...[Deno.execPath(), "bundle", "--platform=deno", "--minify", "--code-splitting"],
    ...[`--outdir=${dir}`, "main.ts"],
  ]);
  if (!success) throw new Error(`deno bundle failed:\n${stderr}`);
  nameParts(dir);
  const main = `${dir}/main.js`;
  Deno.writeTextFileSync(main, 'import "./build.js";' + Deno.readTextFileSync(main));
  Deno.writeTextFileSync(`${dir}/build.js`, prelude(build));
  // The executable keeps the times, and must be the same from one build to the next.
  for (const { name } of Deno.readDirSync(dir)) Deno.utimeSync(`${dir}/${name}`, 0, 0);
}

/** What an executable is made with and from. */
export interface Recipe {
  /** The folder of the bundle, with nothing else in it. */
  readonly bundle: string;
  /** The executable's path, without `.exe`. */
  readonly output: string;
  /** The command that runs Deno. Default: the Deno that runs this. */
  readonly deno?: readonly string[];
  /** The runtime of that Deno's version; undefined = the one that Deno gets from its own site. */
  readonly runtime: string | undefined;
  /** Rust's name of another machine. Default: this one. */
  readonly target?: string;
}

/** The innermost cause of an error of Deno's, which tells them in lines from outermost to innermost. */
export function innermostCause(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return lines.at(-1)?.replace(/^(\d+|error): /, "") ?? "no reason was given";
}

/**
 * Compiles a bundle.
 *
 * @throws {BuildError} When the runtime cannot be had.
 */
export async function compile(recipe: Recipe): Promise<void> {
  const { bundle, output, deno = [Deno.execPath()], runtime, target } = recipe;
  const { success, stderr } = await run([
    ...deno,
    "compile",
    "--quiet",
    ...["--no-config", "--no-lock", ...COMPILE_FLAGS],
    ...target === undefined ? [] : [`--target=${target}`],
    ...[`--output=${output}`, `--include=${bundle}`, `${bundle}/main.js`],
  ], { env: runtime === undefined ? {} : { DENORT_BIN: runtime } });
  if (success) return;
  if (!stderr.includes("Setting up base binary")) {
    throw new Error(`deno compile failed:\n${stderr}`);
  }
  const { deno: version } = Deno.version;
  throw new BuildError(
    `Cannot get Deno ${version}'s runtime for ${target ?? Deno.build.target}: ` +
      `${innermostCause(stderr)}; expected Deno's site to answer, or DENORT_BIN to name a file`,
    "deno task compile:test, which makes an executable for tests from npm alone",
  );
}

/**
 * Makes sure that an executable runs on this machine, which it does not when the runtime is that of
 * another version.
 *
 * @returns What it says to `--version`.
 * @throws {BuildError} When it does not run.
 */
export async function checkRuns(executable: string): Promise<string> {
  const { success, stdout, stderr } = await run([executable, "--version"]);
  if (success && stdout.startsWith("tradesim-exporter ")) return stdout.trim();
  throw new BuildError(
    `Cannot run the executable (${
      innermostCause(stderr)
    }): expected a runtime that fits the Deno ` +
      "that compiles",
    "DENORT_BIN with one of the same version, or without it",
  );
}

/** Lends a folder for what lies between source and executable. */
export async function withWorkFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  Deno.mkdirSync(DIST, { recursive: true });
  const dir = Deno.makeTempDirSync({ dir: DIST, prefix: "work-" });
  try {
    return await use(dir);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
}

/**
 * Makes an executable for this machine, all the way from the source.
 *
 * @returns What it says to `--version`.
 * @throws {BuildError} When its runtime cannot be had, or does not fit.
 */
export async function makeExecutable(
  { output, runtime, ...recipe }: Omit<Recipe, "bundle" | "target">,
): Promise<string> {
  return await withWorkFolder(async (dir) => {
    const made = `${dir}/executable`;
    const bundled = `${dir}/bundle`;
    await bundle(bundled, await currentBuild(runtime));
    await compile({ ...recipe, runtime, bundle: bundled, output: made });
    const version = await checkRuns(made);
    Deno.mkdirSync(dirname(output), { recursive: true });
    Deno.renameSync(made, output);
    return version;
  });
}
