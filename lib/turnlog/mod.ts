/** Turn logs: files in which a game keeps every turn. @module */

export { DURATION, MAX_PLACES, MAX_TURNS, TIME, TURNS_TYPE, TURNS_VERSION } from "./format.ts";
export { isTurnLogName, turnLogBeside } from "./beside.ts";
export { isTurns, readTurns, type Turns } from "./turns.ts";
