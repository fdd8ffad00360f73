/** What is wrong with a recorded game. @module */

import { UserError } from "../error/mod.ts";

/** A recorded game that cannot be used as it is; the message names file and line where there is one. */
export class RecordingError extends UserError {}
