/** Gives up the permissions that a command does not need; see docs/security.md. @module */

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
