/** The library with which a simulation publishes its numbers: a publisher and its transports. @module */

export { type HttpOptions, openHttp } from "./http.ts";
export { type Journal, type JournalOptions, openJournal } from "./journal.ts";
export type { OnProblem, Transport } from "./transport.ts";
export * from "./publisher.ts";
export type { ReportMoment, RestOfReport } from "./report_writer.ts";
// Not all of that folder: a game has no use for the reader of turn logs.
export { turnLogBeside } from "../turnlog/beside.ts";
export { openTurnLog, type TurnLog, type TurnLogOptions } from "./turn_log.ts";
export type { TurnNumbers } from "./recent_turns.ts";
