/** The exporter's side of the live page: answers and event streams. @module */

export { Answers } from "./answers.ts";
export type * from "./api.ts";
export { Hub, NotRead } from "./hub.ts";
