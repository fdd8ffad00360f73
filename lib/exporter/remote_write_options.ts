/** Where turns wait for a receiver. @module */

import { resolve } from "node:path";
import type { Values } from "../cli/flag.ts";
import type { Environment } from "../cli/layers.ts";
import { UsageError } from "../cli/usage_error.ts";
import type { REMOTE_WRITE_FLAGS } from "../remote_write/flags.ts";
import { defaultStatePath } from "./state_path.ts";

type RemoteWriteValues = Values<typeof REMOTE_WRITE_FLAGS> & { readonly follow: readonly string[] };

/** What the name of the state file is followed by, in the names of the files that belong to it. */
const OF_STATE = ["", ".2", ".lock"];

/**
 * The file of the queue: the one that was named, or one beside the state.
 *
 * @throws {UsageError} When there is no such place, or something else is there.
 */
export function chooseQueue(
  { remoteWrite, remoteWriteQueue, follow }: RemoteWriteValues,
  state: string | undefined,
  port: number,
  env: Environment,
): string | undefined {
  if (remoteWrite === undefined) return undefined;
  if (remoteWriteQueue !== undefined) {
    const queue = resolve(remoteWriteQueue);
    const isOfState = state !== undefined && OF_STATE.some((end) => resolve(state + end) === queue);
    const other = isOfState
      ? "--state"
      : follow.some((path) => resolve(path) === queue)
      ? "--follow"
      : undefined;
    if (other === undefined) return queue;
    throw new UsageError(
      `Cannot use one file for ${other} and --remote-write.queue: expected different files`,
    );
  }
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
