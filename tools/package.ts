/**
 * Makes `dist/package`: for each machine whose runtime can be had an archive with the executable and
 * what belongs to it, a CycloneDX list of what is inside, and SHA256SUMS: `deno task package`. Two
 * runs on one commit give the same bytes.
 *
 * @module
 */

import { dirname } from "node:path";
import { gzipSync } from "node:zlib";
import { type Build, VERSION } from "../lib/cli/version.ts";
import { billOfMaterials } from "./bill_of_materials.ts";
import { type Bundled, bundledPackages, notices } from "./bundled.ts";
import {
  BuildError,
  bundle,
  checkRuns,
  compile,
  currentBuild,
  DIST,
  ROOT,
  run,
  runTool,
  say,
  sha256,
  takeRuntime,
  withWorkFolder,
} from "./executable.ts";
import { getTestRuntime, TEST_DENO, TEST_DENO_VERSION } from "./test_runtime.ts";

/** Rust's names of the machines that there are archives for, by our own. */
const TARGETS: Readonly<Record<string, string>> = {
  "linux-x64": "x86_64-unknown-linux-gnu",
  "linux-arm64": "aarch64-unknown-linux-gnu",
  "macos-x64": "x86_64-apple-darwin",
  "macos-arm64": "aarch64-apple-darwin",
  "windows-x64": "x86_64-pc-windows-msvc",
};

/** Documents in the archive: the READMEs and what they lead to. The program itself prints the rest. */
export const DOCUMENTS = [
  ...["README.md", "README.fr.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"],
  ...["bench/README.md", "bench/load.md", "bench/backfill.md"],
  ...["clients/python/README.md", "clients/python/bench/README.md", "clients/exporter/README.md"],
  ...filesIn(`${ROOT}docs`, "docs/"),
  ...filesIn(`${ROOT}examples`, "examples/"),
];

/** Parts of what the program prints that belong to the archive. */
const PRINTED = ["config", "compose"];

const PACKAGES = `${DIST}/package`;

/** What all archives of a run have in common. */
interface Content {
  /** Folder with all but the executable. */
  readonly documents: string;
  readonly packages: readonly Bundled[];
  readonly commit: string;
  /** When the commit was made, in seconds since 1970: the time of all files. */
  readonly time: number;
  /** Version of the Deno whose runtime is inside. */
  readonly deno: string;
}

/** Copies and prints into a folder all that is the same in every archive. */
async function writeDocuments(dir: string, packages: readonly Bundled[]): Promise<void> {
  for (const path of DOCUMENTS) {
    Deno.mkdirSync(dirname(`${dir}/${path}`), { recursive: true });
    try {
      Deno.copyFileSync(`${ROOT}${path}`, `${dir}/${path}`);
    } catch (cause) {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
      throw new BuildError(`Cannot package "${path}": there is no such file`, "git status");
    }
  }
  for (const what of PRINTED) {
    const printed = await run([
      ...[Deno.execPath(), "run", "--no-prompt", "--allow-read", `--allow-write=${dir}`],
      ...["--allow-env=TRADESIM_EXPORTER_*,LOG_TOKENS,LOG_STREAM"],
      ...["main.ts", "print", what, "--out", dir],
    ]);
    if (!printed.success) throw new Error(`print ${what} failed:\n${printed.stderr}`);
  }
  Deno.writeTextFileSync(`${dir}/THIRD_PARTY.txt`, notices(packages));
}

/** Paths of all files in a folder, from there, in order. */
function filesIn(dir: string, before = ""): string[] {
  const names = [...Deno.readDirSync(dir)].toSorted((a, b) => a.name < b.name ? -1 : 1);
  return names.flatMap(({ name, isDirectory }) =>
    isDirectory ? filesIn(`${dir}/${name}`, `${before}${name}/`) : [before + name]
  );
}

/**
 * Packs a folder so that only names, contents and the right to execute matter.
 *
 * @returns The archive's path.
 */
async function pack(parent: string, name: string, time: number): Promise<string> {
  const tar = `${parent}/${name}.tar`;
  const { success, stderr } = await run([
    ...["tar", "--create", `--file=${tar}`, "--format=ustar", "--sort=name", `--mtime=@${time}`],
    ...["--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"],
    ...["-C", parent, name],
  ]);
  if (!success) throw new BuildError(`Cannot pack ${name}: ${stderr.trim()}`, "GNU tar");
  const archive = `${PACKAGES}/${name}.tar.gz`;
  Deno.writeFileSync(archive, gzipSync(Deno.readFileSync(tar), { level: 9 }));
  Deno.removeSync(tar);
  return archive;
}

