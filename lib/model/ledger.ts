/** The ledger: what one session has added to the totals so far, kept so that nothing counts twice. @module */

import { metric, TURN_SECONDS_BUCKETS } from "../catalogue/mod.ts";
import type { Report } from "../report/mod.ts";

/**
 * A total that never falls. Reports carry it since the session's last reset: `current` is the
 * highest value since then, `closed` is what the parts of the session before it came to.
 */
export interface Total {
  closed: number;
  current: number;
}

/** What is counted for one part of a total, and the highest value that reports gave it since the reset. */
export interface Share {
  counted: number;
  seen: number;
}

interface Moment {
  time: number;
  turn: number;
}

/** Plain data, so that it can be saved as it is. */
export interface Ledger {
  /** Turns played. */
  turns: number;
  /** The highest turn of a report. TradeSim's `tour_actuel` goes on over resets. */
  turnsSeen: number;
  /** By name of the metric or, with `--all-keys`, of the key. */
  readonly totals: Map<string, Total>;
  /** Parts of totals, by name and then by the values of the labels in use, joined. They add up to the total. */
  readonly shares: Map<string, Map<string, Share>>;
  /** Turns per bucket of the catalogue, not cumulated, +Inf last. */
  readonly turnCounts: number[];
  /** The highest counts of a report, for senders that give counts. */
  readonly turnCountsSeen: number[];
  /** Duration of all timed turns, in seconds. */
  readonly turnSum: Total;
  /** Turns whose durations are counted since the last reset, for senders that give only a sum. */
  turnsTimed: number;
  /** Real time and turns between the reports: of closed parts, and both ends of the current one. */
  readonly interval: {
    seconds: number;
    turns: number;
    first: Moment | undefined;
    last: Moment | undefined;
  };
}

/** The parts of a value, by the values of the labels in use, joined. */
export type Parts = ReadonlyMap<string, number>;

/** Key of what no part accounts for. */
export const UNKNOWN_PART = "";

function noCounts(): number[] {
  return new Array<number>(TURN_SECONDS_BUCKETS.length + 1).fill(0);
}

export function createLedger(): Ledger {
  return {
    turns: 0,
    turnsSeen: 0,
    totals: new Map(),
    shares: new Map(),
    turnCounts: noCounts(),
    turnCountsSeen: noCounts(),
    turnSum: { closed: 0, current: 0 },
    turnsTimed: 0,
    interval: { seconds: 0, turns: 0, first: undefined, last: undefined },
  };
}

/** Every total of a ledger that can be a fraction, by name. */
export function totalsOf(ledger: Ledger): [name: string, total: Total][] {
  return [...ledger.totals, ["temps_simulation_tour_seconds", ledger.turnSum]];
}

export function valueOf({ closed, current }: Total): number {
  return closed + current;
}

/** Real time between the reports of all parts, in seconds, and the turns played in it. */
export function intervalOf(
  { interval: { seconds, turns, first, last } }: Ledger,
): { seconds: number; turns: number } {
  return {
    seconds: seconds + (first && last ? last.time - first.time : 0),
    turns: turns + (first && last ? last.turn - first.turn : 0),
  };
}

/** Whether some total of the report lies below what is known since the last reset. */
export function isAhead(ledger: Ledger, report: Report): boolean {
  for (const [name, value] of report.values) {
    const total = ledger.totals.get(name);
    if (total !== undefined && value < total.current) return true;
  }
  return false;
}

/** Takes a report that is newer than all before; `parts` are the parts of its totals, by name. */
export function addReport(
  ledger: Ledger,
  report: Report,
  parts: ReadonlyMap<string, Parts>,
): void {
  const turn = Math.max(ledger.turnsSeen, report.turn ?? 0);
  ledger.turns += turn - ledger.turnsSeen;
  ledger.turnsSeen = turn;
  for (const [name, value] of report.values) {
    if (metric(name).type === "counter") raise(ledger, name, value, parts.get(name));
  }
  for (const [name, { type, value }] of report.extra) {
    if (type === "counter") raise(ledger, name, value, undefined);
  }
  addTurnSeconds(ledger, report);
  addInterval(ledger, report);
}

/** The session's own totals begin again at 0; what they came to stays counted. */
export function closePart(ledger: Ledger): void {
  for (const total of ledger.totals.values()) close(total);
  for (const shares of ledger.shares.values()) {
    for (const share of shares.values()) share.seen = 0;
  }
  close(ledger.turnSum);
  ledger.turnsTimed = 0;
  Object.assign(ledger.interval, intervalOf(ledger), { first: undefined, last: undefined });
}

