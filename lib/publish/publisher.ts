/** Turns a game into reports. A simulation calls it once per turn. @module */

import { messageOf } from "../error/mod.ts";
import { MAX_COLUMN_LENGTH } from "../turns/mod.ts";
import { type ReportMoment, ReportWriter, type RestOfReport } from "./report_writer.ts";
import type { TurnLog } from "./turn_log.ts";
import { logProblem, once, type OnProblem, type Transport } from "./transport.ts";
import { MIN_TURNS, RecentTurns, type TurnNumbers, USUAL_TURNS } from "./recent_turns.ts";

export interface PublisherOptions {
  /** The game: 1 to 128 bytes, a name that no other game has. */
  readonly session: string;
  /** An object of the simulation, read in place after every turn. */
  readonly numbers: TurnNumbers;
  /** Makes the rest of a report; called only when one leaves. */
  readonly rest?: (moment: ReportMoment) => RestOfReport;
  readonly transport: Transport;
  /** Keeps every turn. Default: none; reports hold only some turns. */
  readonly turnLog?: TurnLog | undefined;
  /** The shortest time between two reports, in milliseconds. Default: 100. */
  readonly interval?: number;
  /** Maximum number of single turns in a report: 0, or from 8 to 1000. Default: 128. */
  readonly maxTurns?: number;
  /** Called once for an error of `rest` or `onReport`. Default: logs to standard error. */
  readonly onProblem?: OnProblem;
  /** Called after each report but the last with its duration in seconds and its size in bytes. */
  readonly onReport?: (seconds: number, bytes: number) => void;
  /** Milliseconds that only grow. Default: `performance.now()`. */
  readonly now?: () => number;
  /** Milliseconds since 1970. Default: `Date.now()`. */
  readonly wallClock?: () => number;
}

export interface Publisher {
  /**
   * The next turn begins now. Needed only after a pause, which is no part of a turn. Turns of a batch
   * that is open then count as those before them did, unless `pause()` came before.
   */
  begin(): void;
  /** A pause begins now. Reads the clock, so that the turns before it are complete. */
  pause(): void;
  /**
   * A turn has ended. It began when the one before ended, or at `begin()`, or when the publisher was
   * made; time spent on a report is not counted.
   *
   * Turns of 0.2 ms and more are timed one by one. Shorter ones are timed in batches of about that
   * long, because the clock would take a good part of them, and count at their mean. A batch that
   * takes more than four times as long as the one before lets expect is that of one long turn, its
   * last; the others then count as before.
   */
  turn(): void;
  /** Reports the turns since the last report now, if the transport is ready. */
  flush(): void;
  /** Sends the last report, which says that the game is over, and closes the transport. Never rejects. */
  finish(): Promise<void>;
  readonly stats: PublisherStats;
}

/** Statistics of publishing. */
export interface PublisherStats {
  /** Turns so far. */
  readonly turns: number;
  /** Reports handed to the transport. */
  readonly reports: number;
  /** Time spent on reports, in seconds. */
  readonly seconds: number;
}

const INTERVAL_MS = 100;

/** The clock is looked at about so often, in milliseconds; it takes 0.1 µs. */
const BATCH_MS = 0.2;
/** A game whose turns suddenly become long is noticed after so many of them. */
const MOST_BATCHED = 256;
/** A batch is a long turn's when it takes so many times as long as expected. */
const LONG = 4;

const MAX_SESSION_BYTES = 128;

