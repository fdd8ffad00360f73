/** Turns a game into reports. A simulation calls it once per turn. @module */

import type * as z from "zod";
import type { NATIVE_SCHEMA, NATIVE_TYPE, NATIVE_VERSION } from "../report/mod.ts";
import { MAX_COLUMN_LENGTH, TURN_SECONDS_BUCKETS } from "../turns/mod.ts";
import { Line } from "./line.ts";
import type { TurnLog } from "./turn_log.ts";
import { logProblem, messageOf, once, type OnProblem, type Transport } from "./transport.ts";
import { MIN_TURNS, RecentTurns, type TurnNumbers, USUAL_TURNS } from "./recent_turns.ts";

type NativeReport = z.input<typeof NATIVE_SCHEMA>;

/** What a report carries besides the numbers of `TurnNumbers`, as docs/report.md has it. */
export interface RestOfReport {
  /** Further values by name of the catalogue's reported metrics, in the metric's unit: money in euros. */
  readonly values?: Readonly<Record<string, number>>;
  readonly evenements?: NonNullable<NativeReport["evenements"]>;
  /** Events since the last report: at most 100, each only once. */
  readonly evenements_recents?: NonNullable<NativeReport["evenements_recents"]>;
  readonly repartitions?: NonNullable<NativeReport["repartitions"]>;
  /** Some reports may omit it: the last one stays valid, and gauges with it for up to 3 s. */
  readonly detail?: NonNullable<NativeReport["detail"]>;
}

/** What is known about a report before it is composed. */
export interface ReportMoment {
  /** Now, in seconds since 1970. */
  readonly timestamp: number;
  readonly tour: number;
  /** Whether it is the last one. */
  readonly fini: boolean;
}

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

// The report's names come as types only: its reader is nothing that a game should have to load.
const TYPE: typeof NATIVE_TYPE = "tradesim.report";
const VERSION: typeof NATIVE_VERSION = 1;

/** The numbers in a report: names, values and decimal places. */
const FIELDS: readonly (readonly [string, (numbers: TurnNumbers) => number, number])[] = [
  ["budget_total", ({ budgetTotal }) => budgetTotal, 2],
  ["budget_min", ({ budgetMin }) => budgetMin, 2],
  ["budget_max", ({ budgetMax }) => budgetMax, 2],
  ["transactions_total", ({ reussies, echouees }) => reussies + echouees, 0],
  ["transactions_reussies_total", ({ reussies }) => reussies, 0],
  ["transactions_echouees_total", ({ echouees }) => echouees, 0],
  ["transactions_montant_total", ({ montant }) => montant, 2],
  ["produits_total", ({ produits }) => produits, 0],
  ["produits_actifs", ({ produitsActifs }) => produitsActifs, 0],
  ["produits_inactifs", ({ produits, produitsActifs }) => produits - produitsActifs, 0],
  ["evenements_total", ({ evenements }) => evenements, 0],
];

/** Members that no value may replace, because readers check them first. */
const RESERVED = new Set(["type", "version"]);
const MAX_SESSION_BYTES = 128;

const LE = `{"le":[${TURN_SECONDS_BUCKETS.join()}],"counts":[`;

/**
 * Makes a publisher. A turn only counts, and keeps what is an extreme. A report leaves with the first
 * turn and then at most every `interval`; none leaves while the transport is not ready for one, and the
 * turns are told by the next.
 *
 * @throws {RangeError} When `maxTurns` or the length of `session` is out of its range.
 */
