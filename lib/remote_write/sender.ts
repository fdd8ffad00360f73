/** Sends the queue: batch by batch, in order, each until it is taken or refused for good. @module */

import { compress } from "snappyjs";
import { reasonOf } from "../network/mod.ts";
import { encodeMessage, headersOf, type Labels, type Protocol } from "./message.ts";
import type { Position } from "./segment.ts";
import type { Batch, SeriesSamples } from "./unsent.ts";

/** Samples of one batch: five messages a second carry 5 000 turns of 50 series. */
export const MAX_SAMPLES = 50_000;
/** Series of one message; a turn with more takes several. */
const MAX_SERIES = 5000;
/** How long turns are collected before they are sent. */
const COLLECT_MS = 200;
/** Pauses after failures, as Prometheus makes them: doubled from the first to the longest. */
const FIRST_PAUSE_MS = 30;
const LONGEST_PAUSE_MS = 5000;
/** The longest that a receiver may ask for. */
const LONGEST_RETRY_AFTER_MS = 300_000;
/** How far pauses differ at random, so that not all senders come at once. */
const JITTER = 0.1;
/** Characters of a receiver's answer that are logged. */
const MAX_ANSWER = 300;

/** What became of a message or a batch, for counters and the log. */
export type SenderEvent =
  /** A message was answered or failed; `status` 0 = no answer. */
  | {
    readonly type: "answer";
    readonly status: number;
    readonly bytes: number;
    readonly willRetry: boolean;
    /** What the receiver said, or why it said nothing; empty when all is well. */
    readonly problem: string;
  }
  /** Everything before a position is done with. */
  | {
    readonly type: "done";
    readonly end: Position;
    readonly sent: number;
    /** Samples that the receiver refused. */
    readonly failed: number;
    /** Time of the newest turn, in milliseconds since 1970. */
    readonly newest: number;
  }
  /** The receiver does not know 2.0; what follows is 1.0. */
  | { readonly type: "fallback" };

/** An answer, as far as it matters. */
export interface Answer {
  readonly status: number;
  /** The value of a header, in small letters. */
  readonly header: (name: string) => string | undefined;
  readonly text: string;
}

export interface SenderOptions {
  /** The next batch of at most so many samples; undefined while there is none. */
  readonly next: (maxSamples: number) => Batch | undefined;
  /** @throws {Error} When there is no answer. */
  readonly post: (
    body: Uint8Array<ArrayBuffer>,
    headers: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  readonly tell: (event: SenderEvent) => void;
  /**
   * Whether messages bring other secrets than the last one did, which was answered with 401 or 403.
   * Default: no.
   */
  readonly renew?: () => Promise<boolean>;
  /** Waits so many milliseconds, for more turns or for the receiver. */
  readonly wait: (milliseconds: number, forWhat: "turns" | "receiver") => Promise<void>;
  /** The version to speak; `auto` begins with 2.0, and falls back. */
  readonly protocol: Protocol | "auto";
  readonly external: Labels;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** In milliseconds since 1970. */
  readonly now?: () => number;
}

/** What is to be done after an answer. */
type Judgement = { readonly written: number } | "retry" | "fallback";

function countOf({ header }: Answer): number | undefined {
  const text = header("x-prometheus-remote-write-samples-written");
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** How long a receiver asks to wait, in milliseconds; undefined when it does not. */
export function retryAfter({ header }: Answer, now: number): number | undefined {
  const text = header("retry-after")?.trim();
  if (text === undefined || text === "") return undefined;
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), LONGEST_RETRY_AFTER_MS);
}

export class Sender {
  readonly #options: SenderOptions;
  #protocol: Protocol;
  #isStopped = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#protocol = options.protocol === "1.0" ? "1.0" : "2.0";
  }

  /** Sends until it is stopped. */
  async run(): Promise<void> {
    const { next, wait } = this.#options;
    while (!this.#isStopped) {
      const batch = next(MAX_SAMPLES);
      if (batch !== undefined) await this.send(batch);
      // A full batch has others behind it.
      const isBehind = batch !== undefined && batch.samples >= MAX_SAMPLES;
      if (!isBehind && !this.#isStopped) await wait(COLLECT_MS, "turns");
    }
  }

  /** Ends it before the next message; what is under way may or may not arrive. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Sends a batch, and tells what became of it; resolves when it is done with, or it was stopped. */
  async send({ series, samples, newest, end }: Batch): Promise<void> {
    let sent = 0;
    for (let from = 0; from < series.length; from += MAX_SERIES) {
      const written = await this.#sendPart(series.slice(from, from + MAX_SERIES));
      if (written === undefined) return;
      sent += written;
    }
    this.#options.tell({ type: "done", end, sent, failed: samples - sent, newest });
  }

  /**
   * Sends a message until it is taken or refused; returns how many samples the receiver wrote.
   * Undefined when it was stopped before.
   */
  async #sendPart(series: readonly SeriesSamples[]): Promise<number | undefined> {
    const { tell, wait, external, now = Date.now } = this.#options;
    const renew = this.#options.renew ?? (() => Promise.resolve(false));
    const samples = series.reduce((sum, { times }) => sum + times.length, 0);
    const encode = () => compress(encodeMessage(series, this.#protocol, external));
    let body = encode();
    for (let failures = 0; !this.#isStopped;) {
      const { answer, problem } = await this.#post(body);
      const judgement = answer === undefined ? "retry" : this.#judge(answer, samples);
      const isRenewed = (answer?.status === 401 || answer?.status === 403) && await renew();
      tell({
        type: "answer",
        status: answer?.status ?? 0,
        bytes: body.length,
        willRetry: judgement === "retry" || isRenewed,
        problem,
      });
      if (isRenewed) continue;
      if (judgement === "fallback") {
        this.#protocol = "1.0";
        body = encode();
        tell({ type: "fallback" });
      } else if (judgement === "retry") {
        const asked = answer === undefined ? undefined : retryAfter(answer, now());
        await wait(Math.max(asked ?? 0, this.#pauseAfter(failures++)), "receiver");
      } else return judgement.written;
    }
    return undefined;
  }

  /** Posts a message; says what is wrong with the answer, or why there is none. */
  async #post(
    body: Uint8Array<ArrayBuffer>,
  ): Promise<{ readonly answer: Answer | undefined; readonly problem: string }> {
    try {
      const answer = await this.#options.post(body, headersOf(this.#protocol));
      const { status, text } = answer;
      const isTaken = status >= 200 && status < 300;
      return { answer, problem: isTaken ? "" : text.slice(0, MAX_ANSWER) || "(no text)" };
    } catch (error) {
      return { answer: undefined, problem: reasonOf(error) };
    }
  }

  /** What an answer means; see "Retries & Backoff" and "Partial Write" in the specification of 2.0. */
  #judge(answer: Answer, samples: number): Judgement {
    const { status } = answer;
    const mayFallBack = this.#protocol === "2.0" && this.#options.protocol === "auto";
    const written = this.#protocol === "2.0" ? countOf(answer) : undefined;
    if (status >= 500 || status === 429) return "retry";
    if (status === 415 && mayFallBack) return "fallback";
    if (status >= 200 && status < 300) {
      if (this.#protocol === "1.0") return { written: samples };
      // A receiver of 1.0 that does not look at the content type finds an empty message.
      if (written === undefined) return mayFallBack ? "fallback" : { written: 0 };
      return { written: Math.min(written, samples) };
    }
    return { written: Math.min(written ?? 0, samples) };
  }

  #pauseAfter(failures: number): number {
    const { random = Math.random } = this.#options;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    return pause * (1 + JITTER * (2 * random() - 1));
  }
}
