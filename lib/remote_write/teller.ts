/** Counts what becomes of samples, and logs it. @module */

import type { Log } from "../log/mod.ts";
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
  readonly #toldAt = new Map<string, number>();
  #isFailing = false;
  /** Times of turns in milliseconds since 1970: the first and the newest of all, and the newest that was sent. */
  #first: number | undefined;
  #newest = 0;
  #newestSent: number | undefined;

  constructor(options: TellerOptions) {
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
