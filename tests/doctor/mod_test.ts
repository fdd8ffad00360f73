/** Tests of the walk along the chain, with an exporter that is not ours or not there. @module */

import assert from "node:assert/strict";
import { type Configuration, doctor, type DoctorOptions, LINKS } from "../../lib/doctor/mod.ts";
import { localUrl } from "../../lib/doctor/inquiry.ts";
import { CONFIGURATION, NOW } from "./inquiries.ts";

const OPTIONS: DoctorOptions = {
  url: undefined,
  follow: [],
  prometheus: undefined,
  grafana: undefined,
  until: "grafana",
  json: false,
};

async function run(
  options: Partial<DoctorOptions>,
  configuration: Configuration | { readonly problem: string } = CONFIGURATION,
): Promise<{ code: number; output: string }> {
  let output = "";
  const code = await doctor({ ...OPTIONS, ...options }, {
    configure: () => configuration,
    user: undefined,
    write: (text) => output += text,
    command: "deno task",
    now: () => NOW,
  });
  return { code, output };
}

Deno.test("doctor() says a line for each link, a remedy for the first broken one, and looks no further", async () => {
  const { code, output } = await run({}, { problem: "Cannot read --port\u0007 x" });
  assert.equal(code, 1);
  assert.equal(
    output,
    `FAIL configuration  the exporter would not start: Cannot read --port\\u0007 x
remedy: fix the configuration; tradesim-exporter --check-config reports the same
skip port           not checked
skip exporter       not checked
skip metrics        not checked
skip file           not checked
skip simulation     not checked
skip prometheus     not checked
skip grafana        not checked
`,
  );
});

Deno.test("doctor() writes no character as JSON that a terminal obeys, and the text stays what it is", async () => {
  const problem = "a\u202eb\u009bc\u2028d\u{e0041}";
  const { output } = await run({ json: true, until: "port" }, { problem });
  assert.doesNotMatch(output, /(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
  assert.equal(JSON.parse(output).links[0].text, `the exporter would not start: ${problem}`);
});

Deno.test("doctor() gives the same as JSON", async () => {
  const { code, output } = await run({ json: true, until: "port" }, { problem: "Wrong" });
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse(output), {
    ok: false,
    links: [
      {
        link: "configuration",
        state: "FAIL",
        text: "the exporter would not start: Wrong",
        remedy: "fix the configuration; tradesim-exporter --check-config reports the same",
      },
      { link: "port", state: "skip", text: "not checked" },
    ],
  });
});

Deno.test("doctor() looks no further than it is asked to", async () => {
  for (const [index, until] of LINKS.entries()) {
    const { output } = await run({ until }, { problem: "Wrong" });
    const links = output.split("\n").map((line) => line.split(/ +/)[1])
      .filter((name) => (LINKS as readonly string[]).includes(name ?? ""));
    assert.deepEqual(links, LINKS.slice(0, index + 1));
  }
  assert.deepEqual(await run({ until: "configuration" }), {
    code: 0,
    output: "ok   configuration  can be read\n",
  });
});

Deno.test("doctor() needs a URL where the configuration names no port", async () => {
  const configuration = { ...CONFIGURATION, address: { hostname: "::", port: 0 } };
  const { code, output } = await run({ until: "configuration" }, configuration);
  assert.equal(code, 1);
  assert.match(output, /^FAIL configuration .*\nremedy: set --url to .*\n$/);
  const named = await run({ until: "configuration", url: "http://a/" }, configuration);
  assert.equal(named.code, 0);
});

Deno.test("localUrl() is an address that can be connected to", () => {
  const at = (hostname: string, certificate?: string) =>
    localUrl({ ...CONFIGURATION, address: { hostname, port: 8000 }, certificate });
  assert.deepEqual(
    [at("127.0.0.1"), at("0.0.0.0"), at("::"), at("::1"), at("a.example", "PEM")],
    [
      "http://127.0.0.1:8000",
      "http://127.0.0.1:8000",
      "http://[::1]:8000",
      "http://[::1]:8000",
      "https://a.example:8000",
    ],
  );
});
