/** Sends the samples of a backfill by remote write. @module */

import { directTo, withoutQuery } from "../network/mod.ts";
import { createPost } from "../remote_write/post.ts";
import { readReceiver } from "../remote_write/receiver.ts";
import { MAX_SAMPLES, Sender, type SenderEvent } from "../remote_write/sender.ts";
import type { SeriesSamples } from "../remote_write/unsent.ts";
import { BackfillError } from "./error.ts";
import type { BackfillOptions } from "./flags.ts";
import type { PlannedGame } from "./plan.ts";
import type { Sink, Start } from "./starts.ts";

/** What is not of a queue ends nowhere. */
const NOWHERE = { segment: 0, offset: 0 };

export interface SendingOptions {
  readonly options: BackfillOptions & { readonly remoteWrite: string };
  readonly games: readonly PlannedGame[];
  /** Says that the receiver does not answer, and what it said. */
  readonly say: (text: string) => void;
  readonly stop: AbortSignal;
}

/** Collects samples, and sends them when there are enough for a message. */
export class SampleSender {
  readonly #options: SendingOptions;
  readonly #sender: Sender;
  /** Since when the counters of each game count, in milliseconds since 1970; 0 = unknown. */
  readonly #begun: ReadonlyMap<string, number>;
  /** Ends the connections; nothing can be sent afterwards. */
  readonly close: () => void;
  #series = new Map<Start, SeriesSamples>();
  #collected = 0;
  #isFailing = false;
  /** What the receiver said of samples that it refused. */
  #refusal = "";
  sent = 0;
  failed = 0;

  /** @throws {UsageError} When a file that options name cannot be read or used. */
  constructor(given: SendingOptions) {
    this.#options = given;
    const { options, games, stop } = given;
    this.#begun = new Map(games.map((planned) => [planned.game.name, begunOf(planned)]));
    const url = options.remoteWrite;
    const { post, close } = createPost({
      ...{ url, direct: directTo(new URL(url)) },
      ...readReceiver(options),
    });
    this.close = close;
    this.#sender = new Sender({
      next: () => undefined,
      post,
      tell: (event) => this.#told(event),
      wait: (milliseconds) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, milliseconds);
          stop.addEventListener("abort", () => {
            clearTimeout(timer);
            resolve();
          }, { once: true });
        }),
      protocol: options.remoteWriteProtocol,
      external: [],
    });
    stop.addEventListener("abort", () => this.#sender.stop(), { once: true });
  }

  /** Takes the samples of a series. */
  readonly sink: Sink = (start, values, times) => {
    let series = this.#series.get(start);
    if (series === undefined) {
      series = samplesOf(start, this.#begun.get(start.game) ?? 0);
      this.#series.set(start, series);
    }
    for (let row = 0; row < values.length; row++) {
      const value = values[row]!;
      if (!Number.isFinite(value)) continue;
      series.times.push(times[row]!);
      series.values.push(value);
      this.#collected++;
    }
  };

  /** Sends what was collected, if that is enough for a message or it is the end. */
  async drained(isEnd = false): Promise<void> {
    const { stop } = this.#options;
    if (this.#collected === 0 || (this.#collected < MAX_SAMPLES && !isEnd)) return;
    const all = [...this.#series.values()].filter(({ times }) => times.length > 0);
    this.#series = new Map();
    this.#collected = 0;
    for (const series of messages(all)) {
      const samples = series.reduce((sum, { times }) => sum + times.length, 0);
      await this.#sender.send({ series, samples, turns: 0, newest: 0, end: NOWHERE });
      stop.throwIfAborted();
    }
  }

  /** @throws {BackfillError} When samples were refused. */
  check(): void {
    if (this.failed === 0) return;
    const url = withoutQuery(this.#options.options.remoteWrite);
    throw new BackfillError(
      `Cannot send ${this.failed} of ${this.failed + this.sent} samples to ${url}: it says ${
        JSON.stringify(this.#refusal)
      }`,
    );
  }

  #told(event: SenderEvent): void {
    if (event.type === "done") {
      this.sent += event.sent;
      this.failed += event.failed;
    } else if (event.type === "answer" && event.problem !== "") {
      if (!event.willRetry) this.#refusal ||= event.problem;
      else if (!this.#isFailing) {
        this.#options.say(
          `Warning: the receiver did not take samples; trying again: ${event.problem}\n`,
        );
      }
      this.#isFailing = event.willRetry;
    } else if (event.type === "answer") this.#isFailing = false;
  }
}

/** Counters of a game that is told from its first turn on have begun just before it. */
function begunOf({ game: { turnLog, journal }, first }: PlannedGame): number {
  const isWhole = [turnLog, journal].some((track) => track !== undefined && track.firstTurn <= 1);
  return isWhole ? first - 1 : 0;
}

function samplesOf({ name, metric: { type, help }, labels }: Start, begun: number): SeriesSamples {
  return {
    series: { labels: [["__name__", name], ...labels], type, help },
    start: begun,
    times: [],
    values: [],
  };
}

/** Parts of samples of which each is enough for a message; those of one series stay in order. */
function* messages(all: readonly SeriesSamples[]): Generator<readonly SeriesSamples[]> {
  const longest = Math.max(0, ...all.map(({ times }) => times.length));
  const rows = Math.max(1, Math.floor(MAX_SAMPLES / all.length));
  for (let from = 0; from < longest; from += rows) {
    yield all.filter(({ times }) => times.length > from).map(({ times, values, ...rest }) => ({
      ...rest,
      times: times.slice(from, from + rows),
      values: values.slice(from, from + rows),
    }));
  }
}
