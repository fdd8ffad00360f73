/** The version of this program, its commit and its runtime. @module */

import settings from "../../deno.json" with { type: "json" };

/** What `tools/executable.ts` writes at the head of the bundle; a run from source has none. */
export interface Build {
  /** The commit that the executable was made from, in short, or "unknown". */
  readonly commit: string;
  /** Whether it has a runtime that is good for tests only. */
  readonly isForTests: boolean;
}

/** The global variable in which a bundle has its `Build`. */
export const BUILD_VARIABLE = "tradesimExporterBuild";

const SOURCE: Build = { commit: "source", isForTests: false };

function buildOfThis(): Build {
  const { [BUILD_VARIABLE]: build } = globalThis as { readonly [BUILD_VARIABLE]?: Build };
  return build ?? SOURCE;
}

const BUILD = buildOfThis();

/** Whether this is no run from source. */
export const IS_BUNDLED = BUILD !== SOURCE;

/** The version of this program. */
export const VERSION: string = settings.version;

/** The labels of `tradesim_exporter_build_info`. */
export const BUILD_INFO = {
  version: VERSION,
  commit: BUILD.commit,
  deno: Deno.version.deno,
  v8: Deno.version.v8,
} as const;

/** What `--version` prints: one line with a newline. */
export function versionText({ isForTests }: Pick<Build, "isForTests"> = BUILD): string {
  const { version, commit, deno, v8 } = BUILD_INFO;
  const warning = isForTests ? ", made for tests only" : "";
  return `tradesim-exporter ${version} (commit ${commit}, deno ${deno}, v8 ${v8})${warning}\n`;
}
