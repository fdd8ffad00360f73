/** What is wrong with a recorded game. @module */

/** A recorded game that cannot be used as it is; the message names file and line where there is one. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}
