/** Sends new turns and states to all readers of /api/events. Each message is made once. @module */

import type { Telemetry } from "../telemetry/mod.ts";
import type { Answers } from "./answers.ts";
import type { Hello } from "./api.ts";

/** Why an answer is aborted whose rest nobody reads. */
export class NotRead extends Error {
  override name = "NotRead";
}

/** Fewer than there are connections: each reader has one, and keeps it. */
export const MAX_READERS = 400;
/** What may still wait for one reader when the next messages are due, besides what the system's buffers hold. */
const MAX_WAITING_BYTES = 256 * 1024;
/** Most turns in one message; more of them are thinned. And most events: the last ones. */
const MAX_POINTS = 500;
const MAX_EVENTS = 200;

const TICK_MS = 20;
/** A tick that comes a little early must not be one too few. */
const EARLY_MS = TICK_MS / 2;
/** Shortest times between two messages of a kind, in milliseconds. */
const TURNS_MS = 100;
const STATE_MS = 250;
const DETAIL_MS = 1000;
/** How often to check whether games have begun, ended or fallen silent. */
const SESSIONS_MS = 500;
/** How often to send the state of the exporter and the machine when no report arrives. */
const IDLE_STATE_MS = 5000;
const COMMENT_MS = 15_000;
/** How soon a reader that was cut off comes back. */
const RETRY_MS = 1000;

export interface HubOptions {
  readonly answers: Answers;
  readonly telemetry: Telemetry;
  /** Milliseconds that only grow. Default: `performance.now()`. */
  readonly now?: () => number;
  /** Calls again and again; returns how to end that. Default: `setInterval`. */
  readonly every?: (milliseconds: number, action: () => void) => () => void;
}

interface Reader {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  /** Whether it switches to a newer game. */
  readonly isFollower: boolean;
  topic: Topic | undefined;
}

/** A session that has readers. */
interface Topic {
  readonly session: string;
  readonly readers: Set<Reader>;
  hasNews: boolean;
  /** The last turn and how many events were sent. */
  turn: number;
  noted: number;
  turnsAt: number;
  state: string;
  stateAt: number;
  /** Whether a report has come since the last state. */
  isStateOld: boolean;
  detail: unknown;
  detailAt: number;
}

const encoder = new TextEncoder();

const COMMENT = encoder.encode(":\n\n");

function message(event: string, data: string, id?: number): Uint8Array {
  const head = id === undefined ? "" : `id: ${id}\n`;
  return encoder.encode(`event: ${event}\n${head}data: ${data}\n\n`);
}

function isDue(now: number, last: number, interval: number): boolean {
  return now - last > interval - EARLY_MS;
}

function everyInterval(milliseconds: number, action: () => void): () => void {
  const timer = setInterval(action, milliseconds);
  return () => clearInterval(timer);
}

