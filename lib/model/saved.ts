/** What is saved, as text: the state of the model, and reports. @module */

import * as z from "zod";
import { REPORTED_METRICS } from "../catalogue/mod.ts";
import { isObject, REPORT, WEB_REPORT } from "../report/mod.ts";
import type { FilePosition } from "../source/mod.ts";
import { MODEL_STATE } from "./model.ts";

/** Where following stopped; the shape is that of whoever follows. */
const POSITION: z.ZodType<FilePosition> = z.strictObject({
  path: z.string(),
  dev: z.number(),
  ino: z.number(),
  offset: z.number(),
  head: z.string(),
  modified: z.number().optional(),
});

/** The line of a snapshot. What another version has besides, or lacks, makes it unreadable. */
export const SNAPSHOT = z.strictObject({
  ...MODEL_STATE.unwrap().shape,
  positions: z.array(POSITION).readonly(),
});

/** The line of a report in the write-ahead log. */
export const ENTRY = z.strictObject({ report: REPORT, arrival: z.number() }).readonly();
/** The same of a web process. */
const WEB_ENTRY = z.strictObject({ web: WEB_REPORT, arrival: z.number() }).readonly();

/** What a process leaves to the next one. */
export interface SavedState {
  readonly model: z.infer<typeof MODEL_STATE>;
  readonly positions: readonly FilePosition[];
  /** Reports that came after the saving, oldest first, with their arrival. Taking one twice is harmless. */
  readonly reports: readonly z.infer<typeof ENTRY>[];
  /** The same of web processes. */
  readonly webReports: readonly z.infer<typeof WEB_ENTRY>[];
}

const MAP_KEY = "$map";

/**
 * Maps are saved as lists of entries under a key of their own.
 *
 * @throws {Error} When a number is not finite: as null it could not be read again, and neither could the rest.
 */
export function toText(value: unknown): string {
  // Without a replacer, V8 writes in a third of the time.
  return JSON.stringify(withoutMaps(value, ""));
}

function withoutMaps(value: unknown, key: string): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`"${key}" is ${value}`);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Map) {
    return { [MAP_KEY]: Array.from(value, ([name, item]) => [name, withoutMaps(item, name)]) };
  }
  if (Array.isArray(value)) return value.map((item) => withoutMaps(item, key));
  const copy: Record<string, unknown> = {};
  for (const name in value) {
    copy[name] = withoutMaps((value as Record<string, unknown>)[name], name);
  }
  return copy;
}

function fromText(text: string): unknown {
  return JSON.parse(
    text,
    (_key, item) => Array.isArray(item?.[MAP_KEY]) ? new Map(item[MAP_KEY]) : item,
  );
}

const REPORTED_NAMES = new Set(REPORTED_METRICS.map(({ name }) => name));

/**
 * Reads a state's line.
 *
 * @throws {Error} When it is none.
 */
export function readState(text: string): Pick<SavedState, "model" | "positions"> {
  const { positions, ...model } = SNAPSHOT.parse(fromText(text));
  return { model, positions };
}

/** Reads the line of a report that came after a state; undefined when it is none. */
export function readEntry(
  text: string,
): SavedState["reports"][number] | SavedState["webReports"][number] | undefined {
  try {
    const entry = fromText(text);
    if (isObject(entry) && "web" in entry) return WEB_ENTRY.parse(entry);
    const { report, arrival } = ENTRY.parse(entry);
    // A metric that another version knew would be a bug here.
    const values = new Map([...report.values].filter(([name]) => REPORTED_NAMES.has(name)));
    return { report: { ...report, values }, arrival };
  } catch {
    return undefined;
  }
}
