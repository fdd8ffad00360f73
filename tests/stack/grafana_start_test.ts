/** Tests the script that starts Grafana in its container, without Grafana. @module */

import assert from "node:assert/strict";
import { withTempDir } from "../harness/waiting.ts";

const SCRIPT = Deno.readTextFileSync(new URL("../../grafana/start.sh", import.meta.url));
/** The script with a program in Grafana's place that says what it was told. */
const TELLING = SCRIPT.replace("exec /run.sh", "exec env");
const SHOWN = /^Grafana's user is admin, the password (\S+)$/m;

async function start(data: string, env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", TELLING, "start.sh"],
    clearEnv: true,
    env: {
      PATH: Deno.env.get("PATH") ?? "",
      GF_PATHS_DATA: data,
      GF_SECURITY_ADMIN_PASSWORD: "",
      TRADESIM_LANG: "fr",
      ...env,
    },
  }).output();
  const [told, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return {
    code,
    error,
    text: told!,
    shown: SHOWN.exec(told!)?.[1],
    password: /^GF_SECURITY_ADMIN_PASSWORD=(.*)$/m.exec(told!)?.[1] ?? "",
    language: /^GF_USERS_DEFAULT_LANGUAGE=(.*)$/m.exec(told!)?.[1],
    anonymous: /^GF_AUTH_ANONYMOUS_ENABLED=(.*)$/m.exec(told!)?.[1],
  };
}

Deno.test("start.sh makes a password once, shows it once and keeps it for itself", async () => {
  await withTempDir(async (data) => {
    const first = await start(data);
    assert.deepEqual([first.code, first.error], [0, ""]);
    assert.match(first.password, /^[\w-]{24}$/);
    assert.equal(first.shown, first.password);
    const file = `${data}/admin_password`;
    assert.equal(Deno.readTextFileSync(file), `${first.password}\n`);
    assert.equal(Deno.statSync(file).mode! & 0o777, 0o600);

    Deno.writeTextFileSync(`${data}/grafana.db`, "");
    const second = await start(data);
    assert.deepEqual([second.shown, second.password], [undefined, first.password]);
  });
});

Deno.test("start.sh drops the end of the line behind a password", async () => {
  await withTempDir(async (data) => {
    const told = await start(data, { GF_SECURITY_ADMIN_PASSWORD: "of a secret\n" });
    assert.deepEqual([told.code, told.password], [0, "of a secret"]);
    assert.ok(!told.text.includes("of a secret\n\n"), "one end of a line is that of env");
    const empty = await start(data, { GF_SECURITY_ADMIN_PASSWORD: "\n" });
    assert.match(empty.password, /^[\w-]{24}$/);
  });
});

Deno.test("start.sh shows no password where the admin has the one that .env had", async () => {
  await withTempDir(async (data) => {
    const first = await start(data, { GF_SECURITY_ADMIN_PASSWORD: "of .env" });
    assert.deepEqual([first.shown, first.password], [undefined, "of .env"]);

    Deno.writeTextFileSync(`${data}/grafana.db`, "");
    const second = await start(data);
    assert.equal(second.shown, undefined);
    // Not Grafana's own "admin", whatever the database holds.
    assert.match(second.password, /^[\w-]{24}$/);
    assert.deepEqual(Array.from(Deno.readDirSync(data), ({ name }) => name), ["grafana.db"]);
  });
});

Deno.test("start.sh lets nobody look without a password who may come from another machine", async () => {
  await withTempDir(async (data) => {
    const anonymous = async (address: string) =>
      (await start(data, { GRAFANA_ADDRESS: address })).anonymous;
    assert.equal(await anonymous("127.0.0.1"), "true");
    assert.equal(await anonymous("0.0.0.0"), "false");
    assert.equal(await anonymous("192.0.2.7"), "false");
  });
});

Deno.test("start.sh takes the languages of the boards, and no other", async () => {
  await withTempDir(async (data) => {
    assert.equal((await start(data)).language, "fr-FR");
    assert.equal((await start(data, { TRADESIM_LANG: "en" })).language, "en-US");
    const { code, error } = await start(data, { TRADESIM_LANG: "de" });
    assert.equal(code, 2);
    assert.match(error!, /^Cannot start Grafana with TRADESIM_LANG=de: expected fr or en\n/);
  });
});
