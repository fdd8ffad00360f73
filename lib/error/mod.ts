/** Errors that are told to the user in one line, what the program then exits with, and words for all others. @module */

/**
 * Something is wrong with what the user gave, or with this machine; it is no bug. The message is for the
 * user, one sentence or more.
 */
export class UserError extends Error {
  /** 2 where what was asked for is wrong, and 1 where something on this machine is in the way. */
  readonly exitCode: number = 2;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A signal asked the program to end. */
export class Stopped extends UserError {
  /** As of a program that the signal ended. */
  override readonly exitCode = 130;
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
