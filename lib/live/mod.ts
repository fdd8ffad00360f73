/** The exporter's side of the live page: answers and event streams. @module */

export { Answers, type AnswersOptions, type State, type Summary, type Turns } from "./answers.ts";
export { Hub, type HubOptions, NotRead } from "./hub.ts";
