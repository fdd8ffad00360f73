/**
 * What a simulation publishes its numbers with: `createPublisher()`, and a way out for the reports,
 * `openJournal()` or `openHttp()`. See docs/publish.md.
 *
 * @module
 */

export { type HttpOptions, openHttp } from "./http.ts";
export { type Journal, type JournalOptions, openJournal } from "./journal.ts";
export type { OnProblem, Out } from "./out.ts";
export * from "./publisher.ts";
export type { TurnNumbers } from "./turn_log.ts";
