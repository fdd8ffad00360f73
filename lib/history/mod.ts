/** What was reported, turn by turn, of every session: kept in memory of a fixed size. @module */

export { History, type HistoryOptions, type PastEvent, RESET } from "./history.ts";
export { lookBack } from "./look_back.ts";
export { MIN_POINTS, type Selection } from "./turn_table.ts";