/** Adds all that another ledger holds to this one; the other is not used any more. */
export function absorb(ledger: Ledger, other: Ledger): void {
  ledger.turns += other.turns;
  for (const [name, total] of other.totals) totalOf(ledger, name).closed += valueOf(total);
  for (const [name, shares] of other.shares) {
    for (const [key, { counted }] of shares) shareOf(ledger, name, key).counted += counted;
  }
  other.turnCounts.forEach((count, index) => ledger.turnCounts[index]! += count);
  ledger.turnSum.closed += valueOf(other.turnSum);
  const { seconds, turns } = intervalOf(other);
  ledger.interval.seconds += seconds;
  ledger.interval.turns += turns;
}

/**
 * What is left of a ledger once another has absorbed it: it counts nothing, but knows what has been
 * counted, so that its session can go on where it stopped.
 */
export function remnantOf(ledger: Ledger): Ledger {
  const settled = ({ current }: Total): Total => ({ closed: -current, current });
  const { last } = ledger.interval;
  return {
    ...ledger,
    turns: 0,
    totals: new Map(Array.from(ledger.totals, ([name, total]) => [name, settled(total)])),
    shares: new Map(
      Array.from(ledger.shares, ([name, shares]) => [
        name,
        new Map(Array.from(shares, ([key, { seen }]) => [key, { counted: 0, seen }])),
      ]),
    ),
    turnCounts: noCounts(),
    turnSum: settled(ledger.turnSum),
    interval: { seconds: 0, turns: 0, first: last, last },
  };
}

function totalOf(ledger: Ledger, name: string): Total {
  let total = ledger.totals.get(name);
  if (total === undefined) ledger.totals.set(name, total = { closed: 0, current: 0 });
  return total;
}

function shareOf(ledger: Ledger, name: string, key: string): Share {
  let shares = ledger.shares.get(name);
  if (shares === undefined) ledger.shares.set(name, shares = new Map());
  let share = shares.get(key);
  if (share === undefined) shares.set(key, share = { counted: 0, seen: 0 });
  return share;
}

function close(total: Total): void {
  total.closed += total.current;
  total.current = 0;
}

function raise(ledger: Ledger, name: string, value: number, parts: Parts | undefined): void {
  const total = totalOf(ledger, name);
  const isDividedLate = total.current > 0 && !ledger.shares.has(name);
  let gained = Math.max(0, value - total.current);
  // The value itself and not a sum of differences, so that no rounding piles up.
  total.current = Math.max(total.current, value);
  if (parts === undefined && !ledger.shares.has(name)) return;
  // What is gained is shared out among the parts, and never more than that, so that the parts add
  // up to the total and none ever falls, even where a report contradicts itself.
  for (const [key, part] of parts ?? []) {
    const share = shareOf(ledger, name, key);
    // Nobody knows which part of a total that came without parts so far was whose.
    if (isDividedLate) share.seen = part;
    const counted = Math.min(Math.max(0, part - share.seen), gained);
    share.seen = Math.max(share.seen, part);
    share.counted += counted;
    gained -= counted;
  }
  if (gained > value * 1e-9) shareOf(ledger, name, UNKNOWN_PART).counted += gained;
}

/** The first of the catalogue's buckets that holds a turn of so many seconds. */
function bucketOf(seconds: number): number {
  const index = TURN_SECONDS_BUCKETS.findIndex((bound) => seconds <= bound);
  return index < 0 ? TURN_SECONDS_BUCKETS.length : index;
}

function addTurnSeconds(ledger: Ledger, { turnSeconds }: Report): void {
  if (turnSeconds === undefined) return;
  const { turnCounts, turnCountsSeen, turnSum } = ledger;
  const gained = Math.max(0, turnSeconds.sum - turnSum.current);
  if ("counts" in turnSeconds) {
    turnSeconds.counts.forEach((count, index) => {
      turnCounts[index]! += Math.max(0, count - turnCountsSeen[index]!);
      turnCountsSeen[index] = Math.max(turnCountsSeen[index]!, count);
    });
  } else if (turnSeconds.turns > ledger.turnsTimed) {
    const turns = turnSeconds.turns - ledger.turnsTimed;
    turnCounts[bucketOf(gained / turns)]! += turns;
    ledger.turnsTimed = turnSeconds.turns;
  }
  turnSum.current = Math.max(turnSum.current, turnSeconds.sum);
}

function addInterval({ interval }: Ledger, { timestamp, turn }: Report): void {
  if (timestamp === undefined || turn === undefined) return;
  interval.first ??= { time: timestamp, turn };
  const { last = { time: timestamp, turn } } = interval;
  // A clock or a turn that is set back must not take anything away.
  interval.last = { time: Math.max(timestamp, last.time), turn: Math.max(turn, last.turn) };
}
