/** Tests of the web configuration file. @module */

import assert from "node:assert/strict";
import { join } from "node:path";
import { hashSync } from "bcryptjs";
import { readWebConfig, type WebConfig, WebConfigError } from "../../lib/server/mod.ts";

const HASH = hashSync("secret", 4);
const NO_TLS = { tls: undefined, headers: {}, users: {} };

function openssl(...args: string[]): boolean {
  try {
    return new Deno.Command("openssl", { args, stdout: "null", stderr: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
}

const withoutOpenssl = !openssl("version");

interface Pems {
  readonly folder: string;
  readonly cert: string;
  readonly key: string;
  readonly otherKey: string;
  readonly encryptedKey: string;
}

/** Makes a certificate for localhost, and keys, in a folder that is removed afterwards. */
async function withPems(use: (pems: Pems) => void | Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    const file = (name: string) => join(folder, name);
    const read = (name: string) => Deno.readTextFileSync(file(name));
    const curve = ["-pkeyopt", "ec_paramgen_curve:P-256"];
    const extensions = ["subjectAltName=DNS:localhost,IP:127.0.0.1", "basicConstraints=CA:FALSE"];
    const made = openssl(
      ...["req", "-x509", "-newkey", "ec", ...curve, "-nodes", "-days", "2"],
      ...["-keyout", file("key.pem"), "-out", file("cert.pem"), "-subj", "/CN=localhost"],
      ...extensions.flatMap((extension) => ["-addext", extension]),
    );
    assert.ok(made);
    const key = ["genpkey", "-algorithm", "EC", ...curve];
    assert.ok(openssl(...key, "-out", file("other.pem")));
    assert.ok(openssl(...key, "-aes128", "-pass", "pass:secret", "-out", file("encrypted.pem")));
    await use({
      folder,
      cert: read("cert.pem"),
      key: read("key.pem"),
      otherKey: read("other.pem"),
      encryptedKey: read("encrypted.pem"),
    });
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function noFile(path: string): string {
  throw new Deno.errors.NotFound(`No such file: ${path}`);
}

function problemOf(text: string, readFile = noFile): string {
  try {
    readWebConfig(text, "conf/web.yml", readFile);
  } catch (error) {
    assert.ok(error instanceof WebConfigError, String(error));
    const start = 'Cannot read "conf/web.yml": ';
    assert.ok(error.message.startsWith(start), error.message);
    assert.doesNotMatch(error.message, /\n/);
    return error.message.slice(start.length);
  }
  throw new assert.AssertionError({ message: `accepted:\n${text}` });
}

/** A PEM text as a block of YAML, at the depth of a key in a section. */
const block = (pem: string) => `|\n${pem.trimEnd().replaceAll(/^/gm, "    ")}`;

Deno.test("readWebConfig() reads what needs no certificate", () => {
  const cases: Record<string, [string, WebConfig]> = {
    "empty file": ["", NO_TLS],
    "comments only": ["# nothing yet\n", NO_TLS],
    "empty sections": [
      "tls_server_config:\nhttp_server_config:\n  headers:\nbasic_auth_users:\n",
      NO_TLS,
    ],
    "users": [
      `basic_auth_users:\n  alice: ${HASH}\n  "bob": '${HASH.replace("$2b$", "$2y$")}'\n`,
      { ...NO_TLS, users: { alice: HASH, bob: HASH.replace("$2b$", "$2y$") } },
    ],
    "users that look like other YAML": [
      `basic_auth_users:\n  007: ${HASH}\n  yes: ${HASH}\n  null: ${HASH}\n  0x10: ${HASH}\n`,
      { ...NO_TLS, users: { "007": HASH, yes: HASH, null: HASH, "0x10": HASH } },
    ],
    "hash by alias": [
      `basic_auth_users:\n  a: &hash ${HASH}\n  b: *hash\n`,
      { ...NO_TLS, users: { a: HASH, b: HASH } },
    ],
    "headers": [
      "http_server_config:\n  headers:\n    Content-Security-Policy: >\n      default-src 'self';\n" +
      "      img-src *\n    X-Frame-Options: sameorigin\n    X-Content-Type-Options: nosniff\n" +
      "    X-XSS-Protection: 0\n    Strict-Transport-Security: max-age=31536000\n",
      {
        ...NO_TLS,
        headers: {
          "Content-Security-Policy": "default-src 'self'; img-src *",
          "X-Frame-Options": "sameorigin",
          "X-Content-Type-Options": "nosniff",
          "X-XSS-Protection": "0",
          "Strict-Transport-Security": "max-age=31536000",
        },
      },
    ],
    "blank headers, which are unset": [
      'http_server_config:\n  headers:\n    X-Frame-Options: ""\n    X-XSS-Protection:\n',
      NO_TLS,
    ],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    assert.deepEqual(readWebConfig(text, "web.yml", noFile), expected, name);
  }
});

Deno.test("readWebConfig() keeps a user named __proto__", () => {
  const { users } = readWebConfig(`basic_auth_users: {__proto__: ${HASH}}`, "web.yml", noFile);
  assert.deepEqual(Object.entries(users), [["__proto__", HASH]]);
});

Deno.test("readWebConfig() refuses YAML that is not right", () => {
  const cases: Record<string, [string, RegExp]> = {
    "syntax": ["basic_auth_users: {", /^line 1 has the error ".+", expected valid YAML$/],
    "tab": ["basic_auth_users:\n\ta: b", /^line 2 has the error "tab as indent"/],
    "duplicate key": [
      `basic_auth_users:\n  a: ${HASH}\n  a: ${HASH}`,
      /^line 3 has the error "duplicate key"/,
    ],
    "two documents": ["rate_limit:\n---\nrate_limit:", /^line 2 has the error "multiple docs"/],
    "unknown tag": ["basic_auth_users: !!python/object x", /"tag resolve failed"/],
    "key that is no text": [`basic_auth_users: {[a]: ${HASH}}`, /"non string key"/],
    "alias without anchor": ["basic_auth_users: *a", /^an alias has no anchor/],
    "list": ["- basic_auth_users", /^the file is no mapping, expected keys with values$/],
    "text": ["basic_auth_users", /^the file is no mapping/],
    "section of text": ["tls_server_config: on", /^tls_server_config is no mapping/],
    "section of a list": ["http_server_config: [http2]", /^http_server_config is no mapping/],
    "users in a list": ["basic_auth_users: [a]", /^basic_auth_users is no mapping/],
    "user without a space": ["basic_auth_users:\n  a:b", /^basic_auth_users is no mapping/],
    "unknown section": ["basic_auth:\n", /^"basic_auth" is unknown, expected only keys of/],
    "section named __proto__": ["__proto__: {}", /^"__proto__" is unknown/],
    "unknown key": [
      "tls_server_config: {certfile: a}",
      /^tls_server_config\."certfile" is unknown/,
    ],
    "other header": [
      "http_server_config: {headers: {X-Other: a}}",
      /^http_server_config\.headers\."X-Other" is unknown/,
    ],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    assert.match(problemOf(text), expected, name);
  }
});

Deno.test("readWebConfig() refuses by name what it cannot honour", () => {
  const keys: Record<string, string> = {
    "tls_server_config.client_ca": "pem",
    "tls_server_config.client_ca_file": "ca.pem",
    "tls_server_config.client_allowed_sans": "[a]",
    "tls_server_config.cipher_suites": "[]",
    "tls_server_config.prefer_server_cipher_suites": "true",
    "tls_server_config.curve_preferences": "[X25519]",
    "tls_server_config.min_version": "TLS13",
    "tls_server_config.max_version": "TLS12",
    "tls_server_config.client_auth_type": "RequireAndVerifyClientCert",
    "http_server_config.http2": "false",
    "rate_limit": "{interval: 1s, burst: 5}",
  };
  for (const [name, value] of Object.entries(keys)) {
    const [section = "", key] = name.split(".");
    const text = key === undefined ? `${section}: ${value}` : `${section}: {${key}: ${value}}`;
    const problem = problemOf(text);
    assert.ok(problem.startsWith(`${name} is `), problem);
    assert.match(problem, /because this exporter cannot honour/, name);
  }
});

Deno.test("readWebConfig() says what a value is and what was expected", () => {
  const cases: Record<string, [string, string]> = {
    "version": [
      "tls_server_config: {min_version: TLS10}",
      'tls_server_config.min_version is "TLS10", expected TLS12 ' +
      "because this exporter cannot honour anything else",
    ],
    "frame option": [
      "http_server_config: {headers: {X-Frame-Options: DENY}}",
      'http_server_config.headers.X-Frame-Options is "DENY", expected deny or sameorigin',
    ],
    "content type option": [
      "http_server_config: {headers: {X-Content-Type-Options: sniff}}",
      'http_server_config.headers.X-Content-Type-Options is "sniff", expected nosniff',
    ],
    "header with a line break": [
      'http_server_config: {headers: {X-XSS-Protection: "0\\nSet-Cookie: a"}}',
      "http_server_config.headers.X-XSS-Protection has characters unfit for a header, " +
      "expected ASCII in a line",
    ],
    "HTTP/2 without TLS": [
      "http_server_config: {http2: true}",
      'http_server_config.http2 is "true" without TLS, expected tls_server_config beside it',
    ],
    "empty file name": [
      'tls_server_config: {cert_file: ""}',
      "tls_server_config.cert_file is empty, expected text",
    ],
    "no certificate": [
      "tls_server_config: {}",
      "tls_server_config has neither of cert and cert_file, expected one of them",
    ],
    "no key": [
      "tls_server_config: {cert: a}",
      "tls_server_config has neither of key and key_file, expected one of them",
    ],
    "two certificates": [
      "tls_server_config: {cert: a, cert_file: b, key: c}",
      "tls_server_config has both of cert and cert_file, expected one of them",
    ],
    "two keys": [
      "tls_server_config: {cert: a, key: b, key_file: c}",
      "tls_server_config has both of key and key_file, expected one of them",
    ],
    "missing file": [
      "tls_server_config: {cert_file: a.pem, key_file: /b.pem}",
      'tls_server_config.cert_file "conf/a.pem" cannot be read (NotFound), expected a PEM file',
    ],
    "certificate that is none": [
      "tls_server_config: {cert: a, key: b}",
      "tls_server_config.cert cannot be understood, expected a PEM certificate",
    ],
    "user without name": [
      `basic_auth_users: {"": ${HASH}}`,
      'basic_auth_users has the user "", expected a name without a colon',
    ],
    "user that no header can name": [
      `basic_auth_users: {"a:b": ${HASH}}`,
      'basic_auth_users has the user "a:b", expected a name without a colon',
    ],
  };
  for (const [name, [text, expected]] of Object.entries(cases)) {
    assert.equal(problemOf(text), expected, name);
  }
});

Deno.test("readWebConfig() takes bcrypt hashes and nothing else, and never quotes one", () => {
  const withCost = (cost: string) => `$2b$${cost}$${HASH.slice(7)}`;
  for (const hash of [HASH, withCost("31"), `$2a${HASH.slice(3)}`]) {
    const { users } = readWebConfig(`basic_auth_users: {a: ${hash}}`, "web.yml", noFile);
    assert.deepEqual(users, { a: hash });
  }
  const cases: Record<string, string> = {
    "nothing": "",
    "password": "secret",
    "other algorithm": "$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ",
    "prefix of a buggy version": `$2x${HASH.slice(3)}`,
    "cost too low": withCost("03"),
    "cost too high": withCost("32"),
    "cost of one digit": withCost("4"),
    "cut off": HASH.slice(0, -1),
    "too long": `${HASH}a`,
    "character outside the alphabet": `${HASH.slice(0, -2)}+.`,
    "unused bits of the salt set": `${HASH.slice(0, 28)}a${HASH.slice(29)}`,
    "unused bits of the digest set": `${HASH.slice(0, -1)}z`,
  };
  for (const [name, hash] of Object.entries(cases)) {
    const problem = problemOf(`basic_auth_users: {alice: "${hash}"}`);
    assert.equal(
      problem,
      'the password of "alice" in basic_auth_users is not a bcrypt hash, ' +
        "expected one of cost 4 to 31 that starts with $2a$, $2b$ or $2y$",
      name,
    );
  }
});

Deno.test("readWebConfig() quotes no secret that stands in the wrong place", () => {
  const texts: Record<string, string> = {
    "as a user": `basic_auth_users: {${HASH}: alice}`,
    "as a key": `tls_server_config: {"${HASH}": alice}`,
    "as a section": `"${HASH}": alice`,
    "in part, as a key": `tls_server_config: {"${HASH.slice(0, 30)}": alice}`,
    "as a value": `tls_server_config: {min_version: "${HASH}"}`,
    "as an alias": `basic_auth_users: {a: *${HASH.replaceAll(/[^\w$]/g, "")}}`,
    "as a tag": `basic_auth_users: {a: !${HASH.replaceAll(/[^\w$]/g, "")} b}`,
    "before a syntax error": `basic_auth_users: {a: "${HASH}`,
    "in the file": HASH,
  };
  for (const [name, text] of Object.entries(texts)) {
    const problem = problemOf(text);
    assert.ok(!problem.includes(HASH.slice(10, 20)), `${name}: ${problem}`);
  }
});

Deno.test({
  name: "readWebConfig() reads certificate and key, inline or beside the file",
  ignore: withoutOpenssl,
  fn: () =>
    withPems(({ folder, cert, key }) => {
      const expected = { ...NO_TLS, tls: { cert, key } };
      const certFile = join(folder, "cert.pem");
      const cases: Record<string, string> = {
        "relative files": "tls_server_config: {cert_file: cert.pem, key_file: ./key.pem}",
        "absolute and relative": `tls_server_config: {cert_file: '${certFile}', key_file: key.pem}`,
        "inline": `tls_server_config:\n  cert: ${block(cert)}\n  key: ${block(key)}\n`,
        "one inline": `tls_server_config:\n  cert: ${block(cert)}\n  key_file: key.pem\n`,
        "with all that is honoured":
          "tls_server_config: {cert_file: cert.pem, key_file: key.pem, " +
          "min_version: TLS12, max_version: TLS13, client_auth_type: NoClientCert}\n" +
          "http_server_config: {http2: true}",
      };
      for (const [name, text] of Object.entries(cases)) {
        const read = readWebConfig(text, join(folder, "web.yml"), Deno.readTextFileSync);
        assert.deepEqual(read, expected, name);
      }
    }),
});

Deno.test({
  name: "readWebConfig() refuses a key that does not fit, without quoting it",
  ignore: withoutOpenssl,
  fn: () =>
    withPems(({ cert, key, otherKey, encryptedKey }) => {
      const text = "tls_server_config: {cert_file: cert, key_file: key}";
      const understood = "cannot be understood, expected";
      const cases: Record<string, [string, string, string]> = {
        "of another certificate": [
          cert,
          otherKey,
          "the key in tls_server_config is another's, expected the key of the certificate",
        ],
        "encrypted": [
          cert,
          encryptedKey,
          `tls_server_config.key_file ${understood} an unencrypted PEM key`,
        ],
        "certificate instead": [
          cert,
          cert,
          `tls_server_config.key_file ${understood} an unencrypted PEM key`,
        ],
        "swapped": [
          key,
          cert,
          `tls_server_config.cert_file ${understood} a PEM certificate`,
        ],
      };
      for (const [name, [certPem, keyPem, expected]] of Object.entries(cases)) {
        const readFile = (path: string) => path.endsWith("cert") ? certPem : keyPem;
        assert.equal(problemOf(text, readFile), expected, name);
      }
    }),
});

Deno.test({
  name: "readWebConfig() gives settings that Deno.serve answers over TLS with",
  ignore: withoutOpenssl,
  fn: () =>
    withPems(async ({ folder, cert }) => {
      const text = "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n" +
        "http_server_config: {headers: {X-Frame-Options: deny}}";
      const { tls, headers } = readWebConfig(
        text,
        join(folder, "web.yml"),
        Deno.readTextFileSync,
      );
      assert.ok(tls);
      const server = Deno.serve(
        { hostname: "127.0.0.1", port: 0, onListen() {}, ...tls },
        () => new Response("over TLS", { headers }),
      );
      const trusting = Deno.createHttpClient({ caCerts: [cert] });
      const distrusting = Deno.createHttpClient({});
      try {
        const url = `https://127.0.0.1:${server.addr.port}/`;
        const response = await fetch(url, { client: trusting });
        assert.equal(await response.text(), "over TLS");
        assert.equal(response.headers.get("x-frame-options"), "deny");
        await assert.rejects(fetch(url, { client: distrusting }), TypeError);
      } finally {
        trusting.close();
        distrusting.close();
        await server.shutdown();
      }
    }),
});
