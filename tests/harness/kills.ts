/** What tests need that kill the exporter while games go on. @module */

import { until } from "./waiting.ts";

/** The values of all series of the game's counters, histograms and summaries. */
function countersOf(scrape: string): Map<string, number> {
  const values = new Map<string, number>();
  let isCounter = false;
  for (const line of scrape.split("\n")) {
    const type = /^# TYPE (\S+) (\S+)/.exec(line);
    if (type !== null) {
      isCounter = type[2] !== "gauge" && !/^(tradesim_exporter|process)_/.test(type[1]!);
    } else if (isCounter && line !== "" && !line.startsWith("#")) {
      const space = line.lastIndexOf(" ");
      values.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
  }
  return values;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Scrapes all the time. `stop()` waits for so many scrapes, and tells which counters were seen to fall
 * or to go. Series that `mayGo` are let go.
 */
export function watchCounters(
  url: string,
  mayGo: (series: string) => boolean = () => false,
): { stop(scrapes?: number): Promise<string[]> } {
  let isOver = false;
  let scrapes = 0;
  const falls: string[] = [];
  const watching = (async () => {
    let before = new Map<string, number>();
    while (!isOver) {
      let now;
      try {
        now = countersOf(await (await fetch(`${url}/metrics`)).text());
      } catch {
        await pause(5); // It is being killed or started.
        continue;
      }
      scrapes++;
      for (const [series, value] of before) {
        const next = now.get(series);
        if (next === undefined && mayGo(series)) continue;
        if (next === undefined || next < value) falls.push(`${series}: ${value}, then ${next}`);
      }
      before = now;
      await pause(2);
    }
  })();
  return {
    async stop(wanted = 0) {
      await until(`${wanted} scrapes`, () => scrapes >= wanted);
      isOver = true;
      await watching;
      return falls;
    },
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
