/** The secrets of a receiver, which may change while the exporter runs. @module */

import { isDeepStrictEqual } from "node:util";
import { UsageError } from "../cli/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Secrets } from "./post.ts";

export interface SecretOptions {
  /**
   * Reads what messages show to the receiver; called again when that may have changed.
   *
   * @throws {UsageError} When a file cannot be read or used.
   */
  readonly readSecrets: () => Secrets;
  readonly log: Log;
}

/** Reads secrets again, and says whether they are others. */
export class SecretReader {
  readonly #options: SecretOptions;
  /** Those in use. */
  current: Secrets;
  /** Why they could not be read the last time, as it was logged. */
  #problem: string | undefined;

  /** @throws {UsageError} When a file cannot be read or used. */
  constructor(options: SecretOptions) {
    this.#options = options;
    this.current = options.readSecrets();
  }

  /** @returns Undefined when they are as they were, or cannot be read, which is logged once. */
  changed(): Secrets | undefined {
    const { readSecrets, log } = this.#options;
    let secrets;
    try {
      secrets = readSecrets();
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      if (error.message !== this.#problem) {
        log.error("Cannot read the secrets of remote write again; the previous ones stay in use", {
          reason: error.message,
        });
      }
      this.#problem = error.message;
      return undefined;
    }
    this.#problem = undefined;
    if (isDeepStrictEqual(secrets, this.current)) return undefined;
    log.info("Read changed secrets of remote write");
    return this.current = secrets;
  }
}
