/** Remote write, as the exporter uses it: takes turns, keeps them on disk, and has a worker send them. @module */

import type { Model } from "../model/mod.ts";
import { directTo, withoutQuery } from "../network/mod.ts";
import { startWorker } from "../worker/mod.ts";
import type { Labels, Protocol } from "./message.ts";
import type { Secrets } from "./post.ts";
import { openQueue, type Queue, RemoteWriteError } from "./queue.ts";
import { type SecretOptions, SecretReader } from "./secrets.ts";
import { Teller, type TellerOptions } from "./teller.ts";
import { TurnFeed } from "./turn_feed.ts";
import type { Hurry, Renewed, Setup, Told } from "./worker.ts";
import source from "./worker.js" with { type: "text" };

/** How often series of games that are over are looked for. */
const END_INTERVAL_MS = 2000;
/** How long the end waits for a receiver, at most: what is left is on disk. */
const PATIENCE_MS = 2000;

export interface RemoteWriteOptions extends TellerOptions, SecretOptions {
  readonly protocol: Protocol | "auto";
  /** Labels that all series get. */
  readonly labels: Labels;
  /** The queue's file, an absolute path, and its size in bytes. */
  readonly queue: string;
  readonly queueSize: number;
  readonly staleMarkers: boolean;
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
    onDamaged: () => teller.damaged(options.queue),
  });
  teller.watch(queue);
  const worker = startSending(options, queue, secrets.current);
  const renew = (isAnswer: boolean) =>
    worker.postMessage({ secrets: secrets.changed(), isAnswer } satisfies Renewed);
  const empty = Promise.withResolvers<void>();
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    if (data.type === "empty") return empty.resolve();
    if (data.type === "renew") return renew(true);
    if (data.type === "damaged") return teller.damaged(options.queue);
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
  log.info("Sending turns by remote write", { url: withoutQuery(url), queue: options.queue });
  let timer: ReturnType<typeof setInterval> | undefined;

  return {
    feedFrom({ isContinued, now, ...from }) {
      const feed = new TurnFeed({
        ...{ ...from, staleMarkers, streams: queue.streams },
        start: isContinued ? queue.streams.get("")?.start ?? 0 : Math.round(now() * 1000),
        add(layout, time, values) {
          teller.queued(time, queue.isEmpty);
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
