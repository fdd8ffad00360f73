/** The receiver that options name, with its secrets and certificates. @module */

import { Buffer } from "node:buffer";
import type { Flags, Values } from "../cli/flag.ts";
import { readNamedFile, readUser, UsageError, VERSION } from "../cli/mod.ts";
import type { RECORDED_WRITE_FLAGS } from "./flags.ts";
import { createClient, type Secrets } from "./post.ts";

/** What options say of a receiver. */
export type ReceiverOptions = Values<typeof RECORDED_WRITE_FLAGS>;

/**
 * Refuses options that contradict each other, or do nothing.
 *
 * @param flags All flags of remote write that the command has.
 * @throws {UsageError}
 */
export function checkReceiver(flags: Flags, values: ReceiverOptions): void {
  if (values.remoteWrite === undefined) {
    const given: Readonly<Record<string, unknown>> = values;
    for (const [property, { name, defaultValue }] of Object.entries(flags)) {
      if (given[property] === defaultValue) continue;
      throw new UsageError(`Cannot use --${name} without --remote-write: expected both`);
    }
    return;
  }
  if (values.remoteWriteUserFile !== undefined && values.remoteWriteTokenFile !== undefined) {
    throw new UsageError(
      "Cannot use --remote-write.user-file together with --remote-write.token-file: expected one of them",
    );
  }
  if ((values.remoteWriteCertFile === undefined) !== (values.remoteWriteKeyFile === undefined)) {
    throw new UsageError(
      "Cannot use one of --remote-write.cert-file and --remote-write.key-file: expected both",
    );
  }
  const isTls = values.remoteWrite.startsWith("https:");
  if (!isTls && (values.remoteWriteCaFile ?? values.remoteWriteCertFile) !== undefined) {
    throw new UsageError(
      "Cannot use a certificate without TLS: expected --remote-write with a URL that begins with https://",
    );
  }
}

/** @throws {UsageError} */
function readBearer(text: string, name: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(
    `Cannot read the file of ${name}: expected one line of ASCII characters without spaces`,
  );
}

/** @throws {UsageError} When they are none, or do not belong together. */
function checkCertificates(tls: Secrets["tls"]): void {
  if (tls.ca !== undefined && !tls.ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError("Cannot use the file of --remote-write.ca-file: expected a certificate");
  }
  try {
    createClient({ direct: undefined, tls }).close();
  } catch (cause) {
    // What the cause says may show a part of the key.
    const flags = tls.cert === undefined
      ? "file of --remote-write.ca-file: expected a certificate"
      : "files of --remote-write.ca-file, --remote-write.cert-file and --remote-write.key-file: " +
        "expected certificates, and the key of the second";
    throw new UsageError(`Cannot use the ${flags}`, { cause });
  }
}

/**
 * Reads the files that options name: secrets and certificates.
 *
 * @throws {UsageError} When one cannot be read or used.
 */
export function readReceiver(options: ReceiverOptions): Secrets {
  const read = (flag: string, path: string | undefined) =>
    path === undefined ? undefined : readNamedFile(path, flag, Deno.readTextFileSync);
  const [userFlag, tokenFlag] = ["--remote-write.user-file", "--remote-write.token-file"] as const;
  const user = read(userFlag, options.remoteWriteUserFile);
  const token = read(tokenFlag, options.remoteWriteTokenFile);
  const headers: Record<string, string> = { "user-agent": `tradesim-exporter/${VERSION}` };
  if (user !== undefined) {
    const named = Buffer.from(readUser(user, userFlag));
    headers.authorization = `Basic ${named.toString("base64")}`;
  }
  if (token !== undefined) headers.authorization = `Bearer ${readBearer(token, tokenFlag)}`;
  const tls = {
    ca: read("--remote-write.ca-file", options.remoteWriteCaFile),
    cert: read("--remote-write.cert-file", options.remoteWriteCertFile),
    key: read("--remote-write.key-file", options.remoteWriteKeyFile),
  };
  checkCertificates(tls);
  return { headers, tls };
}
