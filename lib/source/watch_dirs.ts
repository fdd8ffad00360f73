/** Reports that something happened in some directories, as a hint: events may be lost. @module */

import { statSync } from "node:fs";
import { resolve } from "node:path";

export interface DirWatch {
  /** Watches directories that were created, or created again, since the last call. */
  renew(): void;
  close(): void;
}

interface Watched {
  readonly ino: number;
  /** Ends the watch; it is over once its iterator ends. */
  end(): void;
}

function inodeOf(dir: string): number | undefined {
  try {
    return statSync(dir).ino;
  } catch {
    return undefined;
  }
}

/**
 * Calls `onEvent` for each event in one of `dirs`, which may not exist yet, and when a watch has ended, so
 * that it can be renewed. Starts with the first `renew()`.
 */
export function watchDirs(dirs: Iterable<string>, onEvent: () => void): DirWatch {
  const all = [...dirs];
  const watched = new Map<string, Watched>();
  let closed = false;

  async function watch(dir: string, ino: number): Promise<void> {
    const watcher = Deno.watchFs(dir, { recursive: false });
    let ended = false;
    function end(): void {
      if (!ended) watcher.close();
      ended = true;
    }
    watched.set(dir, { ino, end });
    try {
      for await (const { kind, paths } of watcher) {
        // The watch of a removed directory is dead, even if a new one gets its inode.
        if (kind === "remove" && paths.some((path) => resolve(path) === resolve(dir))) end();
        if (kind !== "access" && !closed) onEvent();
      }
    } finally {
      watched.delete(dir);
    }
    if (!closed) onEvent();
  }

  return {
    renew() {
      for (const dir of all) {
        const ino = inodeOf(dir);
        const present = watched.get(dir);
        if (present?.ino === ino) continue;
        // A new watch that begins before the old one has ended would end with it.
        if (present) present.end();
        // Fails if the directory was removed just now, or no watch is left: the next call tries again.
        else if (ino !== undefined) watch(dir, ino).catch(() => {});
      }
    },
    close() {
      closed = true;
      for (const { end } of watched.values()) end();
    },
  };
}
