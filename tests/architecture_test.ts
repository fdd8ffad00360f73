/** Tests that the program's files keep to its layout. @module */

import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import settings from "../deno.json" with { type: "json" };

/** The way of the data: a folder imports only from those before it. `main.ts` comes last. */
const FOLDERS = [
  ...[
    "error",
    "file",
    "log",
    "clock",
    "network",
    "text",
    "html",
    "worker",
    "turns",
    "economy",
    "catalogue",
  ],
  ...[
    "telemetry",
    "report",
    "turnlog",
    "source",
    "model",
    "history",
    "ingest",
    "recording",
    "exposition",
    "live",
    "page",
    "server",
  ],
  ...["cli", "remote_write"],
  // The game beside it: its reports go out by `publish`.
  ...["simulation", "publish", "play", "benchmark"],
  ...["kubernetes", "print", "doctor", "backfill"],
  ...["exporter", "replay", "commands"],
];

/** The text of each file, by its path. */
type Tree = Readonly<Record<string, string>>;

/** What files name in their imports and re-exports. */
function importsOf(text: string): string[] {
  const statements = [
    ...text.matchAll(/^(?:import|export)\b[^;"']*?\bfrom\s+["']([^"']+)["']/gm),
    ...text.matchAll(/^import\s+["']([^"']+)["']/gm),
    ...text.matchAll(/\bimport\(\s*["']([^"']+)["']/g),
  ];
  return statements.map(([, name]) => name!);
}

/** The files of the tree that a file imports. */
function edgesOf(path: string, tree: Tree): string[] {
  return importsOf(tree[path]!).filter((name) => name.startsWith("."))
    .map((name) => normalize(join(dirname(path), name)));
}

/** Place of a file in the way of the data; undefined for files of no stage. */
function placeOf(path: string): number | undefined {
  if (path === "main.ts") return FOLDERS.length;
  const place = FOLDERS.indexOf(/^lib\/([^/]+)\//.exec(path)?.[1] ?? "");
  return place < 0 ? undefined : place;
}

/** Files that import each other in a circle, each circle once. */
function cyclesOf(tree: Tree): string[] {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
      return;
    }
    if (done.has(path) || tree[path] === undefined) return;
    for (const next of edgesOf(path, tree)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of Object.keys(tree)) visit(path, []);
  return cycles;
}

/** All that is wrong with a tree of files, in words. */
function faultsOf(tree: Tree, importMap: Readonly<Record<string, string>>): string[] {
  const faults: string[] = [];
  for (const [path, text] of Object.entries(tree)) {
    const place = placeOf(path);
    if (place === undefined) faults.push(`${path} lies in no known folder`);
    if (!path.endsWith(".ts")) continue;
    if (!/^([a-z0-9_]+\/)*[a-z0-9_]+\.ts$/.test(path)) faults.push(`${path} is not in snake_case`);
    if (!/^\/\*\*[^]*?@module\s+\*\//.test(text)) {
      faults.push(`${path} does not begin by saying what it is`);
    }
    for (const name of importsOf(text)) {
      if (name.startsWith("node:")) continue;
      if (!name.startsWith(".")) {
        if (!Object.hasOwn(importMap, name)) faults.push(`${path} imports ${name}`);
        continue;
      }
      const target = normalize(join(dirname(path), name));
      // What is only data has no way to be turned back on.
      if (!target.endsWith(".ts")) continue;
      const isKnown = tree[target] !== undefined;
      if (!isKnown || (placeOf(target) ?? Infinity) > (place ?? -1)) {
        faults.push(`${path} imports ${target}`);
      }
    }
  }
  return [...faults, ...cyclesOf(tree)];
}

function readTree(): Tree {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const tree: Record<string, string> = {};
  const read = (path: string) => {
    for (const { name, isDirectory } of Deno.readDirSync(root + path)) {
      if (isDirectory) read(`${path}/${name}`);
      else tree[`${path}/${name}`] = Deno.readTextFileSync(`${root}${path}/${name}`);
    }
  };
  read("lib");
  tree["main.ts"] = Deno.readTextFileSync(`${root}main.ts`);
  return tree;
}

Deno.test("the program's files keep to its layout", () => {
  const tree = readTree();
  assert.ok(Object.keys(tree).length > 40);
  assert.deepEqual(faultsOf(tree, settings.imports), []);
  const folders = new Set(Object.keys(tree).map((path) => path.split("/")[1]!));
  for (const folder of FOLDERS) assert.ok(folders.has(folder), `${folder} has files`);
});

Deno.test("the program's dependencies are named exactly, and all are used", () => {
  const used = new Set(Object.values(readTree()).flatMap(importsOf));
  // Tests and tools alone use these: what the program imports, its executable carries.
  const besideIt = [
    ...["fast-check", "@grafana/grafana-foundation-sdk", "@grafana/schema", "@jscpd/core"],
    ...["@jscpd/tokenizer", "@prometheus-io/lezer-promql", "axe-core", "hono", "marked"],
    ...["playwright-core", "wabt", "@bufbuild/protobuf"],
  ];
  for (const [name, target] of Object.entries(settings.imports)) {
    assert.match(target, /^npm:@?[^@]+@\d+\.\d+\.\d+$/, name);
    assert.equal(used.has(name), !besideIt.includes(name), `${name} is used`);
  }
});

Deno.test("zod comes as a namespace, of which a bundle keeps only what is used", () => {
  for (const [path, text] of Object.entries(readTree())) {
    // Its `z` holds all of it, with the words of 50 languages: 350 kB, and 6 MB of memory.
    assert.doesNotMatch(text, /^import (type )?\{[^}]*\} from "zod"/m, path);
  }
});

Deno.test("faultsOf() finds what does not keep to the layout", () => {
  const head = "/** Does a thing. @module */\n";
  const good: Tree = {
    "main.ts": `${head}import { a } from "./lib/model/mod.ts";\n`,
    "lib/log/mod.ts": `${head}import { join } from "node:path";\n`,
    "lib/model/mod.ts": `${head}export * from "./model.ts";\n`,
    "lib/model/model.ts":
      `${head}import {\n  type Log,\n} from "../log/mod.ts";\nimport { z } from "zod";\n`,
    "lib/cli/mod.ts": `${head}import settings from "../../deno.json" with { type: "json" };\n`,
  };
  const cases: Record<string, [Tree, string[]]> = {
    "nothing": [{}, []],
    "folder behind": [
      { "lib/log/mod.ts": `${head}import { a } from "../model/mod.ts";\n` },
      [
        "lib/log/mod.ts imports lib/model/mod.ts",
        "lib/model/mod.ts → lib/model/model.ts → lib/log/mod.ts → lib/model/mod.ts",
      ],
    ],
    "type of a folder behind": [
      { "lib/report/a.ts": `${head}import type { a } from "../model/mod.ts";\n` },
      ["lib/report/a.ts imports lib/model/mod.ts"],
    ],
    "folder behind, handed on": [
      { "lib/report/a.ts": `${head}export { a } from "../model/mod.ts";\n` },
      ["lib/report/a.ts imports lib/model/mod.ts"],
    ],
    "main": [
      { "lib/cli/a.ts": `${head}await import("../../main.ts");\n` },
      ["lib/cli/a.ts imports main.ts"],
    ],
    "file that is not there": [
      { "lib/cli/a.ts": `${head}import "./b.ts";\n` },
      ["lib/cli/a.ts imports lib/cli/b.ts"],
    ],
    "tests": [
      { "lib/cli/a.ts": `${head}import "../../tests/b.ts";\n` },
      ["lib/cli/a.ts imports tests/b.ts"],
    ],
    "circle": [
      {
        "lib/cli/a.ts": `${head}import "./b.ts";\n`,
        "lib/cli/b.ts": `${head}export { a } from "./a.ts";\n`,
      },
      ["lib/cli/a.ts → lib/cli/b.ts → lib/cli/a.ts"],
    ],
    "file that imports itself": [
      { "lib/cli/a.ts": `${head}import "./a.ts";\n` },
      ["lib/cli/a.ts → lib/cli/a.ts"],
    ],
    "package that is not in deno.json": [
      { "lib/cli/a.ts": `${head}import chalk from "chalk";\n` },
      ["lib/cli/a.ts imports chalk"],
    ],
    "other registries and addresses": [
      {
        "lib/cli/a.ts": `${head}import "https://modules.example/x.ts";\nimport "npm:zod@4";\n`,
      },
      [
        "lib/cli/a.ts imports https://modules.example/x.ts",
        "lib/cli/a.ts imports npm:zod@4",
      ],
    ],
    "unknown folder": [{ "lib/utils/a.ts": head }, ["lib/utils/a.ts lies in no known folder"]],
    "name in camel case": [{ "lib/cli/aB.ts": head }, ["lib/cli/aB.ts is not in snake_case"]],
    "name with a hyphen": [{ "lib/cli/a-b.ts": head }, ["lib/cli/a-b.ts is not in snake_case"]],
    "no comment": [
      { "lib/cli/a.ts": "" },
      ["lib/cli/a.ts does not begin by saying what it is"],
    ],
    "comment without the tag": [
      { "lib/cli/a.ts": "/** Does a thing. */\n" },
      ["lib/cli/a.ts does not begin by saying what it is"],
    ],
  };
  for (const [name, [changes, faults]] of Object.entries(cases)) {
    const found = faultsOf({ ...good, ...changes }, { zod: "npm:zod@4.0.0" });
    assert.deepEqual(found.toSorted(), faults.toSorted(), name);
  }
});

/** A TypeScript file, or all of those in a folder, whose name ends with a slash. */
function pathsIn(path: string, root: URL): string[] {
  if (!path.endsWith("/")) return path.endsWith(".ts") ? [path] : [];
  return Array.from(Deno.readDirSync(new URL(path, root)))
    .flatMap(({ name, isDirectory }) => pathsIn(`${path}${name}${isDirectory ? "/" : ""}`, root));
}

Deno.test("no file takes a path from a URL as that is written: a folder may be called Été 1", () => {
  const root = new URL("../", import.meta.url);
  const files = ["bench/", "lib/", "tests/", "tools/"].flatMap((folder) => pathsIn(folder, root));
  assert.ok(files.includes("tests/architecture_test.ts"));
  for (const path of files) {
    const text = Deno.readTextFileSync(new URL(path, root));
    assert.doesNotMatch(text, /import\.meta\.url\)\.pathname/, path);
  }
});

