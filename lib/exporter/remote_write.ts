/** Begins remote write as `serve` is told to, with the files that its options name. @module */

import { Buffer } from "node:buffer";
import { readNamedFile, readUser, UsageError, VERSION } from "../cli/mod.ts";
import type { Log } from "../log/mod.ts";
import { formatAddress } from "../network/mod.ts";
import { createRemoteWrite, type Labels, type RemoteWrite } from "../remote_write/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { ServeOptions } from "./options.ts";

/** @throws {UsageError} */
function readBearer(text: string, name: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError(
    `Cannot read the file of ${name}: expected one line of ASCII characters without spaces`,
  );
}

/** The labels that were given, and those by which boards and rules find games; a scrape has another instance. */
function labelsFor({ remoteWriteLabel: given, addresses: [address] }: ServeOptions): Labels {
  const labels = new Map<string, string>([["job", "tradesim"]]);
  if (address !== undefined) labels.set("instance", `${formatAddress(address)}/turns`);
  for (const [name, value] of given) labels.set(name, value);
  return [...labels];
}

/**
 * Reads the files that options name: secrets and certificates.
 *
 * @throws {UsageError} When one cannot be read or used.
 */
export function readRemoteWrite(options: ServeOptions) {
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
  return {
    headers,
    tls: {
      ca: read("--remote-write.ca-file", options.remoteWriteCaFile),
      cert: read("--remote-write.cert-file", options.remoteWriteCertFile),
      key: read("--remote-write.key-file", options.remoteWriteKeyFile),
    },
  };
}

/**
 * Begins remote write, if it is asked for.
 *
 * @throws {UsageError | RemoteWriteError} When a file cannot be read or used.
 */
export function startRemoteWrite(
  options: ServeOptions,
  { log, telemetry }: { readonly log: Log; readonly telemetry: Telemetry },
): RemoteWrite | undefined {
  const { remoteWrite: url, remoteWriteQueue: queue } = options;
  if (url === undefined || queue === undefined) return undefined;
  return createRemoteWrite({
    url,
    protocol: options.remoteWriteProtocol,
    labels: labelsFor(options),
    ...readRemoteWrite(options),
    queue,
    queueSize: options.remoteWriteQueueSize,
    staleMarkers: options.remoteWriteStaleMarkers,
    ...{ telemetry, log },
  });
}
