/** Turns as reports, history and page hold them: columns, thinning and durations. @module */

export { COLUMN_NAMES, type ColumnName, INDEX_OF, MAX_COLUMN_LENGTH, WIDTH } from "./columns.ts";
export { bucketOf, noTurns, TURN_SECONDS_BUCKETS } from "./durations.ts";
export { EXTREMES, extremesOf } from "./extremes.ts";
export { rowAfter, rowAt } from "./row_at.ts";
export { EMPTY, FIRST_CAPACITY, MIN_POINTS, type Selection, TurnTable } from "./turn_table.ts";