/** Makes the archive of one executable, and its list beside it. */
async function makeArchive(name: string, executable: string, content: Content): Promise<void> {
  await withWorkFolder(async (parent) => {
    const dir = `${parent}/${name}`;
    const { success, stderr } = await run(["cp", "-R", content.documents, dir]);
    if (!success) throw new Error(`cp failed:\n${stderr}`);
    const isWindows = executable.endsWith(".exe");
    Deno.renameSync(executable, `${dir}/tradesim-exporter${isWindows ? ".exe" : ""}`);
    const files = filesIn(dir).map((path) => ({ path, sha256: sha256(`${dir}/${path}`) }));
    const list = billOfMaterials({ ...content, version: VERSION, files });
    Deno.writeTextFileSync(`${dir}/tradesim-exporter.cdx.json`, list);
    Deno.writeTextFileSync(`${PACKAGES}/${name}.cdx.json`, list);
    const archive = await pack(parent, name, content.time);
    say(`${archive}: ${(Deno.statSync(archive).size / 1e6).toFixed(1)} MB`);
  });
}

async function commitTime(): Promise<number> {
  const { success, stdout } = await run(["git", "log", "-1", "--format=%ct"]);
  if (success) return Number(stdout);
  throw new BuildError("Cannot tell which commit this is", "in a clone of the repository");
}

/** Refuses what nobody could build again. */
function checkBuild({ isForTests, commit }: Build, isTest: boolean): void {
  if (isTest) return;
  if (isForTests) {
    throw new BuildError(
      "Cannot package with DENORT_BIN: it is the runtime for tests only",
      "without DENORT_BIN, so that Deno gets the runtime itself",
    );
  }
  if (commit.endsWith("-dirty")) {
    throw new BuildError(
      `Cannot package ${commit}: files were changed since that commit`,
      "git status",
    );
  }
}

/** Makes the executable of each machine and hands it over. @throws {BuildError} When none can be made. */
async function compileAll(
  dir: string,
  runtime: string | undefined,
  isTest: boolean,
  use: (machine: string, executable: string) => Promise<void>,
): Promise<void> {
  let problem: BuildError | undefined;
  let made = 0;
  for (const [machine, target] of Object.entries(TARGETS)) {
    const isOwn = target === Deno.build.target;
    // A runtime from a file is one for this machine.
    if (runtime !== undefined && !isOwn) continue;
    try {
      await compile({
        ...{ bundle: `${dir}/bundle`, output: `${dir}/executable`, runtime },
        ...isTest ? { deno: TEST_DENO } : {},
        ...isOwn ? {} : { target },
      });
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      say(`${machine} is left out: ${error.message}`);
      problem = error;
      continue;
    }
    const executable = `${dir}/executable${machine.startsWith("windows") ? ".exe" : ""}`;
    if (isOwn) await checkRuns(executable);
    await use(machine, executable);
    made++;
  }
  if (made === 0 && problem !== undefined) throw problem;
}

async function makePackages(isTest: boolean): Promise<void> {
  const runtime = isTest ? await getTestRuntime() : takeRuntime();
  const build = await currentBuild(runtime);
  checkBuild(build, isTest);
  await withWorkFolder(async (dir) => {
    await bundle(`${dir}/bundle`, build);
    const documents = `${dir}/documents`;
    const packages = await bundledPackages();
    await writeDocuments(documents, packages);
    const content: Content = {
      documents,
      packages,
      commit: build.commit,
      time: await commitTime(),
      deno: isTest ? TEST_DENO_VERSION : Deno.version.deno,
    };
    Deno.mkdirSync(PACKAGES, { recursive: true });
    for (const { name } of Deno.readDirSync(PACKAGES)) Deno.removeSync(`${PACKAGES}/${name}`);
    const suffix = build.isForTests ? "-for-tests" : "";
    await compileAll(dir, runtime, isTest, async (machine, executable) => {
      await makeArchive(`tradesim-exporter-${VERSION}-${machine}${suffix}`, executable, content);
    });
    const sums = filesIn(PACKAGES).map((name) => `${sha256(`${PACKAGES}/${name}`)}  ${name}\n`);
    Deno.writeTextFileSync(`${PACKAGES}/SHA256SUMS`, sums.join(""));
  });
}

if (import.meta.main) {
  await runTool("package", async () => {
    const unknown = Deno.args.find((arg) => arg !== "--allow-test-runtime");
    if (unknown !== undefined) {
      throw new BuildError(`Unknown flag ${unknown}`, "deno task package [--allow-test-runtime]");
    }
    await makePackages(Deno.args.length > 0);
  });
}
