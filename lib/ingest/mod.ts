/** The way of a report: from a source to model, write-ahead log, history and live readers. @module */

export { type AnyReading, Intake } from "./intake.ts";
export { createLineReader, otherRecord } from "./line_reader.ts";
export { lookBack } from "./look_back.ts";
export { TurnLogs } from "./turn_logs.ts";
export { REPLAY, type SourceName, SOURCES } from "./sources.ts";
