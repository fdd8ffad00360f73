/** Remote write, as the exporter uses it: takes turns, keeps them on disk, and has a worker send them. @module */

import { isDeepStrictEqual } from "node:util";
import { UsageError } from "../cli/mod.ts";
import type { Log } from "../log/mod.ts";
import type { Model } from "../model/mod.ts";
import { directTo } from "../network/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import { startWorker } from "../worker/mod.ts";
import type { Labels, Protocol } from "./message.ts";
import type { Secrets } from "./post.ts";
import { openQueue, type Queue, RemoteWriteError } from "./queue.ts";
import type { SenderEvent } from "./sender.ts";
import { TurnFeed } from "./turn_feed.ts";
import type { Hurry, Renewed, Setup, Told } from "./worker.ts";
import source from "./worker.js" with { type: "text" };

/** How often series of games that are over are looked for. */
const END_INTERVAL_MS = 2000;
/** How long the end waits for a receiver, at most: what is left is on disk. */
const PATIENCE_MS = 2000;
/** Failures of one kind are logged once in so many milliseconds. */
const TELL_INTERVAL_MS = 60_000;

export interface RemoteWriteOptions {
  /** Where samples are sent to. */
  readonly url: string;
  readonly protocol: Protocol | "auto";
  /** Labels that all series get. */
  readonly labels: Labels;
  /**
   * Reads what messages show to the receiver; called again when that may have changed.
   *
   * @throws {UsageError} When a file cannot be read or used.
   */
  readonly readSecrets: () => Secrets;
  /** The queue's file, an absolute path, and its size in bytes. */
  readonly queue: string;
  readonly queueSize: number;
  readonly staleMarkers: boolean;
  readonly telemetry: Telemetry;
  readonly log: Log;
}

/** What the turns are made from. */
export interface TurnSource {
  readonly model: Model;
  readonly bySession: boolean;
  readonly maxSeries: number;
  /** Whether the model goes on from an earlier process. */
  readonly isContinued: boolean;
  /** The time in seconds since 1970. */
  readonly now: () => number;
}

export interface RemoteWrite {
  /** Begins to take turns; call it once. */
  feedFrom(source: TurnSource): TurnFeed;
  /** Reads the secrets again, and logs what became of that; those that cannot be read stay as they are. */
  reload(): void;
  /**
   * Sends what there is, and ends; what is left is sent by the next process.
   *
   * @param patience How long that may take, in milliseconds.
   */
  close(patience: number): Promise<void>;
}

/** The rights of the worker: to read the queue, and to call one address. */
export function rightsFor(url: URL, queue: string): Deno.PermissionOptionsObject {
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return {
    net: [`${url.hostname}:${port}`],
    read: [queue],
    write: false,
    env: false,
    run: false,
    sys: false,
    ffi: false,
    import: false,
  };
}

/** Why samples are never sent; see the metric's help. */
const REASONS = ["full", "too_large", "failed", "crowded"] as const;

/** Counts what becomes of samples, and logs failures, not one by one. */
class Teller {
  readonly #options: RemoteWriteOptions;
  readonly #toldAt = new Map<string, number>();
  #isFailing = false;
  /** Times of turns in milliseconds since 1970: the first and the newest of all, and the newest that was sent. */
  #first: number | undefined;
  #newest = 0;
  #newestSent: number | undefined;

  constructor(options: RemoteWriteOptions) {
    this.#options = options;
    const { telemetry } = options;
    telemetry.count("tradesim_exporter_remote_write_samples_sent_total", {}, 0);
    telemetry.count("tradesim_exporter_remote_write_samples_failed_total", {}, 0);
    telemetry.count("tradesim_exporter_remote_write_bytes_total", {}, 0);
    for (const reason of REASONS) this.#countLost(reason, 0);
  }

