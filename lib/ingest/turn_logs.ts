/** Reads every turn of games that keep turn logs into the history, while other work goes on. @module */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { History } from "../history/mod.ts";
import type { Log } from "../log/mod.ts";
import { readPart } from "../source/mod.ts";
import { isTurnLogName, isTurns, readTurns } from "../turnlog/mod.ts";
import { createLineReader } from "./line_reader.ts";
import { runSteps } from "./steps.ts";

/** Maximum number of bytes that are read of all turn logs, the newest first: about 8 million turns. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Maximum time that other work waits for this. */
const SLICE_MS = 4;
/** A game writes its last turns after its last report. */
const DELAY_MS = 1000;

export interface TurnLogsOptions {
  readonly history: History;
  /** The folders of followed files; turn logs lie beside journals. */
  readonly folders: readonly string[];
  /** Maximum length of a line that is read, in bytes. */
  readonly maxLine: number;
  /** Whether a session is shown; turns of others are skipped. */
  readonly isShown: (session: string) => boolean;
  /** Called if the history got more turns. */
  readonly onDone: () => void;
  readonly log: Log;
  /** Maximum number of bytes that are read. Default: 256 MiB. */
  readonly bytes?: number;
}

interface Part {
  readonly path: string;
  readonly from: number;
  readonly until: number;
}

/** The parts of turn logs that are read, the oldest first. */
function partsOf(folders: readonly string[], bytes: number): Part[] {
  const files = folders.flatMap((folder) => {
    let names: string[] = [];
    try {
      names = readdirSync(folder);
    } catch {
      // There may be no such folder yet, or it is closed to us.
    }
    return names.filter(isTurnLogName).map((name) => join(folder, name));
  }).flatMap((path) => {
    try {
      const found = statSync(path);
      return found.isFile() ? [{ path, size: found.size, modified: found.mtimeMs }] : [];
    } catch {
      // Rotation took it away, or the name leads nowhere.
      return [];
    }
  }).toSorted((a, b) => b.modified - a.modified);
  let left = bytes;
  return files.map(({ path, size }): Part => {
    const from = Math.max(0, size - left);
    left -= size - from;
    return { path, from, until: size };
  }).filter(({ from, until }) => from < until).reverse();
}

export class TurnLogs {
  readonly #options: TurnLogsOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What was read last, so that it is not read again. */
  #known = "";
  #isReading = false;
  #isStopped = false;

  constructor(options: TurnLogsOptions) {
    this.#options = options;
  }

  /** Reads soon: a game is over. */
  readSoon(): void {
    if (this.#isStopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#isReading) this.readSoon();
      else void this.read();
    }, DELAY_MS);
  }

  /** Reads all that there is, unless it is known; resolves at the end, or once it was stopped. */
  async read(): Promise<void> {
    const { history, folders, onDone, log, bytes = MAX_BYTES } = this.#options;
    const parts = partsOf(folders, bytes);
    const key = JSON.stringify(parts);
    if (parts.length === 0 || key === this.#known) return;
    this.#known = key;
    this.#isReading = true;
    const logged = history.emptied();
    await this.#readParts(parts, logged);
    const turns = await runSteps(history.completing(logged), () => this.#isStopped);
    this.#isReading = false;
    if (!turns) return;
    log.info("Read turn logs", { files: parts.length, turns });
    onDone();
  }

  async #readParts(parts: readonly Part[], logged: History): Promise<void> {
    const { maxLine, isShown } = this.#options;
    // A line that cannot be read is a gap, as the journal may have.
    const consumer = createLineReader(maxLine, (value) => {
      if (!isTurns(value)) return;
      const turns = readTurns(value);
      if (isShown(turns.session)) logged.takeLogged(turns);
    });
    for (const part of parts) {
      for await (const _ of readPart(part, consumer, SLICE_MS)) if (this.#isStopped) return;
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
