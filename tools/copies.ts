/** Reports code that stands in two places of the program: `deno task check:copies`. @module */

import { Detector, type IMapFrame, MemoryStore } from "@jscpd/core";
import { Tokenizer } from "@jscpd/tokenizer";

const ROOT = new URL("../", import.meta.url);

/** The shortest copy: so many lines, which hold so many words and signs. */
const LINES = 6;
const TOKENS = 25;

/** Empties the lines of imports, which are no logic. */
function withoutImports(text: string): string {
  return text.replace(/^import\b[^;]*;/gm, (lines) => lines.replace(/[^\n]/g, ""));
}

/** The copies among some files, a line each. Texts are by path. */
export async function copiesIn(texts: ReadonlyMap<string, string>): Promise<string[]> {
  const store = new MemoryStore<IMapFrame>();
  const detector = new Detector(new Tokenizer(), store, [], {
    minLines: LINES,
    minTokens: TOKENS,
    maxLines: Infinity,
  });
  const copies: string[] = [];
  for (const [path, text] of texts) {
    const clones = await detector.detect(path, withoutImports(text), "typescript");
    for (const { duplicationA, duplicationB } of clones) {
      const [one, other] = [duplicationA, duplicationB].map(({ sourceId, start, end }) =>
        `${sourceId}:${start.line}-${end.line}`
      );
      copies.push(`${one} is like ${other}`);
    }
  }
  return copies;
}

/** The program's own files; the list of those that it carries is generated. */
function programFiles(folder = "lib"): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT))).flatMap(({ name, isDirectory }) =>
    isDirectory ? programFiles(`${folder}/${name}`) : [`${folder}/${name}`]
  ).filter((path) => path.endsWith(".ts") && path !== "lib/print/files.ts").toSorted();
}

if (import.meta.main) {
  const paths = [...programFiles(), "main.ts"];
  const texts = paths.map((path) => [path, Deno.readTextFileSync(new URL(path, ROOT))] as const);
  const copies = await copiesIn(new Map(texts));
  for (const copy of copies) Deno.stdout.writeSync(new TextEncoder().encode(`${copy}\n`));
  if (copies.length > 0) Deno.exit(1);
}