const MOST_LINES = { file: 400, function: 60 };
/** Files that are tables. */
const TABLES = ["tools/dashboards/texts.ts"];

/** The lines of a function, of which a literal without statements, which is a table, counts as one. */
function linesOf(node: Deno.lint.Node, text: string): number {
  const lines = ([from, to]: Deno.lint.Node["range"]) => text.slice(from, to).split("\n").length;
  return lines(node.range) - tablesIn(node).reduce((sum, { range }) => sum + lines(range) - 1, 0);
}

function childrenOf(node: Deno.lint.Node): Deno.lint.Node[] {
  const isNode = (value: unknown): value is Deno.lint.Node =>
    typeof value === "object" && value !== null && "type" in value && "range" in value;
  return Object.keys(Object.getPrototypeOf(node)).filter((key) => key !== "parent")
    .map((key): unknown => Reflect.get(node, key)).flat().filter(isNode);
}

function hasStatements(node: Deno.lint.Node): boolean {
  return node.type === "BlockStatement" || childrenOf(node).some(hasStatements);
}

function tablesIn(node: Deno.lint.Node): Deno.lint.Node[] {
  const isLiteral = node.type === "ObjectExpression" || node.type === "ArrayExpression";
  return isLiteral && !hasStatements(node) ? [node] : childrenOf(node).flatMap(tablesIn);
}

