/** Errors of the state files. @module */

import { UserError } from "../error/mod.ts";

/** Why the state file cannot be used: a wrong configuration. */
export class StateError extends UserError {
  /** Whether totals would be lost by going on without the file: it is in use, or newer. */
  readonly mustStop: boolean;
  constructor(message: string, options: ErrorOptions & { mustStop?: boolean } = {}) {
    super(message, options);
    this.mustStop = options.mustStop ?? false;
  }
}

/** What went wrong, without the advice that Deno gives on permissions: it is not ours. */
export function reasonOf(error: unknown): string {
  // Deno opens no device, and nothing of the kernel's.
  if (error instanceof Deno.errors.NotCapable) {
    return "it is no place for a file; --state none keeps nothing";
  }
  return (error as Error).message.replace(/, run again with .*$/s, "");
}
