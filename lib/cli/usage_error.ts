/** The error of a wrong command line, environment variable or configuration file. @module */

import { UserError } from "../error/mod.ts";
import { printable } from "../log/mod.ts";

/** Wrong input of the user. The message is one sentence that names it and what was expected. */
export class UsageError extends UserError {}

/**
 * Two lines for standard error, each with a newline: what is wrong, and where to find help.
 *
 * @param call How the user calls the command whose help it is.
 */
export function formatUsageError(error: UserError, call = "tradesim-exporter"): string {
  // A line break that came with a flag or a file name must not make a third line.
  const message = printable(error.message);
  return `tradesim-exporter: error: ${message}\nTry: ${call} --help\n`;
}

/**
 * The error of a value that cannot be read.
 *
 * @param name The flag, environment variable or key.
 * @param shown The value as the user sees it, in quotes where it is text.
 * @param file The configuration file, if it is in one.
 */
export function badValue(name: string, shown: string, expected: string, file?: string): UsageError {
  const place = file === undefined ? "" : ` in ${file}`;
  // A URL may hold a password, which is not to stand in a log.
  const plain = shown.replace(/\/\/[^/]*@/, "//…@");
  return new UsageError(`Cannot read ${name} ${plain}${place}: expected ${expected}`);
}