/** What is longer than it may be in a file. */
function longParts(path: string, text: string): string[] {
  const faults: string[] = [];
  const lines = text.split("\n").length - 1;
  if (lines > MOST_LINES.file) faults.push(`${path} has ${lines} lines`);
  const plugin: Deno.lint.Plugin = {
    name: "length",
    rules: {
      function: {
        create() {
          const check = (node: Deno.lint.Node) => {
            const count = linesOf(node, text);
            if (count <= MOST_LINES.function) return;
            const line = text.slice(0, node.range[0]).split("\n").length;
            faults.push(`${path}:${line} is a function of ${count} lines`);
          };
          return {
            FunctionDeclaration: check,
            FunctionExpression: check,
            ArrowFunctionExpression: check,
          };
        },
      },
    },
  };
  Deno.lint.runPlugin(plugin, path, text);
  return faults;
}

Deno.test("no file is longer than 400 lines, and no function longer than 60", () => {
  const root = new URL("../", import.meta.url);
  const faults = ["lib/", "tools/", "bench/", "main.ts"].flatMap((start) => pathsIn(start, root))
    .filter((path) => !TABLES.includes(path))
    .flatMap((path) => longParts(path, Deno.readTextFileSync(new URL(path, root))));
  assert.deepEqual(faults, []);
});

Deno.test("longParts() finds what is too long, and leaves tables alone", () => {
  const many = (count: number, line: string) => `${line}\n`.repeat(count);
  const cases: Record<string, [text: string, faults: string[]]> = {
    "file": [many(401, "a();"), ["a.ts has 401 lines"]],
    "function": [
      `a();\nfunction b() {\n${many(59, "a();")}}\n`,
      ["a.ts:2 is a function of 61 lines"],
    ],
    "method": [
      `class A {\n  b() {\n${many(59, "a();")}}\n}\n`,
      ["a.ts:2 is a function of 61 lines"],
    ],
    "arrow": [`const b = () => {\n${many(59, "a();")}};\n`, ["a.ts:1 is a function of 61 lines"]],
    "function within a function": [
      `function a() {\n${many(10, "a();")}const b = () => {\n${many(55, "a();")}};\n}\n`,
      ["a.ts:1 is a function of 69 lines"],
    ],
    "short ones": [`function a() {\n${many(58, "a();")}}\n`.repeat(2), []],
    "table": [`function a() {\n  return [\n${many(90, "{ a: 1, b: [() => 2] },")}];\n}\n`, []],
    "object with methods": [
      `function a() {\n  return {\n    b() {\n${many(57, "a();")}},\n  };\n}\n`,
      ["a.ts:1 is a function of 63 lines"],
    ],
  };
  for (const [name, [text, faults]] of Object.entries(cases)) {
    assert.deepEqual(longParts("a.ts", text), faults, name);
  }
});
