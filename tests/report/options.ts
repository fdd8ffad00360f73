/** Ways of reading reports, for tests. @module */

import {
  type Details,
  type Noticed,
  type ReadOptions,
  readReport,
  type Report,
} from "../../lib/report/mod.ts";

/** Only what is always read. */
export const NOTHING: ReadOptions = {};

export const ALL: ReadOptions = { breakdowns: true, detail: true, allKeys: true };

/** All that was read, side by side. */
export type Flat = Report & Details & Noticed;

export function readFlat(value: unknown, options = ALL): Flat {
  const { report, details, noticed } = readReport(value, options);
  return { ...report, ...details, ...noticed };
}
