/** Assembles `lib/report/scan.wat` into the module that the program carries. @module */

import wabt from "wabt";

const SOURCE_PATH = "lib/report/scan.wat";

/** The file to write, by path from the repository's top. */
export async function scanFiles(): Promise<ReadonlyMap<string, string>> {
  const source = Deno.readTextFileSync(new URL(`../${SOURCE_PATH}`, import.meta.url));
  const module = (await wabt()).parseWat(SOURCE_PATH, source, { simd: true });
  module.validate();
  const { buffer } = module.toBinary({});
  module.destroy();
  const text = `/** Made from scan.wat by \`deno task generate\`. @module */

/** WebAssembly, in base64. */
export const SCAN_WASM =
  "${btoa(String.fromCharCode(...buffer))}";
`;
  return new Map([["lib/report/scan_wasm.ts", text]]);
}
