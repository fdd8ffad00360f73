/** Checks that several parts of a native report share. @module */

import * as z from "zod";
import { isLabelValue, MAX_LABEL_BYTES, MAX_TOTAL } from "./report.ts";

/** What becomes the value of a label. */
export const LABEL = z.string().refine(isLabelValue, `expected 1 to ${MAX_LABEL_BYTES} bytes`);
/** A number of things. */
export const COUNT = z.int().min(0).max(MAX_TOTAL);
