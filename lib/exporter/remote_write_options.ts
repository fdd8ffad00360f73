/** What options of remote write mean together. @module */

import { resolve } from "node:path";
import type { Values } from "../cli/flag.ts";
import type { Environment } from "../cli/layers.ts";
import { UsageError } from "../cli/usage_error.ts";
import { REMOTE_WRITE_FLAGS } from "./remote_write_flags.ts";
import { defaultStatePath } from "./state_path.ts";

type RemoteWriteValues = Values<typeof REMOTE_WRITE_FLAGS>;

/**
 * Refuses options that contradict each other, or do nothing.
 *
 * @throws {UsageError}
 */
export function checkRemoteWrite(values: RemoteWriteValues): void {
  if (values.remoteWrite === undefined) {
    for (const [property, { name, defaultValue }] of Object.entries(REMOTE_WRITE_FLAGS)) {
      const value = values[property as keyof RemoteWriteValues];
      if (value === defaultValue) continue;
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

/**
 * The file of the queue: the one that was named, or one beside the state.
 *
 * @throws {UsageError} When there is no such place.
 */
export function chooseQueue(
  { remoteWrite, remoteWriteQueue }: RemoteWriteValues,
  state: string | undefined,
  port: number,
  env: Environment,
): string | undefined {
  if (remoteWrite === undefined) return undefined;
  if (remoteWriteQueue !== undefined) return resolve(remoteWriteQueue);
  const beside = state ?? (port === 0 ? undefined : defaultStatePath(port, env));
  if (beside !== undefined) return resolve(`${beside}.remote-write`);
  throw new UsageError(
    "Cannot keep the queue of --remote-write: expected its file, --remote-write.queue",
  );
}
