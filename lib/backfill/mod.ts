/** The command `backfill`: recorded games into a time series database. @module */

export { backfill, type BackfillIo } from "./backfill.ts";
