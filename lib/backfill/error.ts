/** Why a backfill came to nothing. @module */

import { UserError } from "../error/mod.ts";

/** Something on this machine, or on a server, is in the way. */
export class BackfillError extends UserError {
  override readonly exitCode = 1;
}
