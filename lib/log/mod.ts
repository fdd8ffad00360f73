/** Writes the program's log to standard error, one line per entry. @module */

import { writeAll } from "../file/mod.ts";
import { printable } from "./printable.ts";

export { printable } from "./printable.ts";
export { createTeller, type Teller, type TellKind } from "./told.ts";
export { createLineWriter, type LineWriter } from "./writer.ts";

/** Severities, from the most talkative to the quietest. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ["logfmt", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Further facts of an entry, by name. Never hand over a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What the rest of the program writes its log with. An entry below the chosen level is dropped. */
export type Log = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes a finished line; returns false if it was dropped. Default: standard error, synchronously. */
  readonly write?: (line: string) => unknown;
  /** The time of an entry. Default: the clock. */
  readonly now?: () => Date;
}

const encoder = new TextEncoder();

/** Writes to standard error. If that fails, there is no place left to report it. */
export function complain(text: string): void {
  try {
    writeAll(Deno.stderr, encoder.encode(text));
  } catch {
    // The program continues.
  }
}

/** Quotes a value as logfmt wants it: bare where it can be, else as a JSON string. */
function logfmtValue(value: string | number | boolean): string {
  const text = String(value);
  return /^[^\s"=\\\p{Cc}\p{Cf}]+$/u.test(text) ? text : printable(JSON.stringify(text));
}

function formatEntry(
  format: LogFormat,
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields,
): string {
  if (format === "json") {
    return printable(JSON.stringify({ time, level, msg: message, ...fields })) + "\n";
  }
  let line = `time=${time} level=${level} msg=${logfmtValue(message)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) line += ` ${name}=${logfmtValue(value)}`;
  }
  return line + "\n";
}

/**
 * Makes a log that drops what is below `level` and writes the rest as `format` says. When lines were
 * dropped for lack of a reader, the next one says how many.
 */
export function createLog(
  { level, format, write = complain, now }: LogOptions,
): Log {
  const lowest = LOG_LEVELS.indexOf(level);
  let lost = 0;
  const entry = (at: LogLevel) => (message: string, fields: LogFields = {}) => {
    if (LOG_LEVELS.indexOf(at) < lowest) return;
    const time = (now?.() ?? new Date()).toISOString();
    const line = formatEntry(format, time, at, message, fields);
    const told = lost === 0 ? line : formatEntry(
      format,
      time,
      "warn",
      "Lines were dropped: nobody read them",
      { lines: lost },
    ) + line;
    lost = write(told) === false ? lost + 1 : 0;
  };
  return { debug: entry("debug"), info: entry("info"), warn: entry("warn"), error: entry("error") };
}
