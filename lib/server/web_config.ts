/** Reads the web configuration file of the Prometheus exporter toolkit: TLS, headers, users. @module */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { dirname, isAbsolute, join } from "node:path";
import { parseDocument } from "yaml";
import * as z from "zod";
import { UserError } from "../error/mod.ts";

/** What the web configuration file asks of the server. */
export interface WebConfig {
  /** Certificate chain and key as PEM, ready for `Deno.serve`. Undefined: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Headers that every response carries, by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bcrypt hashes by user name. Empty: no login is required. */
  readonly users: Readonly<Record<string, string>>;
}

/** A web configuration or a token that cannot be used. Its message holds no secret. */
export class WebConfigError extends UserError {}

// The forms that bcrypt itself writes: the last characters of salt and digest have unused bits,
// which are zero, and a hash where they are not never matches.
const BCRYPT_HASH =
  /^\$2[aby]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]$/;

/** Quotes a name or value of the file, unless it may be a hash or a key put in the wrong place. */
function show(value: unknown): string {
  if (typeof value !== "string") return "no plain value";
  return /^[^$\p{Cc}]{0,40}$/u.test(value) ? JSON.stringify(value) : "a value not shown here";
}

const cannotHonour = z.never({
  error: "is set, expected no such key because this exporter cannot honour it",
}).optional();

/** One of few values: what Deno's server does anyway, or cannot do otherwise. */
function only(values: readonly [string, ...string[]], otherwise = "") {
  return z.enum(values, {
    error: ({ input }) => `is ${show(input)}, expected ${values.join(" or ")}${otherwise}`,
  }).optional();
}

const NOTHING_ELSE = " because this exporter cannot honour anything else";

const filled = z.string({ error: "is no plain value, expected text" })
  .min(1, { error: "is empty, expected text" }).optional();

// A header cannot contain a line break, which a YAML block leaves at its end.
const headerValue = z.string({ error: "is no plain value, expected text" }).trim()
  .regex(/^[\x20-\x7e]*$/, { error: "has characters unfit for a header, expected ASCII in a line" })
  .optional();

/** A part of the file, or a header. One without any content counts as absent, as in the toolkit. */
function section<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => value === "" ? undefined : value, schema.optional());
}

const schema = z.strictObject({
  tls_server_config: section(z.strictObject({
    cert: filled,
    key: filled,
    cert_file: filled,
    key_file: filled,
    min_version: only(["TLS12"], NOTHING_ELSE),
    max_version: only(["TLS13"], NOTHING_ELSE),
    client_auth_type: only(["NoClientCert"], NOTHING_ELSE),
    client_ca: cannotHonour,
    client_ca_file: cannotHonour,
    client_allowed_sans: cannotHonour,
    cipher_suites: cannotHonour,
    prefer_server_cipher_suites: cannotHonour,
    curve_preferences: cannotHonour,
  })),
  http_server_config: section(z.strictObject({
    http2: only(["true"], NOTHING_ELSE),
    headers: section(z.strictObject({
      "Content-Security-Policy": headerValue,
      "X-Frame-Options": section(only(["deny", "sameorigin"])),
      "X-Content-Type-Options": section(only(["nosniff"])),
      "X-XSS-Protection": headerValue,
      "Strict-Transport-Security": headerValue,
    })),
  })),
  // Read by hand: a zod record drops a user named __proto__, and with it the need to log in.
  basic_auth_users: section(
    z.custom<Record<string, unknown>>(
      (value) => typeof value === "object" && value !== null && !Array.isArray(value),
      { error: "is no mapping, expected users with their bcrypt hashes" },
    ),
  ),
  rate_limit: cannotHonour,
});

type TlsSection = NonNullable<z.infer<typeof schema>["tls_server_config"]>;

/** Describes what is wrong, and where, without quoting secret values. */
function describe(issue: z.core.$ZodIssue): string {
  const path = [...issue.path];
  let problem = issue.message;
  if (issue.code === "unrecognized_keys") {
    path.push(show(issue.keys[0]));
    problem = "is unknown, expected only keys of the exporter toolkit";
  } else if (issue.code === "invalid_type" && issue.expected === "object") {
    problem = "is no mapping, expected keys with values";
  }
  return `${path.length === 0 ? "the file" : path.join(".")} ${problem}`;
}

/** What is wrong with a file. */
class Fault extends Error {}

