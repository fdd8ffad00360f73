/** Locks the state files. @module */

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { reasonOf, StateError } from "./state_error.ts";

/** Holds the files as long as the process lives: two exporters would overwrite each other's totals. */
export function openLock(path: string): Deno.FsFile {
  let lock: Deno.FsFile | undefined;
  try {
    mkdirSync(dirname(path), { recursive: true });
    lock = Deno.openSync(`${path}.lock`, { create: true, write: true, mode: 0o600 });
    if (lock.tryLockSync(true)) return lock;
  } catch (error) {
    lock?.close();
    throw new StateError(
      `Cannot use the state file "${path}": ${reasonOf(error)}`,
      { cause: error },
    );
  }
  lock.close();
  throw new StateError(`Cannot use the state file "${path}": another exporter is using it`, {
    mustStop: true,
  });
}
