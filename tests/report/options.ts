/** Ways of reading reports, for tests. @module */

import type { ReadOptions } from "../../lib/report/report.ts";

/** Only what is always read. */
export const NOTHING: ReadOptions = {
  breakdowns: false,
  detail: false,
  allKeys: false,
};

export const ALL: ReadOptions = { ...NOTHING, breakdowns: true, detail: true, allKeys: true };
