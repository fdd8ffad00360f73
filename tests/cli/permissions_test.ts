/** Tests of what each command may still do, and that the rest is gone for good. @module */

import assert from "node:assert/strict";
import { neededToPlay } from "../../lib/benchmark/flags.ts";
import { KINDS } from "../../lib/cli/mod.ts";
import { COMMANDS, neededFor, readCommandLine } from "../../lib/commands/mod.ts";
import { neededToServe } from "../../lib/exporter/options.ts";

/** The kinds that are kept, by command line. */
const NEEDED: Readonly<Record<string, string>> = {
  "--help": "",
  "simulate --version": "",
  "serve": "net read sys write",
  "serve --system-interval 0": "net read write",
  "serve --state none": "net read sys",
  "serve --web.config.file web.yml": "env net read sys write",
  "serve --check-config": "read",
  "serve --check-config --web.config.file web.yml": "env read",
  "simulate --tours 1": "",
  "simulate --tours 1 --load a": "read",
  "simulate --tours 1 --save a": "write",
  "simulate --tours 1 --with-metrics": "read write",
  "simulate --tours 1 --with-metrics --publish-to http://a": "net",
  "simulate --tours 1 --with-metrics --publish-to http://a --every-turn": "net read write",
  "simulate --tours 1 --with-metrics --publish-to http://a --publish-token-file b": "net read",
  "simulate --tours 1 --with-metrics --publish-to http://a --save b": "net write",
  "simulate --status": "",
  "simulate --status --with-metrics": "",
  "simulate --status --with-metrics --publish-to http://a": "",
  "replay a": "net read sys",
  "replay a --loop --system-interval 0": "net read",
  "replay a --web.config.file web.yml": "env net read sys",
  "bench": "net read run sys write",
  "doctor": "env net read",
  "backfill a --dry-run": "read",
  "backfill a --out b --dry-run": "read",
  "backfill a --out -": "read",
  "backfill a --out b": "read run write",
  "backfill a --out b --verify http://127.0.0.1:9090": "net read run write",
  "backfill a --verify http://127.0.0.1:9090": "net read",
  "print config": "",
  "print config --out a": "read write",
};

function names(needs: object): string {
  return Object.entries(needs).filter(([, isNeeded]) => isNeeded).map(([name]) => name).sort()
    .join(" ");
}

for (const [line, needed] of Object.entries(NEEDED)) {
  Deno.test(`neededFor() of ${line} is ${needed || "nothing"}`, () => {
    const asked = readCommandLine(
      line.split(" "),
      (name) => name === "HOME" ? "/home/x" : undefined,
      () => "",
    );
    assert.equal(names(neededFor(asked)), needed);
    if (asked.command === "serve") {
      // To read the web configuration again, and to listen with other certificates.
      const kept = line.includes("web.config") ? ["env", "net", "read", "sys"] : ["read", "sys"];
      const later = needed.split(" ").filter((name) => kept.includes(name)).join(" ");
      if (!asked.options.checkConfig) assert.equal(names(neededToServe(asked.options)), later);
    }
  });
}

Deno.test("neededFor() has a case here for every command", () => {
  for (const command of Object.keys(COMMANDS)) {
    assert.ok(Object.keys(NEEDED).some((line) => line.split(" ")[0] === command), command);
  }
});

Deno.test("neededToPlay() is what the way of the reports takes", () => {
  const setup = {
    ...{ world: "default", seed: 1, sessions: 1, pace: 0, sampleEvery: 1 } as const,
    ...{ name: "a", folder: "b", url: "c", slower: 0 },
  };
  assert.equal(names(neededToPlay({ ...setup, variant: "off" })), "");
  assert.equal(names(neededToPlay({ ...setup, variant: "none" })), "");
  assert.equal(names(neededToPlay({ ...setup, variant: "journal" })), "read write");
  assert.equal(names(neededToPlay({ ...setup, variant: "http" })), "net");
});

/** Which kinds are left in a process that has all, or by name some of each, and keeps two. */
async function leftOf(flags: readonly string[]): Promise<unknown> {
  const source = `
    import { giveUpPermissions } from "${import.meta.resolve("../../lib/cli/permissions.ts")}";
    giveUpPermissions({ read: true, sys: true, write: false });
    const tries = {
      env: () => Deno.env.get("HOME"),
      net: () => Deno.listen({ hostname: "127.0.0.1", port: 0 }).close(),
      read: () => Deno.readTextFileSync("/etc/passwd"),
      run: () => new Deno.Command("true").outputSync(),
      sys: () => Deno.loadavg(),
      write: () => Deno.writeTextFileSync("/dev/null", ""),
    };
    const left = ${JSON.stringify(KINDS)}.filter((name) =>
      Deno.permissions.querySync({ name }).state === "granted");
    const works = Object.keys(tries).filter((name) => {
      try { tries[name](); return true } catch { return false }
    });
    console.log(JSON.stringify({ left, works }));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...flags, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { stdout } = await child.output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("giveUpPermissions() leaves what is needed of whatever there was, and nothing else", async () => {
  const works = ["read", "sys"];
  // With each right at first, so that what is gone was given up and not withheld.
  assert.deepEqual(await leftOf(KINDS.map((kind) => `--allow-${kind}`)), { left: works, works });
  const some = [
    ...["--allow-net=127.0.0.1", "--allow-read", "--allow-write=/dev/null,/tmp"],
    ...["--allow-env=HOME,A_*", "--allow-run=true", "--allow-sys=loadavg,cpus"],
  ];
  // Only some of a kind is less than the kind as a whole.
  assert.deepEqual(await leftOf(some), { left: ["read"], works });
});
