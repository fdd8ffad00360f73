/** Where data comes from: request bodies, followed files, and the machine itself. @module */

export { type BodyOptions, createBodyReader, type ReadBody } from "./body.ts";
export { readPart } from "./file_tail.ts";
export * from "./follow.ts";
export { partsOf, readLines } from "./recording.ts";
export * from "./system.ts";
export { reportFollowing } from "./follow_metrics.ts";