  /** Shows the queue from now on. */
  watch(queue: Queue): void {
    const { telemetry } = this.#options;
    telemetry.beforeRender(() => {
      telemetry.set("tradesim_exporter_remote_write_queue_bytes", queue.bytes);
      telemetry.set("tradesim_exporter_remote_write_queue_capacity_bytes", queue.capacity);
      const { isEmpty } = queue;
      const from = this.#newestSent ?? this.#first;
      const lag = isEmpty || from === undefined ? 0 : Math.max(0, this.#newest - from);
      telemetry.set("tradesim_exporter_remote_write_lag_seconds", lag / 1000);
    });
  }

  /** Notes the time of a turn that goes into the queue. */
  queued(time: number): void {
    this.#first ??= time;
    this.#newest = Math.max(this.#newest, time);
  }

  /** Counts samples that are never sent. */
  lost(reason: (typeof REASONS)[number], samples: number, error?: unknown): void {
    this.#countLost(reason, samples);
    if (!this.#isDue(reason)) return;
    const { log } = this.#options;
    if (reason === "full") {
      log.error("The queue of remote write is full; its oldest turns are dropped", { samples });
    } else {
      log.error("A turn cannot be sent by remote write", {
        reason,
        ...error === undefined ? {} : { error: String(error) },
      });
    }
  }

  take(event: SenderEvent): void {
    const { telemetry, log, url } = this.#options;
    switch (event.type) {
      case "answer":
        return this.#takeAnswer(event);
      case "done":
        telemetry.count("tradesim_exporter_remote_write_samples_sent_total", {}, event.sent);
        telemetry.count("tradesim_exporter_remote_write_samples_failed_total", {}, event.failed);
        this.#newestSent = event.newest;
        return;
      case "fallback":
        return log.info("The receiver does not take remote write 2.0; using 1.0", { url });
    }
  }

  #takeAnswer(
    { status, bytes, willRetry, problem }: Extract<SenderEvent, { type: "answer" }>,
  ): void {
    const { telemetry, log, url } = this.#options;
    const code = status === 0 ? "none" : String(status);
    telemetry.count("tradesim_exporter_remote_write_requests_total", { code });
    telemetry.count("tradesim_exporter_remote_write_bytes_total", {}, bytes);
    if (problem === "") {
      if (this.#isFailing) log.info("The receiver takes samples again", { url });
      this.#isFailing = false;
      return;
    }
    if (!this.#isDue(code)) return;
    this.#isFailing = true;
    const fields = { url, code, problem };
    if (willRetry) log.warn("The receiver did not take samples; trying again", fields);
    else log.error("The receiver refused samples; they are lost", fields);
  }

  #countLost(reason: (typeof REASONS)[number], samples: number): void {
    const { telemetry } = this.#options;
    telemetry.count("tradesim_exporter_remote_write_samples_dropped_total", { reason }, samples);
  }

  /** Whether a kind of failure is due to be logged. */
  #isDue(kind: string): boolean {
    const now = performance.now();
    if (now - (this.#toldAt.get(kind) ?? -Infinity) < TELL_INTERVAL_MS) return false;
    this.#toldAt.set(kind, now);
    return true;
  }
}

/** Starts the worker, with what it needs of the options. */
function startSending(
  options: RemoteWriteOptions,
  { segments, positions }: Queue,
  secrets: Secrets,
): Worker {
  const { url: text, log, protocol, labels, queue } = options;
  const url = new URL(text);
  const onBroken = (problem: string) =>
    log.error("The thread of remote write failed; nothing is sent any more", { problem });
  let worker: Worker;
  try {
    worker = startWorker(source, onBroken, rightsFor(url, queue));
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new RemoteWriteError(
      `Cannot send to ${url.host}: this program was started without --allow-net for it`,
      { cause },
    );
  }
  const target = { url: text, direct: directTo(url), ...secrets, protocol, external: labels };
  worker.postMessage({ ...target, queue, segments, positions } satisfies Setup);
  return worker;
}

/** A queue that a worker sends. */
export interface Sending {
  /** Puts turns into it. */
  readonly queue: Queue;
  /** Counts what comes, and what never will. */
  readonly teller: Pick<Teller, "queued" | "lost">;
  readonly reload: RemoteWrite["reload"];
  readonly close: RemoteWrite["close"];
}

/** Reads secrets again, and says whether they are others. */
class SecretReader {
  readonly #options: Pick<RemoteWriteOptions, "readSecrets" | "log">;
  current: Secrets;
  /** Why they could not be read the last time, as it was logged. */
  #problem: string | undefined;

  /** @throws {UsageError} When a file cannot be read or used. */
  constructor(options: Pick<RemoteWriteOptions, "readSecrets" | "log">) {
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

/**
 * Opens the queue and starts the worker. Both need rights that may be given up afterwards.
 *
 * @throws {RemoteWriteError} When the queue cannot be used, or this program may not call the address.
 * @throws {UsageError} When the secrets cannot be read or used.
 */
export function openSending(options: RemoteWriteOptions): Sending {
  const secrets = new SecretReader(options);
  const teller = new Teller(options);
  const queue = openQueue({
    path: options.queue,
    size: options.queueSize,
    onDropped: ({ samples }) => teller.lost("full", samples),
  });
  teller.watch(queue);
  const worker = startSending(options, queue, secrets.current);
  const renew = (isAnswer: boolean) =>
    worker.postMessage({ secrets: secrets.changed(), isAnswer } satisfies Renewed);
  const empty = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    if (data.type === "empty") return empty.resolve();
    if (data.type === "renew") return renew(true);
    teller.take(data);
    if (data.type === "done") queue.sent(data.end);
  };
  return {
    queue,
    teller,
    reload: () => renew(false),
    async close(patience) {
      if (!queue.isEmpty) {
        worker.postMessage({ hurry: true } satisfies Hurry);
        let late: ReturnType<typeof setTimeout> | undefined;
        const patient = new Promise((resolve) =>
          late = setTimeout(resolve, Math.min(patience, PATIENCE_MS))
        );
        await Promise.race([empty.promise, patient]);
        clearTimeout(late);
      }
      worker.onmessage = null;
      worker.terminate();
      queue.close();
    },
  };
}

/**
 * Begins remote write.
 *
 * @throws {RemoteWriteError | UsageError} As {@linkcode openSending}.
 */
export function createRemoteWrite(options: RemoteWriteOptions): RemoteWrite {
  const { log, url, staleMarkers } = options;
  const { queue, teller, reload, close } = openSending(options);
  log.info("Sending turns by remote write", { url, queue: options.queue });
  let timer: ReturnType<typeof setInterval> | undefined;

  return {
    feedFrom({ isContinued, now, ...from }) {
      const feed = new TurnFeed({
        ...{ ...from, staleMarkers, streams: queue.streams },
        start: isContinued ? queue.streams.get("")?.start ?? 0 : Math.round(now() * 1000),
        add(layout, time, values) {
          teller.queued(time);
          return queue.add(layout, time, values);
        },
        onLost: (reason, samples, error) => teller.lost(reason, samples, error),
      });
      if (staleMarkers) timer = setInterval(() => feed.endQuiet(now()), END_INTERVAL_MS);
      return feed;
    },
    reload,
    close(patience) {
      clearInterval(timer);
      return close(patience);
    },
  };
}
