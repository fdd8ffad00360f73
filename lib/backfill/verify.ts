/** Reads back what a store has of backfilled games, and compares it. @module */

import { BackfillError } from "./error.ts";
import { JOB } from "./starts.ts";
import type { Tally, Total } from "./tally.ts";

/** How long new blocks may take to be seen: Prometheus looks for them every minute. */
const PATIENCE_MS = 150_000;
const PAUSE_MS = 2000;
const TIMEOUT_MS = 300_000;
/** How far a server's sum may be off by the order in which it adds. */
const TOLERANCE = 1e-9;

export interface VerifyOptions {
  /** The server. */
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly stop: AbortSignal;
  /** Whether samples have just been written, so that they may not be seen yet. */
  readonly isFresh: boolean;
  readonly onStep?: (done: number, total: number) => void;
}

/** What a server has of one name in one game. */
interface Stored {
  readonly samples: number;
  readonly sum: number;
  readonly series: number;
  /** Series with a sample at the first and at the last time. */
  readonly atFirst: number;
  readonly atLast: number;
}

const NONE: Stored = { samples: 0, sum: 0, series: 0, atFirst: 0, atLast: 0 };

async function query(
  { url, fetch, stop }: VerifyOptions,
  expression: string,
  ms: number,
): Promise<readonly number[]> {
  const at = `${url.replace(/\/$/, "")}/api/v1/query`;
  let text: string;
  try {
    const response = await fetch(at, {
      method: "POST",
      body: new URLSearchParams({ query: expression, time: String(ms / 1000) }),
      redirect: "error",
      signal: AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    text = await response.text();
  } catch (error) {
    stop.throwIfAborted();
    throw new BackfillError(`Cannot read back from ${url}: ${(error as Error).message}`);
  }
  try {
    const answer = JSON.parse(text);
    if (answer.status !== "success") throw new Error(String(answer.error));
    return answer.data.result.map(({ value }: { value: [number, string] }) => Number(value[1]));
  } catch (error) {
    throw new BackfillError(
      `Cannot read back from ${url}: ${
        text.startsWith("{") ? (error as Error).message : "it is no Prometheus API"
      }`,
    );
  }
}

/**
 * Asks for the samples of one name: from one millisecond before the first one on, which holds none. That
 * there are some at both ends tells a game from the same game at other times.
 */
async function stored(
  options: VerifyOptions,
  game: string,
  name: string,
  { first, last }: Total,
): Promise<Stored> {
  const series = `{__name__="${name}",job="${JOB}",instance=${JSON.stringify(game)}}`;
  const selector = `${series}[${last - first + 1}ms]`;
  const ask = (expression: string) => query(options, expression, last);
  const [samples = 0] = await ask(`sum(count_over_time(${selector}))`);
  if (samples === 0) return NONE;
  const [sum = NaN] = await ask(`sum(sum_over_time(${selector}))`);
  const [count = 0] = await ask(`count(count_over_time(${selector}))`);
  // Whether a range begins with its first moment is another answer in each version: the second
  // millisecond is left out, too, where nothing is.
  const [later = 0] = last - first < 2
    ? []
    : await ask(`sum(count_over_time(${series}[${last - first - 1}ms]))`);
  const atFirst = samples - later;
  const [atLast = 0] = await ask(`count(count_over_time(${series}[1ms]))`);
  return { samples, sum, series: count, atFirst, atLast };
}

function isSame(total: Total, { samples, sum, series, atFirst, atLast }: Stored): boolean {
  const wanted = total.sum + total.lost;
  // Of turns that are a millisecond apart the second one is left out with the first.
  const isDense = total.last - total.first < 2 * total.samples / total.series.size;
  if (atLast !== total.atLast || (atFirst !== total.atFirst && !isDense)) return false;
  return samples === total.samples && series === total.series.size &&
    Math.abs(sum - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
}

function difference(game: string, name: string, total: Total, found: Stored): string {
  return `${name} of "${game}": ${found.samples} samples of ${found.series} series that add up to ` +
    `${found.sum}, ${found.atFirst} of them at its first and ${found.atLast} at its last turn; expected ` +
    `${total.samples} of ${total.series.size} and ${
      total.sum + total.lost
    }, ${total.atFirst} and ${total.atLast}`;
}

/**
 * Compares what a server has with what was backfilled, by game.
 *
 * @returns What differs, in words; empty if nothing does.
 * @throws {BackfillError} When the server cannot be asked.
 */
export async function verify(
  tallies: ReadonlyMap<string, Tally>,
  options: VerifyOptions,
): Promise<readonly string[]> {
  const differences: string[] = [];
  const until = performance.now() + (options.isFresh ? PATIENCE_MS : 0);
  const wanted = Array.from(tallies)
    .flatMap(([game, { totals }]) =>
      Array.from(totals, ([name, total]) => ({ game, name, total }))
    );
  for (const [index, { game, name, total }] of wanted.entries()) {
    options.onStep?.(index, wanted.length);
    let found = await stored(options, game, name, total);
    while (!isSame(total, found) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      options.stop.throwIfAborted();
      found = await stored(options, game, name, total);
    }
    if (!isSame(total, found)) differences.push(difference(game, name, total, found));
  }
  return differences;
}