export function createPublisher(options: PublisherOptions): Publisher {
  const { session, numbers, transport, interval = INTERVAL_MS, maxTurns = USUAL_TURNS } = options;
  const { rest, turnLog, onReport, onProblem = logProblem } = options;
  const now = options.now ?? (() => performance.now());
  const wallClock = options.wallClock ?? (() => Date.now());
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
  const tell = once(onProblem);
  const recent = new RecentTurns(maxTurns || USUAL_TURNS);
  const line = new Line();
  const head = `{"type":"${TYPE}","version":${VERSION}`;
  const identity = `,"session":${JSON.stringify(session)}`;

  let reports = 0;
  let spent = 0;
  let mark = now();
  let due = mark;
  let finished: Promise<void> | undefined;
  /** Turns of the open batch: how many shall be in it, and how many of them are still to come. */
  let batch = 1;
  let left = 1;
  /** What a turn of the last batch took, in milliseconds. */
  let usual = 0;

  /** Ends the open batch, which took so long, and begins one of `next` turns. */
  function closeBatch(elapsed: number, next: number): void {
    const turns = batch - left;
    const isLong = turns > 1 && elapsed > LONG * turns * usual;
    const others = isLong ? usual : elapsed / turns;
    if (turns > 0) {
      const last = isLong ? elapsed - others * (turns - 1) : others;
      const closed = { turns, ended: mark + elapsed, last, others };
      recent.close(closed, numbers);
      turnLog?.close(closed);
      usual = elapsed / turns;
    }
    batch = left = next;
    recent.open(next);
  }

  /** Ends the open batch by reading the clock. */
  function look(): void {
    const time = now();
    const elapsed = time - mark;
    const turns = batch - left;
    const fitting = elapsed <= BATCH_MS / 2
      ? Math.min(2 * turns, MOST_BATCHED)
      : Math.max(1, Math.min(turns, Math.floor(turns * BATCH_MS / elapsed)));
    closeBatch(elapsed, fitting);
    mark = time;
    if (turnLog?.isDue(time)) handTurns(turnLog, time);
    if (time >= due) publish(mark);
  }

  function handTurns(log: TurnLog, begun: number): void {
    log.hand(recent.seconds, begun, wallClock() - begun);
    mark = now();
    spent += mark - begun;
  }

  /** Writes what the caller adds, all of it or nothing. */
  function writeRest(moment: ReportMoment): void {
    const start = line.length;
    try {
      const { values = {}, evenements, evenements_recents, repartitions, detail } =
        rest?.(moment) ?? {};
      for (const name in values) if (!RESERVED.has(name)) line.member(name, values[name]!);
      if (evenements !== undefined) {
        line.key("evenements");
        line.object(evenements);
      }
      for (const [name, value] of Object.entries({ evenements_recents, repartitions, detail })) {
        if (value === undefined) continue;
        line.key(name);
        line.text(JSON.stringify(value));
      }
    } catch (error) {
      line.cut(start);
      tell(`Cannot complete a report; the game continues: ${messageOf(error)}`);
    }
  }

  function writeTurnSeconds(): void {
    line.key("temps_simulation_tour_seconds");
    line.text(LE);
    recent.seconds.counts.forEach((turns, index) => {
      if (index > 0) line.text(",");
      line.decimal(turns, 0);
    });
    line.text('],"sum":');
    line.number(recent.seconds.sum);
    line.text("}");
  }

  function compose(fini: boolean): Uint8Array {
    recent.end(numbers);
    const milliseconds = wallClock();
    line.clear();
    line.text(head);
    // What the caller adds comes first: of two equal keys the second one counts.
    writeRest({ timestamp: milliseconds / 1000, tour: recent.tour, fini });
    line.text(identity);
    line.member("rapport", ++reports);
    line.member("tour", recent.tour);
    line.member("timestamp", milliseconds / 1000);
    if (fini) line.text(',"fini":true');
    for (const [name, read, places] of FIELDS) {
      line.key(name);
      line.decimal(read(numbers), places);
    }
    line.member("produits_prix_moyen", numbers.prixTotal / (numbers.produits || 1) / 100);
    line.member("simulation_publication_seconds_total", spent / 1000);
    writeTurnSeconds();
    if (maxTurns > 0 && recent.count > 0) {
      line.key("colonnes");
      recent.write(line, milliseconds - now());
    }
    line.text("}\n");
    recent.clear();
    return line.bytes();
  }

  function publish(begun: number): void {
    if (!transport.ready()) {
      due = begun + interval;
      return;
    }
    const report = compose(false);
    transport.write(report);
    mark = now();
    due = mark + interval;
    spent += mark - begun;
    try {
      onReport?.((mark - begun) / 1000, report.length);
    } catch (error) {
      tell(`The report callback failed; the game continues: ${messageOf(error)}`);
    }
  }

  return {
    begin() {
      // The time since the last reading includes a pause.
      closeBatch((batch - left) * usual, 1);
      mark = now();
    },
    pause() {
      if (left < batch) look();
    },
    turn() {
      turnLog?.note(numbers);
      const budget = numbers.budgetTotal;
      if (budget < recent.lowest || budget > recent.highest) {
        recent.note(recent.tour + batch - left + 1, numbers);
      }
      if (--left === 0) look();
    },
    flush() {
      if (finished !== undefined) return;
      if (left < batch) look();
      if (recent.count > 0) publish(now());
    },
    finish() {
      due = Infinity;
      if (left < batch) look();
      if (finished === undefined && turnLog !== undefined) handTurns(turnLog, now());
      finished ??= Promise.all([transport.end(compose(true)), turnLog?.end()]).then(() => {});
      return finished;
    },
    get stats() {
      return { turns: recent.tour + batch - left, reports, seconds: spent / 1000 };
    },
  };
}
