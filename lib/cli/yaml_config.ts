/** Reads a configuration file in YAML, whose keys are the names of flags. @module */

import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { type Flag, type Flags, isInConfigFile } from "./flag.ts";
import type { Given, Layer } from "./layers.ts";
import { nearest } from "./suggest.ts";
import { badValue, UsageError } from "./usage_error.ts";

function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return typeof value === "object" ? "a structure" : `a ${typeof value}`;
}

/** The scalar that a node holds, as text. */
function scalarText(flag: Flag, node: unknown, file: string): string {
  const value = isScalar(node) ? node.value : node;
  const written = typeof value;
  if (flag.kind.types.some((type) => type === written)) return String(value);
  const shown = isScalar(node) && value !== null ? `${JSON.stringify(value)} ` : "";
  const expected = flag.kind.types.includes("boolean") ? "true or false" : flag.kind.expected;
  throw new UsageError(
    `Cannot read ${flag.name} ${shown}in ${file}: expected ${expected}, not ${describe(value)}`,
  );
}

function nodeTexts(flag: Flag, node: unknown, file: string): readonly string[] {
  const isList = flag.repeatable === true || flag.kind.list === true;
  if (!isList || !isSeq(node)) return [scalarText(flag, node, file)];
  const texts = node.items.map((item) => scalarText(flag, item, file));
  if (!flag.repeatable) return [texts.join(",")];
  if (texts.length === 0) throw badValue(flag.name, "[]", flag.kind.expected, file);
  return texts;
}

/**
 * Reads a YAML file's text.
 *
 * @param file Its name, for messages.
 * @param isOverruled Whether a stronger layer sets a flag's property; its value is then not checked.
 * @throws {UsageError} When it is not YAML, not one flat mapping, or has a key that is unknown, of
 * the wrong type or there twice.
 */
export function readYamlConfig(
  flags: Flags,
  text: string,
  file: string,
  isOverruled: (property: string) => boolean,
): Layer {
  const lines = new LineCounter();
  let document;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // A key that is there twice is found below, where its name is at hand.
      uniqueKeys: false,
    });
  } catch (cause) {
    throw new UsageError(`Cannot read ${file}: it is not valid YAML`, { cause });
  }
  const [problem] = [...document.errors, ...document.warnings];
  if (problem?.code === "MULTIPLE_DOCS") {
    throw new UsageError(`Cannot read ${file}: it has several documents, expected one`);
  }
  if (problem !== undefined) {
    const { line } = lines.linePos(problem.pos[0]);
    throw new UsageError(`Cannot read ${file} line ${line}: it is not YAML (${problem.message})`);
  }

  const layer = new Map<string, Given>();
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return layer;
  if (!isMap(root)) {
    throw new UsageError(`Cannot read ${file}: expected lines such as "port: 8000"`);
  }
  const known = Object.entries(flags).filter(([, flag]) => isInConfigFile(flag));
  for (const { key, value } of root.items) {
    const name = isScalar(key) ? String(key.value) : "";
    const entry = known.find(([, flag]) => flag.name === name);
    if (entry === undefined) {
      const meant = nearest(name, known.map(([, flag]) => flag.name));
      const reason = Object.values(flags).some((flag) => flag.name === name)
        ? ": it may not stand in a file"
        : meant === undefined
        ? ""
        : `: did you mean ${meant}?`;
      throw new UsageError(`Unknown key ${JSON.stringify(name)} in ${file}${reason}`);
    }
    const [property, flag] = entry;
    if (layer.has(property)) {
      throw new UsageError(`Cannot read ${file}: ${name} appears twice, expected once`);
    }
    if (isOverruled(property)) continue;
    layer.set(property, { name, texts: nodeTexts(flag, value, file), file });
  }
  return layer;
}
