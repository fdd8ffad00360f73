/** Tells that something happened in some directories, as a hint: events may be lost. @module */

import { statSync } from "node:fs";
import { resolve } from "node:path";

export interface DirWatch {
  /** Watches directories that have come, or come anew, since the last call. */
  renew(): void;
  close(): void;
}

interface Watched {
  readonly ino: number;
  readonly watcher: Deno.FsWatcher;
}

function inodeOf(dir: string): number | undefined {
  try {
    return statSync(dir).ino;
  } catch {
    return undefined;
  }
}

/** Calls `onEvent` for each event in one of `dirs`, which may be absent. Starts with `renew()`. */
export function watchDirs(dirs: Iterable<string>, onEvent: () => void): DirWatch {
  const all = [...dirs];
  const watched = new Map<string, Watched>();

  function drop(dir: string): void {
    watched.get(dir)?.watcher.close();
    watched.delete(dir);
  }

  async function listen(dir: string, watcher: Deno.FsWatcher): Promise<void> {
    try {
      for await (const { kind, paths } of watcher) {
        // The watch of a directory that was removed is dead, even if one with its inode comes.
        if (kind === "remove" && paths.some((path) => resolve(path) === resolve(dir))) {
          if (watched.get(dir)?.watcher === watcher) drop(dir);
        }
        if (kind !== "access") onEvent();
      }
    } catch {
      if (watched.get(dir)?.watcher === watcher) drop(dir);
    }
  }

  return {
    renew() {
      for (const dir of all) {
        const ino = inodeOf(dir);
        if (watched.get(dir)?.ino === ino) continue;
        drop(dir);
        if (ino === undefined) continue;
        try {
          const watcher = Deno.watchFs(dir, { recursive: false });
          watched.set(dir, { ino, watcher });
          listen(dir, watcher);
        } catch {
          // It went just now, or the system has no watch left: the next call tries again.
        }
      }
    },
    close() {
      for (const dir of watched.keys()) drop(dir);
    },
  };
}
