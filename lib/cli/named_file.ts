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
    throw unreadable(path, name, cause);
  }
}

function unreadable(path: string, name: string, cause: unknown): UsageError {
  const missing = cause instanceof Deno.errors.NotFound;
  const error = badValue(name, JSON.stringify(path), "a file that can be read");
  return new UsageError(error.message + (missing ? ", but there is none" : ""), { cause });
}

/** The text of a stream to its end; undefined if it is longer than `maxBytes`, and the rest is left. */
export async function textOf(
  stream: AsyncIterable<Uint8Array<ArrayBuffer>>,
  maxBytes: number,
): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Reads standard input to its end.
 *
 * @throws {UsageError} When it is a terminal, or longer than `maxBytes`.
 */
async function readInput(maxBytes: number): Promise<string> {
  if (Deno.stdin.isTerminal()) {
    throw new UsageError("Cannot read standard input: expected the output of another command");
  }
  const text = await textOf(Deno.stdin.readable, maxBytes);
  if (text !== undefined) return text;
  throw new UsageError(`Cannot read standard input: expected at most ${maxBytes} bytes`);
}

/**
 * Reads a file that the user named, and that another program wrote; `-` is standard input.
 *
 * @param name The flag that names it.
 * @throws {UsageError} When it cannot be read, or is longer than `maxBytes`.
 */
export async function readNamedInput(
  path: string,
  name: string,
  maxBytes: number,
): Promise<string> {
  if (path === "-") return await readInput(maxBytes);
  let text: string | undefined;
  try {
    const file = await Deno.open(path);
    text = await textOf(file.readable, maxBytes);
  } catch (cause) {
    throw unreadable(path, name, cause);
  }
  if (text !== undefined) return text;
  throw badValue(name, JSON.stringify(path), `a file of at most ${maxBytes} bytes`);
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
