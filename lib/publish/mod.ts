/** What a simulation publishes its numbers with: a publisher, and ways out for its reports. @module */

export { type HttpOptions, openHttp } from "./http.ts";
export { type Journal, type JournalOptions, openJournal } from "./journal.ts";
export type { OnProblem, Out } from "./out.ts";
export * from "./publisher.ts";
export type { TurnNumbers } from "./turn_log.ts";
