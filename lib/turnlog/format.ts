/** The format of turn logs, in which a game keeps every turn; see docs/history.md. @module */

/** The `type` of a line, and the only version of its shape. */
export const TURNS_TYPE = "tradesim.turns";
export const TURNS_VERSION = 1;

/** Most turns of a line. */
export const MAX_TURNS = 65_536;
/** Most decimal places of a column. */
export const MAX_PLACES = 9;

/** When a turn ended, in seconds since 1970, and how long it took. All other columns are metrics. */
export const TIME = "timestamp";
export const DURATION = "duree_seconds";
