/** Where turns wait for a receiver. @module */

import { resolve } from "node:path";
import type { Values } from "../cli/flag.ts";
import type { Environment } from "../cli/layers.ts";
import { UsageError } from "../cli/usage_error.ts";
import type { REMOTE_WRITE_FLAGS } from "../remote_write/flags.ts";
import { defaultStatePath } from "./state_path.ts";

type RemoteWriteValues = Values<typeof REMOTE_WRITE_FLAGS>;

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

/**
 * Refuses labels of which one would replace another.
 *
 * @throws {UsageError}
 */
export function checkLabels({ remoteWriteLabel }: RemoteWriteValues): void {
  const names = remoteWriteLabel.map(([name]) => name);
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (twice === undefined) return;
  throw new UsageError(
    `Cannot use --remote-write.label ${twice} twice: expected different names`,
  );
}
