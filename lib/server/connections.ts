/** Tracks the connections of all ports and limits their number and idle time. @module */

import type { Telemetry } from "../telemetry/mod.ts";

/** Maximum number of connections, and how many of them are reserved for scrapes and probes. */
export const MAX_CONNECTIONS = 512;
export const RESERVED_CONNECTIONS = 32;
/** Time limit for the head of the first request of a connection. */
const FIRST_REQUEST_MS = 10_000;
/** Time limit for the next request, or for an answer that is not an event stream. */
const IDLE_MS = 60_000;
const SWEEP_MS = 1000;
/** Time after which a connection without a request may be closed to make room. */
const GRACE_MS = 100;

/** File descriptors that must stay free for files and threads; how often this is checked. */
export const SPARE_DESCRIPTORS = 48;
const CONNECTIONS_PER_LOOK = 16;

const REASONS = ["no_request", "idle", "slow", "room"] as const;

/** A connection, as its server describes it. */
export interface Tracked {
  /** Whether it is one of those reserved for scrapes and probes. */
  readonly isReserved: boolean;
  /** A request has arrived. Call the returned function once the answer was sent or is lost. */
  began(): () => void;
  /** Its current answer is an event stream, which has no time limit. */
  streams(): void;
  /** It is closed. */
  gone(): void;
}

export interface ConnectionsOptions {
  readonly telemetry: Telemetry;
  /** Default: `MAX_CONNECTIONS`. */
  readonly most?: number;
  /** How many more files can be opened, up to a maximum. Default: opens files to find out. */
  readonly countSpare?: (most: number) => number;
  /** Milliseconds that only grow. Default: `performance.now()`. */
  readonly now?: () => number;
}

interface Entry {
  readonly connection: { readonly close: (() => void) | undefined };
  requests: number;
  hasAsked: boolean;
  isStream: boolean;
  /** Whether it is being closed; its descriptor is free once it is closed. */
  isEnding: boolean;
  /** When its current phase started: connected, in a request, or idle. */
  since: number;
}

/** Whether an error says that this process or the machine cannot open more files. */
function isTooMany(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "EMFILE" || code === "ENFILE";
}

/**
 * How many more files can be opened, up to `most`. Deno provides neither the limit nor the number of open
 * files.
 */
function countSpareDescriptors(most: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < most) files.push(Deno.openSync("/dev/null"));
    return most;
  } catch (error) {
    // Without this file, or the permission to open it, the number is unknown.
    return isTooMany(error) ? files.length : most;
  } finally {
    for (const file of files) file.close();
  }
}

export class Connections {
  readonly #telemetry: Telemetry;
  readonly #most: number;
  readonly #countSpare: (most: number) => number;
  readonly #now: () => number;
  readonly #open = new Set<Entry>();
  /** Functions that wake those that wait for room. */
  readonly #waiting = new Set<() => void>();
  readonly #timer: ReturnType<typeof setInterval>;
  #ending = 0;
  #limit: number;
  #isClosed = false;

  constructor(options: ConnectionsOptions) {
    const { telemetry, most = MAX_CONNECTIONS, countSpare = countSpareDescriptors } = options;
    this.#telemetry = telemetry;
    this.#most = this.#limit = most;
    this.#countSpare = countSpare;
    this.#now = options.now ?? (() => performance.now());
    for (const reason of REASONS) {
      telemetry.count("tradesim_exporter_connections_closed_total", { reason }, 0);
    }
    telemetry.beforeRender(() => telemetry.set("tradesim_exporter_connections", this.#open.size));
    this.#timer = setInterval(() => this.sweep(), SWEEP_MS);
    Deno.unrefTimer(this.#timer);
  }

  /** Waits until another connection may be accepted; closes the one that has been idle longest. */
  async room(): Promise<void> {
    while (!this.#isClosed) {
      const { size } = this.#open;
      if (size > 0 && size % CONNECTIONS_PER_LOOK === 0) this.#limit = this.#limitAt(size);
      if (size - this.#ending >= this.#unreserved) this.#makeRoom();
      if (this.#open.size < this.#limit) return;
      await this.#change();
    }
  }

  /** Adds a connection. `close` closes it at once; undefined if it cannot be closed. */
  add(connection: Entry["connection"]): Tracked {
    const isReserved = this.#open.size >= this.#unreserved;
    const entry: Entry = {
      connection,
      requests: 0,
      hasAsked: false,
      isStream: false,
      isEnding: false,
      since: this.#now(),
    };
    this.#open.add(entry);
    return {
      isReserved,
      began: () => {
        entry.requests++;
        entry.hasAsked = true;
        entry.since = this.#now();
        return () => {
          entry.requests--;
          entry.isStream = false;
          entry.since = this.#now();
        };
      },
      streams: () => entry.isStream = true,
      gone: () => this.#remove(entry),
    };
  }

  /** Closes connections that have been idle for too long. Runs every second by itself. */
  sweep(): void {
    const time = this.#now();
    for (const entry of this.#open) {
      if (!canEnd(entry) || entry.isStream) continue;
      const patience = entry.hasAsked ? IDLE_MS : FIRST_REQUEST_MS;
      if (time - entry.since <= patience) continue;
      this.#end(entry, !entry.hasAsked ? "no_request" : entry.requests === 0 ? "idle" : "slow");
    }
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    for (const wake of this.#waiting) wake();
  }

  get #unreserved(): number {
    return this.#limit - Math.min(RESERVED_CONNECTIONS, this.#limit >> 2);
  }

  /** Checks early enough to reserve some connections before all are in use. */
  #limitAt(size: number): number {
    const ahead = SPARE_DESCRIPTORS + CONNECTIONS_PER_LOOK + RESERVED_CONNECTIONS;
    const spare = this.#countSpare(ahead);
    if (spare === ahead) return this.#most;
    return Math.min(this.#most, Math.max(size + spare - SPARE_DESCRIPTORS, 1));
  }

  #remove(entry: Entry): void {
    if (!this.#open.delete(entry)) return;
    if (entry.isEnding) this.#ending--;
    for (const wake of this.#waiting) wake();
  }

  #end(entry: Entry, reason: (typeof REASONS)[number]): void {
    this.#telemetry.count("tradesim_exporter_connections_closed_total", { reason });
    entry.isEnding = true;
    this.#ending++;
    entry.connection.close?.();
  }

  /** Closes the connection that has been idle longest, unless it may be about to send a request. */
  #makeRoom(): void {
    const time = this.#now();
    let longest: Entry | undefined;
    for (const entry of this.#open) {
      if (entry.requests > 0 || !canEnd(entry)) continue;
      if (!entry.hasAsked && time - entry.since < GRACE_MS) continue;
      if (longest === undefined || entry.since < longest.since) longest = entry;
    }
    if (longest !== undefined) this.#end(longest, "room");
  }

  /** Waits until a connection is closed, or another one may be closed. */
  #change(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, GRACE_MS);
      this.#waiting.add(wake);
    });
  }
}

/** Whether it can be closed: not during a TLS handshake. */
function canEnd(entry: Entry): boolean {
  return !entry.isEnding && entry.connection.close !== undefined;
}
