/** What the program asks of its process: to be told of its end, and to hold no more rights than it needs. @module */

/**
 * Waits for the first signal that asks the program to end. A second one ends it at once, for
 * whoever does not want to wait.
 */
export function firstSignal(): Promise<Deno.Signal> {
  const signals: readonly Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM"];
  return new Promise((resolve) => {
    let count = 0;
    for (const signal of signals) {
      Deno.addSignalListener(signal, () => {
        if (++count > 1) Deno.exit(130);
        resolve(signal);
      });
    }
  });
}

/** Rights that a running exporter still needs. Those that it was started with and are not named are given up. */
export interface NeededPermissions {
  /** To replace the state file. */
  readonly write: boolean;
  /** To read the machine's load. */
  readonly sys: boolean;
}

/**
 * Gives up all rights but the needed ones. Reading stays, for the followed files; the ports are
 * open already, so nothing can be reached over the network from here on.
 */
export function giveUpPermissions({ write, sys }: NeededPermissions): void {
  const names = ["env", "net", "run", "ffi", "import"];
  if (!write) names.push("write");
  if (!sys) names.push("sys");
  for (const name of names) {
    // Deno's own types do not know "import" yet.
    Deno.permissions.revokeSync({ name } as Deno.PermissionDescriptor);
  }
}
