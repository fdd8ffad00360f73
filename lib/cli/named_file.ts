/** Reads and checks files that the user named. @module */

import { badValue, UsageError } from "./usage_error.ts";

/**
 * Reads a file that the user named.
 *
 * @param name The flag or environment variable that names it.
 * @throws {UsageError} When it cannot be read.
 */
export function readNamedFile(
  path: string,
  name: string,
  readFile: (path: string) => string,
): string {
  try {
    return readFile(path);
  } catch (cause) {
    const missing = cause instanceof Deno.errors.NotFound;
    const error = badValue(name, JSON.stringify(path), "a file that can be read");
    throw new UsageError(error.message + (missing ? ", but there is none" : ""), { cause });
  }
}

/**
 * Reads standard input to its end.
 *
 * @throws {UsageError} When it is a terminal, or longer than `maxBytes`.
 */
export async function readInput(maxBytes: number): Promise<string> {
  if (Deno.stdin.isTerminal()) {
    throw new UsageError("Cannot read standard input: expected the output of another command");
  }
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of Deno.stdin.readable) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new UsageError(`Cannot read standard input: expected at most ${maxBytes} bytes`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Reads the name and the password of a user out of the text of a file of one line.
 *
 * @param name The flag that names the file.
 * @throws {UsageError} When they are not there; it tells nothing of the text.
 */
export function readUser(text: string, name: string): string {
  const user = text.replace(/\r?\n$/, "");
  if (/^[^:\p{Cc}]+:\P{Cc}+$/u.test(user)) return user;
  throw new UsageError(`Cannot read the file of ${name}: expected one line, user:password`);
}

/**
 * Makes sure that a file can be written, and leaves things as they are.
 *
 * @param name The flag that names it.
 * @throws {UsageError} When it cannot.
 */
export function checkNamedFile(path: string, name: string): void {
  try {
    try {
      Deno.openSync(path, { write: true, createNew: true }).close();
      Deno.removeSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      Deno.openSync(path, { write: true }).close();
    }
  } catch (cause) {
    const error = badValue(name, JSON.stringify(path), "a file that can be written");
    throw new UsageError(error.message, { cause });
  }
}
