/** The permissions that each command keeps once its arguments are read; see docs/security.md. @module */

import type { PlayerSetup } from "../benchmark/mod.ts";
import type { CommandLine, ServeOptions } from "./mod.ts";

/** Rights by kind: Deno gives a right up only as a whole kind, when it was given as a whole. */
export interface Needs {
  /** Files: followed, loaded, compared. */
  readonly read?: boolean;
  readonly write?: boolean;
  /** Listening and posting. */
  readonly net?: boolean;
  /** The environment, where it was not read with the arguments. */
  readonly env?: boolean;
  /** Starting other programs. */
  readonly run?: boolean;
  /** The machine's load. */
  readonly sys?: boolean;
}

/** What a command needs from its start on, by what its flags ask for. */
export function neededFor(asked: CommandLine): Needs {
  switch (asked.command) {
    case "help":
    case "version":
      return {};
    case "serve": {
      const { checkConfig, webConfigFile, state, systemInterval } = asked.options;
      // The YAML parser asks for two variables, which are never set.
      const files = { read: true, env: webConfigFile !== undefined };
      if (checkConfig) return files;
      return { ...files, net: true, write: state !== undefined, sys: systemInterval > 0 };
    }
    case "simulate": {
      const { status, withMetrics, publishTo, publishTokenFile, load, save } = asked.options;
      const isReporting = withMetrics && !status;
      const journal = isReporting && publishTo === undefined;
      return {
        read: journal || load !== undefined || publishTokenFile !== undefined,
        write: journal || save !== undefined,
        net: isReporting && publishTo !== undefined,
      };
    }
    case "bench":
      return { read: true, write: true, net: true, run: true, sys: true };
    case "doctor":
      // The environment and files are where the exporter's configuration is read from.
      return { read: true, net: true, env: true };
    case "print": {
      const isWritten = asked.options.out !== undefined;
      return { read: isWritten, write: isWritten };
    }
  }
}

/** What `serve` needs once its ports and its state files are open. */
export function neededToServe({ systemInterval, webConfigFile }: ServeOptions): Needs {
  // SIGHUP reads the web configuration again: its YAML asks for variables, new certificates for a port.
  const isReread = webConfigFile !== undefined;
  return { read: true, sys: systemInterval > 0, net: isReread, env: isReread };
}

/** What a player of the benchmark needs. */
export function neededToPlay({ variant }: PlayerSetup): Needs {
  return {
    read: variant === "journal",
    write: variant === "journal",
    net: variant === "http",
  };
}

/** All kinds that there are. */
export const KINDS = ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const;

/** Revokes, for good, all permissions that are not needed. */
export function giveUpPermissions(needs: Needs): void {
  const needed: Partial<Record<(typeof KINDS)[number], boolean>> = needs;
  for (const name of KINDS) {
    // Deno's own types do not know "import" yet.
    if (!needed[name]) Deno.permissions.revokeSync({ name } as Deno.PermissionDescriptor);
  }
}
