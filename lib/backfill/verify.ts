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
}

const NONE: Stored = { samples: 0, sum: 0, series: 0 };

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

/** Asks for the samples of one name: from one millisecond before the first one on, which holds none. */
async function stored(
  options: VerifyOptions,
  game: string,
  name: string,
  { first, last }: Total,
): Promise<Stored> {
  const selector = `{__name__="${name}",job="${JOB}",instance=${JSON.stringify(game)}}[${
    last - first + 1
  }ms]`;
  const ask = (expression: string) => query(options, expression, last);
  const [samples = 0] = await ask(`sum(count_over_time(${selector}))`);
  if (samples === 0) return NONE;
  const [sum = NaN] = await ask(`sum(sum_over_time(${selector}))`);
  const [series = 0] = await ask(`count(count_over_time(${selector}))`);
  return { samples, sum, series };
}

function isSame(total: Total, { samples, sum, series }: Stored): boolean {
  const wanted = total.sum + total.lost;
  return samples === total.samples && series === total.series.size &&
    Math.abs(sum - wanted) <= TOLERANCE * Math.max(1, Math.abs(wanted));
}

function difference(game: string, name: string, total: Total, found: Stored): string {
  return `${name} of "${game}": ${found.samples} samples of ${found.series} series that add up to ` +
    `${found.sum}, expected ${total.samples} of ${total.series.size} and ${total.sum + total.lost}`;
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
