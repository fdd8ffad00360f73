/** Authenticates users by basic authentication, and senders of reports by a bearer token. @module */

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { BUSY, createFairQueue } from "./fair_queue.ts";
import { WebConfigError } from "./web_config.ts";

/** `busy`: too many checks are waiting, so this one was not made. */
export type AuthResult = "ok" | "wrong" | "busy";

export interface BasicAuth {
  /**
   * Judges an `Authorization` header; null: there was none. Answers at once for what it has seen
   * before; all `peer`s, addresses that ask, have their turn. Rejects when the comparison itself fails.
   */
  check(header: string | null, peer?: string): Promise<AuthResult>;
}

/** Far more than a user name and the 72 bytes of a password that bcrypt uses. */
const MAX_HEADER_LENGTH = 4096;
const MAX_REMEMBERED = 100;
/** As many as connections: each request waits for every other one at most once. */
const MAX_WAITING = 512;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function parseBasic(header: string | null): { user: string; password: string } | undefined {
  if (header === null || header.length > MAX_HEADER_LENGTH) return undefined;
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  let text: string;
  try {
    text = utf8.decode(Uint8Array.from(atob(encoded), (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined; // Neither base64 nor UTF-8 is worth a message to who guesses.
  }
  const colon = text.indexOf(":");
  if (colon < 0) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * Gives hashes of passwords that nobody knows, one for a name and always the same, and each as slow
 * to compare as that of some user: time must not tell who exists, where hashes differ in their cost.
 */
function createNobodies(hashes: readonly string[]): (user: string) => string {
  const secret = randomBytes(32);
  const costs = hashes.length === 0 ? ["04"] : hashes.map((hash) => hash.slice(4, 6));
  return (user) => {
    const number = createHmac("sha256", secret).update(user).digest().readUInt32BE();
    return `$2b$${
      costs[number % costs.length]
    }$24VPyX7WdUDbPuJRIOyhoOw7t6dMWvrY0OPfaZTZgYaSg/0r6W6rq`;
  };
}

function remember(keys: Set<string>, key: string): void {
  const [oldest] = keys;
  if (keys.size >= MAX_REMEMBERED && oldest !== undefined) keys.delete(oldest);
  keys.add(key);
}

/**
 * Makes the check of user names and passwords against `users`, bcrypt hashes by name, with
 * `compare`, of which only one runs at a time.
 */
export function createBasicAuth(
  users: Readonly<Record<string, string>>,
  compare: (password: string, hash: string) => Promise<boolean>,
): BasicAuth {
  const hashes = new Map(Object.entries(users));
  const nobody = createNobodies([...hashes.values()]);
  // Separate, so that wrong guesses cannot evict right passwords.
  const right = new Set<string>();
  const wrong = new Set<string>();
  const pending = new Map<string, Promise<AuthResult>>();
  const queue = createFairQueue(MAX_WAITING);

  return {
    async check(header, peer = "") {
      const given = parseBasic(header);
      if (given === undefined) return "wrong";
      const { user, password } = given;
      // An unknown user costs a comparison too, because the time must not reveal who exists.
      const hash = hashes.get(user) ?? nobody(user);
      // JSON keeps the three apart: no shift of characters between them gives the same key.
      const key = createHash("sha256").update(JSON.stringify([user, hash, password])).digest("hex");
      if (right.has(key)) return "ok";
      if (wrong.has(key)) return "wrong";
      const same = pending.get(key);
      if (same !== undefined) return await same;

      const answer = queue.run(peer, () => compare(password, hash)).then((equal): AuthResult => {
        if (equal === BUSY) return "busy";
        const ok = equal && hashes.has(user);
        remember(ok ? right : wrong, key);
        return ok ? "ok" : "wrong";
      }).finally(() => pending.delete(key));
      pending.set(key, answer);
      return await answer;
    },
  };
}

/** Whether the `Authorization` header has `token`, in a time that reveals nothing about it. */
export function tokenMatches(header: string | null, token: string): boolean {
  const given = /^bearer +([\x21-\x7e]+)$/i.exec(header ?? "")?.[1];
  return given !== undefined && timingSafeEqual(sha256(given), sha256(token));
}

/**
 * Reads the token from the text of its file; space around it does not count.
 *
 * @throws {WebConfigError} When it is too short or not valid in a header.
 */
export function readToken(text: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]{16,}$/.test(token)) return token;
  const found = token.length < 16 ? "too short" : "not one word of ASCII characters";
  throw new WebConfigError(
    `Cannot read the token: it is ${found}, ` +
      "expected one line of at least 16 ASCII characters without spaces",
  );
}
