/** Tracks the connections of all ports and limits their number and idle time. @module */

import type { Telemetry } from "../telemetry/mod.ts";

/** Most connections at once, and how many of them are kept for scrapes and probes. */
export const MAX_CONNECTIONS = 512;
export const RESERVED_CONNECTIONS = 32;
/** How long a new connection may take for the head of its first request. */
const FIRST_REQUEST_MS = 10_000;
/** How long one may wait for its next request, or go on with one that is no stream of events. */
const IDLE_MS = 60_000;
const SWEEP_MS = 1000;
/** What a connection may take to make itself known, before it makes room for a newer one. */
const GRACE_MS = 100;

/** File descriptors that must stay free for files and threads; how often this is checked. */
export const SPARE_DESCRIPTORS = 48;
const CONNECTIONS_PER_LOOK = 16;

const REASONS = ["no_request", "idle", "slow", "room"] as const;

/** A connection, as its server describes it. */
export interface Tracked {
  /** Whether it is one of the last, which are kept for scrapes and probes. */
  readonly isReserved: boolean;
  /** A request has come; call what it returns once the answer was sent, or is lost. */
  began(): () => void;
  /** Its present answer is a stream of events, which lasts as long as the reader likes. */
  streams(): void;
  /** It is gone. */
  gone(): void;
}

export interface Connections {
  /** Waits until one more connection may be accepted; closes the one that has waited longest. */
  room(): Promise<void>;
  /** Takes up a connection. `close` ends it at once; undefined while there is no way to. */
  add(connection: { readonly close: (() => void) | undefined }): Tracked;
  /** Closes connections that have been idle for too long. Runs every second by itself. */
  sweep(): void;
  close(): void;
}

export interface ConnectionsOptions {
  readonly telemetry: Telemetry;
  /** Default: `MAX_CONNECTIONS`. */
  readonly most?: number;
  /** How many more files can be opened, counted up to a number. Default: tries it. */
  readonly countSpare?: (most: number) => number;
  /** Milliseconds that only grow. Default: `performance.now()`. */
  readonly now?: () => number;
}

interface Entry {
  readonly connection: { readonly close: (() => void) | undefined };
  requests: number;
  hasAsked: boolean;
  isStream: boolean;
  /** Whether it is closing; its descriptor is free once it is gone. */
  isEnding: boolean;
  /** When it last began something: itself, a request, or to wait for the next one. */
  since: number;
}

/** Whether an error says that this process, or the machine, can open no more files. */
function isTooMany(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "EMFILE" || code === "ENFILE";
}

/**
 * How many more files can be opened, counted up to `most`: Deno tells neither the limit nor how many
 * are open.
 */
export function countSpareDescriptors(most: number): number {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < most) files.push(Deno.openSync("/dev/null"));
    return most;
  } catch (error) {
    // Without such a file, or the right to open it, nothing is known.
    return isTooMany(error) ? files.length : most;
  } finally {
    for (const file of files) file.close();
  }
}

export function createConnections(options: ConnectionsOptions): Connections {
  const { telemetry, most = MAX_CONNECTIONS, countSpare = countSpareDescriptors } = options;
  const now = options.now ?? (() => performance.now());
  const open = new Set<Entry>();
  let ending = 0;
  let limit = most;
  let isClosed = false;
  /** What wakes those that wait for room. */
  const waiting = new Set<() => void>();

  for (const reason of REASONS) {
    telemetry.count("tradesim_exporter_connections_closed_total", { reason }, 0);
  }
  telemetry.beforeRender(() => telemetry.set("tradesim_exporter_connections", open.size));

  /** Checks early enough to reserve some connections before all are in use. */
  function limitAt(size: number): number {
    const ahead = SPARE_DESCRIPTORS + CONNECTIONS_PER_LOOK + RESERVED_CONNECTIONS;
    const spare = countSpare(ahead);
    return spare === ahead ? most : Math.min(most, Math.max(size + spare - SPARE_DESCRIPTORS, 1));
  }

  const unreserved = () => limit - Math.min(RESERVED_CONNECTIONS, limit >> 2);

  function remove(entry: Entry): void {
    if (!open.delete(entry)) return;
    if (entry.isEnding) ending--;
    for (const wake of waiting) wake();
  }

  function end(entry: Entry, reason: (typeof REASONS)[number]): void {
    telemetry.count("tradesim_exporter_connections_closed_total", { reason });
    entry.isEnding = true;
    ending++;
    entry.connection.close?.();
  }

  /** Whether it may be ended: TLS' handshakes cannot. */
  function canEnd(entry: Entry): boolean {
    return !entry.isEnding && entry.connection.close !== undefined;
  }

  /** Ends the connection that has waited longest, unless it may be about to send its request. */
  function makeRoom(): void {
    const time = now();
    let longest: Entry | undefined;
    for (const entry of open) {
      if (entry.requests > 0 || !canEnd(entry)) continue;
      if (!entry.hasAsked && time - entry.since < GRACE_MS) continue;
      if (longest === undefined || entry.since < longest.since) longest = entry;
    }
    if (longest !== undefined) end(longest, "room");
  }

  /** Waits until a connection is gone, or may have become one to end. */
  function change(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(wake, GRACE_MS);
      function wake(): void {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      }
      waiting.add(wake);
    });
  }

  function sweep(): void {
    const time = now();
    for (const entry of open) {
      if (!canEnd(entry) || entry.isStream) continue;
      const patience = entry.hasAsked ? IDLE_MS : FIRST_REQUEST_MS;
      if (time - entry.since <= patience) continue;
      end(entry, !entry.hasAsked ? "no_request" : entry.requests === 0 ? "idle" : "slow");
    }
  }

  const timer = setInterval(sweep, SWEEP_MS);
  Deno.unrefTimer(timer);

  return {
    async room() {
      while (!isClosed) {
        const { size } = open;
        if (size > 0 && size % CONNECTIONS_PER_LOOK === 0) limit = limitAt(size);
        if (size - ending >= unreserved()) makeRoom();
        if (open.size < limit) return;
        await change();
      }
    },
    add(connection) {
      const isReserved = open.size >= unreserved();
      const entry: Entry = {
        connection,
        requests: 0,
        hasAsked: false,
        isStream: false,
        isEnding: false,
        since: now(),
      };
      open.add(entry);
      return {
        isReserved,
        began() {
          entry.requests++;
          entry.hasAsked = true;
          entry.since = now();
          return () => {
            entry.requests--;
            entry.isStream = false;
            entry.since = now();
          };
        },
        streams: () => entry.isStream = true,
        gone: () => remove(entry),
      };
    },
    sweep,
    close() {
      isClosed = true;
      clearInterval(timer);
      for (const wake of waiting) wake();
    },
  };
}
