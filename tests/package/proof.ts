/**
 * Makes packages with the runtime for tests, and uses one as somebody who was given it. Not among
 * the tests of `deno task test`, because it takes most of a minute: `deno task test:package`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { normalize } from "node:path";
import { DIST, run, sha256 } from "../../tools/executable.ts";
import { bundledPackages } from "../../tools/bundled.ts";
import { getTestRuntime } from "../../tools/test_runtime.ts";
import { withTempDir } from "../harness/waiting.ts";
import settings from "../../deno.json" with { type: "json" };

const NAME = `tradesim-exporter-${settings.version}-linux-x64-for-tests`;
const PACKAGES = `${DIST}/package`;
const ARCHIVE = `${PACKAGES}/${NAME}.tar.gz`;
const NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs"];

/** Runs a shell's commands, with further words as $1 and so on. */
async function shell(script: string, ...words: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await run(["bash", "-euc", script, "bash", ...words]);
  assert.ok(success, `${script}\n${stdout}\n${stderr}`);
  return stdout;
}

/** Runs the task as it stands in deno.json, under a shell that was set up otherwise. */
async function makePackages(setup: string): Promise<void> {
  const [, ...args] = settings.tasks.package.command.split(" ");
  await shell(`${setup}; exec "$@"`, Deno.execPath(), ...args, "--allow-test-runtime");
}

/** The files of the archive by path, without its folder, with their SHA-256. */
async function filesOf(archive: string): Promise<ReadonlyMap<string, string>> {
  const listed = await shell(
    `tar -xzf "$1" --to-command='sha256sum | tr -d "\\n"; echo "$TAR_FILENAME"'`,
    archive,
  );
  return new Map(
    listed.trim().split("\n").map((line) => {
      const [hash = "", path = ""] = line.split(/ +-/);
      return [path.replace(`${NAME}/`, ""), hash];
    }),
  );
}

Deno.test("deno task package refuses the runtime for tests where it is not asked for", async () => {
  const runtime = await getTestRuntime();
  const [, ...args] = settings.tasks.package.command.split(" ");
  const { success, stderr } = await run([Deno.execPath(), ...args], {
    env: { DENORT_BIN: runtime },
  });
  assert.deepEqual([success, stderr.split("\n")[0]], [
    false,
    "package: error: Cannot package with DENORT_BIN: it is the runtime for tests only",
  ]);
});

Deno.test("deno task package gives the same bytes twice, and sums that are right", async () => {
  await makePackages("umask 022; export TZ=UTC");
  const sums = Deno.readTextFileSync(`${PACKAGES}/SHA256SUMS`);
  await makePackages("umask 077; export TZ=Asia/Tokyo LC_ALL=C.UTF-8");
  assert.equal(Deno.readTextFileSync(`${PACKAGES}/SHA256SUMS`), sums);
  assert.equal(
    sums,
    `${sha256(`${PACKAGES}/${NAME}.cdx.json`)}  ${NAME}.cdx.json\n` +
      `${sha256(ARCHIVE)}  ${NAME}.tar.gz\n`,
  );
});

Deno.test("deno task package lists all that is inside", async () => {
  const files = new Map(await filesOf(ARCHIVE));
  assert.equal(files.get("tradesim-exporter.cdx.json"), sha256(`${PACKAGES}/${NAME}.cdx.json`));
  files.delete("tradesim-exporter.cdx.json");
  const { components, dependencies } = JSON.parse(
    Deno.readTextFileSync(`${PACKAGES}/${NAME}.cdx.json`),
  );
  const ofType = (type: string) =>
    components.filter((one: { readonly type: string }) => one.type === type);
  const listed = ofType("file").map((
    { name, hashes }: { readonly name: string; readonly hashes: readonly { content: string }[] },
  ) => [name, hashes[0]?.content]);
  assert.deepEqual(new Map(listed), files);
  assert.deepEqual(
    ofType("library").map((one: { name: string; version: string }) => `${one.name}@${one.version}`),
    (await bundledPackages()).map(({ id }) => id),
  );
  const refs = new Set(components.map((one: { readonly "bom-ref": string }) => one["bom-ref"]));
  for (const { dependsOn } of dependencies) {
    for (const ref of dependsOn) assert.ok(refs.has(ref), ref);
  }
});

Deno.test("the READMEs of a package lead to files that are in it", async () => {
  const files = await filesOf(ARCHIVE);
  for (const path of ["README.md", "README.fr.md"]) {
    const readme = await shell(`tar -xzOf "$1" "$2/$3"`, ARCHIVE, NAME, path);
    const targets = Array.from(
      readme.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g),
      ([, target]) => target!,
    );
    assert.ok(targets.length > 5);
    for (const target of targets) assert.ok(files.has(normalize(target)), `${path}: ${target}`);
  }
});

/** A container may have no right to namespaces of its own; there the folder alone cannot be written. */
const MAY_CONFINE = (await run(["unshare", "--mount", "--net", "--pid", "--fork", "true"])).success;

/** All mounts but those of this shell are made read-only; the network is a loopback of its own. */
const CONFINED = `
ip link set lo up
mount --make-rprivate /
findmnt --raw --noheadings --output TARGET | while read -r target; do
  mount --options remount,bind,ro "$target"
done
`;

/** Runs words 2 and following in a folder, with nothing of this environment. */
const IN_FOLDER = `cd "$1"; shift; exec env --ignore-environment PATH=/usr/bin:/bin "$@"`;

Deno.test("the README's demo runs out of a package, for a user with no rights, where nothing can be written", async () => {
  await withTempDir(async (dir) => {
    const unpack =
      `chown 65534 "$1"; (cd "$1"; "$\{@:3}" tar -xz < "$2"); chown -R 0 "$1"; chmod 755 "$1"`;
    await shell(unpack, dir, ARCHIVE, ...NOBODY);
    const readme = Deno.readTextFileSync(`${dir}/${NAME}/README.md`);
    const demo = /## One executable\n[^]*?```sh\n([^]*?)```/.exec(readme)?.[1] ?? "";
    assert.match(demo, /^\.\/tradesim-exporter &\n\.\/tradesim-exporter simulate /);
    const places = MAY_CONFINE ? "here /tmp/here /dev/shm/here" : "here";
    const script = `
if touch ${places} 2> /dev/null; then echo "Something can be written"; exit 1; fi
${demo}
exec 3<> /dev/tcp/127.0.0.1/8000
printf 'GET /metrics HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3
cat <&3
kill %1
wait %1`;
    const words = [`${dir}/${NAME}`, ...NOBODY, "bash", "-euc", script];
    const said = MAY_CONFINE
      ? await shell(
        'exec unshare --mount --net --pid --fork --kill-child --mount-proc bash -euc "$@"',
        ...[CONFINED + IN_FOLDER, "bash", ...words],
      )
      : await shell(IN_FOLDER, ...words);
    assert.match(said, /^tours_completes 200$/m);
    assert.match(
      said,
      new RegExp(`^tradesim_exporter_build_info{version="${settings.version}",`, "m"),
    );
    assert.match(said, /^HTTP\/1\.[01] 200 OK\r$/m);
  });
});
