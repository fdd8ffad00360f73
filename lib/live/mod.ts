/** The live page's side of the exporter: what there is to tell, and who listens. @module */

export { Answers, type AnswersOptions, type State, type Summary, type Turns } from "./answers.ts";
export { Hub, type HubOptions, NotRead } from "./hub.ts";