export class Hub {
  readonly #options: HubOptions;
  readonly #now: () => number;
  readonly #readers = new Set<Reader>();
  readonly #topics = new Map<string, Topic>();
  #stop: (() => void) | undefined;
  #signature = "";
  #signatureAt = -Infinity;
  #commentAt = 0;
  #cutOffAt = -Infinity;
  #closed = false;
  /** How often the history has got turns before those that were known. */
  #past = 0;
  #hasStalled = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    options.telemetry.count("tradesim_exporter_live_readers_cut_off_total", {}, 0);
    options.telemetry.set("tradesim_exporter_live_readers", 0);
  }

  /**
   * A reader's stream of events: of one session, or of the newest one that is played and then of
   * each newer one. Undefined when there are too many readers, or the hub is closed.
   */
  open(session: string | undefined): ReadableStream<Uint8Array> | undefined {
    if (this.#closed || this.#readers.size >= MAX_READERS) return undefined;
    let reader: Reader;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        reader = { controller, isFollower: session === undefined, topic: undefined };
        this.#add(reader, session ?? this.#options.answers.newest());
      },
      cancel: () => this.#remove(reader),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }));
  }

  /** A report of a session was taken; `isFirst` when it is the first one. */
  reported(session: string, isFirst: boolean): void {
    if (this.#readers.size === 0) return;
    if (isFirst) {
      this.#signatureAt = -Infinity;
      // After a restart an older game may be the first to report.
      if (session === this.#options.answers.newest()) {
        for (const reader of this.#readers) {
          if (reader.isFollower) this.#join(reader, session, true);
        }
      }
    }
    const topic = this.#topics.get(session);
    if (topic === undefined) return;
    topic.hasNews = true;
    topic.isStateOld = true;
  }

  /** Ends all streams, whose readers come back at once: what they know of the past has changed. */
  renew(): void {
    this.#past++;
    for (const reader of [...this.#readers]) {
      this.#remove(reader);
      reader.controller.close();
    }
  }

  /**
   * Ends all streams; no new one is opened.
   *
   * @returns Whether some reader does not read: its connection stays open until it does, or goes.
   */
  close(): boolean {
    this.#closed = true;
    for (const reader of [...this.#readers]) {
      const { controller } = reader;
      this.#remove(reader);
      if (controller.desiredSize === MAX_WAITING_BYTES) controller.close();
      else {
        controller.error(new NotRead("The exporter stops"));
        this.#hasStalled = true;
      }
    }
    return this.#hasStalled;
  }

  #add(reader: Reader, session: string | undefined): void {
    const { answers, telemetry } = this.#options;
    if (this.#readers.size === 0) {
      this.#signature = answers.signature();
      this.#commentAt = this.#now();
      this.#stop = (this.#options.every ?? everyInterval)(TICK_MS, () => this.#tick());
    }
    this.#readers.add(reader);
    telemetry.set("tradesim_exporter_live_readers", this.#readers.size);
    if (session !== undefined) this.#join(reader, session);
    const { version, started } = answers;
    const hello: Hello = { version, started, session: session ?? null, past: this.#past };
    reader.controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n`));
    reader.controller.enqueue(message("hello", JSON.stringify(hello)));
  }

  /** Lets a reader listen to a session, of which it knows all that is kept unless it `isNew`. */
  #join(reader: Reader, session: string, isNew = false): void {
    this.#leave(reader);
    let topic = this.#topics.get(session);
    if (topic === undefined) {
      const { answers } = this.#options;
      topic = {
        session,
        readers: new Set(),
        hasNews: false,
        turn: isNew ? -1 : answers.lastTurn(session),
        noted: isNew ? 0 : answers.noted(session),
        turnsAt: -Infinity,
        state: "",
        stateAt: -Infinity,
        isStateOld: true,
        detail: isNew ? undefined : answers.inventory(session),
        detailAt: -Infinity,
      };
      this.#topics.set(session, topic);
    }
    topic.readers.add(reader);
    reader.topic = topic;
  }

  #leave(reader: Reader): void {
    const { topic } = reader;
    if (topic === undefined) return;
    reader.topic = undefined;
    topic.readers.delete(reader);
    if (topic.readers.size === 0) this.#topics.delete(topic.session);
  }

  #remove(reader: Reader): void {
    if (!this.#readers.delete(reader)) return;
    this.#leave(reader);
    this.#options.telemetry.set("tradesim_exporter_live_readers", this.#readers.size);
    if (this.#readers.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }

  #send(readers: ReadonlySet<Reader>, bytes: Uint8Array): void {
    for (const { controller } of readers) controller.enqueue(bytes);
  }

  /** Cuts off readers that do not read, because their messages would pile up. */
  #cutOff(now: number): void {
    if (!isDue(now, this.#cutOffAt, TURNS_MS)) return;
    this.#cutOffAt = now;
    for (const reader of this.#readers) {
      if (reader.controller.desiredSize! > 0) continue;
      this.#remove(reader);
      this.#hasStalled = true;
      reader.controller.error(new NotRead("The reader is too slow"));
      this.#options.telemetry.count("tradesim_exporter_live_readers_cut_off_total");
    }
  }

  #tick(): void {
    const now = this.#now();
    this.#cutOff(now);
    this.#tellSessions(now);
    for (const topic of this.#topics.values()) {
      this.#tellTurns(topic, now);
      this.#tellState(topic, now);
      this.#tellDetail(topic, now);
    }
    if (!isDue(now, this.#commentAt, COMMENT_MS)) return;
    this.#commentAt = now;
    this.#send(this.#readers, COMMENT);
  }

  #tellSessions(now: number): void {
    if (!isDue(now, this.#signatureAt, SESSIONS_MS)) return;
    this.#signatureAt = now;
    const { answers } = this.#options;
    const signature = answers.signature();
    if (signature === this.#signature) return;
    this.#signature = signature;
    for (const topic of this.#topics.values()) topic.isStateOld = true;
    this.#send(this.#readers, message("sessions", JSON.stringify(answers.summaries())));
  }

  #tellTurns(topic: Topic, now: number): void {
    if (!topic.hasNews || !isDue(now, topic.turnsAt, TURNS_MS)) return;
    const { answers } = this.#options;
    const last = answers.lastTurn(topic.session);
    // The game was set back by an unknown number of turns.
    if (last < topic.turn) topic.turn = -1;
    const news = answers.news(topic.session, topic, { points: MAX_POINTS, events: MAX_EVENTS });
    topic.hasNews = false;
    topic.turn = last;
    topic.noted = answers.noted(topic.session);
    if (news.columns.tour === undefined && news.events.length === 0) return;
    topic.turnsAt = now;
    this.#send(topic.readers, message("turns", JSON.stringify(news), Math.max(0, last)));
  }

  #tellState(topic: Topic, now: number): void {
    if (!isDue(now, topic.stateAt, topic.isStateOld ? STATE_MS : IDLE_STATE_MS)) return;
    const { answers } = this.#options;
    // A forgotten session has nothing to send until it reports again.
    if (!answers.has(topic.session)) return;
    topic.isStateOld = false;
    topic.stateAt = now;
    // Its own numbers are for the next message: they are no news of the game.
    answers.readOwn();
    const state = JSON.stringify(answers.state(topic.session));
    if (state === topic.state) return;
    topic.state = state;
    this.#send(topic.readers, message("state", state));
  }

  #tellDetail(topic: Topic, now: number): void {
    if (!isDue(now, topic.detailAt, DETAIL_MS)) return;
    topic.detailAt = now;
    const detail = this.#options.answers.inventory(topic.session);
    if (detail === undefined || detail === topic.detail) return;
    topic.detail = detail;
    this.#send(topic.readers, message("detail", JSON.stringify(detail)));
  }
}
