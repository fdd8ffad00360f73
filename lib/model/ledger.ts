/** The ledger of a session: what it has added to the totals, kept so that nothing counts twice. @module */

import * as z from "zod";
import { metric } from "../catalogue/mod.ts";
import { type Report, TURN_COUNTS } from "../report/mod.ts";
import { bucketOf, noTurns } from "../turns/mod.ts";
import { add, addAll, EXACT, nearest } from "./exact.ts";

const NUMBER = z.number();

/**
 * A total that never falls. Reports carry it since the session's last reset: `current` is the
 * highest value since then, `closed` is what the parts of the session before it came to.
 */
const TOTAL = z.strictObject({ closed: EXACT, current: NUMBER });
export type Total = z.infer<typeof TOTAL>;
const TOTALS = z.map(z.string(), TOTAL);

const MOMENT = z.strictObject({ time: NUMBER, turn: NUMBER });

/** Plain data that is saved as it is. */
export const LEDGER = z.strictObject({
  /** Turns played. */
  turns: NUMBER,
  /** The highest turn of a report. TradeSim's `tour_actuel` goes on over resets. */
  turnsSeen: NUMBER,
  /** By name of the metric or, with `--all-keys`, of the key. */
  totals: TOTALS,
  /**
   * Parts of totals, by name and then by the values of the labels in use, joined; what no part
   * accounts for is a part of its own. They add up to the total but for the sender's rounding.
   */
  shares: z.map(z.string(), TOTALS),
  /** Turns per bucket of the catalogue, not cumulated, +Inf last. */
  turnCounts: TURN_COUNTS,
  /** The highest counts of a report, for senders that give counts. */
  turnCountsSeen: TURN_COUNTS,
  /** Duration of all timed turns, in seconds. */
  turnSum: TOTAL,
  /** Turns whose durations are counted since the last reset, for senders that give only a sum. */
  turnsTimed: NUMBER,
  /** How often each invariant was broken. */
  violations: z.map(z.string(), NUMBER),
  /** Real time and turns between the reports: of closed parts, and both ends of the current one. */
  interval: z.strictObject({
    seconds: EXACT,
    turns: NUMBER,
    first: MOMENT.optional(),
    last: MOMENT.optional(),
  }),
});
export type Ledger = z.infer<typeof LEDGER>;

/** The parts of a value, by the values of the labels in use, joined. */
export type Parts = ReadonlyMap<string, number>;

/** Key of what no part accounts for. */
export const UNKNOWN_PART = "";

/** The smallest unit of money: reports round the total and each of its parts to it. */
const CENT = 0.01;

function noTotal(): Total {
  return { closed: [], current: 0 };
}

export function createLedger(): Ledger {
  return {
    turns: 0,
    turnsSeen: 0,
    totals: new Map(),
    shares: new Map(),
    turnCounts: noTurns(),
    turnCountsSeen: noTurns(),
    turnSum: noTotal(),
    turnsTimed: 0,
    violations: new Map(),
    interval: { seconds: [], turns: 0, first: undefined, last: undefined },
  };
}

/** Counts an invariant as broken. */
export function countViolation({ violations }: Ledger, invariant: string, times = 1): void {
  violations.set(invariant, (violations.get(invariant) ?? 0) + times);
}

/** Numbers that add up to a total exactly. */
export function amountsOf({ closed, current }: Total): readonly number[] {
  return [...closed, current];
}

export function valueOf(total: Total): number {
  return total.closed.length === 0 ? total.current : nearest(amountsOf(total));
}

/**
 * Real time between the reports of all parts, as numbers of seconds that add up to it exactly, and
 * the turns played in it.
 */
export function intervalOf(
  { interval: { seconds, turns, first, last } }: Ledger,
): { seconds: readonly number[]; turns: number } {
  if (first === undefined || last === undefined) return { seconds, turns };
  return {
    seconds: [...seconds, last.time, -first.time],
    turns: turns + last.turn - first.turn,
  };
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
    for (const share of shares.values()) close(share);
  }
  close(ledger.turnSum);
  ledger.turnsTimed = 0;
  closeInterval(ledger);
}

/** Adds all that another ledger holds to this one; the other is not used any more. */
export function absorb(ledger: Ledger, other: Ledger): void {
  // Where one of them knows parts, all that the other counted is in none of them.
  for (const name of other.shares.keys()) divide(ledger, name);
  for (const [name, shares] of ledger.shares) {
    if (!other.shares.has(name)) addUnknown(shares, other.totals.get(name));
  }
  ledger.turns += other.turns;
  for (const [name, total] of other.totals) addTotal(totalOf(ledger.totals, name), total);
  for (const [name, shares] of other.shares) {
    const own = ledger.shares.get(name)!;
    for (const [key, share] of shares) addTotal(totalOf(own, key), share);
    countRest(ledger, name);
  }
  other.turnCounts.forEach((count, index) => ledger.turnCounts[index]! += count);
  addTotal(ledger.turnSum, other.turnSum);
  for (const [invariant, times] of other.violations) countViolation(ledger, invariant, times);
  const { seconds, turns } = intervalOf(other);
  addAll(ledger.interval.seconds, seconds);
  ledger.interval.turns += turns;
}

