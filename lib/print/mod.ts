/** The command `print`: writes files for this version, so nobody has to clone a repository. @module */

import { dirname, join } from "node:path";
import type { PrintOptions } from "./flags.ts";
import { COMPOSE_PATH, withoutBuild } from "./compose.ts";
import { CONFIG_PATH, isPart, PRINTABLES, PRINTED } from "./printed.ts";

export {
  BOARD_LANGUAGES,
  type BoardLanguage,
  type Printable,
  PRINTABLES,
  PRINTED,
} from "./printed.ts";

export type { PrintOptions } from "./flags.ts";

const ALERTS_PATH = "prometheus/rules/alerts.yml";
/** The part of an alert's link before the name. */
const RUNBOOKS = "{{ $externalURL }}/consoles/alerts.html";

/** The requested files cannot be printed; the message is one sentence. */
export class PrintError extends Error {
  override readonly name = "PrintError";
}

export interface PrintContext {
  /** The configuration file with every default. */
  readonly config: string;
  /** Writes to standard output. */
  readonly write: (text: string) => void;
}

/** The text of an existing file, or undefined if there is none. */
function textAt(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw cannotWrite(path, error);
  }
}

function cannotWrite(path: string, cause: unknown): PrintError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PrintError(
    `Cannot write "${path}": ${reason}, expected a folder that can be written`,
    { cause },
  );
}

/** Writes files, by path below `out`, once it is known that none is in the way. */
function writeInto(
  out: string,
  files: ReadonlyMap<string, string>,
  force: boolean,
  say: (line: string) => void,
): void {
  const targets = Array.from(files, ([path, text]) => {
    const target = join(out, path);
    return { target, text, present: textAt(target) };
  });
  const changed = targets.find(({ present, text }) => present !== undefined && present !== text);
  if (changed !== undefined && !force) {
    throw new PrintError(
      `Cannot write "${changed.target}": it exists and differs, expected --force to overwrite it`,
    );
  }
  for (const { target, text, present } of targets) {
    if (present !== text) {
      try {
        Deno.mkdirSync(dirname(target), { recursive: true });
        Deno.writeTextFileSync(target, text);
      } catch (error) {
        throw cannotWrite(target, error);
      }
    }
    const done = present === undefined ? "wrote" : present === text ? "unchanged" : "overwrote";
    say(`${done} ${target}\n`);
  }
}

/**
 * Prints one thing: to standard output, or as files below a folder, in the layout of the repository.
 *
 * @throws {PrintError} When that is not possible; then no file was changed, unless the disk failed.
 */
export async function printFiles(
  { what, out, lang, runbooks, force }: PrintOptions,
  { config, write }: PrintContext,
): Promise<void> {
  if (what === undefined) {
    throw new PrintError(`Cannot print: expected one of ${PRINTABLES.join(", ")}`);
  }
  if (force && out === undefined) throw new PrintError("Cannot use --force without --out");
  if (lang !== undefined && what !== "dashboards") {
    throw new PrintError(`Cannot use --lang with ${what}: expected dashboards`);
  }
  if (runbooks !== undefined && !isPart(ALERTS_PATH, PRINTED[what])) {
    throw new PrintError(`Cannot use --runbooks with ${what}: it has no alerts`);
  }
  // Loaded only now: nothing else needs the files' texts.
  const { FILES } = await import("./files.ts");
  const compose = withoutBuild(FILES[COMPOSE_PATH] ?? "");
  const alerts = FILES[ALERTS_PATH] ?? "";
  const made = {
    [CONFIG_PATH]: config,
    [COMPOSE_PATH]: compose,
    [ALERTS_PATH]: runbooks === undefined ? alerts : alerts.replaceAll(RUNBOOKS, runbooks),
  };
  const files = new Map(
    Object.entries({ ...FILES, ...made }).filter(([path]) =>
      isPart(path, PRINTED[what]) &&
      (lang === undefined || path.startsWith(`grafana/dashboards/${lang}/`))
    ),
  );
  if (out !== undefined) return writeInto(out, files, force, write);
  const [text, ...more] = files.values();
  if (text === undefined || more.length > 0) {
    throw new PrintError(
      `Cannot print ${what} to standard output: it is ${files.size} files, expected --out <DIR>`,
    );
  }
  write(text);
}