/**
 * Makes a publisher. A turn only counts, and keeps what is an extreme. A report leaves with the first
 * turn and then at most every `interval`; none leaves while the transport is not ready for one, and the
 * turns are told by the next.
 *
 * @throws {RangeError} When `maxTurns` or the length of `session` is out of its range.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  return new GamePublisher(options);
}

function checkOptions({ session, maxTurns = USUAL_TURNS }: PublisherOptions): void {
  const sessionBytes = new TextEncoder().encode(session).length;
  if (sessionBytes < 1 || sessionBytes > MAX_SESSION_BYTES) {
    throw new RangeError(
      `Cannot publish: the session's name has ${sessionBytes} bytes, ` +
        `expected 1 to ${MAX_SESSION_BYTES}`,
    );
  }
  if (maxTurns !== 0 && !(maxTurns >= MIN_TURNS && maxTurns <= MAX_COLUMN_LENGTH)) {
    throw new RangeError(
      `Cannot keep ${maxTurns} turns: expected 0 or ${MIN_TURNS} to ${MAX_COLUMN_LENGTH}`,
    );
  }
}

class GamePublisher implements Publisher {
  readonly #numbers: TurnNumbers;
  readonly #transport: Transport;
  readonly #turnLog: TurnLog | undefined;
  readonly #interval: number;
  readonly #onReport: PublisherOptions["onReport"];
  readonly #tell: (message: string) => void;
  readonly #now: () => number;
  readonly #wallClock: () => number;
  readonly #recent: RecentTurns;
  readonly #writer: ReportWriter;
  /** When the open batch began; when the next report is due; and the time spent on reports. */
  #mark: number;
  #due: number;
  #spent = 0;
  #finished: Promise<void> | undefined;
  /** Turns of the open batch: how many shall be in it, and how many of them are still to come. */
  #batch = 1;
  #left = 1;
  /** What a turn of the last batch took, in milliseconds. */
  #usual = 0;

  constructor(options: PublisherOptions) {
    checkOptions(options);
    const { session, numbers, transport, interval = INTERVAL_MS, maxTurns = USUAL_TURNS } = options;
    const { rest, turnLog, onReport, onProblem = logProblem } = options;
    this.#numbers = numbers;
    this.#transport = transport;
    this.#turnLog = turnLog;
    this.#interval = interval;
    this.#onReport = onReport;
    this.#tell = once(onProblem);
    this.#now = options.now ?? (() => performance.now());
    this.#wallClock = options.wallClock ?? (() => Date.now());
    const recent = this.#recent = new RecentTurns(maxTurns || USUAL_TURNS);
    const hasColumns = maxTurns > 0;
    this.#writer = new ReportWriter({
      ...{ session, numbers, recent, hasColumns, rest, onProblem: this.#tell },
    });
    this.#mark = this.#due = this.#now();
  }

  begin(): void {
    // The time since the last reading includes a pause.
    this.#closeBatch((this.#batch - this.#left) * this.#usual, 1);
    this.#mark = this.#now();
  }

  pause(): void {
    if (this.#left < this.#batch) this.#look();
  }

  turn(): void {
    const numbers = this.#numbers;
    const recent = this.#recent;
    this.#turnLog?.note(numbers);
    const budget = numbers.budgetTotal;
    if (budget < recent.lowest || budget > recent.highest) {
      recent.note(recent.tour + this.#batch - this.#left + 1, numbers);
    }
    if (--this.#left === 0) this.#look();
  }

  flush(): void {
    if (this.#finished !== undefined) return;
    this.pause();
    if (this.#recent.count > 0) this.#publish(this.#now());
  }

  finish(): Promise<void> {
    this.#due = Infinity;
    this.pause();
    if (this.#finished === undefined) {
      const turnLog = this.#turnLog;
      if (turnLog !== undefined) this.#handTurns(turnLog, this.#now());
      this.#finished = Promise.all([this.#transport.end(this.#write(true)), turnLog?.end()])
        .then(() => {});
    }
    return this.#finished;
  }

  get stats(): PublisherStats {
    return {
      turns: this.#recent.tour + this.#batch - this.#left,
      reports: this.#writer.reports,
      seconds: this.#spent / 1000,
    };
  }

  /** Ends the open batch by reading the clock. */
  #look(): void {
    const time = this.#now();
    const elapsed = time - this.#mark;
    const turns = this.#batch - this.#left;
    const fitting = elapsed <= BATCH_MS / 2
      ? Math.min(2 * turns, MOST_BATCHED)
      : Math.max(1, Math.min(turns, Math.floor(turns * BATCH_MS / elapsed)));
    this.#closeBatch(elapsed, fitting);
    this.#mark = time;
    if (this.#turnLog?.isDue(time)) this.#handTurns(this.#turnLog, time);
    if (time >= this.#due) this.#publish(this.#mark);
  }

  /** Ends the open batch, which took so long, and begins one of `next` turns. */
  #closeBatch(elapsed: number, next: number): void {
    const turns = this.#batch - this.#left;
    const usual = this.#usual;
    const isLong = turns > 1 && elapsed > LONG * turns * usual;
    const others = isLong ? usual : elapsed / turns;
    if (turns > 0) {
      const last = isLong ? elapsed - others * (turns - 1) : others;
      const closed = { turns, ended: this.#mark + elapsed, last, others };
      this.#recent.close(closed, this.#numbers);
      this.#turnLog?.close(closed);
      this.#usual = elapsed / turns;
    }
    this.#batch = this.#left = next;
    this.#recent.open(next);
  }

  #handTurns(log: TurnLog, begun: number): void {
    log.hand(this.#recent.seconds, begun, this.#wallClock() - begun);
    this.#mark = this.#now();
    this.#spent += this.#mark - begun;
  }

  #write(fini: boolean): Uint8Array {
    return this.#writer.write(fini, this.#wallClock(), this.#now(), this.#spent);
  }

  #publish(begun: number): void {
    if (!this.#transport.ready()) {
      this.#due = begun + this.#interval;
      return;
    }
    const report = this.#write(false);
    this.#transport.write(report);
    this.#mark = this.#now();
    this.#due = this.#mark + this.#interval;
    this.#spent += this.#mark - begun;
    try {
      this.#onReport?.((this.#mark - begun) / 1000, report.length);
    } catch (error) {
      this.#tell(`The report callback failed; the game continues: ${messageOf(error)}`);
    }
  }
}
