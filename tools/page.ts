/** Bundles lib/page/src into the two files that the exporter serves. @module */

import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };

const ROOT = new URL("../", import.meta.url);
const SOURCES = new URL("lib/page/src/", ROOT);

/** The made files by path from the repository's top. */
export async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "--minify", "main.ts"],
    cwd: SOURCES,
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  const style = Deno.readTextFileSync(new URL("page.css", SOURCES));
  return new Map([
    ["lib/page/page.js", new TextDecoder().decode(stdout)],
    ["lib/page/page.css", minified(uplotStyle) + minified(style) + "\n"],
  ]);
}

/** A style sheet without comments and needless space; its strings hold no space that matters. */
function minified(style: string): string {
  return style
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([{};,]) ?/g, "$1")
    .replace(/: /g, ":")
    .replaceAll(";}", "}")
    .trim();
}
