/** Bundles lib/page/src into the two files that the exporter serves. @module */

import uplotStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import { bundleModule } from "./bundle.ts";

/** The made files by path from the repository's top. */
export async function pageFiles(): Promise<ReadonlyMap<string, string>> {
  const script = await bundleModule("lib/page/src/main.ts", "browser");
  const style = Deno.readTextFileSync(new URL("../lib/page/src/page.css", import.meta.url));
  return new Map([
    ["lib/page/page.js", script],
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
