/** The exporter's side of the live page: answers and event streams. @module */

export { Answers, type AnswersOptions } from "./answers.ts";
export type * from "./api.ts";
export { Hub, type HubOptions, NotRead } from "./hub.ts";
