/** Sessions and totals: reports go in, families of series come out. @module */

export { boundLabel, type Family, isSameSeries, plainFamily, type Series } from "./family.ts";
export { Model, type ModelOptions, RETIRED_PER_SESSION } from "./model.ts";
export { Games } from "./games.ts";
export { valueOf } from "./ledger.ts";
export { STATE_SERIES, turnSeries } from "./series_of.ts";
export { quietState, type Session, SILENT_AFTER, stateOf } from "./session.ts";
export type { SavedState } from "./saved.ts";
export { openState, type StateFile } from "./state.ts";
export { StateError } from "./state_error.ts";
