/** Tests that documents lead to what is there, and that both READMEs give the same commands. @module */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import settings from "../../deno.json" with { type: "json" };
import { DOCUMENTS } from "../../tools/package.ts";

const ROOT = new URL("../../", import.meta.url);
/** Folders of the top that hold nothing that was written for a reader. */
const SKIPPED = [".git", "node_modules", "dist", "coverage", "screenshots"];

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** Paths of all files with this ending in a folder, from the repository's top. */
function filesIn(folder: string, ending: string): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT))).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return SKIPPED.includes(name) ? [] : filesIn(`${folder}${name}/`, ending);
    return name.endsWith(ending) ? [folder + name] : [];
  }).toSorted();
}

const markdownIn = (folder = "") => filesIn(folder, ".md");
const typeScriptIn = (folder: string) => filesIn(folder, ".ts");

const FENCED = /^( *)```.*\n([^]*?)^\1```$/gm;

/** Targets of links and pictures that are not on the web. */
function targetsOf(text: string): string[] {
  return Array.from(
    text.replaceAll(FENCED, "").matchAll(/\]\((?!https?:)([^)\s]+)\)/g),
    ([, target]) => target!,
  );
}

/** Anchors of a document's headings, as GitHub and most other programs make them. */
function anchorsOf(text: string): string[] {
  return Array.from(
    text.replaceAll(FENCED, "").matchAll(/^#+ +(.*)$/gm),
    ([, heading]) =>
      heading!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"),
  );
}

function isThere(url: URL): boolean {
  try {
    return Deno.statSync(url) !== undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The links of a document that lead nowhere. */
function brokenLinks(path: string): string[] {
  const base = new URL(path, ROOT);
  return targetsOf(Deno.readTextFileSync(base)).filter((target) => {
    const url = new URL(target, base);
    if (!url.pathname.startsWith(ROOT.pathname) || !isThere(url)) return true;
    if (url.hash === "" || !url.pathname.endsWith(".md")) return false;
    const anchor = decodeURIComponent(url.hash.slice(1));
    return !anchorsOf(Deno.readTextFileSync(fileURLToPath(new URL(url.pathname, url))))
      .includes(anchor);
  });
}

Deno.test("every relative link of every Markdown file leads somewhere", () => {
  const documents = markdownIn();
  assert.ok(documents.length > 20);
  const broken = documents.flatMap((path) => brokenLinks(path).map((target) => [path, target]));
  assert.deepEqual(broken, []);
});

Deno.test("every deno task that a Markdown file names is one", () => {
  const unknown = markdownIn().flatMap((path) =>
    Array.from(
      // A line may end between the words.
      read(path).matchAll(/deno(?:@[\d.]+)?\s+task\s+(?:-q\s+|--quiet\s+)?([\w:]+)/g),
      ([, name]) => [path, name!],
    ).filter(([, name]) => !Object.hasOwn(settings.tasks, name!))
  );
  assert.deepEqual(unknown, []);
});

Deno.test("docs/architecture.md has every folder of lib, after those that it imports from", () => {
  const rows = Array.from(
    read("docs/architecture.md").matchAll(/^\| `lib\/([a-z_]+)`/gm),
    ([, folder]) => folder!,
  );
  const folders = Array.from(Deno.readDirSync(new URL("lib/", ROOT)), ({ name }) => name);
  assert.deepEqual(rows.toSorted(), folders.toSorted());
  const upward = rows.flatMap((folder, row) =>
    typeScriptIn(`lib/${folder}/`).flatMap((path) =>
      Array.from(read(path).matchAll(/from "(?:\.\.\/)+([a-z_]+)\//g), ([, other]) => other!)
        .filter((other) => rows.indexOf(other) > row).map((other) => [path, other])
    )
  );
  assert.deepEqual(upward, []);
});

Deno.test("docs/README.md has every document of docs", () => {
  const indexed = targetsOf(read("docs/README.md"));
  const documents = markdownIn("docs/").map((path) => path.replace("docs/", ""))
    .filter((path) => path !== "README.md" && !path.startsWith("decisions/"));
  assert.deepEqual(documents.filter((path) => !indexed.includes(path)), []);
  assert.ok(indexed.includes("decisions"));
});

/** Documents that a document leads to, from the repository's top; a folder leads to all in it. */
function ledTo(path: string): string[] {
  return targetsOf(read(path)).flatMap((target) => {
    const name = new URL(target, new URL(path, ROOT)).pathname.slice(ROOT.pathname.length);
    if (name.endsWith(".md")) return [name];
    const url = new URL(name, ROOT);
    return Deno.statSync(url).isDirectory ? markdownIn(`${name.replace(/\/$/, "")}/`) : [];
  });
}

Deno.test("every document is reached from README.md in two clicks", () => {
  const first = ledTo("README.md");
  const reached = new Set(["README.md", ...first, ...first.flatMap(ledTo)]);
  assert.deepEqual(markdownIn().filter((path) => !reached.has(path)), []);
});

Deno.test("archives have every document to which the READMEs lead", () => {
  const led = ["README.md", "README.fr.md"].flatMap(ledTo);
  assert.ok(led.length > 20);
  assert.deepEqual(led.filter((path) => !DOCUMENTS.includes(path)), []);
});

Deno.test("documents use plain words, and say what is, not what was", () => {
  const avoided = /\b(whoever|mends?|twins?|formerly|lets go of|goes on|what is asked for)\b/i;
  const found = markdownIn().filter((path) => path !== "README.fr.md")
    .flatMap((path) => {
      const word = avoided.exec(read(path).replaceAll(FENCED, ""))?.[0];
      return word === undefined ? [] : [[path, word]];
    });
  assert.deepEqual(found, []);
});

Deno.test("README.md and README.fr.md give the same commands, names and links", () => {
  const [english, french] = ["README.md", "README.fr.md"].map((path) => {
    const text = read(path);
    return {
      blocks: Array.from(text.matchAll(FENCED), ([block]) => block),
      code: Array.from(text.replaceAll(FENCED, "").matchAll(/`([^`]+)`/g), ([, code]) => code),
      headings: text.match(/^#+ /gm)!.length,
      links: targetsOf(text).filter((target) => !/^README|^docs\/img\//.test(target)),
      web: text.match(/https?:[^)>\s]+/g),
    };
  });
  assert.ok(english!.blocks.length >= 5);
  assert.deepEqual(french, english);
});

Deno.test("README.md and README.fr.md lead to each other, and fit on two screens", () => {
  for (const [path, other] of [["README.md", "README.fr.md"], ["README.fr.md", "README.md"]]) {
    const text = read(path!);
    assert.ok(targetsOf(text).includes(other!), path);
    assert.ok(text.split("\n").length <= 95, path);
  }
});
