/** Writes the contents of a package as a CycloneDX list, version 1.6. @module */

import type { Bundled } from "./bundled.ts";

export interface Materials {
  readonly version: string;
  readonly commit: string;
  /** When the commit was made, in seconds since 1970. */
  readonly time: number;
  /** Version of the Deno whose runtime is inside. */
  readonly deno: string;
  readonly packages: readonly Bundled[];
  /** The files of the archive, each with its SHA-256 in hexadecimal digits. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

const NAME = "tradesim-exporter";

/** The address of an npm package in the form that package-url.org sets. */
function npmUrl({ name, version }: Bundled): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function license(id: string): unknown {
  return [{ license: { id } }];
}

/**
 * The list as JSON text. It has no serial number, which must be another one each time: the same
 * materials give the same bytes.
 *
 * @see https://cyclonedx.org/docs/1.6/json/
 */
export function billOfMaterials(materials: Materials): string {
  const { version, commit, time, deno, packages, files } = materials;
  const own = `${NAME}@${version}`;
  const runtime = `pkg:github/denoland/deno@v${deno}`;
  const urls = new Map(packages.map((one) => [one.id, npmUrl(one)]));
  const needed = new Set(packages.flatMap(({ dependencies }) => dependencies));
  const list = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(time * 1000).toISOString(),
      component: {
        type: "application",
        "bom-ref": own,
        name: NAME,
        version,
        licenses: license("MIT"),
        properties: [{ name: "commit", value: commit }],
      },
    },
    components: [
      {
        type: "platform",
        "bom-ref": runtime,
        name: "deno",
        version: deno,
        licenses: license("MIT"),
        purl: runtime,
      },
      ...packages.map((one) => ({
        type: "library",
        "bom-ref": npmUrl(one),
        name: one.name,
        version: one.version,
        hashes: [{ alg: "SHA-512", content: one.sha512 }],
        licenses: license(one.license),
        purl: npmUrl(one),
      })),
      ...files.map(({ path, sha256 }) => ({
        type: "file",
        "bom-ref": `file:${path}`,
        name: path,
        hashes: [{ alg: "SHA-256", content: sha256 }],
      })),
    ],
    dependencies: [
      {
        ref: own,
        dependsOn: [
          runtime,
          ...packages.filter(({ id }) => !needed.has(id)).map((one) => npmUrl(one)),
        ],
      },
      ...packages.map((one) => ({
        ref: npmUrl(one),
        dependsOn: one.dependencies.map((id) => urls.get(id)),
      })),
    ],
  };
  return JSON.stringify(list, undefined, 2) + "\n";
}
