/** The turn log: every turn of a game, written by a thread of its own. @module */

import { startWorker } from "../worker/mod.ts";
import type { Batch, TurnNumbers } from "./recent_turns.ts";
import { logProblem, once, type OnProblem } from "./transport.ts";
import {
  type Answer,
  BATCH,
  type Buffer,
  createBuffer,
  type Filled,
  FULL_TURNS,
  type Over,
  ROW,
  type Setup,
  writeRow,
} from "./turn_rows.ts";
import type { TurnSeconds } from "./turn_seconds.ts";
import source from "./write_turns.js" with { type: "text" };

export interface TurnLogOptions {
  /**
   * The file. Default: `logs/turns.jsonl`. Where another live simulation holds it, `-<session>` is put
   * before its extension.
   */
  readonly path?: string;
  readonly session: string;
  /** Turns that would make the file larger than this, in bytes, begin a new one. Default: 64 MiB. */
  readonly maxBytes?: number;
  /** How many full files are kept, as `<path>.1` (the newest), `<path>.2` and so on. Default: 7. */
  readonly keep?: number;
  /** Called for the first failure. Default: logs to standard error. */
  readonly onProblem?: OnProblem;
}

/** What a publisher hands every turn to. None of its functions throws or rejects. */
export interface TurnLog {
  /** A turn has ended. */
  note(numbers: TurnNumbers): void;
  /** The turns since the last call were played in one batch, by the publisher's clock. */
  close(batch: Batch): void;
  /** Whether `hand()` should be called; `time` is in milliseconds. */
  isDue(time: number): boolean;
  /**
   * Hands the turns so far to the writing thread. Waits for it if it is far behind.
   *
   * @param seconds Durations of all turns so far.
   * @param epoch What the publisher's time has to be increased by to count from 1970.
   */
  hand(seconds: TurnSeconds, time: number, epoch: number): void;
  /** Writes the rest and closes the file; ends within seconds. */
  end(): Promise<void>;
}

const PATH = "logs/turns.jsonl";
const KEEP = 7;
/** Turns of slow games are handed over this often, in milliseconds. */
const INTERVAL_MS = 1000;
/** Buffers: 66 000 turns, of which a game as fast as can be plays the last one 30 ms after the first. */
const BUFFERS = 16;
/** How long a game waits for the writing thread, in milliseconds, before turns are left out. */
const PATIENCE_MS = 1000;
const END_MS = 5000;
/** The clock may have been set, or the machine have slept: a jump of so many milliseconds is followed. */
const JUMP_MS = 50;

class WrittenTurns implements TurnLog {
  readonly #session: string;
  readonly #tell: OnProblem;
  readonly #worker: Worker;
  readonly #buffers: readonly Buffer[] = Array.from({ length: BUFFERS }, createBuffer);
  readonly #state = new Int32Array(
    new SharedArrayBuffer((BUFFERS + 1) * Int32Array.BYTES_PER_ELEMENT),
  );
  readonly #ended = Promise.withResolvers<void>();
  /** The buffer that is filled, and how many turns and batches are in it. */
  #buffer = 0;
  #rows: Float64Array;
  #batches: Float64Array;
  #turns = 0;
  #closed = 0;
  /** Turns before those of the buffer, and their durations. */
  #before = 0;
  #counts: readonly number[] = [];
  #sum = 0;
  #due = 0;
  #epoch = -Infinity;
  #leftOut = 0;
  #isBroken = false;

  constructor(options: TurnLogOptions) {
    const { path = PATH, session, maxBytes, keep = KEEP, onProblem = logProblem } = options;
    this.#session = session;
    this.#tell = once(onProblem);
    this.#rows = this.#buffers[0]!.rows;
    this.#batches = this.#buffers[0]!.batches;
    this.#worker = startWorker(source, (problem) => {
      this.#isBroken = true;
      this.#ended.resolve();
      this.#tell(`Cannot write turns to "${path}" any more; the game continues: ${problem}`);
    });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if ("problem" in data) this.#tell(data.problem);
      else this.#ended.resolve();
    };
    const { buffers, state } = { buffers: this.#buffers, state: this.#state };
    this.#post({ path, session, maxBytes, keep, buffers, state });
  }

  note(numbers: TurnNumbers): void {
    writeRow(this.#rows, this.#turns++ * ROW, numbers);
  }

  close({ turns, ended, last, others }: Batch): void {
    const batches = this.#batches;
    const at = this.#closed++ * BATCH;
    batches[at] = turns;
    batches[at + 1] = ended;
    batches[at + 2] = last;
    batches[at + 3] = others;
  }

  isDue(time: number): boolean {
    return this.#turns >= FULL_TURNS || time >= this.#due;
  }

  hand(seconds: TurnSeconds, time: number, epoch: number): void {
    this.#due = time + INTERVAL_MS;
    if (this.#turns === 0) return;
    // A clock of whole milliseconds and one of fractions differ by another fraction each time.
    if (epoch > this.#epoch + JUMP_MS) this.#epoch = epoch;
    const next = this.#freeBuffer();
    if (next === undefined) {
      // The buffer is used again, and what was in it is a gap of the log.
      this.#leftOut += this.#turns;
      this.#tell(
        `The turn log of "${this.#session}" has gaps, for its file cannot be written as fast as the ` +
          "game is played; the game continues",
      );
    } else {
      Atomics.store(this.#state, this.#buffer, 1);
      this.#post({
        buffer: this.#buffer,
        turns: this.#turns,
        batches: this.#closed,
        first: this.#before + 1,
        epoch: this.#epoch,
        counts: this.#counts.length > 0 ? this.#counts : seconds.counts.map(() => 0),
        sum: this.#sum,
      });
      this.#buffer = next;
      this.#rows = this.#buffers[next]!.rows;
      this.#batches = this.#buffers[next]!.batches;
    }
    this.#before += this.#turns;
    this.#counts = seconds.counts.slice();
    this.#sum = seconds.sum;
    this.#turns = this.#closed = 0;
  }

  async end(): Promise<void> {
    if (!this.#isBroken) this.#post({ turns: this.#before });
    const timer = setTimeout(() => {
      this.#tell("The last turns may be missing in the turn log: its file cannot be written");
      this.#ended.resolve();
    }, END_MS);
    await this.#ended.promise;
    clearTimeout(timer);
    this.#worker.terminate();
  }

  #post(message: Setup | Filled | Over): void {
    this.#worker.postMessage(message);
  }

  /** A buffer to fill next, the same few while the writing thread keeps up; undefined if all are full. */
  #freeBuffer(): number | undefined {
    if (this.#isBroken) return undefined;
    const state = this.#state;
    // A thread that has kept a game waiting in vain is not waited for again.
    const until = performance.now() + (this.#leftOut > 0 ? 0 : PATIENCE_MS);
    for (;;) {
      const written = Atomics.load(state, BUFFERS);
      for (let buffer = 0; buffer < BUFFERS; buffer++) {
        if (buffer !== this.#buffer && Atomics.load(state, buffer) === 0) return buffer;
      }
      const left = until - performance.now();
      if (left <= 0) return undefined;
      Atomics.wait(state, BUFFERS, written, left);
    }
  }
}

/**
 * Opens a turn log, and makes its folder. At most `keep` + 1 files of `maxBytes` are there at a time,
 * and 4096 turns more. Its thread keeps the process alive until `end()`.
 */
export function openTurnLog(options: TurnLogOptions): TurnLog {
  return new WrittenTurns(options);
}
