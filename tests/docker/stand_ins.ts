/**
 * Makes images on this machine that stand in for those of registries, under the same names, so that
 * the files under test need not be changed. docs/stack.md says what they do not prove.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { getTestRuntime } from "../../tools/test_runtime.ts";
import { builtEngine, PINNED } from "../harness/engines.ts";
import { type Engine, runWell } from "./engine.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The Deno whose runtime can be had from npm. */
const DENO = ["npx", "--yes", "deno@2.7.11"];

/** Grafana's own start, which says what it was told and then answers as healthy. */
const GRAFANA = `#!/bin/sh
env | grep -E '^GF_(SECURITY_ADMIN|USERS)'
mkdir -p /tmp/www/api && echo ok >/tmp/www/api/health
trap 'exit 0' TERM
busybox httpd -f -p 3000 -h /tmp/www &
wait
`;

/** A compose file that names images by their versions alone: no stand-in has the digest of another image. */
export function withoutDigests(compose: string): string {
  return compose.replaceAll(/@sha256:[0-9a-f]{64}/g, "");
}

/** The images that Dockerfile and compose.yml name, as they name them. */
const [DENO_IMAGE = "", DEBIAN = ""] = [
  ...Deno.readTextFileSync(`${ROOT}Dockerfile`).matchAll(/^FROM (\S+)/gm),
].map(([, name]) => name);
const { prometheus, alertmanager, grafana } = parse(
  withoutDigests(Deno.readTextFileSync(`${ROOT}compose.yml`)),
  { merge: true },
).services as Readonly<Record<string, { readonly image: string }>>;

/** Where this machine gets Debian's packages from. */
async function debianMirror(): Promise<string> {
  const mirrors = await runWell(["apt-get", "indextargets", "--format", "$(REPO_URI)"]);
  const mirror = mirrors.split("\n").find((url) => !url.includes("security"));
  if (mirror === undefined) throw new Error("apt-get knows no mirror");
  return mirror;
}

/**
 * The Deno whose runtime can be had, and a cache with all that a build needs, for it has no network.
 *
 * @returns The program's path.
 */
async function fillCache(cache: string): Promise<string> {
  const env = { DENO_DIR: cache, DENO_TLS_CA_STORE: "system", NO_COLOR: "1" };
  const deno = await runWell([...DENO, "eval", "console.log(Deno.execPath())"], { env });
  await runWell([deno, "cache", "tools/compile.ts"], { cwd: ROOT, env });
  const bundle = ["bundle", "--quiet", "--platform=deno", "--output=/dev/null", "main.ts"];
  await runWell([deno, ...bundle], { cwd: ROOT, env });
  return deno;
}

/**
 * Makes all images that Dockerfile and compose.yml name.
 *
 * @param dir A folder of its own.
 */
export async function makeStandIns(engine: Engine, dir: string): Promise<void> {
  const base = `${dir}/debian`;
  await runWell([
    // Busybox is not Debian's habit; the images of Prometheus and Grafana have its `wget`.
    ...["debootstrap", "--variant=minbase", "--include=busybox"],
    "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg",
    ...["trixie", base, await debianMirror()],
  ]);
  await runWell(["sh", "-c", `tar -C ${base} -c . | docker import - ${DEBIAN}`], {
    env: engine.env,
  });

  /** Makes an image of Debian and some more files, by their path in it. */
  async function standIn(
    name: string,
    copies: Readonly<Record<string, string>>,
    ...instructions: readonly string[]
  ): Promise<void> {
    const context = await Deno.makeTempDir({ dir });
    for (const [path, source] of Object.entries(copies)) {
      await Deno.mkdir(dirname(context + path), { recursive: true });
      await runWell(["cp", "--archive", "--dereference", source, context + path]);
    }
    const dockerfile = `${context}.Dockerfile`;
    const text = [`FROM ${DEBIAN}`, "COPY . /", ...instructions].join("\n");
    await Deno.writeTextFile(dockerfile, text);
    await engine.docker("build", "--quiet", "--tag", name, "--file", dockerfile, context);
  }

  const cache = `${dir}/cache`;
  const deno = await fillCache(cache);
  await standIn(
    DENO_IMAGE,
    { "/usr/bin/deno": deno, "/usr/bin/denort": await getTestRuntime(), "/deno-dir": cache },
    "ENV DENO_DIR=/deno-dir DENORT_BIN=/usr/bin/denort",
  );

  const wget = { "/usr/bin/wget": `${base}/usr/bin/busybox` };
  await standIn(
    prometheus!.image,
    {
      ...wget,
      "/usr/bin/prometheus": PINNED.prometheus,
      "/usr/bin/promtool": PINNED.promtool,
    },
    "RUN install -d -o 65534 /prometheus",
    "USER 65534:65534",
    "VOLUME /prometheus",
    'ENTRYPOINT ["/usr/bin/prometheus"]',
  );
  await standIn(
    alertmanager!.image,
    {
      ...wget,
      "/usr/bin/alertmanager": builtEngine("alertmanager"),
    },
    "RUN install -d -o 65534 /alertmanager",
    "USER 65534:65534",
    "VOLUME /alertmanager",
    'ENTRYPOINT ["/usr/bin/alertmanager"]',
  );

  const start = `${dir}/run.sh`;
  await Deno.writeTextFile(start, GRAFANA, { mode: 0o755 });
  await standIn(
    grafana!.image,
    { ...wget, "/run.sh": start },
    "RUN install -d -o 472 /var/lib/grafana",
    "USER 472:0",
    "VOLUME /var/lib/grafana",
  );
}
