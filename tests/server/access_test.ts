/** Tests of who is heard: by host, peer, token and password. @module */

import assert from "node:assert/strict";
import { createAccess } from "../../lib/server/mod.ts";
import { type AccessOptions, isHostHeader, isOwnHost } from "../../lib/server/access.ts";
import { isLoopback } from "../../lib/network/mod.ts";
import type { AuthResult, BasicAuth } from "../../lib/server/auth.ts";

Deno.test("isLoopback() knows the addresses of this machine only", () => {
  const cases: Record<string, boolean> = {
    "127.0.0.1": true,
    "127.0.0.53": true,
    "127.255.255.254": true,
    "::1": true,
    "[::1]": true,
    "localhost": true,
    "::ffff:127.0.0.1": true,
    "::FFFF:127.0.0.1": true,
    "0.0.0.0": false,
    "::": false,
    "10.0.0.1": false,
    "192.168.1.127": false,
    "128.0.0.1": false,
    "127.0.0.1.example.org": false,
    "127.example.org": false,
    "localhost.example.org": false,
    "::ffff:10.0.0.1": false,
    "::1:1": false,
    "": false,
  };
  for (const [address, expected] of Object.entries(cases)) {
    assert.equal(isLoopback(address), expected, address);
  }
});

Deno.test("isHostHeader() takes one host and nothing else", () => {
  const right = [
    "localhost",
    "localhost:8000",
    "127.0.0.1:80",
    "[::1]:8000",
    "a-b.example",
    "a_b:1",
  ];
  for (const host of [...right, null]) assert.ok(isHostHeader(host), String(host));
  const wrong = [
    ...["", "localhost/update_metrics?", "localhost?", "localhost#", "localhost, evil", "a b"],
    ...["user@localhost", "user:pw@localhost", "localhost:", "localhost:x", "localhost:1:2"],
    ...["localhost\\x", "[::1", "::1", "localhost:123456", "é.example"],
  ];
  for (const host of wrong) assert.ok(!isHostHeader(host), host);
});

Deno.test("isOwnHost() serves on a loopback address only the names of this machine", () => {
  const cases: [url: string, listening: string, boolean][] = [
    ["http://localhost:8000/", "127.0.0.1", true],
    ["http://127.0.0.1:8000/", "127.0.0.1", true],
    ["http://[::1]:8000/", "127.0.0.1", true],
    ["http://LOCALHOST/", "127.0.0.1", true],
    ["http://127.0.0.2/", "127.0.0.2", true],
    ["http://localhost/", "[::1]", true],
    ["http://localhost/", "localhost", true],
    ["http://evil.example/", "127.0.0.1", false],
    ["http://evil.example/", "[::1]", false],
    ["http://evil.example/", "localhost", false],
    ["http://localhost.evil.example/", "127.0.0.1", false],
    ["http://127.0.0.1.evil.example/", "127.0.0.1", false],
    ["http://localhost@evil.example/", "127.0.0.1", false],
    ["http://evil.example/localhost", "127.0.0.1", false],
    ["http://127.0.0.2/", "127.0.0.1", false],
    ["http://localhost./", "127.0.0.1", false],
    ["http://10.0.0.1/", "127.0.0.1", false],
    ["http://evil.example/", "0.0.0.0", true],
    ["http://exporter.lan/", "192.168.1.5", true],
  ];
  for (const [url, listening, expected] of cases) {
    assert.equal(isOwnHost(new URL(url), listening, []), expected, `${url} on ${listening}`);
  }
});

Deno.test("isOwnHost() serves under the names that are allowed, and this machine's own", () => {
  const allowed = ["Exporter", "10.0.0.1", "fd00::1"];
  const cases: [url: string, listening: string, boolean][] = [
    ["http://exporter:8000/", "0.0.0.0", true],
    ["http://EXPORTER/", "127.0.0.1", true],
    ["http://10.0.0.1/", "0.0.0.0", true],
    ["http://[fd00::1]:8000/", "::", true],
    ["http://localhost:8000/", "0.0.0.0", true],
    ["http://192.168.1.5/", "192.168.1.5", true],
    ["http://evil.example/", "0.0.0.0", false],
    ["http://exporter.evil.example/", "0.0.0.0", false],
    ["http://evil.example/", "127.0.0.1", false],
  ];
  for (const [url, listening, expected] of cases) {
    assert.equal(isOwnHost(new URL(url), listening, allowed), expected, `${url} on ${listening}`);
  }
});

