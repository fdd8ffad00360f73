/** Tests that the printed stack needs nothing but what is printed with it. @module */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { PRINTED } from "../../lib/print/mod.ts";
import { COMPOSE_PATH, withoutBuild } from "../../lib/print/compose.ts";
import { FILES } from "../../lib/print/files.ts";
import { isPart } from "../../lib/print/printed.ts";

interface Service {
  readonly image?: string;
  readonly build?: unknown;
  readonly volumes?: readonly string[];
}

const COMPOSE = FILES[COMPOSE_PATH]!;
const services = (text: string) =>
  (parse(text, { merge: true }) as { readonly services: Record<string, Service> }).services;

Deno.test("withoutBuild() changes nothing but where the exporter's image comes from", () => {
  const expected = services(COMPOSE);
  const { build, ...exporter } = expected.exporter!;
  assert.equal(build, ".");
  assert.ok(exporter.image);
  assert.deepEqual(services(withoutBuild(COMPOSE)), { ...expected, exporter });
});

Deno.test("withoutBuild() says where the image comes from, as docs/stack.md does", () => {
  const [command] = /docker load .*/.exec(withoutBuild(COMPOSE)) ?? [];
  const page = Deno.readTextFileSync(new URL("../../docs/stack.md", import.meta.url));
  assert.ok(command !== undefined && page.includes(`\n${command}\n`));
});

Deno.test("withoutBuild() refuses a file that it does not understand", () => {
  for (const text of ["", "services:\n", COMPOSE + "  build: .\n", "build:\n  context: .\n"]) {
    assert.throws(() => withoutBuild(text), /expected one "build: \."/);
  }
});

Deno.test("print compose gives each file and folder that the printed stack mounts", () => {
  const parts = Object.keys(FILES).filter((path) => isPart(path, PRINTED.compose));
  const mounts = Object.values(services(withoutBuild(COMPOSE))).flatMap(({ volumes = [] }) =>
    volumes.map((volume) => volume.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1").split(":")[0]!)
      .filter((source) => source.startsWith("./"))
  );
  assert.ok(mounts.length >= 5);
  for (const mount of mounts) {
    const path = mount.slice("./".length);
    assert.ok(parts.some((part) => part === path || part.startsWith(`${path}/`)), mount);
  }
  assert.ok(parts.includes(".env.example"));
});
