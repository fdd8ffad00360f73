/** Finds which files are at the followed paths, and which match the patterns. @module */

import { readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, normalize, resolve } from "node:path";
import { messageOf } from "../error/mod.ts";
import type { Log } from "../log/mod.ts";
import { fileId } from "./mark.ts";
import { matches, parsePattern, type Pattern } from "./names.ts";

/** What is at a path: a regular file, something that cannot be followed, or nothing. */
export interface Seen {
  readonly stats?: Stats;
  readonly problem?: string;
}

/** When it was last modified, in milliseconds since 1970. */
export function modified({ stats }: Seen): number {
  return stats?.mtimeMs ?? 0;
}

export function isAbsence(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOENT" || code === "ENOTDIR";
}

export class Survey {
  readonly #literals: ReadonlySet<string>;
  readonly #patterns: readonly Pattern[];
  readonly #maxFiles: number;
  readonly #log: Log;
  readonly #onError: () => void;
  /** The last warning, by its subject. */
  readonly #problems = new Map<string, string>();
  #tooManyTold = false;

  /**
   * @param maxFiles Maximum number of files that match patterns; those last modified are followed.
   * @param onError Called when something that exists cannot be examined.
   * @throws {TypeError} For a path with a `*` elsewhere than once in its last part.
   */
  constructor(paths: readonly string[], maxFiles: number, log: Log, onError: () => void) {
    const all = new Set(paths.map((path) => normalize(path)));
    this.#literals = new Set([...all].filter((path) => !path.includes("*")));
    this.#patterns = [...all].filter((path) => path.includes("*")).map(parsePattern);
    this.#maxFiles = maxFiles;
    this.#log = log;
    this.#onError = onError;
  }

  get dirs(): ReadonlySet<string> {
    const dirs = [...this.#literals].map((path) => dirname(path));
    return new Set([...dirs, ...this.#patterns.map(({ dir }) => dir)]);
  }

  isLiteral(path: string): boolean {
    return this.#literals.has(path);
  }

  /** Those of some absolute paths that match a pattern, in the form of the pattern. */
  matching(paths: Iterable<string>): string[] {
    const all = [...paths];
    return this.#patterns.flatMap((pattern) =>
      all.filter((path) => dirname(path) === resolve(pattern.dir))
        .map((path) => join(pattern.dir, basename(path))).filter((path) => matches(pattern, path))
    );
  }

  /** Logs each problem of a subject once. */
  setProblem(subject: string, problem: string | undefined): void {
    if (problem === undefined) this.#problems.delete(subject);
    else if (this.#problems.get(subject) !== problem) {
      this.#problems.set(subject, problem);
      this.#log.warn("Cannot follow for now", { path: subject, reason: problem });
    }
  }

  look(path: string): Seen {
    try {
      const stats = statSync(path);
      return stats.isFile() ? { stats } : { problem: "it is not a regular file" };
    } catch (error) {
      if (isAbsence(error)) return {};
      this.#onError();
      return { problem: messageOf(error) };
    }
  }

  /** The paths in a directory; `subject` is what it is listed for. */
  list(dir: string, subject: string): string[] {
    try {
      const names = readdirSync(dir);
      this.setProblem(subject, undefined);
      return names.map((name) => join(dir, name));
    } catch (error) {
      if (!isAbsence(error)) this.#onError();
      this.setProblem(subject, isAbsence(error) ? undefined : messageOf(error));
      return [];
    }
  }

  /** Examines all paths: what to follow, and the IDs of all files that they name, followed or not. */
  take(): { wanted: Map<string, Seen>; named: Set<string> } {
    const wanted = new Map([...this.#literals].map((path) => [path, this.look(path)]));
    const matched = new Map<string, Seen>();
    for (const pattern of this.#patterns) {
      for (const path of this.list(pattern.dir, pattern.text)) {
        const isOwn = matches(pattern, path) && !this.#literals.has(path);
        if (isOwn) matched.set(path, this.look(path));
      }
    }
    const named = new Set<string>();
    for (const { stats } of [...wanted.values(), ...matched.values()]) {
      if (stats) named.add(fileId(stats));
    }
    const newestFirst = [...matched].sort(([, a], [, b]) => modified(b) - modified(a));
    for (const [path, seen] of newestFirst.slice(0, this.#maxFiles)) wanted.set(path, seen);
    if (newestFirst.length > this.#maxFiles && !this.#tooManyTold) {
      this.#tooManyTold = true;
      this.#log.warn("Too many files match; following those that were written last", {
        matched: newestFirst.length,
        followed: this.#maxFiles,
      });
    }
    return { wanted, named };
  }
}
