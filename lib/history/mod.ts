/** The history of every session, turn by turn, in memory of fixed size. @module */

export { History, type PastEvent, RESET } from "./history.ts";
