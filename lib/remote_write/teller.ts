/** Counts what becomes of samples, and logs it. @module */

import type { Log } from "../log/mod.ts";
import { withoutQuery } from "../network/mod.ts";
import type { Telemetry } from "../telemetry/mod.ts";
import type { Queue } from "./queue.ts";
import type { SenderEvent } from "./sender.ts";

/** Failures of one kind are logged once in so many milliseconds. */
const TELL_INTERVAL_MS = 60_000;

export interface TellerOptions {
  /** Where samples are sent to. */
  readonly url: string;
  readonly telemetry: Telemetry;
  readonly log: Log;
}

/** Why samples are never sent; see the metric's help. */
const REASONS = ["full", "too_large", "failed", "crowded"] as const;

/** Counts what becomes of samples, and logs failures, not one by one. */
export class Teller {
  readonly #options: TellerOptions;
  readonly #url: string;
  readonly #toldAt = new Map<string, number>();
  #isFailing = false;
  /** Times of turns in milliseconds since 1970: the newest of all, and the oldest that was not sent. */
  #newest = 0;
  #oldest = 0;

  constructor(options: TellerOptions) {
    this.#options = options;
    this.#url = withoutQuery(options.url);
    const { telemetry } = options;
    telemetry.count("tradesim_exporter_remote_write_samples_sent_total", {}, 0);
    telemetry.count("tradesim_exporter_remote_write_samples_failed_total", {}, 0);
    telemetry.count("tradesim_exporter_remote_write_bytes_total", {}, 0);
    for (const reason of REASONS) this.#countLost(reason, 0);
  }

  /** Shows the queue from now on. */
  watch(queue: Pick<Queue, "bytes" | "capacity" | "isEmpty" | "oldest" | "streams">): void {
    const { telemetry } = this.#options;
    this.#newest = Math.max(0, ...Array.from(queue.streams.values(), ({ last }) => last));
    this.#oldest = queue.oldest ?? this.#newest;
    telemetry.beforeRender(() => {
      telemetry.set("tradesim_exporter_remote_write_queue_bytes", queue.bytes);
      telemetry.set("tradesim_exporter_remote_write_queue_capacity_bytes", queue.capacity);
      const lag = queue.isEmpty ? 0 : Math.max(0, this.#newest - this.#oldest);
      telemetry.set("tradesim_exporter_remote_write_lag_seconds", lag / 1000);
    });
  }

  /** Notes the time of a turn that goes into the queue, which may be its only one. */
  queued(time: number, isOnly: boolean): void {
    if (isOnly) this.#oldest = time;
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

  /** Says that a part of the queue is not what was written. */
  damaged(queue: string): void {
    if (!this.#isDue("damaged")) return;
    this.#options.log.error("A part of the queue of remote write is damaged; its turns are lost", {
      queue,
    });
  }

  take(event: SenderEvent): void {
    const { telemetry, log } = this.#options;
    switch (event.type) {
      case "answer":
        return this.#takeAnswer(event);
      case "done":
        telemetry.count("tradesim_exporter_remote_write_samples_sent_total", {}, event.sent);
        telemetry.count("tradesim_exporter_remote_write_samples_failed_total", {}, event.failed);
        // The next one is hardly later.
        this.#oldest = event.newest;
        return;
      case "fallback":
        return log.info("The receiver does not take remote write 2.0; using 1.0", {
          url: this.#url,
        });
    }
  }

  #takeAnswer(
    { status, bytes, willRetry, problem }: Extract<SenderEvent, { type: "answer" }>,
  ): void {
    const { telemetry, log } = this.#options;
    const url = this.#url;
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
