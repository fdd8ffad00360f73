/** Begins remote write as `serve` is told to, with the files that its options name. @module */

import type { Log } from "../log/mod.ts";
import { formatAddress } from "../network/mod.ts";
import { createRemoteWrite, type Labels, type RemoteWrite } from "../remote_write/mod.ts";
import { readReceiver } from "../remote_write/receiver.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { ServeOptions } from "./options.ts";

/** The labels that were given, and those by which boards and rules find games; a scrape has another instance. */
function labelsFor({ remoteWriteLabel: given, addresses: [address] }: ServeOptions): Labels {
  const labels = new Map<string, string>([["job", "tradesim"]]);
  if (address !== undefined) labels.set("instance", `${formatAddress(address)}/turns`);
  for (const [name, value] of given) labels.set(name, value);
  return [...labels];
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
    readSecrets: () => readReceiver(options),
    queue,
    queueSize: options.remoteWriteQueueSize,
    staleMarkers: options.remoteWriteStaleMarkers,
    ...{ telemetry, log },
  });
}
