/** The command `print`: writes files for this version, so nobody has to clone a repository. @module */

import { dirname, join } from "node:path";
import { nearest } from "../cli/suggest.ts";
import { messageOf, UserError } from "../error/mod.ts";
import type { Files } from "../kubernetes/mod.ts";
import { PARAMETER_NAMES, type Parameters, readParameters } from "../kubernetes/parameters.ts";
import type { PrintOptions } from "./flags.ts";
import { COMPOSE_PATH, withoutBuild } from "./compose.ts";
import {
  type BoardLanguage,
  CONFIG_PATH,
  DEFAULT_LANGUAGE,
  isPart,
  PRINTABLES,
  PRINTED,
} from "./printed.ts";

export { BOARD_LANGUAGES, PRINTABLES, PRINTED } from "./printed.ts";

export type { PrintOptions } from "./flags.ts";

const ALERTS_PATH = "prometheus/rules/alerts.yml";
/** The part of an alert's link before the name. */
const RUNBOOKS = "{{ $externalURL }}/consoles/alerts.html";

/** The requested files cannot be printed; the message is one sentence. */
export class PrintError extends UserError {}

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
  return new PrintError(
    `Cannot write "${path}": ${messageOf(cause)}, expected a folder that can be written`,
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

/** Whether a file is printed for a language: a dashboard in its own alone. */
function isOfLanguage(path: string, language: BoardLanguage | undefined): boolean {
  const [, own] = /^grafana\/dashboards\/([^/]+)\//.exec(path) ?? [];
  return own === undefined || language === undefined || own === language;
}

/** Reads the values of `--set`. */
function parametersOf(texts: readonly string[]): Parameters {
  const read = readParameters(texts);
  if (!("expected" in read)) return read;
  const { name, expected } = read;
  if (expected !== undefined) {
    throw new PrintError(`Cannot read the value of --set ${name}: expected ${expected}`);
  }
  const meant = nearest(name, PARAMETER_NAMES);
  throw new PrintError(
    `Unknown parameter ${JSON.stringify(name)}: ` +
      (meant === undefined
        ? `expected one of ${PARAMETER_NAMES.join(", ")}`
        : `did you mean ${meant}?`),
  );
}

async function renderKubernetes(
  files: Files,
  parameters: Parameters,
  lang: BoardLanguage | undefined,
): Promise<ReadonlyMap<string, string>> {
  const { kubernetesFiles } = await import("../kubernetes/mod.ts");
  return kubernetesFiles(files, parameters, lang ?? DEFAULT_LANGUAGE);
}

/**
 * Prints one thing: to standard output, or as files below a folder, in the layout of the repository.
 *
 * @throws {PrintError} When that is not possible; then no file was changed, unless the disk failed.
 */
export async function printFiles(
  { what, out, lang, runbooks, set, force }: PrintOptions,
  { config, write }: PrintContext,
): Promise<void> {
  if (what === undefined) {
    throw new PrintError(`Cannot print: expected one of ${PRINTABLES.join(", ")}`);
  }
  if (force && out === undefined) throw new PrintError("Cannot use --force without --out");
  if (lang !== undefined && what !== "dashboards" && what !== "kubernetes") {
    throw new PrintError(`Cannot use --lang with ${what}: expected dashboards or kubernetes`);
  }
  if (set.length > 0 && what !== "kubernetes") {
    throw new PrintError(`Cannot use --set with ${what}: expected kubernetes`);
  }
  const parameters = parametersOf(set);
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
  const all = Object.fromEntries(
    Object.entries<string>({ ...FILES, ...made }).filter(([path]) => isOfLanguage(path, lang)),
  );
  const carried = Object.entries(all).filter(([path]) => isPart(path, PRINTED[what]));
  const rendered = what === "kubernetes" ? await renderKubernetes(all, parameters, lang) : [];
  const files = new Map([...carried, ...rendered]);
  if (out !== undefined) return writeInto(out, files, force, write);
  const [text, ...more] = files.values();
  if (text === undefined || more.length > 0) {
    throw new PrintError(
      `Cannot print ${what} to standard output: it is ${files.size} files, expected --out <DIR>`,
    );
  }
  write(text);
}