/** How files are read that the web configuration names. */
interface Files {
  /** The path of one, whose name is relative to the web configuration's folder. */
  readonly locate: (file: string) => string;
  readonly read: (path: string) => string;
}

function readYaml(text: string): unknown {
  // Failsafe makes all values text, as written: a user may be called 007, a header be 0. The
  // parser's messages quote the file and its secrets, so only position and kind are reported.
  const document = parseDocument(text, { schema: "failsafe", stringKeys: true });
  const wrong = [...document.errors, ...document.warnings][0];
  if (wrong !== undefined) {
    const kind = wrong.code.toLowerCase().replaceAll("_", " ");
    const line = wrong.linePos?.[0].line ?? 1;
    throw new Fault(`line ${line} has the error "${kind}", expected valid YAML`);
  }
  try {
    return document.toJS() ?? {};
  } catch {
    throw new Fault("an alias has no anchor or is used too often, expected valid YAML");
  }
}

type Part = "cert" | "key";

function readPem(tls: TlsSection, part: Part, files: Files): string {
  const inline = tls[part];
  const file = tls[`${part}_file`];
  if ((inline === undefined) === (file === undefined)) {
    const found = inline === undefined ? "neither" : "both";
    throw new Fault(
      `tls_server_config has ${found} of ${part} and ${part}_file, expected one of them`,
    );
  }
  if (file === undefined) return inline ?? "";
  const path = files.locate(file);
  try {
    return files.read(path);
  } catch (error) {
    const kind = error instanceof Error ? error.name : "unknown error";
    throw new Fault(
      `tls_server_config.${part}_file "${path}" cannot be read (${kind}), expected a PEM file`,
      { cause: error },
    );
  }
}

/** Wrong ones would stop Deno.serve too, but later and with no word on where they come from. */
function parsePem<T>(tls: TlsSection, part: Part, expected: string, read: () => T): T {
  try {
    return read();
  } catch {
    const name = tls[part] === undefined ? `${part}_file` : part;
    throw new Fault(`tls_server_config.${name} cannot be understood, expected ${expected}`);
  }
}

function readTls(tls: TlsSection, files: Files): WebConfig["tls"] {
  const cert = readPem(tls, "cert", files);
  const key = readPem(tls, "key", files);
  const certificate = parsePem(
    tls,
    "cert",
    "a PEM certificate",
    () => new X509Certificate(cert),
  );
  const privateKey = parsePem(tls, "key", "an unencrypted PEM key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Fault(
      "the key in tls_server_config is another's, expected the key of the certificate",
    );
  }
  return { cert, key };
}

function readUsers(users: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(users).map(([user, hash]) => {
      if (user === "" || user.includes(":")) {
        throw new Fault(
          `basic_auth_users has the user ${show(user)}, expected a name without a colon`,
        );
      }
      if (typeof hash !== "string" || !BCRYPT_HASH.test(hash)) {
        throw new Fault(
          `the password of ${show(user)} in basic_auth_users is not a bcrypt hash, ` +
            "expected one of cost 4 to 31 that starts with $2a$, $2b$ or $2y$",
        );
      }
      return [user, hash];
    }),
  );
}

function configOf(value: unknown, files: Files): WebConfig {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    throw new Fault(first === undefined ? "it is not right" : describe(first));
  }
  const { tls_server_config, http_server_config = {}, basic_auth_users = {} } = parsed.data;
  if (http_server_config.http2 !== undefined && tls_server_config === undefined) {
    throw new Fault(
      'http_server_config.http2 is "true" without TLS, expected tls_server_config beside it',
    );
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(http_server_config.headers ?? {})) {
    if (value) headers[name] = value; // The toolkit has a blank one unset.
  }
  return {
    tls: tls_server_config && readTls(tls_server_config, files),
    headers,
    users: readUsers(basic_auth_users),
  };
}

/**
 * Reads the text of the file at `path`. Unlike the toolkit, which reads it at every request, the
 * result stands until the program starts again. File names in it are relative to its folder.
 *
 * @throws {WebConfigError} When the file is not right, or asks for what `Deno.serve` cannot do.
 */
export function readWebConfig(
  text: string,
  path: string,
  readFile: (path: string) => string,
): WebConfig {
  try {
    const locate = (file: string) => isAbsolute(file) ? file : join(dirname(path), file);
    return configOf(readYaml(text), { locate, read: readFile });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new WebConfigError(`Cannot read "${path}": ${error.message}`, { cause: error.cause });
  }
}
