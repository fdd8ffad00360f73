/** Why a backfill came to nothing. @module */

/** Something on this machine, or on a server, is in the way; the message is one sentence or more. */
export class BackfillError extends Error {
  override readonly name = "BackfillError";
}

/** A signal asked the program to end. */
export class BackfillStopped extends Error {
  override readonly name = "BackfillStopped";
}
