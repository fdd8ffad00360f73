/** The library with which a simulation publishes its numbers: a publisher and its transports. @module */

export { type HttpOptions, openHttp } from "./http.ts";
export { type Journal, type JournalOptions, openJournal } from "./journal.ts";
export type { OnProblem, Transport } from "./transport.ts";
export * from "./publisher.ts";
export type { TurnNumbers } from "./turn_log.ts";