/**
 * What is left of a ledger once another has absorbed it: it counts nothing, but knows what has been
 * counted, so that its session can go on where it stopped.
 */
export function remnantOf(ledger: Ledger): Ledger {
  const settled = (totals: ReadonlyMap<string, Total>) =>
    new Map(Array.from(totals, ([key, total]) => [key, settledTotal(total)]));
  const { last } = ledger.interval;
  return {
    ...ledger,
    turns: 0,
    totals: settled(ledger.totals),
    shares: new Map(Array.from(ledger.shares, ([name, shares]) => [name, settled(shares)])),
    turnCounts: noTurns(),
    turnSum: settledTotal(ledger.turnSum),
    violations: new Map(),
    interval: { seconds: [], turns: 0, first: last, last },
  };
}

/** Counts what no part of any total accounts for, as far as it is more than rounding. */
export function countRests(ledger: Ledger): void {
  for (const name of ledger.shares.keys()) countRest(ledger, name);
}

function totalOf(totals: Map<string, Total>, key: string): Total {
  let total = totals.get(key);
  if (total === undefined) totals.set(key, total = noTotal());
  return total;
}

function addTotal(total: Total, other: Total): void {
  addAll(total.closed, amountsOf(other));
}

function addUnknown(shares: Map<string, Total>, total: Total | undefined): void {
  if (total !== undefined && valueOf(total) > 0) addTotal(totalOf(shares, UNKNOWN_PART), total);
}

function close(total: Total): void {
  add(total.closed, total.current);
  total.current = 0;
}

/** A total that comes to 0 and goes on from where another stands. */
function settledTotal({ current }: Total): Total {
  return { closed: current === 0 ? [] : [-current], current };
}

function closeInterval(ledger: Ledger): void {
  const { interval } = ledger;
  if (interval.first !== undefined && interval.last !== undefined) {
    addAll(interval.seconds, [interval.last.time, -interval.first.time]);
    interval.turns = intervalOf(ledger).turns;
  }
  interval.first = interval.last = undefined;
}

function raise(ledger: Ledger, name: string, value: number, parts: Parts | undefined): void {
  const isDividedLate = parts !== undefined && divide(ledger, name);
  const total = totalOf(ledger.totals, name);
  // The value itself and not a sum of differences, so that no rounding piles up.
  total.current = Math.max(total.current, value);
  const shares = ledger.shares.get(name);
  if (shares === undefined) return;
  // Parts share what the total has gained, so that none ever falls and nothing is in two of them,
  // even where a report contradicts itself or has no parts.
  let room = roomOf(ledger, name);
  const rounding = roundingOf(Math.max(shares.size, parts?.size ?? 0));
  for (const [key, part] of parts ?? []) {
    const share = totalOf(shares, key);
    const gained = part - share.current;
    if (gained <= 0) continue;
    // Nobody knows which part of a total that came without parts so far was whose.
    const counted = isDividedLate ? 0 : gained <= room + rounding ? gained : Math.max(0, room);
    if (counted < gained) addAll(share.closed, [share.current, counted, -part]);
    share.current = part;
    room -= counted;
  }
  countRest(ledger, name);
}

/** How far so many parts may be from their total because each of them, and it, is rounded to cents. */
function roundingOf(parts: number): number {
  return Math.min(0.5, CENT * (parts + 1));
}

/** What the total has come to and no part has counted. */
function roomOf(ledger: Ledger, name: string): number {
  const amounts = [...amountsOf(totalOf(ledger.totals, name))];
  for (const share of ledger.shares.get(name)!.values()) {
    for (const amount of amountsOf(share)) amounts.push(-amount);
  }
  return nearest(amounts);
}

/** Counts as unknown what no part accounts for, as far as it is more than rounding. */
function countRest(ledger: Ledger, name: string): void {
  const shares = ledger.shares.get(name)!;
  const room = roomOf(ledger, name);
  if (room > roundingOf(shares.size)) add(totalOf(shares, UNKNOWN_PART).closed, room);
}

/** Lets a total have parts: what it came to so far is unknown. Says whether it came to something. */
function divide(ledger: Ledger, name: string): boolean {
  if (ledger.shares.has(name)) return false;
  const shares = new Map<string, Total>();
  ledger.shares.set(name, shares);
  const total = totalOf(ledger.totals, name);
  addUnknown(shares, total);
  return total.current > 0;
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