const TOKEN = "a-token-of-more-than-16-letters";

/** Answers by the header itself, so that no hash is needed. */
const BASIC: BasicAuth = {
  check: (header) =>
    Promise.resolve<AuthResult>(
      header === "Basic right" ? "ok" : header === "Basic busy" ? "busy" : "wrong",
    ),
};

function request(authorization?: string): Request {
  const headers = authorization === undefined ? {} : { authorization };
  return new Request("http://localhost/", { headers });
}

const NOBODY: AccessOptions = { basicAuth: undefined, token: undefined, allowRemoteIngest: false };

/** Status and challenge; undefined: let in. */
const answer = (response: Response | undefined) =>
  response && [response.status, response.headers.get("www-authenticate")];

const PEER = "10.0.0.1";

Deno.test("toRead() lets all in without users, and else those with a password", async () => {
  const open = createAccess({ ...NOBODY, token: TOKEN });
  assert.equal(await open.toRead(request(), PEER), undefined);
  const closed = createAccess({ ...NOBODY, basicAuth: BASIC, token: TOKEN });
  const challenge = 'Basic realm="tradesim-exporter", charset="UTF-8"';
  const cases: Record<string, [string | undefined, unknown]> = {
    "nothing": [undefined, [401, challenge]],
    "wrong password": ["Basic wrong", [401, challenge]],
    "token": [`Bearer ${TOKEN}`, [401, challenge]],
    "right password": ["Basic right", undefined],
    "too many checks": ["Basic busy", [503, null]],
  };
  for (const [name, [header, expected]] of Object.entries(cases)) {
    assert.deepEqual(answer(await closed.toRead(request(header), PEER)), expected, name);
  }
  const busy = await closed.toRead(request("Basic busy"), PEER);
  assert.equal(busy?.headers.get("retry-after"), "1");
});

Deno.test("toPost() lets in this machine, and others with what was agreed", async () => {
  const basic = [401, 'Basic realm="tradesim-exporter", charset="UTF-8"'];
  const cases: Record<
    string,
    [
      Partial<AccessOptions>,
      peer: string,
      header: string | undefined,
      unknown,
    ]
  > = {
    "this machine": [{}, "127.0.0.1", undefined, undefined],
    "this machine over IPv6": [{}, "::1", undefined, undefined],
    "this machine, though others need a password": [
      { basicAuth: BASIC, token: TOKEN },
      "127.0.0.1",
      undefined,
      undefined,
    ],
    "another machine": [{}, "10.0.0.1", undefined, [403, null]],
    "a peer without an address": [{}, "", undefined, [403, null]],
    "another machine with a token that nobody set": [{}, "10.0.0.1", "Bearer undefined", [
      403,
      null,
    ]],
    "another machine, allowed": [{ allowRemoteIngest: true }, "10.0.0.1", undefined, undefined],
    "right token": [{ token: TOKEN }, "10.0.0.1", `Bearer ${TOKEN}`, undefined],
    "wrong token": [{ token: TOKEN }, "10.0.0.1", `Bearer ${TOKEN}x`, [401, "Bearer"]],
    "no token": [{ token: TOKEN }, "10.0.0.1", undefined, [401, "Bearer"]],
    "right password": [{ basicAuth: BASIC }, "10.0.0.1", "Basic right", undefined],
    "wrong password": [{ basicAuth: BASIC }, "10.0.0.1", "Basic wrong", basic],
    "password in place of the token": [
      { basicAuth: BASIC, token: TOKEN },
      "10.0.0.1",
      "Basic right",
      undefined,
    ],
    "neither": [{ basicAuth: BASIC, token: TOKEN }, "10.0.0.1", undefined, basic],
    "too many checks": [{ basicAuth: BASIC }, "10.0.0.1", "Basic busy", [503, null]],
  };
  for (const [name, [options, peer, header, expected]] of Object.entries(cases)) {
    const access = createAccess({ ...NOBODY, ...options });
    assert.deepEqual(answer(await access.toPost(request(header), peer)), expected, name);
  }
});
