/** Finds the npm packages in the bundle, with their hashes and licences. @module */

import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import * as z from "zod";
import { ROOT, run } from "./executable.ts";

/** A package of npm's that is part of the program. */
export interface Bundled {
  /** Name and version, as in `zod@4.6.7`. */
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** The `id`s of those that it needs in turn. */
  readonly dependencies: readonly string[];
  /** SHA-512 of the package's archive, in hexadecimal digits. */
  readonly sha512: string;
  /** SPDX identifier of its licence. */
  readonly license: string;
  /** The licence's text; undefined where the package brings none. */
  readonly licenseText: string | undefined;
}

/** What is read of `deno info --json`. */
const INFO = z.object({
  modules: z.array(z.object({ kind: z.string().optional(), npmPackage: z.string().optional() })),
  npmPackages: z.record(
    z.string(),
    z.object({
      name: z.string(),
      version: z.string(),
      dependencies: z.array(z.string()),
      localPath: z.string().optional(),
    }),
  ),
});
/** What is read of `deno info --json` without a file: the folder that has one for each registry. */
const CACHE = z.object({ npmCache: z.string() });
const MANIFEST = z.object({ license: z.string() });

const LOCK = z.object({ npm: z.record(z.string(), z.object({ integrity: z.string() })) });

function licenseText(dir: string): string | undefined {
  const file = [...Deno.readDirSync(dir)].find(({ name }) => /^licen[cs]e(\.\w+)?$/i.test(name));
  return file === undefined ? undefined : Deno.readTextFileSync(`${dir}/${file.name}`);
}

/** Where the program's code begins, and that of the page, which the program holds as text. */
const ENTRIES = ["main.ts", "lib/page/src/main.ts"];

async function denoInfo(...args: string[]): Promise<unknown> {
  const { success, stdout, stderr } = await run([Deno.execPath(), "info", "--json", ...args]);
  if (!success) throw new Error(`deno info failed:\n${stderr}`);
  return JSON.parse(stdout);
}

async function modulesFrom(entry: string): Promise<z.infer<typeof INFO>> {
  return INFO.parse(await denoInfo(entry));
}

/** Where packages lie: Deno 2.7 tells only the folder above all of them. */
async function cacheFolders(): Promise<readonly string[]> {
  const { npmCache } = CACHE.parse(await denoInfo());
  return [...Deno.readDirSync(npmCache)].map(({ name }) => `${npmCache}/${name}`);
}

/** The packages that the program and its page import, and those that they need, by name. */
export async function bundledPackages(): Promise<readonly Bundled[]> {
  const { npm: lockedPackages } = LOCK.parse(
    JSON.parse(Deno.readTextFileSync(`${ROOT}deno.lock`)),
  );
  const folders = await cacheFolders();
  const found = new Map<string, Bundled>();
  const visit = (id: string, npmPackages: z.infer<typeof INFO>["npmPackages"]) => {
    const entry = npmPackages[id];
    const locked = lockedPackages[id];
    if (found.has(id)) return;
    if (entry === undefined || locked === undefined) throw new Error(`${id} is not in deno.lock`);
    const { localPath: told, ...rest } = entry;
    const localPath = told ??
      folders.map((folder) => `${folder}/${entry.name}/${entry.version}`).find(existsSync);
    if (localPath === undefined) throw new Error(`${id} is not in Deno's cache`);
    const manifest = JSON.parse(Deno.readTextFileSync(`${localPath}/package.json`));
    found.set(id, {
      id,
      ...rest,
      sha512: Buffer.from(locked.integrity.replace(/^sha512-/, ""), "base64").toString("hex"),
      license: MANIFEST.parse(manifest).license,
      licenseText: licenseText(localPath),
    });
    for (const dependency of entry.dependencies) visit(dependency, npmPackages);
  };
  for (const { modules, npmPackages } of await Promise.all(ENTRIES.map(modulesFrom))) {
    for (const { npmPackage } of modules) {
      if (npmPackage !== undefined) visit(npmPackage, npmPackages);
    }
  }
  return [...found.values()].toSorted((a, b) => a.id < b.id ? -1 : 1);
}

/** The notices that the licences of bundled packages ask to be handed on. */
export function notices(packages: readonly Bundled[]): string {
  const parts = packages.map(({ name, version, license, licenseText }) =>
    `${name} ${version}, ${license}\n\n${
      licenseText?.trim() ?? "It brings no text of its licence."
    }\n`
  );
  return [
    "The executable holds Deno (https://deno.com), copyright 2018-2026 the Deno authors, under the\n" +
    "same MIT licence as in LICENSE, and these packages:\n",
    ...parts,
  ].join(`\n${"-".repeat(80)}\n\n`);
}
